"""The journal as CSV and XLSX, in the columns of the daily journal; text cannot become a formula."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import quote

import xlsxwriter
from sqlalchemy import Connection, Row

from pipelines.exchange import daily
from pipelines.ground.sql import statement
from pipelines.pages.filters import Filter

MOST = 100_000
"""Packages of an export; a longer one is cut, and its last line says so."""
STEP = 5_000
"""Packages read at a time."""
PIECE = 1_000
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
CUT = f"Показаны первые {MOST} пакетов: сузьте фильтр"


def packages(connection: Connection, parameters: Mapping[str, object]) -> Sequence[Row[Any]]:
    """Packages of a filter as ``daily.cell`` takes them."""
    return connection.execute(statement("pages/journal_rows"), parameters).all()


def csv_pieces(found: Iterable[Row[Any]]) -> Iterator[bytes]:
    """``;``-separated UTF-8 with a byte order mark, in pieces of ``PIECE`` lines: each costs the server a turn."""
    target = io.StringIO(newline="")
    writer = csv.writer(target, delimiter=";", quoting=csv.QUOTE_MINIMAL)
    target.write("\ufeff")
    writer.writerow([title for _, title, _ in daily.COLUMNS])
    count = 0
    for count, row in enumerate(found, start=1):
        writer.writerow([daily.harmless(daily.cell(row, column)) for column, _, _ in daily.COLUMNS])
        if count % PIECE == 0:
            yield _taken(target)
    if count >= MOST:
        writer.writerow([CUT])
    yield _taken(target)


def _taken(target: io.StringIO) -> bytes:
    """What has been written, and nothing of it left."""
    text = target.getvalue()
    target.seek(0)
    target.truncate()
    return text.encode()


def workbook(found: Iterable[Row[Any]]) -> bytes:
    """One sheet with frozen head and filters; numbers as numbers, everything else as text."""
    target = io.BytesIO()
    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    book = xlsxwriter.Workbook(target, options)
    sheet = book.add_worksheet("Журнал обмена")
    head = book.add_format({"bold": True, "bg_color": "#D9E1F2", "border": 1, "text_wrap": True})
    for place, (_, title, width) in enumerate(daily.COLUMNS):
        sheet.set_column(place, place, width)
        sheet.write_string(0, place, title, head)
    sheet.freeze_panes(1, 0)
    sheet.set_landscape()
    sheet.fit_to_pages(1, 0)
    count = 0
    for count, row in enumerate(found, start=1):
        for place, (column, _, _) in enumerate(daily.COLUMNS):
            value = daily.cell(row, column)
            if isinstance(value, int):
                sheet.write_number(count, place, value)
            elif value is not None:
                sheet.write_string(count, place, value)
    sheet.autofilter(0, 0, max(count, 1), len(daily.COLUMNS) - 1)
    if count >= MOST:
        sheet.write_string(count + 1, 0, CUT)
    book.close()
    return target.getvalue()


def file_name(asked: Filter, extension: str) -> str:
    """Name of an export: the days of its filter."""
    days = "_".join(f"{day:%Y%m%d}" for day in (asked.first, asked.last) if day)
    return f"journal_{days or 'search'}.{extension}"


def attached(name: str) -> dict[str, str]:
    """Headers of a file to keep, whatever signs its name has: no path, no line break leaves the browser's folder."""
    plain = "".join(sign if sign.isascii() and (sign.isalnum() or sign in "._- ") else "_" for sign in name)
    base = name.replace("\\", "/").rpartition("/")[2] or "file"
    return {"Content-Disposition": f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(base, safe='')}"}

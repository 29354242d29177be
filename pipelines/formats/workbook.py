"""Sheets of an XLSX workbook to columns, as ``include/workbooks/<code>.yaml`` declares them.

Each declared sheet is a table; its column ``LINE`` holds the number of the row in the sheet, so that a value can be told
with its cell. Values are text: a number is written with the fewest digits that make it, which are those somebody typed. Rows
without a value in a declared column give no row; other sheets and columns are passed over.
"""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import yaml
from python_calamine import CalamineError, CalamineWorkbook

from pipelines.formats.archive import PIECE, ArchiveLimits
from pipelines.formats.flat import LONGEST, no_offsets
from pipelines.formats.layout import Layout, parse
from pipelines.formats.tables import ANOMALIES, FileFault, Tables, table_schema
from pipelines.ground.settings import ROOT

LINE = "LINE"
PARTS = 200
"""Files that an XLSX may consist of."""


@dataclass(frozen=True)
class Column:
    """A column of a sheet: ``title`` as the sheet has it, ``field`` as the dictionary has it, what it holds."""

    title: str
    field: str
    pattern: re.Pattern[str]
    expected: str
    required: bool


@dataclass(frozen=True)
class Sheet:
    """A sheet to be read as a table."""

    name: str
    table: str
    columns: tuple[Column, ...]


@dataclass(frozen=True)
class Declaration:
    """A kind of workbook: ``record`` is the table whose rows are counted as its records."""

    code: str
    title: str
    record: str
    sheets: tuple[Sheet, ...]


@dataclass(frozen=True)
class BadCell:
    """A value that is not what its column holds: ``row`` in the table, ``cell`` as ``D15``, ``value`` None where empty."""

    sheet: str
    table: str
    row: int
    cell: str
    column: Column
    value: str | None


@cache
def declaration(code: str) -> Declaration:
    """The declaration ``include/workbooks/<code>.yaml``."""
    raw = yaml.safe_load((ROOT / "include" / "workbooks" / f"{code}.yaml").read_text(encoding="utf-8"))
    forms = {name: (re.compile(pattern), told) for name, (pattern, told) in raw["forms"].items()}
    sheets = tuple(
        Sheet(
            one["sheet"],
            one["table"],
            tuple(Column(title, field, *forms[form], needed == "О") for title, field, form, needed in one["columns"]),
        )
        for one in raw["sheets"]
    )
    return Declaration(raw["code"], raw["title"], raw["record"], sheets)


def read_workbook(content: Iterable[bytes], code: str, role: str, limits: ArchiveLimits) -> Tables:
    """Tables of a declared workbook.

    Raises ``FileFault`` WBK.010 (no workbook), WBK.020 (sheet), WBK.030 (columns), PKG.060 (size).
    """
    declared = declaration(code)
    raw = b"".join(content)
    _check_size(raw, role, limits)
    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(raw))
        cells = {sheet.table: _cells(book, sheet, role) for sheet in declared.sheets}
    except (CalamineError, ValueError, OSError):
        raise FileFault("WBK.010", member=role) from None
    layout = _layout(declared, {table: places for table, (places, _, _) in cells.items()})
    data = {}
    for table, (_, lines, columns) in cells.items():
        arrays = [pa.array(lines, pa.string()), *(pa.array(column, pa.string()) for column in columns)]
        if table == layout.record:
            arrays.insert(0, pa.array(no_offsets(len(lines)), pa.int64()))
        data[table] = pa.table(arrays, schema=table_schema(layout, table))
    return Tables(layout, data, ANOMALIES.empty_table())


def bad_cells(tables: Tables, code: str) -> Iterator[BadCell]:
    """Values that are not what their columns hold, sheet by sheet, column by column."""
    for sheet in declaration(code).sheets:
        data = tables.data[sheet.table]
        lines = data[LINE]
        for column in sheet.columns:
            texts = data[column.field].combine_chunks()
            missing = pc.is_null(texts)
            fits = pc.match_substring_regex(texts, f"^(?:{column.pattern.pattern})$")
            wrong = pc.if_else(missing, column.required, pc.invert(pc.fill_null(fits, True)))
            letter = tables.layout.element(sheet.table, column.field).title.partition(" ")[0]
            for row in np.flatnonzero(wrong.to_numpy(zero_copy_only=False)).tolist():
                yield BadCell(sheet.name, sheet.table, row, f"{letter}{lines[row]}", column, texts[row].as_py())


def cell_text(cell: object) -> str | None:
    """Text of a cell; a number is written with the fewest digits that make it, which are those somebody typed."""
    if cell is None or cell == "":
        return None
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() else repr(cell)
    return str(cell).strip() or None


def squeezed(title: str) -> str:
    """A title without blanks: they differ from edition to edition."""
    return "".join(title.split())


def column_letter(number: int) -> str:
    """Letters of a column counted from 0: A, …, Z, AA."""
    letters = ""
    number += 1
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


def _check_size(raw: bytes, role: str, limits: ArchiveLimits) -> None:
    """Inflate the parts once, within the limits: the reader proper believes what they say of themselves."""
    left = limits.inflated_bytes
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            parts = archive.infolist()
            if len(parts) > PARTS:
                raise FileFault("PKG.060", reason=f"частей рабочей книги больше {PARTS}")
            for part in parts:
                with archive.open(part) as stream:
                    while piece := stream.read(PIECE):
                        left -= len(piece)
                        if left < 0:
                            raise FileFault("PKG.060", reason=f"рабочая книга больше {limits.inflated_bytes} байт")
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, ValueError, OSError, EOFError):
        raise FileFault("WBK.010", member=role) from None


def _cells(book: CalamineWorkbook, sheet: Sheet, role: str) -> tuple[list[int], list[str], Sequence[Sequence[str | None]]]:
    """Places of the declared columns, numbers of the rows kept, and the columns' texts."""
    if sheet.name not in book.sheet_names:
        raise FileFault("WBK.020", member=role, sheet=sheet.name)
    rows = book.get_sheet_by_name(sheet.name).to_python(skip_empty_area=False)
    titles = [squeezed(str(title)) for title in rows[0]] if rows else []
    absent = [column.title for column in sheet.columns if squeezed(column.title) not in titles]
    if absent:
        raise FileFault("WBK.030", member=role, sheet=sheet.name, columns="», «".join(absent))
    places = [titles.index(squeezed(column.title)) for column in sheet.columns]
    lines: list[str] = []
    kept: list[list[str | None]] = []
    for number, row in enumerate(rows[1:], start=2):
        texts = [cell_text(row[place]) for place in places]
        if any(texts):
            lines.append(str(number))
            kept.append(texts)
    return places, lines, list(zip(*kept, strict=True)) or [[]] * len(places)


def _layout(declared: Declaration, places: Mapping[str, Sequence[int]]) -> Layout:
    """Layout of the sheets; the title of a column begins with its letter in this file."""
    elements: list[list[object]] = []
    for sheet in declared.sheets:
        elements += [[sheet.table, "S", "УМ", sheet.name], [f"{sheet.table}/{LINE}", LONGEST, "О", "Строка листа"]]
        for column, place in zip(sheet.columns, places[sheet.table], strict=True):
            elements.append([f"{sheet.table}/{column.field}", LONGEST, "У", f"{column_letter(place)} {column.title}"])
    return parse(
        {
            "code": declared.code,
            "title": declared.title,
            "source": "Рабочая книга ФФОМС",
            "root": declared.code,
            "versions": [],
            "record": declared.record,
            "elements": elements,
        }
    )

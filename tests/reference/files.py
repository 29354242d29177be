"""Files of dictionaries made for tests: CSV, directories in DBF, workbooks of КСГ."""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping, Sequence
from datetime import date

import pyarrow as pa
import xlsxwriter

from pipelines.formats.dbf_writer import write_dbf
from pipelines.formats.flat import flat_layout

Row = Sequence[object]

GROUP_TITLES = ("№", "КСГ", "Наименование КСГ", "КЗ", "Код профиля", "Профиль", "Доля з/п и прочих расходов")
TABLE_TITLES = (
    "№", "Код по МКБ 10", "Код по МКБ 10(2)", "Код по МКБ 10(3)", "Код услуги", "Возраст", "Пол", "Длительность",
    "Иной классификационный критерий", "Диапазон фракций", "КСГ",
)  # fmt: skip


def table(*rows: Sequence[str], encoding: str = "utf-8", delimiter: str = ";") -> bytes:
    """A CSV of rows, the header first."""
    return "".join(delimiter.join(row) + "\r\n" for row in rows).encode(encoding)


def directory(types: Mapping[str, str], rows: Iterable[Mapping[str, str]], dated: date) -> bytes:
    """A directory in DBF, cp866, with fields of the types of a layout."""
    listed = list(rows)
    columns = {name: pa.array([row.get(name) for row in listed], pa.string()) for name in types}
    return write_dbf(pa.table(columns), flat_layout("DBF", types), dated=dated)


def group(code: str, weight: object = 0.5, share: object = "", name: str = "Вымышленная группа") -> Row:
    """A row of the sheet «КСГ»."""
    return (1, code, name, weight, 1, "Вымышленный профиль", share)


def line(number: int, code: str, diagnosis: str = "", service: str = "", sex: object = "") -> Row:
    """A row of the sheet «Группировщик»."""
    return (number, diagnosis, "", "", service, "", sex, "", "", "", code)


def workbook(
    groups: Iterable[Row],
    lines: Iterable[Row],
    *,
    group_titles: Row = GROUP_TITLES,
    table_titles: Row = TABLE_TITLES,
    sheets: tuple[str, str] = ("КСГ", "Группировщик"),
) -> bytes:
    """A workbook with the two sheets that are read, and one that is not."""
    target = io.BytesIO()
    book = xlsxwriter.Workbook(target, {"in_memory": True})
    for name, titles, rows in ((sheets[0], group_titles, groups), ("Прочее", ("а",), ()), (sheets[1], table_titles, lines)):
        sheet = book.add_worksheet(name)
        for number, row in enumerate((titles, *rows)):
            sheet.write_row(number, 0, row)
    book.close()
    return target.getvalue()

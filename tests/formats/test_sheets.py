"""Workbooks: texts stay texts, money is a number, sheets are set up for the screen and the printer."""

from __future__ import annotations

import io
from datetime import date
from decimal import Decimal

import openpyxl
import pytest

from pipelines.formats import sheets
from pipelines.formats.sheets import Book, Column, Link

COLUMNS = (
    Column("Текст", 20),
    Column("Случаев", 10, "count"),
    Column("Сумма", 14, "money"),
    Column("Доля", 10, "number"),
    Column("День", 12, "date"),
)
ROWS = [("=1+1", 1, 1_234_567_89, Decimal("0.25"), date(2026, 3, 1)), ("", None, "", None, None)]


def made() -> bytes:
    with Book("Проба") as book:
        sheet = book.sheet("Лист")
        sheet.heading("Заголовок", [("Подпись", "+значение")], across=4)
        assert sheet.table(COLUMNS, ROWS, ["Итого", 1, -5, "", ""], main=True) == 2
        sheet.line("http://x.example", across=4)
    return book.content()


def test_cells() -> None:
    sheet = openpyxl.load_workbook(io.BytesIO(made()))["Лист"]
    values = [[cell.value for cell in row] for row in sheet.iter_rows(min_row=5, max_row=7)]
    assert values[0][:4] == ["=1+1", 1, 1234567.89, 0.25]
    assert sheet["A5"].data_type == "s"
    assert values[0][4].date() == date(2026, 3, 1)
    assert values[1] == [None] * 5
    assert values[2][:3] == ["Итого", 1, -0.05]
    assert sheet["C5"].number_format == "#,##0.00_)"
    assert all(cell.hyperlink is None for row in sheet.iter_rows() for cell in row)


def test_screen_and_print() -> None:
    sheet = openpyxl.load_workbook(io.BytesIO(made()))["Лист"]
    assert sheet.freeze_panes == "A5"
    assert sheet.auto_filter.ref == "A4:E6"
    assert sheet.print_title_rows == "$4:$4"
    assert sheet.page_setup.orientation == "landscape"
    assert sheet.sheet_properties.pageSetUpPr.fitToPage
    assert sheet.page_setup.fitToHeight == 0  # as many sheets of paper as it takes, one wide


def test_the_same_bytes() -> None:
    assert made() == made()


def test_a_table_larger_than_a_sheet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sheets, "_SHEET_ROWS", 3)
    with Book("Проба") as book, pytest.raises(ValueError, match="no room"):
        book.sheet("Лист").table(COLUMNS[:1], [("a",)] * 3)


def test_texts_that_wrap_have_room() -> None:
    with Book("Проба") as book:
        book.sheet("Лист").table(COLUMNS[:1], [("слово " * 20,), ("коротко",)], main=True)
    sheet = openpyxl.load_workbook(io.BytesIO(book.content()))["Лист"]
    assert sheet.row_dimensions[2].height > 60
    assert sheet.row_dimensions[3].height in {None, 15}


def test_a_column_that_is_empty_is_hidden_and_a_link_leads() -> None:
    columns = (Column("Есть", 20), Column("Нет", 20, optional=True), Column("Иногда", 20, optional=True))
    with Book("Проба") as book:
        book.sheet("Лист").table(columns, [(Link("правило", "https://x.example/r"), "", None), ("а", "", "б")], main=True)
    sheet = openpyxl.load_workbook(io.BytesIO(book.content()))["Лист"]
    assert [sheet.column_dimensions[name].hidden for name in "ABC"] == [False, True, False]
    assert (sheet["A2"].value, sheet["A2"].hyperlink.target) == ("правило", "https://x.example/r")


@pytest.mark.parametrize(
    ("text", "width", "lines"),
    [
        ("коротко", 10, 1),
        ("одно слово и другое", 8, 3),
        ("x" * 36, 10, 4),
        ("", 10, 1),
        ("а\nб", 40, 2),
        ("СЛОВО СЛОВО", 10, 2),
    ],
)
def test_lines_of_a_text(text: str, width: int, lines: int) -> None:
    assert sheets.lines_of(text, width) == lines


def test_a_long_heading_is_over_the_columns_and_high() -> None:
    with Book("Проба") as book:
        sheet = book.sheet("Лист")
        sheet.heading("Заголовок", [("Подпись", "слово " * 40)])
        sheet.verdict("Принят", "good")
        sheet.table(COLUMNS, ROWS, main=True)
    made = openpyxl.load_workbook(io.BytesIO(book.content()))["Лист"]
    assert made.row_dimensions[2].height > 25
    assert {str(area) for area in made.merged_cells.ranges} >= {"A2:B2"}
    assert made.freeze_panes is None  # too much stands above the table

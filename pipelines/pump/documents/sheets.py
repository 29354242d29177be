"""XLSX of the documents: a heading, a table with totals, print set-up. The same content gives the same bytes."""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from types import TracebackType
from typing import Any, Literal, Self

import xlsxwriter

Kind = Literal["text", "count", "money", "number", "date"]

_ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")
_CELL = 32_000
_FORMATS = {"count": "#,##0", "money": "#,##0.00", "number": "#,##0.00", "date": "dd.mm.yyyy"}
_SHEET_ROWS = 1_000_000
_LINE, _TALLEST = 15, 405
"""Height of a line and of the tallest row, points."""
_WIDE = 90
"""Characters of a line of text over the columns of a table."""


@dataclass(frozen=True)
class Column:
    """A column of a table: money is given in kopecks and shown in roubles, numbers are ``Decimal``."""

    title: str
    width: float
    kind: Kind = "text"


class Book:
    """A workbook under construction; ``content`` closes it. Texts never become formulas or links."""

    def __init__(self, title: str, author: str = "") -> None:
        self._target = io.BytesIO()
        options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
        self._book = xlsxwriter.Workbook(self._target, options)
        self._book.set_properties({"title": clean(title)[:250], "author": author, "created": datetime(2000, 1, 1)})
        top = {"valign": "top", "border": 1, "border_color": "#BFBFBF"}
        self._styles: dict[str, Any] = {
            "title": self._book.add_format({"bold": True, "font_size": 14, "text_wrap": True, "valign": "vcenter"}),
            "subtitle": self._book.add_format({"bold": True, "font_size": 11, "text_wrap": True, "valign": "top"}),
            "label": self._book.add_format({"font_color": "#595959", "valign": "top"}),
            "value": self._book.add_format({"text_wrap": True, "valign": "top"}),
            "note": self._book.add_format({"italic": True, "font_color": "#595959"}),
            "head": self._book.add_format(
                {"bold": True, "bg_color": "#D9E1F2", "border": 1, "border_color": "#8EA9DB", "text_wrap": True,
                 "valign": "vcenter", "align": "center"}
            ),
            "text": self._book.add_format({**top, "text_wrap": True, "align": "left", "indent": 1}),
            "total_text": self._book.add_format({**top, "bold": True, "bg_color": "#F2F2F2", "align": "left", "indent": 1}),
        }  # fmt: skip
        for kind, pattern in _FORMATS.items():
            self._styles[kind] = self._book.add_format({**top, "num_format": pattern})
            self._styles[f"total_{kind}"] = self._book.add_format(
                {**top, "num_format": pattern, "bold": True, "bg_color": "#F2F2F2"}
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._book.close()

    def sheet(self, name: str) -> Sheet:
        """A new sheet; its name is at most 31 characters."""
        return Sheet(self._book.add_worksheet(name), self._styles)

    def content(self) -> bytes:
        """The file; the book must have been left."""
        return self._target.getvalue()


class Sheet:
    """A sheet that is written from the top."""

    def __init__(self, sheet: Any, styles: dict[str, Any]) -> None:
        self._sheet = sheet
        self._styles = styles
        self._row = 0
        sheet.set_landscape()
        sheet.set_paper(9)
        sheet.fit_to_pages(1, 0)
        sheet.set_margins(left=0.4, right=0.4, top=0.5, bottom=0.6)
        sheet.set_footer("&L&A&RЛист &P из &N")

    def heading(self, title: str, pairs: Iterable[tuple[str, str]] = (), across: int = 6) -> None:
        """A title and lines «label: value», the values over ``across`` columns."""
        self._merged(self._row, 0, across, title, "title")
        self._sheet.set_row(self._row, 20 * (1 + len(title) // _WIDE))
        self._row += 1
        for label, value in pairs:
            self._merged(self._row, 0, 1, label, "label")
            self._merged(self._row, 2, across, value, "value")
            self._row += 1
        self._row += 1

    def line(self, text: str, style: str = "value", across: int = 6) -> None:
        """A line of text."""
        self._merged(self._row, 0, across, text, style)
        if len(text) > _WIDE:
            self._sheet.set_row(self._row, _LINE * (1 + len(text) // _WIDE))
        self._row += 1

    def pairs(self, lines: Iterable[tuple[str, str]], across: int = 6) -> None:
        """Lines «label: value»."""
        for label, value in lines:
            self.line(f"{label}: {value}", "label", across)

    def gap(self) -> None:
        """An empty row."""
        self._row += 1

    def table(
        self,
        columns: Sequence[Column],
        rows: Iterable[Sequence[Any]],
        totals: Sequence[Any] | None = None,
        *,
        main: bool = False,
        widths: bool = False,
    ) -> int:
        """A table, its totals last. Rows written; raises ``ValueError`` for more than a sheet has.

        The ``main`` table of a sheet sets the ``widths``; its head is frozen, repeated in print and filtered.
        """
        head = self._row
        for place, column in enumerate(columns):
            self._sheet.write_string(head, place, column.title, self._styles["head"])
            if main or widths:
                self._sheet.set_column(place, place, column.width)
        self._height(head, columns, [column.title for column in columns])
        written = 0
        for values in rows:
            written += 1
            if head + written >= _SHEET_ROWS:
                raise ValueError("a sheet has no room for the table")
            self._cells(head + written, columns, values, "")
        if totals is not None:
            self._cells(head + written + 1, columns, totals, "total_")
        self._row = head + written + 1 + (totals is not None)
        if main:
            self._sheet.freeze_panes(head + 1, 0)
            self._sheet.repeat_rows(head)
            if written:
                self._sheet.autofilter(head, 0, head + written, len(columns) - 1)
        return written

    def _cells(self, row: int, columns: Sequence[Column], values: Sequence[Any], prefix: str) -> None:
        self._height(row, columns, values)
        for place, (column, value) in enumerate(zip(columns, values, strict=True)):
            style = self._styles[prefix + column.kind]
            if value is None or value == "":
                self._sheet.write_blank(row, place, None, style)
            elif isinstance(value, str):
                self._sheet.write_string(row, place, clean(value), self._styles[f"{prefix}text"])
            elif column.kind == "money":
                self._sheet.write_number(row, place, Decimal(int(value)).scaleb(-2), style)
            elif column.kind == "date":
                self._sheet.write_datetime(row, place, _moment(value), style)
            else:
                self._sheet.write_number(row, place, value if isinstance(value, Decimal) else int(value), style)

    def _height(self, row: int, columns: Sequence[Column], values: Sequence[Any]) -> None:
        """Room for texts that wrap: programs that only show the file do not measure them."""
        lines = max(
            (-(-len(value) // max(1, int(column.width) - 2)) for column, value in zip(columns, values, strict=True)
             if isinstance(value, str)),
            default=1,
        )  # fmt: skip
        if lines > 1:
            self._sheet.set_row(row, min(_LINE * lines, _TALLEST))

    def _merged(self, row: int, first: int, last: int, text: str, style: str) -> None:
        if last > first:
            self._sheet.merge_range(row, first, row, last, "", self._styles[style])
        self._sheet.write_string(row, first, clean(text), self._styles[style])


def clean(text: str) -> str:
    """Text without characters that XML does not have, cut to what a cell holds."""
    return _ILLEGAL.sub("\ufffd", text)[:_CELL]


def _moment(value: date | datetime) -> datetime:
    return datetime(value.year, value.month, value.day)

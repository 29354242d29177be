"""XLSX for people: a heading, tables with totals, print set-up. The same content gives the same bytes."""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from types import TracebackType
from typing import Any, Literal, NamedTuple, Self

import xlsxwriter

Kind = Literal["text", "count", "money", "number", "date"]
Tone = Literal["good", "doubtful", "bad"]

FONT, FONT_SIZE = "Arial", 10
"""Every system has it or one of the same widths."""
_ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")
_CELL = 32_000
_FORMATS = {"count": "#,##0_)", "money": "#,##0.00_)", "number": "#,##0.00_)", "date": "dd.mm.yyyy_)"}
"""The last signs leave room before the border, which not every program does for an indent."""
_TONES: dict[Tone, str] = {"good": "#E2F0D9", "doubtful": "#FFF2CC", "bad": "#FBE0DD"}
_SHEET_ROWS = 1_000_000
USUAL_HEIGHT, _LINE, _TALLEST = 15, 13, 405
"""Heights of a row, of each further line in it, and of the tallest row, points."""
_SIGNS = 1.03
"""Russian letters in the width of a digit, which columns are measured by."""
_USUAL_WIDTH = 9
"""Characters of a column whose width nobody has set."""
_READABLE = 110
"""Characters that a line of text over the columns takes at most, if nothing else is said."""
_HIGH = 4
"""Rows above a table's head that may stay on the screen with it."""


@dataclass(frozen=True)
class Column:
    """A column of a table: money is given in kopecks and shown in roubles, numbers are ``Decimal``.

    An ``optional`` one is hidden where no row has a value.
    """

    title: str
    width: float
    kind: Kind = "text"
    optional: bool = False


class Link(NamedTuple):
    """A text that leads to an address."""

    text: str
    url: str


@dataclass(frozen=True)
class _Text:
    """A text over the columns of a row; ``last`` is None until the columns are known."""

    row: int
    first: int
    last: int | None
    text: str
    style: str


class Book:
    """A workbook under construction; ``content`` closes it. Texts never become formulas or links."""

    def __init__(self, title: str, author: str = "") -> None:
        self._target = io.BytesIO()
        self._title = title
        options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
        self._book = xlsxwriter.Workbook(self._target, options)
        self._book.set_properties({"title": clean(title)[:250], "author": author, "created": datetime(2000, 1, 1)})
        self._styles = styles(self._book)
        self._sheets: list[Sheet] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        for sheet in self._sheets:
            sheet.settle()
        self._book.close()

    def sheet(self, name: str) -> Sheet:
        """A new sheet; its name is at most 31 characters."""
        made = Sheet(self._book.add_worksheet(name), self._styles, self._title)
        self._sheets.append(made)
        return made

    def content(self) -> bytes:
        """The file; the book must have been left."""
        return self._target.getvalue()


class Sheet:
    """A sheet that is written from the top."""

    def __init__(self, sheet: Any, styles: dict[str, Any], title: str = "") -> None:
        self._sheet = sheet
        self._styles = styles
        self._row = 0
        self._widths: list[float] = []
        self._texts: list[_Text] = []
        print_setup(sheet, title)

    def heading(self, title: str, pairs: Iterable[tuple[str, str]] = (), across: int | None = None) -> None:
        """A title and lines «label: value», the values over ``across`` columns or as many as read well."""
        self._over(0, across, title, "title")
        self._row += 1
        for label, value in pairs:
            self._over(0, 1, label, "label")
            self._over(2, across, value, "value")
            self._row += 1
        self._row += 1

    def verdict(self, text: str, tone: Tone, across: int | None = None) -> None:
        """What the reader looks for first, on a coloured ground."""
        self._over(0, across, text, tone)
        self._row += 2

    def line(self, text: str, style: str = "value", across: int | None = None) -> None:
        """A line of text, as high as it takes."""
        self._over(0, across, text, style)
        self._row += 1

    def pairs(self, lines: Iterable[tuple[str, str]], across: int | None = None) -> None:
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
        keep: int = 0,
    ) -> int:
        """A table, its totals last. Rows written; raises ``ValueError`` for more than a sheet has.

        The ``main`` table of a sheet sets the ``widths``; its head is repeated in print and filtered. It stays on the
        screen with the first ``keep`` columns where not much stands above it.
        """
        head = self._row
        if main or widths:
            self._widths = [column.width for column in columns]
            for place, column in enumerate(columns):
                self._sheet.set_column(place, place, column.width)
        for place, column in enumerate(columns):
            self._sheet.write_string(head, place, column.title, self._styles["head"])
        bold = [replace(column, width=column.width - 1) for column in columns]
        self._height(head, bold, [column.title for column in columns])
        empty = {place for place, column in enumerate(columns) if column.optional}
        written = 0
        for values in rows:
            written += 1
            if head + written >= _SHEET_ROWS:
                raise ValueError("a sheet has no room for the table")
            self._cells(head + written, columns, values, "")
            empty -= {place for place in empty if values[place] not in ("", None)}
        if totals is not None:
            self._cells(head + written + 1, columns, totals, "total_")
        for place in empty:
            self._sheet.set_column(place, place, columns[place].width, None, {"hidden": True})
        self._row = head + written + 1 + (totals is not None)
        if main:
            if head <= _HIGH:
                self._sheet.freeze_panes(head + 1, keep)
            self._sheet.repeat_rows(head)
            if written:
                self._sheet.autofilter(head, 0, head + written, len(columns) - 1)
        return written

    def settle(self) -> None:
        """Write the texts that stand over columns, now that these are known, each as high as it takes."""
        for one in self._texts:
            last = self._readable() if one.last is None else one.last
            if last > one.first:
                self._sheet.merge_range(one.row, one.first, one.row, last, "", self._styles[one.style])
            self._sheet.write_string(one.row, one.first, clean(one.text), self._styles[one.style])
            room = sum(self._width(place) for place in range(one.first, max(last, one.first) + 1))
            lines = lines_of(one.text, room / (1.5 if one.style == "title" else 1))
            if one.style == "title":
                self._sheet.set_row(one.row, 20 * lines)
            elif one.style in _TONES:
                self._sheet.set_row(one.row, max(22, _LINE * lines + 6))
            elif lines > 1:
                self._sheet.set_row(one.row, min(USUAL_HEIGHT + _LINE * (lines - 1), _TALLEST))

    def _cells(self, row: int, columns: Sequence[Column], values: Sequence[Any], prefix: str) -> None:
        self._height(row, columns, values)
        for place, (column, value) in enumerate(zip(columns, values, strict=True)):
            if isinstance(value, str) and value:
                self._sheet.write_string(row, place, clean(value), self._styles[f"{prefix}text"])
                continue
            style = self._styles[prefix + column.kind]
            if value is None or value == "":
                self._sheet.write_blank(row, place, None, style)
            elif isinstance(value, Link):
                self._sheet.write_url(row, place, value.url, self._styles["link"], value.text)
            elif column.kind == "money":
                self._sheet.write_number(row, place, Decimal(int(value)).scaleb(-2), style)
            elif column.kind == "date":
                self._sheet.write_datetime(row, place, _moment(value), style)
            else:
                self._sheet.write_number(row, place, value if isinstance(value, Decimal) else int(value), style)

    def _height(self, row: int, columns: Sequence[Column], values: Sequence[Any]) -> None:
        texts = [value if isinstance(value, str) else "" for value in values]
        high = height(texts, [column.width for column in columns])
        if high > USUAL_HEIGHT:
            self._sheet.set_row(row, high)

    def _over(self, first: int, last: int | None, text: str, style: str) -> None:
        self._texts.append(_Text(self._row, first, last, text, style))

    def _width(self, place: int) -> float:
        return self._widths[place] if place < len(self._widths) else _USUAL_WIDTH

    def _readable(self) -> int:
        """Last column of those that a line of text reads well over."""
        room = 0.0
        for place, width in enumerate(self._widths):
            room += width
            if room >= _READABLE:
                return max(place, 2)
        return max(len(self._widths) - 1, 2) + int((_READABLE - room) // _USUAL_WIDTH)


@lru_cache(8192)  # the texts of a rule's findings repeat
def lines_of(text: str, width: float) -> int:
    """Lines that a text takes in a column, about, of a width in characters: programs that show a file do not measure it."""
    room = max(1, int(width * _SIGNS))
    if len(text) <= room * 0.8 and "\n" not in text:
        return 1
    lines = 0
    for part in text.split("\n"):
        used, lines = 0.0, lines + 1
        for word in part.split(" "):
            size = _size(word)
            if used and used + 1 + size > room:
                used, lines = 0.0, lines + 1
            used += size + (1 if used else 0)
            while used > room:
                used, lines = used - room, lines + 1
    return lines


def height(texts: Sequence[str], widths: Sequence[float]) -> float:
    """Points that a row of texts takes in columns of these widths."""
    room = zip(texts, widths, strict=True)
    lines = max((lines_of(text, width - 1) for text, width in room if len(text) > 0.75 * width), default=1)
    return min(USUAL_HEIGHT + _LINE * (lines - 1), _TALLEST)


def print_setup(sheet: Any, title: str) -> None:
    """A4 on its side, as wide as one page; the book's title, the sheet's name and page numbers below."""
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)
    sheet.set_margins(left=0.4, right=0.4, top=0.5, bottom=0.6)
    told = clean(title)[:100].replace("&", "&&")
    sheet.set_footer(f"&L{told}. &A&RЛист &P из &N")


def clean(text: str) -> str:
    """Text without characters that XML does not have, cut to what a cell holds."""
    return _ILLEGAL.sub("\ufffd", text)[:_CELL]


def _size(word: str) -> float:
    """Width of a word in characters: capitals are wider by a quarter."""
    return len(word) if word.islower() else sum(1.25 if sign.isupper() else 1 for sign in word)


def styles(book: Any) -> dict[str, Any]:
    """Formats of an xlsxwriter book by what they are for; its usual font is set too."""
    book.formats[0].set_font_name(FONT)
    book.formats[0].set_font_size(FONT_SIZE)

    def made(**options: Any) -> Any:
        return book.add_format({"font_name": FONT, "font_size": FONT_SIZE, **options})

    top = {"valign": "top", "border": 1, "border_color": "#BFBFBF"}
    left, right = {"align": "left", "indent": 1}, {"align": "right"}
    total = {"bold": True, "bg_color": "#F2F2F2"}
    named = {
        "title_line": made(bold=True, font_size=14, valign="vcenter"),
        "title": made(bold=True, font_size=14, text_wrap=True, valign="vcenter"),
        "subtitle": made(bold=True, text_wrap=True, valign="top"),
        "label": made(font_color="#595959", text_wrap=True, valign="top"),
        "value": made(text_wrap=True, valign="top", align="left"),
        "note": made(italic=True, font_color="#595959", text_wrap=True, valign="top"),
        "head": made(bold=True, bg_color="#D9E1F2", border=1, border_color="#8EA9DB", text_wrap=True, valign="vcenter",
                     align="center"),
        "text": made(**top, **left, text_wrap=True),
        "link": made(**top, **left, font_color="#0563C1", underline=1),
        "total_text": made(**top, **left, **total),
    }  # fmt: skip
    for tone, colour in _TONES.items():
        named[tone] = made(bold=True, font_size=12, bg_color=colour, valign="vcenter", text_wrap=True, **left)
    for kind, pattern in _FORMATS.items():
        named[kind] = made(**top, **right, num_format=pattern)
        named[f"total_{kind}"] = made(**top, **right, **total, num_format=pattern)
    return named


def _moment(value: date | datetime) -> datetime:
    return datetime(value.year, value.month, value.day)

"""Documents read back: cells of XLSX, text of PDF, money from either."""

from __future__ import annotations

import io
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

import pypdf
from python_calamine import CalamineWorkbook

from pipelines.pump.closing.model import Document

Table = list[dict[str, Any]]


def one(documents: Iterable[Document], suffix: str, recipient: str | None = None) -> Document:
    """The first document with a suffix (for a recipient, if one is given)."""
    return next(
        document
        for document in documents
        if document.name.endswith(suffix) and (recipient is None or document.recipient == recipient)
    )


def cells(content: bytes, sheet: str) -> list[list[Any]]:
    """All cells of a sheet from its first one on."""
    return CalamineWorkbook.from_filelike(io.BytesIO(content)).get_sheet_by_name(sheet).to_python(skip_empty_area=False)


def sheets(content: bytes) -> list[str]:
    return CalamineWorkbook.from_filelike(io.BytesIO(content)).sheet_names


def table(content: bytes, sheet: str, first: str) -> Table:
    """Rows of the table whose head has ``first`` in it, until an empty row, the total with them."""
    rows = cells(content, sheet)
    start = next(number for number, row in enumerate(rows) if first in row)
    names = [name for name in rows[start] if name != ""]
    found = []
    for row in rows[start + 1 :]:
        if all(value == "" for value in row[: len(names)]) or len([value for value in row if value != ""]) == 1:
            break
        found.append(dict(zip(names, row, strict=False)))
    return found


def kopecks(value: Any) -> int:
    """Kopecks of a cell, which must be a number."""
    assert isinstance(value, int | float), value
    exact = Decimal(repr(value)) * 100
    assert exact == int(exact), value
    return int(exact)


def column(rows: Table, name: str) -> list[int]:
    """Kopecks of a column."""
    return [kopecks(row[name]) for row in rows]


def text(content: bytes) -> str:
    """Text of a PDF in one line: spaces are plain, breaks inside of identifiers are gone."""
    pages = [page.extract_text() for page in pypdf.PdfReader(io.BytesIO(content)).pages]
    return " ".join(" ".join(pages).replace("\u00a0", " ").replace("\u200b", "").split())

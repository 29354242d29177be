"""Columns to DBF files: dBase III with cp866 or cp1251, and the memo file where the layout has long texts."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from datetime import date

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.formats.dbf_header import CODE_PAGES, END, FIELD_SIZE, FIELDS_END, HEAD_SIZE, LIVE, dbase_type
from pipelines.formats.dbf_memo import write_dbt as _write_dbt
from pipelines.formats.dbf_text import Bytes, CodePage, code_page, encoded
from pipelines.formats.layout import Element, Layout

_LANGUAGES = {page: language for language, page in reversed(CODE_PAGES.items())}
_PLAIN, _WITH_MEMO = 0x03, 0x83


def write_dbf(table: pa.Table, layout: Layout, page: int = 866, *, dated: date, replace: bool = False) -> bytes:
    """DBF file of the layout's record table; equal input gives equal bytes.

    ``table`` has ``pa.string()`` columns named as the layout's elements, dates ``YYYY-MM-DD``; a column that is not there is
    blank. Texts that are no date go into a date field as they are. ``page`` is 866 or 1251; ``dated`` the day in the header.
    A character that the page lacks becomes ``?`` with ``replace``. Raises ``ValueError``, which names the column, for such a
    character without it and for a value wider than its field.
    """
    elements = layout.tables[layout.record].columns
    fields = [dbase_type(element) for element in elements]
    record_size = 1 + sum(width for _, width, _ in fields)
    size = HEAD_SIZE + FIELD_SIZE * len(fields) + 1
    memo = any(kind == "M" for kind, _, _ in fields)
    head = struct.pack(
        "<BBBBIHH17xBxx",
        _WITH_MEMO if memo else _PLAIN,
        dated.year - 1900,
        dated.month,
        dated.day,
        table.num_rows,
        size,
        record_size,
        _LANGUAGES[page],
    )
    described = []
    start = 1
    for element, (kind, width, decimals) in zip(elements, fields, strict=True):
        clipper = width >> 8 if kind == "C" else decimals
        name = element.column.upper().encode(f"cp{page}")
        described.append(struct.pack("<11scIBB14x", name, kind.encode(), start, width & 0xFF, clipper))
        start += width
    pointers = _memos(table, elements, code_page(page), replace)[0]
    records = np.full((table.num_rows, record_size), LIVE, np.uint8)
    start = 1
    for element, (kind, width, _) in zip(elements, fields, strict=True):
        block = records[:, start : start + width]
        values = pointers.get(element.column, _column(table, element))
        if kind == "D":
            values = pc.replace_substring_regex(values, r"^(\d{4})-(\d\d)-(\d\d)$", r"\1\2\3")
        _fill(block, values, code_page(page), element, right=kind in "NM", replace=replace)
        start += width
    return b"".join([head, *described, bytes([FIELDS_END]), records.tobytes(), bytes([END])])


def write_dbt(table: pa.Table, layout: Layout, page: int = 866, *, replace: bool = False) -> bytes:
    """Memo file (.dbt) that belongs to ``write_dbf`` of the same arguments."""
    return _memos(table, layout.tables[layout.record].columns, code_page(page), replace)[1]


def _column(table: pa.Table, element: Element) -> pa.Array:
    if element.column not in table.column_names:
        return pa.nulls(table.num_rows, pa.string())
    return pa.concat_arrays([pa.array([], pa.string()), *table.column(element.column).chunks])


def _encoded(values: pa.Array, page: CodePage, element: Element, replace: bool) -> tuple[np.ndarray, Bytes]:
    try:
        return encoded(values, page, replace=replace)
    except UnicodeEncodeError:
        raise ValueError(f"{element.column}: a character that code page {page.number} lacks") from None


def _fill(block: Bytes, values: pa.Array, page: CodePage, element: Element, *, right: bool, replace: bool) -> None:
    lengths, data = _encoded(values, page, element, replace)
    width = block.shape[1]
    too_long = np.flatnonzero(lengths > width)
    if len(too_long):
        raise ValueError(f"{element.column}: wider than {width} in row {too_long[0]}")
    places = np.arange(width)[None, :]
    block[places >= width - lengths[:, None] if right else places < lengths[:, None]] = data


def _memos(table: pa.Table, elements: Sequence[Element], page: CodePage, replace: bool) -> tuple[dict[str, pa.Array], bytes]:
    """Pointers by column, and the memo file: texts record by record, as dBase lays them down."""
    named = [element for element in elements if dbase_type(element)[0] == "M"]
    columns = []
    for element in named:
        lengths, data = _encoded(_column(table, element), page, element, replace)
        columns.append([piece.tobytes() for piece in np.split(data, np.cumsum(lengths)[:-1])] if len(lengths) else [])
    texts = [text for row in zip(*columns, strict=True) for text in row]
    starts, content = _write_dbt(texts)
    pointers = np.array(starts, np.int64).reshape(-1, max(1, len(named)))
    by_column = {
        element.column: pa.array([str(start) if start else None for start in pointers[:, index].tolist()], pa.string())
        for index, element in enumerate(named)
    }
    return by_column, content

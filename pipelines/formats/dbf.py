"""DBF files to columns: dBase III/IV, FoxPro 2, Visual FoxPro, in cp866 or cp1251.

Values are text as it arrived, pads cut off; blank is null; dates are ``YYYY-MM-DD``. Whatever is wrong with a value is an
anomaly and leaves the text alone: VAL.010 no day of the calendar, VAL.020 no such number, VAL.030 too long (memo), VAL.040
bytes that are no text (U+FFFD stands in their place, the anomaly's value spells them), DBF.060 lost memo.

A record marked as deleted gives no row; DBF.050 tells of it, with its number in the file (from 1) as value. A field that
the layout lacks is told as DBF.041 with its name as element. What makes the file unreadable is a ``FileFault``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.formats.dbf_header import (
    DELETED,
    HEAD_SIZE,
    LIVE,
    NULLABLE,
    VISUAL_FOXPRO,
    Field,
    Header,
    bind,
    damaged,
    own_types,
    read_header,
)
from pipelines.formats.dbf_memo import Memo
from pipelines.formats.dbf_text import Bytes, Rows, code_page
from pipelines.formats.dbf_values import Values, read_values
from pipelines.formats.flat import flat_layout
from pipelines.formats.layout import Element, Layout
from pipelines.formats.tables import ANOMALIES, Tables, table_schema

CHUNK = 1 << 25
"""Bytes of records taken at a time: bounds the copies made on the way."""


def read_dbf(content: bytes, layout: Layout, role: str, *, default_code_page: int = 866, memo: bytes = b"") -> Tables:
    """Columns of a DBF file of a layout with one table.

    ``default_code_page`` holds for files that do not name theirs; ``memo`` is the .dbt or .fpt file (without
    it every pointer is a lost memo). Raises ``FileFault``
    DBF.010 damaged, DBF.020 size, DBF.030 code page, DBF.040 structure.
    """
    header = read_header(content, role, default_code_page)
    bound, extra = bind(header, layout, role)
    memos = Memo(header.memo, memo)
    records = np.frombuffer(content, np.uint8, header.records * header.record_size, header.size)
    records = records.reshape(header.records, header.record_size)
    live = _live_records(records, header, role)
    offsets = header.size + live * header.record_size
    found: dict[Element, list[pa.Array]] = {element: [] for element in bound}
    anomalies = _Anomalies(layout.record, offsets)
    anomalies.extra_fields(extra)
    anomalies.deleted_records(header, live)
    step = max(1, CHUNK // header.record_size)
    for start in range(0, len(live), step):
        rows = live[start : start + step]
        part = _records(records, rows)
        nulls = _null_bits(part, header)
        for element, field in bound.items():
            block = np.ascontiguousarray(part[:, field.start : field.stop])
            values = read_values(block, field, element, code_page(header.code_page), memos)
            texts = pc.if_else(pa.array(nulls[field]), None, values.texts) if field in nulls else values.texts
            found[element].append(texts)
            anomalies.values(values, texts, element, start)
    columns = [pa.chunked_array(parts, pa.string()) for parts in found.values()]
    table = pa.table([pa.array(offsets, pa.int64()), *columns], schema=table_schema(layout, layout.record))
    return Tables(layout, {layout.record: table}, anomalies.table())


def read_own_dbf(content: bytes, code: str, role: str, *, default_code_page: int = 866) -> Tables:
    """Columns of a DBF file whose structure is its own, under a layout ``code`` that is made of its fields.

    Raises ``FileFault`` as ``read_dbf`` does.
    """
    header = read_header(content, role, default_code_page)
    try:
        layout = flat_layout(code, own_types(header))
    except ValueError:
        raise damaged(role, "поля не складываются в таблицу", HEAD_SIZE) from None
    return replace(read_dbf(content, layout, role, default_code_page=default_code_page), dated=header.dated)


def _live_records(records: Bytes, header: Header, role: str) -> Rows:
    marks = records[:, 0]
    strange = np.flatnonzero((marks != LIVE) & (marks != DELETED))
    if len(strange):
        first = int(strange[0])
        offset = header.size + first * header.record_size
        raise damaged(role, f"признак удаления записи № {first + 1} неверен", offset)
    return np.flatnonzero(marks == LIVE)


def _records(records: Bytes, rows: Rows) -> Bytes:
    """Some records, without a copy where they lie side by side."""
    first, last = int(rows[0]), int(rows[-1])
    return records[first : last + 1] if last - first + 1 == len(rows) else records[rows]


def _null_bits(part: Bytes, header: Header) -> Mapping[Field, npt.NDArray[np.bool_]]:
    """Which values Visual FoxPro declares to be null: one bit a nullable field in the hidden field ``_NullFlags``."""
    flags = next((field for field in header.fields if field.type == "0"), None)
    if flags is None or header.version not in VISUAL_FOXPRO:
        return {}
    bits = np.unpackbits(part[:, flags.start : flags.stop], axis=1, bitorder="little").astype(np.bool_)
    nulls: dict[Field, npt.NDArray[np.bool_]] = {}
    bit = 0
    for field in header.fields:
        bit += field.type in "VQ"  # their first bit says whether the width is used up
        if field.flags & NULLABLE and bit < bits.shape[1]:
            nulls[field] = bits[:, bit]
            bit += 1
    return nulls


class _Anomalies:
    """What was found in one file; ``offsets`` of its rows."""

    def __init__(self, record: str, offsets: Rows) -> None:
        self._record = record
        self._offsets = offsets
        self._parts = [ANOMALIES.empty_table()]

    def table(self) -> pa.Table:
        return pa.concat_tables(self._parts).combine_chunks()

    def extra_fields(self, extra: tuple[Field, ...]) -> None:
        rows = [{"code": "DBF.041", "table": "", "row": -1, "element": field.name, "offset": -1} for field in extra]
        self._parts.append(pa.Table.from_pylist(rows, ANOMALIES))

    def deleted_records(self, header: Header, live: Rows) -> None:
        deleted = np.delete(np.arange(header.records), live)
        numbers = pa.array(deleted + 1).cast(pa.string())
        self._add("DBF.050", "", numbers, np.full(len(deleted), -1), header.size + deleted * header.record_size)

    def values(self, values: Values, texts: pa.Array, element: Element, start: int) -> None:
        """Faults of a column's part that begins at row ``start``; what ``texts`` holds as null is no fault."""
        for code, at_fault in values.faults.items():
            rows = at_fault[np.asarray(pc.is_valid(texts.take(pa.array(at_fault))), np.bool_)]
            if code == "VAL.040":
                found = pa.array([values.spelled[int(row)] for row in rows], pa.string())
            else:
                found = texts.take(pa.array(rows))
            self._add(code, element.path, found, rows + start, self._offsets[rows + start])

    def _add(self, code: str, element: str, values: pa.Array, rows: Rows, offsets: Rows) -> None:
        count = len(rows)
        columns = [pa.repeat(code, count), pa.repeat(self._record, count), pa.array(rows, pa.int64())]
        columns += [pa.repeat(element, count), values, pa.array(offsets, pa.int64())]
        self._parts.append(pa.table(columns, schema=ANOMALIES))

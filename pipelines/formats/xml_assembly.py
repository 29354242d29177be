"""From blocks of columns to ``Tables``: what both XML readers share, and the anomalies that finished tables show."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import chain
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.formats.layout import Element, Layout, version_number
from pipelines.formats.tables import ANOMALIES, OFFSET, PARENT, Tables, table_schema
from pipelines.formats.xml_source import Source

Rows = npt.NDArray[np.int64]


class Anomaly(NamedTuple):
    """A row of ``ANOMALIES``, with its columns in their order."""

    code: str
    table: str
    row: int
    element: str
    value: str | None
    offset: int


class Block(NamedTuple):
    """Rows of one table that were read together: their number and the columns that hold anything at all."""

    rows: int
    columns: Mapping[str, pa.Array]


class Assembly:
    """Gathers blocks of rows, in document order, and anomalies; ``finish`` makes the ``Tables`` of them."""

    def __init__(self, layout: Layout, source: Source) -> None:
        self.layout = layout
        self.anomalies: list[Anomaly] = []
        self._source = source
        self._chunks: dict[str, list[dict[str, pa.Array]]] = {table: [] for table in layout.tables}
        self._schemas = {table: table_schema(layout, table) for table in layout.tables}
        self._zeros = pa.py_buffer(b"")

    def add(self, table: str, block: Block) -> None:
        """Append rows; columns that the block leaves out are null, groups that it leaves out false."""
        if block.rows:
            chunk = {}
            for field in self._schemas[table]:
                column = block.columns.get(field.name)
                chunk[field.name] = self._empty(field.type, block.rows) if column is None else column
            self._chunks[table].append(chunk)

    def _empty(self, kind: pa.DataType, rows: int) -> pa.Array:
        # All absent columns of a file share one buffer of zeros: most columns of most layouts are empty.
        if self._zeros.size < (rows + 1) * 4:
            self._zeros = pa.py_buffer(bytes((rows + 1) * 8))
        if pa.types.is_boolean(kind):
            return pa.Array.from_buffers(kind, rows, [None, self._zeros], null_count=0)
        return pa.Array.from_buffers(kind, rows, [self._zeros, self._zeros, pa.py_buffer(b"")], null_count=rows)

    def finish(self) -> Tables:
        """The file as columns, with all anomalies in the order of their places.

        Raises ``FileFault`` XML.060 when there are more of them than the limits allow.
        """
        data: dict[str, pa.Table] = {}
        for table, schema in self._schemas.items():
            chunks = self._chunks.pop(table)
            data[table] = pa.table(
                [pa.chunked_array([chunk[field.name] for chunk in chunks], type=field.type) for field in schema],
                schema=schema,
            )
        most = self._source.limits.anomalies
        found = self.anomalies
        for anomaly in chain(_absent_groups(self.layout, data), _newer_elements(self.layout, data)):
            if len(found) >= most:
                raise self._source.too_many_anomalies()
            found.append(anomaly)
        found.sort(key=lambda anomaly: (anomaly.offset, anomaly.code, anomaly.table, anomaly.row, anomaly.element))
        columns = zip(*found, strict=True) if found else [[] for _ in ANOMALIES]
        anomalies = pa.table(
            [pa.array(column, field.type) for column, field in zip(columns, ANOMALIES, strict=True)], ANOMALIES
        )
        return Tables(self.layout, data, anomalies)


def _present(layout: Layout, data: Mapping[str, pa.Table], path: str) -> Rows:
    """Rows, in the table that holds the group at ``path``, in which the group is there."""
    element = layout.by_path[path]
    table = data[element.table]
    if element.table_head:
        return np.arange(table.num_rows, dtype=np.int64)
    return np.flatnonzero(table[element.column].to_numpy()).astype(np.int64)


def _record_offsets(layout: Layout, data: Mapping[str, pa.Table], table: str, rows: Rows) -> Rows:
    """Byte offsets of the records above rows of a table, -1 for rows outside records."""
    record = layout.by_path[layout.record].table
    if table != record and record not in layout.ancestors(table):
        return np.full(len(rows), -1, np.int64)
    while table != record:
        rows = data[table][PARENT].to_numpy()[rows]
        table = layout.tables[table].parent or record
    offsets: Rows = data[record][OFFSET].to_numpy()[rows]
    return offsets


def _absent_groups(layout: Layout, data: Mapping[str, pa.Table]) -> Iterator[Anomaly]:
    """STR.040: groups that must be in every instance of the group above them."""
    for group in layout.elements:
        if group.type != "S" or not group.required:
            continue
        if not group.parent_path:
            if data[group.table].num_rows == 0:
                yield Anomaly("STR.040", "", -1, group.path, None, -1)
            continue
        holder = layout.table_of(group.parent_path)
        rows = _present(layout, data, group.parent_path)
        inside = data[group.table][PARENT].to_numpy() if group.table_head else _present(layout, data, group.path)
        there = np.zeros(data[holder].num_rows, np.bool_)
        there[inside] = True
        rows = rows[~there[rows]]
        for row, offset in zip(rows.tolist(), _record_offsets(layout, data, holder, rows).tolist(), strict=True):
            yield Anomaly("STR.040", holder, row, group.path, None, offset)


def _newer_elements(layout: Layout, data: Mapping[str, pa.Table]) -> Iterator[Anomaly]:
    """STR.060: elements that came with a version after the one that the file declares in ``ZGLV/VERSION``."""
    version = declared_version(layout, data)
    if version is None:
        return
    for element in layout.elements:
        if element.since is None or (version_number(element.since) or ()) <= version:
            continue
        values = data[element.table][element.column] if element.type != "S" else None
        rows = _element_rows(layout, data, element)
        texts = values.take(pa.array(rows)).to_pylist() if values is not None else [None] * len(rows)
        offsets = _record_offsets(layout, data, element.table, rows).tolist()
        for row, text, offset in zip(rows.tolist(), texts, offsets, strict=True):
            yield Anomaly("STR.060", element.table, row, element.path, text, offset)


def _element_rows(layout: Layout, data: Mapping[str, pa.Table], element: Element) -> Rows:
    if element.type == "S":
        return _present(layout, data, element.path)
    return np.flatnonzero(pc.is_valid(data[element.table][element.column]).to_numpy()).astype(np.int64)


def declared_version(layout: Layout, data: Mapping[str, pa.Table]) -> tuple[int, ...] | None:
    """What ``ZGLV/VERSION`` says, as numbers; ``None`` if it is absent or no version."""
    element = layout.by_path.get("ZGLV/VERSION")
    if element is None or data[element.table].num_rows == 0:
        return None
    return version_number(data[element.table][element.column][0].as_py() or "")

"""What a reader returns: columnar tables of a file, and the anomalies of its structure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pyarrow as pa

from pipelines.formats.layout import Layout

PARENT = "_parent"
"""int64 column of every table with a parent: row number of the parent in its table."""
OFFSET = "_offset"
"""int64 column of the record table: byte offset of the record's start tag in the file as it arrived."""

ANOMALIES = pa.schema(
    [
        ("code", pa.string()),  # an id of include/exchange/messages.yaml, such as STR.010
        ("table", pa.string()),  # table of the nearest known group; "" for the file as a whole
        ("row", pa.int64()),  # row of that group in its table, -1 for the file as a whole
        ("element", pa.string()),  # path below the root of the element at fault
        ("value", pa.string()),  # its text, null where it has none
        ("offset", pa.int64()),  # byte offset in the file, -1 unknown
    ]
)
"""Departures from the layout's structure: unknown element, repeated where single, wrong order, mandatory element absent."""


@dataclass(frozen=True)
class Tables:
    """A file as columns.

    ``data[table]``: one ``pa.string()`` column per element with the text as it arrived (null: absent; "": empty element),
    one ``pa.bool_()`` column per merged group (was it there), ``_parent`` (int64) in tables that have a parent, ``_offset``
    (int64) in the record table. Rows are in document order. Every table of the layout is there, if only with 0 rows.
    ``name``: that of the file as it arrived, in capitals and without its extension; "" where it is not known. ``dated``: the
    day that the header of a DBF file tells, ISO; "" where there is none.
    """

    layout: Layout
    data: Mapping[str, pa.Table]
    anomalies: pa.Table
    name: str = ""
    dated: str = ""


def table_schema(layout: Layout, table: str) -> pa.Schema:
    """Columns of a table in their order: ``_parent``, ``_offset`` where they belong, values, then presence of groups."""
    spec = layout.tables[table]
    fields = [pa.field(PARENT, pa.int64())] if spec.parent is not None else []
    if table == layout.by_path[layout.record].table:
        fields.append(pa.field(OFFSET, pa.int64()))
    fields += [pa.field(element.column, pa.string()) for element in spec.columns]
    fields += [pa.field(element.column, pa.bool_()) for element in spec.groups]
    return pa.schema(fields)


class FileFault(Exception):  # noqa: N818
    """A file that cannot be read as a whole: ``code`` is the id of its message, ``place`` line/column or offset.

    ``parameters`` fill the Russian text of ``include/exchange/messages.yaml``; they hold no values of the file.
    """

    def __init__(self, code: str, place: str = "", **parameters: str | int) -> None:
        super().__init__(code, place, parameters)
        self.code = code
        self.place = place
        self.parameters = parameters

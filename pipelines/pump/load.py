"""Load of registers: accepted records into tables made from the layout, by COPY, inside the package's transaction."""

from __future__ import annotations

from datetime import date

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import Connection

from pipelines.exchange.kinds import Mask, Opened
from pipelines.formats import ddl
from pipelines.formats import layout as layouts
from pipelines.formats.layout import Element
from pipelines.formats.tables import PARENT, Tables
from pipelines.ground.database import copy_table

SCHEMA = "pump"
PERSONS = "L"
"""Role and layout of the persons file that every register has."""


def main_role(opened: Opened) -> str:
    """Role of the file with the cases: the one that is not the persons'."""
    (role,) = opened.tables.keys() - {PERSONS}
    return role


def load_register(connection: Connection, opened: Opened, cases: Mask, month: date) -> None:
    """COPY the accepted cases of the main file, and of the persons file the persons whom they name."""
    main, persons = opened.tables[main_role(opened)], opened.tables[PERSONS]
    named = main.data["ZAP"]["ID_PAC"].combine_chunks().filter(pa.array(cases))
    wanted = pc.is_in(persons.data["PERS"]["ID_PAC"].combine_chunks(), value_set=named).to_numpy(zero_copy_only=False)
    for tables, records in ((main, cases), (persons, wanted)):
        _load(connection, tables, records, opened.package.id, month)


def _load(connection: Connection, tables: Tables, records: Mask, package: int, month: date) -> None:
    layout = layouts.load(tables.layout.code)  # what single regions added is checked, and has no place in the tables
    kept: dict[str, Mask] = {layout.record: records}
    for name, spec in layout.tables.items():
        data = tables.data[name]
        if name not in kept:
            above = kept.get(spec.parent or "")
            kept[name] = np.ones(data.num_rows, bool) if above is None else above[data[PARENT].to_numpy()]
        mask = kept[name]
        rows = np.flatnonzero(mask).astype(np.int32)
        if not len(rows):
            continue
        chosen = data if mask.all() else data.take(pa.array(rows))
        columns: dict[str, pa.Array | pa.ChunkedArray] = {
            "report_month": pa.repeat(pa.scalar(month), len(rows)),
            "package": pa.repeat(pa.scalar(package), len(rows)),
            "row": pa.array(rows),
            "parent": chosen[PARENT] if spec.parent else pa.nulls(len(rows), pa.int32()),
        }
        columns |= {element.column.lower(): _typed(chosen[element.column], element) for element in spec.columns}
        copy_table(connection, f"{SCHEMA}.{ddl.table_name(layout, name)}", pa.table(columns))


def _typed(values: pa.ChunkedArray, element: Element) -> pa.ChunkedArray:
    """Numbers and dates go to COPY as the text that arrived: PostgreSQL reads both exactly; empty means absent."""
    if element.type == "T":
        return values
    return pc.if_else(pc.equal(values, ""), pa.scalar(None, pa.string()), values)

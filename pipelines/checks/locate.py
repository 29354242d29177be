"""Where a finding is, in the words of a protocol: keys of its record and of the rows above it, and the byte offset."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.formats.layout import Layout
from pipelines.formats.tables import OFFSET, PARENT, Tables

KEYS = {
    "n_zap": ("N_ZAP", "RECID"),
    "idcase": ("IDCASE",),
    "sl_id": ("SL_ID",),
    "idserv": ("IDSERV",),
    "id_pac": ("ID_PAC",),
}
"""Columns that ``locate`` adds and the elements that they may hold; a record has one of them."""


def locate(findings: pd.DataFrame, tables: Mapping[str, Tables]) -> pd.DataFrame:
    """The findings with the columns of ``KEYS`` (``str``, null where there is none), ``parent`` and ``offset``.

    ``parent`` is the name of the group that holds the element; ``offset`` (int64) the first byte of the record in the file
    as it arrived, -1 where the finding is not in a record. ``tables`` are the package's files by role; findings on a member,
    table or row that is not among them get no keys.
    """
    size = len(findings)
    located = findings.reset_index(drop=True)
    values = {name: np.full(size, None, dtype=object) for name in KEYS}
    offset = np.full(size, -1, np.int64)
    for key, group in located.groupby(["member", "table"], sort=False)["row"]:
        role, table = map(str, key)
        if role not in tables or table not in tables[role].layout.tables:
            continue
        within = group[(group >= 0) & (group < tables[role].data[table].num_rows)]
        places, rows = within.index.to_numpy(), within.to_numpy()
        for above, at in _upwards(tables[role], table, rows):
            data = tables[role].data[above]
            for name, column in ((name, column) for name, columns in KEYS.items() for column in columns):
                if _holds(tables[role].layout, above, column):
                    texts = data.column(column).take(pa.array(at)).to_numpy(zero_copy_only=False)
                    values[name][places] = np.where(pd.isna(values[name][places]), texts, values[name][places])
            if OFFSET in data.column_names:
                offset[places] = data.column(OFFSET).take(pa.array(at)).to_numpy(zero_copy_only=False)
    columns = {name: pd.Series(pa.array(texts, pa.string()).to_pandas(), dtype="str") for name, texts in values.items()}
    parent = located["element"].str.rpartition("/")[0].str.rpartition("/")[2] if size else located["element"]
    return located.assign(**columns, parent=parent, offset=offset)


def _upwards(tables: Tables, table: str, rows: npt.NDArray[np.int64]) -> list[tuple[str, npt.NDArray[np.int64]]]:
    """The table and those above it, with the row in each of every given row."""
    chain = [(table, rows)]
    for above in tables.layout.ancestors(table):
        below, at = chain[-1]
        parents = pc.fill_null(tables.data[below].column(PARENT), 0).to_numpy()
        chain.append((above, parents[at]))
    return chain


def _holds(layout: Layout, table: str, column: str) -> bool:
    """Whether the group of the table has the element as its own (a repeated element names others' keys)."""
    spec = layout.tables[table]
    return layout.by_path[spec.path].type == "S" and any(element.column == column for element in spec.columns)

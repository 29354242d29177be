"""Where a finding is, in the words of a protocol: keys of its record and of the rows above it, and the byte offset."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

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
    located = findings.reset_index(drop=True)
    keys = {name: _Gathered(len(located)) for name in KEYS}
    offset = np.full(len(located), -1, np.int64)
    for key, group in located.groupby(["member", "table"], sort=False)["row"]:
        role, table = map(str, key)
        if role not in tables or table not in tables[role].layout.tables:
            continue
        within = group[(group >= 0) & (group < tables[role].data[table].num_rows)]
        places = within.index.to_numpy()
        for above, rows in _upwards(tables[role], table, within.to_numpy()):
            data = tables[role].data[above]
            for name, column in ((name, column) for name, columns in KEYS.items() for column in columns):
                if _holds(tables[role].layout, above, column):
                    keys[name].add(places, data.column(column), rows)
            if OFFSET in data.column_names:
                offset[places] = data.column(OFFSET).to_numpy()[rows]
    parent = located["element"].map(lambda path: path.rpartition("/")[0].rpartition("/")[2]).astype("str")
    return located.assign(**{name: gathered.series() for name, gathered in keys.items()}, parent=parent, offset=offset)


class _Gathered:
    """A column of text put together from pieces of others."""

    def __init__(self, size: int) -> None:
        self.pieces: list[pa.Array] = [pa.array([None], pa.string())]
        self.length = 1
        self.index = np.zeros(size, np.int64)  # piece 0 is null

    def add(self, places: npt.NDArray[np.int64], column: pa.ChunkedArray, rows: npt.NDArray[np.int64]) -> None:
        """At ``places`` stand the column's values of ``rows``."""
        self.index[places] = self.length + np.arange(len(rows))
        self.pieces.extend(column.take(pa.array(rows)).cast(pa.string()).chunks)
        self.length += len(rows)

    def series(self) -> pd.Series[str]:
        """The column as pandas text."""
        return pd.Series(pa.concat_arrays(self.pieces).take(pa.array(self.index)).to_pandas(), dtype="str")


def _upwards(tables: Tables, table: str, rows: npt.NDArray[np.int64]) -> list[tuple[str, npt.NDArray[np.int64]]]:
    """The table and those above it, with the row in each of every given row."""
    chain = [(table, rows)]
    for above in tables.layout.ancestors(table):
        below, at = chain[-1]
        chain.append((above, tables.data[below].column(PARENT).to_numpy()[at]))
    return chain


def _holds(layout: Layout, table: str, column: str) -> bool:
    """Whether the group of the table has the element as its own (a repeated element names others' keys)."""
    spec = layout.tables[table]
    return layout.by_path[spec.path].type == "S" and any(element.column == column for element in spec.columns)

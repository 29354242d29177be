"""What visits bring to the grouper: codes by kind, each with the row of its visit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.pump.grouper.match import Ints, Mask, RowTable, first_of_equal
from pipelines.pump.tariffs.exact import Frame

PARENT = "_parent"
SERVICES = ("VID_VME", "CODE_USL")
"""Columns of a service that may name it by the nomenclature: the federal one, and the one that territories fill."""


@dataclass(frozen=True)
class Values:
    """Codes (dictionary-encoded text) and the rows of the visits that they belong to, in the order of visits."""

    visits: Ints
    codes: pa.DictionaryArray

    def between(self, first: int, last: int) -> Values:
        """Those of the visits from ``first`` to ``last`` (excluded), counted from ``first``."""
        low, high = np.searchsorted(self.visits, [first, last])
        return Values(self.visits[low:high] - first, self.codes[low:high])

    def among(self, codes: Iterable[str]) -> Mask:
        """Whether each code is among the given ones."""
        known = pc.is_in(self.codes.dictionary, value_set=pa.array(sorted(codes), pa.string())).to_numpy(
            zero_copy_only=False
        )
        places = pc.fill_null(self.codes.indices, -1).to_numpy(zero_copy_only=False)
        result: Mask = np.append(known, False)[places]
        return result


class Evidence:
    """Codes of some visits by kind: ``1``, ``2``, ``3`` diagnoses by column, ``u`` services, ``c`` criteria."""

    def __init__(self, size: int, values: Mapping[str, Values]) -> None:
        self.size = size
        self.values = values

    @classmethod
    def of(cls, visits: pd.DataFrame, services: Frame | None, **criteria: Frame | None) -> Evidence:
        """From the tables of a register; ``criteria``: DS2, DS3, CRIT, each with ``_parent`` and a column of its name."""
        every = np.arange(len(visits), dtype=np.int64)
        values = {"1": _values(every, [_column(visits, "DS1")])}
        columns = [] if services is None else [_column(services, name) for name in SERVICES if name in _names(services)]
        values["u"] = _values(_parents(services), columns)
        for space, name in (("2", "DS2"), ("3", "DS3"), ("c", "CRIT")):
            table = criteria.get(name)
            values[space] = _values(_parents(table), [] if table is None else [_column(table, name)])
        return cls(len(visits), values)

    def between(self, first: int, last: int) -> Evidence:
        """The visits from ``first`` to ``last`` (excluded)."""
        return Evidence(last - first, {space: values.between(first, last) for space, values in self.values.items()})

    def any_of(self, space: str, codes: Iterable[str]) -> Mask:
        """Which visits have a code of the kind among the given ones."""
        values = self.values[space]
        found: Mask = np.bincount(values.visits[values.among(codes)], minlength=self.size) > 0
        return found

    def pairs(self, table: RowTable) -> Ints:
        """Sorted distinct ``visit * len(table.tokens) + token``."""
        parts = [table.tokens_of(space, values.visits, values.codes) for space, values in self.values.items()]
        parts.append(table.always(self.size))
        numbers = np.concatenate([visits * len(table.tokens) + tokens for visits, tokens in parts])
        numbers.sort()
        return numbers[first_of_equal(numbers)]


def _values(visits: Ints, columns: list[pa.Array]) -> Values:
    if not columns:
        return Values(np.empty(0, dtype=np.int64), pa.array([], pa.string()).dictionary_encode())
    rows = np.tile(visits, len(columns))
    codes = pa.concat_arrays(columns).dictionary_encode()
    if (rows[1:] < rows[:-1]).any():
        order = np.argsort(rows, kind="stable")
        rows, codes = rows[order], codes.take(pa.array(order))
    return Values(rows, codes)


def _parents(table: Frame | None) -> Ints:
    if table is None:
        return np.empty(0, dtype=np.int64)
    parents: npt.NDArray[np.int64] = table[PARENT].to_numpy()
    return parents.astype(np.int64)


def _names(table: Frame) -> list[str]:
    return list(table.column_names if isinstance(table, pa.Table) else table.columns)


def _column(table: Frame, name: str) -> pa.Array:
    values = table[name] if isinstance(table, pa.Table) else pa.array(table[name], from_pandas=True)
    return (values.combine_chunks() if isinstance(values, pa.ChunkedArray) else values).cast(pa.string())

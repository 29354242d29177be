"""From numpy arrays to the text columns that a file holds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.formats.layout import Layout
from pipelines.formats.tables import PARENT

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
Days = npt.NDArray[np.datetime64]
"""datetime64[D]."""


def integers(values: Ints, width: int = 0, where: Bools | None = None) -> pa.Array:
    """Whole numbers as text, zero-padded to ``width``; null where the mask is False."""
    text = pa.array(values).cast(pa.string())
    return blank(pc.utf8_lpad(text, width, "0") if width else text, where)


def decimals(values: Ints, scale: int, where: Bools | None = None) -> pa.Array:
    """Numbers counted in units of 10**-scale, as text with a point: 12345, 2 -> ``123.45``."""
    unit = 10**scale
    text = pc.binary_join_element_wise(integers(values // unit), integers(values % unit, scale), ".")
    return blank(text, where)


def days(values: Days, where: Bools | None = None) -> pa.Array:
    """Dates as ГГГГ-ММ-ДД."""
    return blank(pa.array(values.astype("datetime64[D]")).cast(pa.string()), where)


def pick(choices: Sequence[str | None], index: Ints, where: Bools | None = None) -> pa.Array:
    """``choices[index]`` as text."""
    return blank(pa.array(choices, pa.string()).take(pa.array(index)), where)


def same(value: str, count: int, where: Bools | None = None) -> pa.Array:
    """One text in every row."""
    return blank(pa.repeat(pa.scalar(value, pa.string()), count), where)


def blank(text: pa.Array, where: Bools | None) -> pa.Array:
    """The text where the mask is True, null elsewhere."""
    return text if where is None else pc.if_else(pa.array(where), text, pa.scalar(None, pa.string()))


def join(*parts: pa.Array | str) -> pa.Array:
    """Texts side by side; a null part makes a null."""
    return pc.binary_join_element_wise(*parts, "")


def table(
    layout: Layout,
    name: str,
    columns: Mapping[str, Any],
    rows: int,
    parent: Ints | None = None,
    groups: Mapping[str, Bools] | None = None,
) -> pa.Table:
    """The layout's table with all its columns: those given, nulls for the others; groups not given are there if mandatory.

    Raises ``KeyError`` for a column that the layout does not know.
    """
    spec = layout.tables[name]
    known = [element.column for element in spec.columns]
    if unknown := set(columns) - set(known):
        raise KeyError(f"{name}: {sorted(unknown)}")
    data = {column: columns[column] if column in columns else pa.nulls(rows, pa.string()) for column in known}
    for group in spec.groups:
        data[group.column] = pa.array((groups or {}).get(group.column, np.full(rows, group.required)))
    if spec.parent is not None:
        data[PARENT] = pa.array(np.zeros(0, np.int64) if parent is None else parent)
    return pa.table(data)


def line(layout: Layout, name: str, values: Mapping[str, str | None]) -> pa.Table:
    """The layout's table with one row."""
    return table(layout, name, {key: pa.array([value], pa.string()) for key, value in values.items()}, 1)

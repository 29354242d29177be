"""Values that are not what the layout declares, where no rule has said so already."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.checks.vectors import encoded, is_date, on_values
from pipelines.formats.layout import Element
from pipelines.formats.tables import Tables

DATE = "VAL.010"
NUMBER = "VAL.020"
LENGTH = "VAL.030"


def value_faults(tables: Tables, named: pd.DataFrame) -> list[dict[str, object]]:
    """Faulty cells as ``code, table, row, element, value``: no date, no number of the declared digits, text too long.

    ``named`` are the findings of this file so far; cells (table, row, element) that they name are left out. Absent and
    empty values have no fault. Codes are ids of ``include/exchange/messages.yaml``.
    """
    faults: list[dict[str, object]] = []
    for name, spec in tables.layout.tables.items():
        for element in spec.columns:
            column = encoded(tables.data[name].column(element.column))
            rows = np.flatnonzero(~on_values(column, partial(_right, element=element)))
            if len(rows):
                rows = np.setdiff1d(rows, named["row"][(named["table"] == name) & (named["element"] == element.path)])
            faults.extend(
                {
                    "code": _CODES[element.type],
                    "table": name,
                    "row": row,
                    "element": element.path,
                    "value": column[row].as_py(),
                }
                for row in rows.tolist()
            )
    return faults


def _right(texts: pa.Array, element: Element) -> pa.Array:
    return pc.or_(pc.equal(texts, ""), _RIGHT[element.type](texts, element))


def _number(texts: pa.Array, element: Element) -> pa.Array:
    fraction = rf"(?:\.[0-9]{{1,{element.scale}}})?" if element.scale else ""
    return pc.match_substring_regex(texts, rf"^-?[0-9]{{1,{element.length}}}{fraction}$")


def _short(texts: pa.Array, element: Element) -> pa.Array:
    return pc.less_equal(pc.utf8_length(texts), element.length)


_RIGHT: Mapping[str, Callable[[pa.Array, Element], pa.Array]] = {
    "D": lambda texts, _element: pa.array(is_date(texts)),
    "N": _number,
    "T": _short,
}
_CODES = {"D": DATE, "N": NUMBER, "T": LENGTH}

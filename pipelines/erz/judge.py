"""What checks that are functions have in common: columns of an opened package, values that are wrong, findings of a rule."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.checks import findings as found
from pipelines.erz.rules import Rule
from pipelines.exchange.kinds import Opened

Mask = npt.NDArray[np.bool_]


def column(opened: Opened, role: str, table: str, name: str) -> pa.Array:
    """A column of a file as one array."""
    values = opened.tables[role].data[table].column(name)
    return pa.concat_arrays([pa.array([], pa.string()), *values.chunks])


def wrong(values: pa.Array, right: Callable[[str], bool], only: Mask | None = None) -> Mask:
    """Where a value is there and wrong; each distinct value is looked at once."""
    encoded = pc.dictionary_encode(values)
    faulty = np.array([not right(value) for value in encoded.dictionary.to_pylist()], bool)
    places = np.asarray(pc.fill_null(encoded.indices, 0))
    found_wrong = np.asarray(pc.is_valid(values)) & (faulty[places] if len(faulty) else False)
    return found_wrong if only is None else found_wrong & only


def repeated(values: pa.Array) -> Mask:
    """Where a value stands more than once."""
    series = pd.Series(values.to_pandas())
    return np.asarray(series.duplicated(keep=False) & series.notna())


def finding(rule: Rule, role: str) -> dict[str, object]:
    """A rule's finding without its place."""
    message = f"{rule.column}: {rule.text}"
    return {"member": role, "rule": rule.id, "severity": rule.severity, "element": rule.element, "message": message}


def findings(rule: Rule, opened: Opened, role: str, faulty: Mask) -> pd.DataFrame:
    """Findings of a rule in the rows of its table where ``faulty`` is true."""
    rows = np.flatnonzero(faulty)
    if not len(rows):
        return found.frame()
    values = column(opened, role, rule.table, rule.column).take(pa.array(rows))
    one = found.frame([finding(rule, role) | {"table": rule.table, "row": -1, "value": None}])
    frame = one.take(np.zeros(len(rows), int)).reset_index(drop=True)
    return frame.assign(row=rows, value=pd.Series(values.to_pandas()).astype("str"))


def digits(length: int) -> Callable[[str], bool]:
    """Whether a text is so many digits."""

    def right(text: str) -> bool:
        return len(text) == length and text.isascii() and text.isdigit()

    return right

"""Hits of МЭК: what is wrong with which case, visit or service, on which ground and for how much."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.pump.mek.bases import Bases
from pipelines.pump.mek.facts import Objects

COLUMNS = {
    "case": "int64",  # position in the month's cases
    "visit": "int64",  # -1: the whole case
    "service": "int64",  # -1: the whole visit
    "stage": "str",  # A … K
    "code": "str",  # Kod of F014; "" where МЭК only notes (МЭЭ may follow, the case changes its payer)
    "osn": "str",  # 1.10.6
    "amount": "int64",  # kopecks refused if this hit is applied
    "rule": "str",  # MEK.H.1, or the id of a rule of Q016, Q023
    "other": "int64",  # the case of the month it collides with, -1
    "other_ref": "str",  # package/row/IDCASE of the paid case it collides with
    "detail": "str",  # in Russian: place, value, what was expected
}


@cache
def _nothing() -> pd.DataFrame:
    return pd.DataFrame({name: pd.Series(dtype=kind) for name, kind in COLUMNS.items()})


def empty() -> pd.DataFrame:
    """No hits."""
    return _nothing().copy()


def concat(parts: Iterable[pd.DataFrame]) -> pd.DataFrame:
    """All hits in one frame, in the order given."""
    found = [part for part in parts if len(part)]
    return pd.concat(found, ignore_index=True) if found else empty()


def make(
    bases: Bases,
    stage: str,
    osn: str,
    rule: str,
    detail: pd.Series | str,
    objects: Objects,
    *,
    other: np.ndarray | int = -1,
    other_ref: pd.Series | str = "",
    note: bool = False,
) -> pd.DataFrame:
    """Hits of one rule; of what the objects are worth Кно of the ground is refused.

    A ``note`` refuses nothing and has no code; its ground (of МЭЭ) need not be in F014. Raises ``LookupError`` otherwise.
    """
    if not len(objects.case):
        return empty()
    columns: dict[str, Any] = {
        "case": objects.case,
        "visit": objects.visit,
        "service": objects.service,
        "stage": stage,
        "code": "" if note else bases.code(osn),
        "osn": osn,
        "amount": 0 if note else bases.unpaid(osn, objects.worth),
        "rule": rule,
        "other": other,
        "other_ref": other_ref,
        "detail": detail,
    }
    rows = len(objects.case)
    return pd.DataFrame({name: _filled(value, rows, COLUMNS[name]) for name, value in columns.items()})


def _filled(value: Any, rows: int, kind: str) -> Any:
    """A column of one value, or of values that are given for each row."""
    if isinstance(value, str):
        return pd.array(pa.repeat(pa.scalar(value, pa.large_string()), rows), dtype="str")
    if kind == "str":
        return value.array if value.dtype == kind else value.astype("str").array
    return np.full(rows, value, dtype=np.int64) if np.ndim(value) == 0 else np.asarray(value, dtype=np.int64)


def phrase(template: str, rows: int, **values: Any) -> pd.Series:
    """Text for each row: ``{name}`` stands for a column of values (series or array; a missing value is «не указано»)."""
    if not rows:
        return pd.Series([], dtype="str")
    parts: list[Any] = []
    rest = template
    while "{" in rest:
        before, _, rest = rest.partition("{")
        name, _, rest = rest.partition("}")
        parts += [before, shown(values[name], rows)]
    texts = pc.binary_join_element_wise(*_wide([*parts, rest], rows), pa.scalar("", pa.large_string()))
    return pd.Series(pd.array(texts, dtype="str"))


def _wide(parts: Iterable[Any], rows: int) -> list[Any]:
    """Texts side by side; at least one of them is a column."""
    arrays = [pa.scalar(one, pa.large_string()) if isinstance(one, str) else pa.array(one) for one in parts if len(one)]
    if not any(isinstance(one, pa.Array | pa.ChunkedArray) for one in arrays):
        arrays.append(pa.repeat(pa.scalar("", pa.large_string()), rows))
    return [one.cast(pa.large_string()) for one in arrays]


def shown(values: Any, rows: int) -> pd.Series:
    """Values as an operator reads them: days as ДД.ММ.ГГГГ, the missing as «не указано»."""
    if isinstance(values, str):
        return pd.Series(pd.array(pa.repeat(pa.scalar(values, pa.large_string()), rows), dtype="str"))
    column = pd.Series(values).reset_index(drop=True)
    if pd.api.types.is_datetime64_any_dtype(column):
        days, distinct = pd.factorize(column)
        named = pd.Series(pd.DatetimeIndex(distinct).strftime("%d.%m.%Y"), dtype="str")
        return pd.Series(named.array.take(days, allow_fill=True)).fillna("не указано")
    if column.dtype == "str":
        return column.fillna("не указано")
    return column.astype("str").where(column.notna(), "не указано").astype("str")


def roubles(kopecks: Any) -> pd.Series:
    """Kopecks as roubles with a comma."""
    whole = pd.Series(np.asarray(kopecks, dtype=np.int64))
    sign = pd.Series(np.where(whole < 0, "-", ""), dtype="str")
    size = whole.abs()
    return sign + (size // 100).astype("str") + "," + (size % 100).astype("str").str.zfill(2)

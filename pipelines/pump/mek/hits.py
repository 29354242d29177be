"""Hits of МЭК: what is wrong with which case, visit or service, on which ground and for how much."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd

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


def empty() -> pd.DataFrame:
    """No hits."""
    return pd.DataFrame({name: pd.Series(dtype=kind) for name, kind in COLUMNS.items()})


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
        "other_ref": other_ref if isinstance(other_ref, str) else other_ref.to_numpy(),
        "detail": detail if isinstance(detail, str) else detail.to_numpy(),
    }
    return pd.DataFrame(columns).astype(COLUMNS)


def phrase(template: str, rows: int, **values: Any) -> pd.Series:
    """Text for each row: ``{name}`` stands for a column of values (series or array; a missing value is «не указано»)."""
    text = pd.Series([""] * rows, dtype="str")
    if not rows:
        return text
    rest = template
    while "{" in rest:
        before, _, rest = rest.partition("{")
        name, _, rest = rest.partition("}")
        text = text + before + shown(values[name], rows)
    return text + rest


def shown(values: Any, rows: int) -> pd.Series:
    """Values as an operator reads them: days as ДД.ММ.ГГГГ, the missing as «не указано»."""
    if isinstance(values, str):
        return pd.Series([values] * rows, dtype="str")
    column = pd.Series(values).reset_index(drop=True)
    if pd.api.types.is_datetime64_any_dtype(column):
        column = column.dt.strftime("%d.%m.%Y")
    return column.astype("str").where(column.notna(), "не указано").astype("str")


def roubles(kopecks: Any) -> pd.Series:
    """Kopecks as roubles with a comma."""
    whole = pd.Series(np.asarray(kopecks, dtype=np.int64))
    sign = pd.Series(np.where(whole < 0, "-", ""), dtype="str")
    size = whole.abs()
    return sign + (size // 100).astype("str") + "," + (size % 100).astype("str").str.zfill(2)

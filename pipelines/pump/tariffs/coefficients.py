"""Coefficients of a case before they are multiplied: what does not apply to a group, and the sum of КСЛП."""

from __future__ import annotations

import numpy as np
import pandas as pd

from pipelines.pump.tariffs.exact import Exact, Frame, column
from pipelines.pump.tariffs.method import CURRENT, Method
from pipelines.pump.tariffs.terms import Terms

PARENT = "_parent"


def applied(frame: pd.DataFrame, terms: Terms) -> pd.DataFrame:
    """The frame with KOEF_U and KOEF_UP set to 1 where the group (N_KSG) does not take them.

    КУС: groups of ``no_level``. КС: profiles of ``no_specifics``, below 1 groups of ``no_lowering``, above 1 of
    ``no_raising``.
    """
    group = frame["N_KSG"]
    result = frame.copy()
    if "KOEF_U" in frame:
        result["KOEF_U"] = frame["KOEF_U"].mask(group.isin(terms.no_level), "1")
    if "KOEF_UP" in frame:
        against_one = column(frame, "KOEF_UP", 1).compare(Exact.of(1, len(frame)))
        never = group.str.split(".").str[0].isin(terms.no_specifics)
        lowered = (against_one < 0) & group.isin(terms.no_lowering)
        raised = (against_one > 0) & group.isin(terms.no_raising)
        result["KOEF_UP"] = frame["KOEF_UP"].mask(never | lowered | raised, "1")
    return result


def complexity(koefs: Frame, visits: int, terms: Terms, method: Method = CURRENT) -> pd.DataFrame:
    """IT_SL and IT_SL_NO_KD of each visit from the rows of SL_KOEF: ``_parent`` (row of the visit), IDSL, Z_SL.

    Returns ``visits`` rows of ``Decimal`` columns IT_SL, IT_SL_NO_KD (0 without rows) and EXCLUSIVE (bool: coefficients
    that exclude each other were named together; the greater one counts). In ``multiplied`` methods IT_SL is Σ(k − 1) + 1.
    IDSL is a number or ``sl`` with a number. Raises ``ValueError`` for other text.
    """
    rows = koefs if isinstance(koefs, pd.DataFrame) else koefs.to_pandas()
    values, parents = column(rows, "Z_SL"), rows[PARENT].to_numpy(dtype=np.int64)
    numbers = rows["IDSL"].astype("str").str.removeprefix("sl").astype("int64").to_numpy()
    keep, exclusive = np.ones(len(rows), dtype=bool), np.zeros(visits, dtype=bool)
    for codes in terms.kslp_exclusive:
        inside = np.flatnonzero(np.isin(numbers, list(codes)))
        order = inside[np.argsort(values.units[inside], kind="stable")[::-1]]
        repeated = order[pd.Series(parents[order]).duplicated().to_numpy()]
        keep[repeated] = False
        exclusive[parents[repeated]] = True
    plain = np.isin(numbers, list(terms.kslp_without_kd))
    if method.kslp == "multiplied":
        one = Exact.of(1, len(values))
        total = _sums(values - one, parents, keep, visits)
        named = np.isin(np.arange(visits), parents[keep])
        it_sl = (total + Exact.of(1, visits)).where(named, Exact.of(0, visits))
        without = Exact.of(0, visits)
    else:
        it_sl, without = (_sums(values, parents, keep & mask, visits) for mask in (~plain, plain))
    return pd.DataFrame(
        {
            "IT_SL": pd.Series(it_sl.decimals(), dtype=object),
            "IT_SL_NO_KD": pd.Series(without.decimals(), dtype=object),
            "EXCLUSIVE": exclusive,
        },
        index=range(visits),
    )


def kslp_misapplied(frame: pd.DataFrame, terms: Terms) -> pd.Series:
    """Whether КСЛП stands (IT_SL or IT_SL_NO_KD above 0) at a group that takes none."""
    zero = Exact.of(0, len(frame))
    given = (column(frame, "IT_SL", 0).compare(zero) > 0) | (column(frame, "IT_SL_NO_KD", 0).compare(zero) > 0)
    return frame["N_KSG"].isin(terms.kslp_not_for) & given


def _sums(values: Exact, parents: np.ndarray, mask: np.ndarray, visits: int) -> Exact:
    totals = np.full(visits, 0, dtype=object)
    np.add.at(totals, parents[mask], values.units[mask])
    return Exact(totals, values.scale)

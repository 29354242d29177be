"""A candidate group of a visit with everything that its price depends on: the bridge between grouper and cost."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pandas as pd

from pipelines.pump.tariffs.coefficients import PARENT, applied
from pipelines.pump.tariffs.ksg import ksg_cost
from pipelines.pump.tariffs.method import Method
from pipelines.pump.tariffs.stays import interruption, interruption_share
from pipelines.pump.tariffs.terms import Terms


def case_terms(
    candidates: pd.DataFrame, visits: pd.DataFrame, terms: Terms, specifics: Mapping[str, str] | None = None
) -> pd.DataFrame:
    """Columns of ``ksg_cost`` for each candidate, with PR_PR and KOEF_PR, and КУС and КС only where the group takes them.

    ``candidates``: ``_parent`` (row of the visit), N_KSG, KOEF_Z, K_ZP. ``visits``: BZTSZ, KOEF_U, KOEF_D, IT_SL,
    IT_SL_NO_KD, DATE_Z_2 as far as the cases have them, RSLT, KD (days as paid), and what ``interruption`` and
    ``interruption_share`` take beside. ``specifics``: КС of the region by group, 1 where it names none; without it KOEF_UP
    of the visit.
    """
    frame = visits.iloc[candidates[PARENT].to_numpy()].drop(columns=["N_KSG", "KOEF_Z", "K_ZP"], errors="ignore")
    frame = frame.assign(**{name: candidates[name].array for name in ("N_KSG", "KOEF_Z", "K_ZP")})
    frame.index = candidates.index
    if specifics is not None:
        frame["KOEF_UP"] = frame["N_KSG"].map(specifics).fillna("1").astype("str")
    frame = applied(frame, terms)
    frame["PR_PR"] = interruption(frame, terms)
    frame["KOEF_PR"] = interruption_share(frame, terms)
    return frame


def candidate_price(
    visits: pd.DataFrame, terms: Terms, specifics: Mapping[str, str] | None = None, method: Method | None = None
) -> Callable[[pd.DataFrame], pd.Series]:
    """What ``Grouper.group`` takes as ``price``: kopecks of a candidate after the share of an interrupted case."""

    def price(candidates: pd.DataFrame) -> pd.Series:
        return ksg_cost(case_terms(candidates, visits, terms, specifics), method)

    return price

"""Stays in hospital: days, interrupted cases, and stays that two groups pay for."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from pipelines.pump.tariffs.coefficients import PARENT
from pipelines.pump.tariffs.exact import column
from pipelines.pump.tariffs.terms import Terms, TwoGroups

NOT_INTERRUPTED = 0
TRANSFERS = (2, 3, 4)
SHORT, COURSE = 8, 9

NEW_DISEASE, TRANSFUSION, DELIVERY, IMMUNISATION, ANTIMICROBIAL = 1, 5, 6, 8, 9

# First codes of the classes of МКБ-10, in their order.
_CLASSES = (
    "A00",
    "C00",
    "D50",
    "E00",
    "F00",
    "G00",
    "H00",
    "H60",
    "I00",
    "J00",
    "K00",
    "L00",
    "M00",
    "N00",
    "O00",
    "P00",
    "Q00",
    "R00",
    "S00",
    "U00",
    "V00",
    "Z00",
)


def days(values: pd.Series) -> npt.NDArray[np.datetime64]:
    """ISO text or dates as datetime64[D]; raises ``ValueError`` for other text and for absent dates."""
    parsed: npt.NDArray[np.datetime64] = pd.to_datetime(values).to_numpy().astype("datetime64[D]")
    if np.isnat(parsed).any():
        raise ValueError(f"{int(np.isnat(parsed).sum())} dates are absent")
    return parsed


def stay_days(frame: pd.DataFrame, same_day: int = 1) -> pd.Series:
    """Days of a visit, int64: in a day hospital (USL_OK 2) both ends count, elsewhere nights, at least ``same_day``.

    A day hospital does not work every day: KD of the register counts there, but no more than the calendar allows.
    Columns: USL_OK, DATE_1, DATE_2 (ISO text or dates), KD (may be absent). Whether a stay within one day is one day or none
    differs by region.
    """
    length = (days(frame["DATE_2"]) - days(frame["DATE_1"])).astype(np.int64)
    stated = column(frame, "KD", -1).rounded(0).units.astype(np.int64)
    worked = np.where(stated >= 0, np.minimum(stated, length + 1), length + 1)
    by_day = (frame["USL_OK"].astype("str") == "2").to_numpy()
    return pd.Series(np.where(by_day, worked, np.maximum(length, same_day)), index=frame.index)


def course_days(crit: pd.DataFrame, visits: int) -> pd.Series:
    """Least days that the criteria of a visit name in their suffix (``rb4d12``: 12), int64, 0 where none does.

    ``crit``: ``_parent`` (row of the visit), CRIT.
    """
    named = crit["CRIT"].astype("str").str.extract(r"d(\d{1,3})$")[0].dropna().astype("int64")
    longest = named.groupby(crit.loc[named.index, PARENT]).max()
    return longest.reindex(range(visits), fill_value=0).astype("int64")


def interruption(frame: pd.DataFrame, terms: Terms) -> pd.Series:
    """Ground of interruption (PR_PR) of each row, int8, 0 where the case is complete; of several the lowest number.

    Columns: RSLT, KD (days, integers), N_KSG; optional LATER (bool: another visit of the stay follows, ground 2), GROUND
    (why the stay is paid by two groups: from 2 on a transfer interrupts nothing), COURSE_DAYS (``course_days``). Grounds
    1–7 come from the result of the case by ``terms.reasons``; 8: up to ``terms.short_stay`` days by a group that is not in
    ``terms.short``; 9: a course shorter than its norm.
    """
    result = frame["RSLT"].astype("str").map(terms.reasons).fillna(0).astype("int8")
    if "LATER" in frame:
        result = result.mask(frame["LATER"].astype("bool") & ~result.between(1, 2), 2)
    both = frame["GROUND"] >= 2 if "GROUND" in frame else pd.Series(False, index=frame.index)
    transferred = result.isin(TRANSFERS)
    brief = (frame["KD"] <= terms.short_stay) & ~frame["N_KSG"].isin(terms.short)
    norm = frame["N_KSG"].map(terms.min_days).fillna(0).astype("int64")
    if "COURSE_DAYS" in frame:
        norm = norm.mask((norm > 0) & (frame["COURSE_DAYS"] > 0), frame["COURSE_DAYS"])
    result = result.mask((result == 0) & (frame["KD"] < norm), COURSE)
    result = result.mask(result.isin([0, COURSE]) & brief, SHORT)
    return result.mask(both & transferred, NOT_INTERRUPTED).astype("int8")


def interruption_share(frame: pd.DataFrame, terms: Terms) -> pd.Series:
    """Share of an interrupted case (KOEF_PR), ``Decimal``; 1 for complete ones.

    Columns: PR_PR, KD, N_KSG, OPERATED (bool; may be absent). The shares of operated patients need a group of
    ``terms.surgical`` and, where OPERATED is given, the operation itself. Raises ``LookupError`` for a ground without share.
    """
    ground, brief = frame["PR_PR"], (frame["KD"] <= terms.short_stay).to_numpy()
    operated = frame["N_KSG"].isin(terms.surgical).to_numpy()
    if "OPERATED" in frame:
        operated = operated & frame["OPERATED"].to_numpy(dtype=bool)
    shares = np.full(len(frame), Decimal(1), dtype=object)
    known = (ground == NOT_INTERRUPTED).to_numpy()
    for item in terms.shares:
        inside = ground.isin(item.grounds).to_numpy() & ~known
        known = known | inside
        for who, (short, longer) in ((operated, item.operated), (~operated, item.others)):
            shares[inside & who & brief] = short
            shares[inside & who & ~brief] = longer
    if not known.all():
        raise LookupError("a ground of interruption has no share")
    return pd.Series(shares, index=frame.index, dtype=object)


def paid_visits(frame: pd.DataFrame, terms: Terms) -> pd.DataFrame:
    """Which visits of a stay are paid: PAID (bool), GROUND (int8: ground of payment by two groups, 0 none), MAIN (bool).

    Columns: ``_parent`` (the stay), N_KSG, COST (kopecks), KD, DS1, DATE_1, DATE_2. Without a ground the dearest visit is
    paid, of equals the last. MAIN is the earliest visit, of these the longest. Grounds in use are
    ``terms.two_groups.grounds``; those that the register cannot show (2, 3, 4, 7, 10) come in an optional column GROUND and
    are kept as given.
    """
    rules, stay = terms.two_groups, frame[PARENT]
    begin, end = days(frame["DATE_1"]), days(frame["DATE_2"])
    order = pd.DataFrame({"stay": stay.to_numpy(), "begin": begin, "end": end, "row": np.arange(len(frame))})
    ground = frame["GROUND"].astype("int8") if "GROUND" in frame else pd.Series(0, index=frame.index, dtype="int8")
    cost = frame["COST"].to_numpy()
    group, special = frame["N_KSG"], _special(frame["N_KSG"], rules)
    ordinary = (special == 0).to_numpy()
    main = main_visits(stay, begin, end, ordinary)
    for number in (TRANSFUSION, IMMUNISATION, ANTIMICROBIAL):
        hit = (special == number) & _any(special.isin([0]), stay)
        ground = ground.mask((hit | (_any(hit, stay) & main)) & (ground == 0), number)
    if DELIVERY in rules.grounds:
        ground = ground.mask(_delivery(frame, group, order, rules) & (ground == 0), DELIVERY)
    if NEW_DISEASE in rules.grounds:
        disease = disease_class(frame["DS1"], rules.disease)
        dearest = _dearest(order.assign(disease=disease.to_numpy(), cost=cost), ["stay", "disease"])
        several = disease.groupby(stay).transform("nunique") > 1
        free = ~_any(ground > 0, stay)
        ground = ground.mask(several & free & dearest, NEW_DISEASE)
    alone = ~_any(ground > 0, stay)
    paid = (ground > 0) | (alone & _dearest(order.assign(cost=cost), ["stay"]))
    return pd.DataFrame({"PAID": paid, "GROUND": ground.astype("int8"), "MAIN": main}, index=frame.index)


def main_visits(
    stay: pd.Series, begin: npt.NDArray[Any], end: npt.NDArray[Any], preferred: npt.NDArray[np.bool_] | None = None
) -> npt.NDArray[np.bool_]:
    """The visit that each stay began with: the earliest, of these the longest, then the first; preferred ones before all."""
    order = pd.DataFrame({"stay": stay.to_numpy(), "begin": begin, "end": -end.astype("datetime64[D]").astype(np.int64)})
    order["later"] = False if preferred is None else ~preferred
    main = np.zeros(len(order), dtype=bool)
    main[order.sort_values(["stay", "later", "begin", "end"], kind="stable").drop_duplicates("stay").index] = True
    return main


def disease_class(codes: pd.Series, by: str = "class") -> pd.Series:
    """Number of the block of codes that is a class of МКБ-10 (int64, 0 for no code), or the code's first letter."""
    text = codes.fillna("").astype("str").str.upper()
    if by == "letter":
        return text.str.slice(0, 1)
    return pd.Series(np.searchsorted(_CLASSES, text.str.slice(0, 3).to_numpy(str), side="right"), index=codes.index)


def _special(group: pd.Series, rules: TwoGroups) -> pd.Series:
    special = pd.Series(0, index=group.index, dtype="int8")
    named = ((TRANSFUSION, rules.transfusion), (IMMUNISATION, rules.immunisation), (ANTIMICROBIAL, rules.antimicrobial))
    for number, codes in named:
        if number in rules.grounds:
            special = special.mask(group.isin(codes), number)
    return special


def _delivery(frame: pd.DataFrame, group: pd.Series, order: pd.DataFrame, rules: TwoGroups) -> pd.Series:
    stay = frame[PARENT]
    born = group.isin(rules.delivery)
    last = pd.Series(order["end"].to_numpy(), index=frame.index).where(born).groupby(stay).transform("max")
    listed = frame["DS1"].isin(rules.pathology_listed) & (frame["KD"] >= rules.pathology_days_listed)
    before = (order["begin"].to_numpy() < last.to_numpy()) & last.notna()
    pathology = group.isin(rules.pathology) & ((frame["KD"] >= rules.pathology_days) | listed) & before
    final = born & (order["end"].to_numpy() == last.to_numpy())
    result: pd.Series = pathology | (final & _any(pathology, stay))
    return result


def _any(mask: pd.Series, stay: pd.Series) -> pd.Series:
    result: pd.Series = mask.groupby(stay.to_numpy()).transform("any").astype("bool")
    return result


def _dearest(order: pd.DataFrame, by: list[str]) -> npt.NDArray[np.bool_]:
    chosen = np.zeros(len(order), dtype=bool)
    chosen[order.sort_values([*by, "cost", "end", "begin", "row"]).drop_duplicates(by, keep="last").index] = True
    return chosen

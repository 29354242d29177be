"""Hospital stays by groups (КСГ) and high technology care: what is due for each visit and what made it."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from pipelines.pump.grouper import Grouping
from pipelines.pump.month import Month
from pipelines.pump.pricing.reference import Period, Reference, days_of
from pipelines.pump.tariffs import (
    case_terms,
    complexity,
    course_days,
    ksg_cost,
    paid_visits,
    stay_days,
    vmp_cost,
)
from pipelines.pump.tariffs.coefficients import PARENT

Ints = npt.NDArray[np.int64]

COEFFICIENTS = (
    "BZTSZ", "KOEF_Z", "K_ZP", "KOEF_UP", "KOEF_U", "KOEF_D", "IT_SL", "IT_SL_NO_KD", "PR_PR", "KOEF_PR",
)  # fmt: skip
"""Columns of ``ksg_cost`` that stand beside a price."""
CHOICE = ("N_KSG", "ROW", "REASON_CODE", "REASON")


def stays(month: Month, chosen: Ints, dialysis: pd.DataFrame, reference: Reference) -> pd.DataFrame:
    """Prices of the visits ``chosen`` (positions, whole stays) that are paid by group, indexed by the visit.

    ``dialysis``: ``visit``, ``amount`` (Int64, null without tariff) of dialysis services, which are added to the group's
    price. Columns: ``due`` (Int64; 0 for a visit that another of the stay pays for, null without group or rate), ``paid``,
    ``ground`` (of payment by two groups), ``dialysis``, ``billed``, those of ``CHOICE`` and ``COEFFICIENTS``.
    """
    cases = month.visits["case"].to_numpy()[chosen]
    closed = days_of(month.cases["DATE_Z_2"])[cases]
    parts = []
    for period, rows in reference.periods(closed):
        parts.append(_priced(month, chosen[rows], dialysis, reference, period))
    if not parts:
        return pd.DataFrame({"due": pd.array([], "Int64")}, index=pd.Index([], dtype="int64"))
    return pd.concat(parts)


def _priced(month: Month, chosen: Ints, dialysis: pd.DataFrame, reference: Reference, period: Period) -> pd.DataFrame:
    facts = _facts(month, chosen, reference, period)
    size = len(chosen)
    place = np.full(len(month.visits), -1, dtype=np.int64)
    place[chosen] = np.arange(size)
    criteria = _under(month.criteria, place)
    facts["COURSE_DAYS"] = course_days(criteria, size)
    facts = facts.join(_complexity(month, place, size, reference, period, facts))
    grouping = period.grouper.group(
        facts,
        _under(month.services, place)[[PARENT, "VID_VME", "CODE_USL"]],
        ds2=_diagnoses(month, place, ("DS2", "DS2_N"), "DS2"),
        ds3=_diagnoses(month, place, ("DS3",), "DS3"),
        crit=criteria[[PARENT, "CRIT"]],
        price=lambda candidates: ksg_cost(_terms(candidates, facts, period), period.method),
    )
    best = grouping.candidates[grouping.candidates["CHOSEN"]].reset_index(drop=True)
    best = _subgroups(best, month.visits["N_KSG"].iloc[chosen].reset_index(drop=True), facts, reference)
    cost = np.full(size, -1, dtype=np.int64)  # a visit without group is dearer than none
    cost[best[PARENT].to_numpy()] = best["COST"].to_numpy(np.int64)
    paid = _paid(facts, grouping, cost, period)
    again = _settled(facts, paid)
    final = _terms(best, again, period)
    due = pd.Series(pd.NA, index=range(size), dtype="Int64")
    due.iloc[best[PARENT].to_numpy()] = ksg_cost(final, period.method).to_numpy()
    due = due.mask(~facts["rated"])
    added = pd.Series(0, index=range(size), dtype="Int64")
    rows = place[dialysis["visit"].to_numpy()]
    added.iloc[rows[rows >= 0]] = dialysis["amount"].array[rows >= 0]
    result = grouping.chosen[list(CHOICE)].reset_index(drop=True)
    result["N_KSG"] = best.set_index(PARENT)["N_KSG"].reindex(range(size)).array
    final = final.set_index(PARENT)[list(COEFFICIENTS)].astype({"PR_PR": "Int64"}).reindex(range(size))
    result = pd.concat([result, final], axis=1)
    result["due"] = due.where(paid["PAID"], 0) + added
    result["paid"], result["ground"], result["dialysis"] = paid["PAID"], paid["GROUND"], added
    result["billed"] = grouping.billed(month.visits["N_KSG"].iloc[chosen].reset_index(drop=True).fillna("")).to_numpy()
    result.index = pd.Index(chosen)
    return result


def _facts(month: Month, chosen: Ints, reference: Reference, period: Period) -> pd.DataFrame:
    """What the grouper and the price take of each visit, rows 0, 1, 2, …"""
    visits = month.visits[["case", "DS1", "DATE_1", "DATE_2", "KD"]].iloc[chosen].reset_index(drop=True)
    own = ["USL_OK", "LPU", "RSLT", "NOVOR", "W", "DR", "DATE_Z_1", "DATE_Z_2"]
    cases = month.cases[own].iloc[visits["case"].to_numpy()].reset_index(drop=True)
    closed = days_of(cases["DATE_Z_2"])
    sex, born = patients(cases)
    rate = reference.find("T_BZTSZ", "USL_OK", cases["USL_OK"], closed)
    place = reference.find("T_KOEF", "MCOD|USL_OK", cases[["LPU", "USL_OK"]], closed)
    facts = pd.DataFrame(
        {
            PARENT: visits["case"],
            "USL_OK": cases["USL_OK"],
            "DS1": visits["DS1"],
            "DATE_1": visits["DATE_1"],
            "DATE_2": visits["DATE_2"],
            "W": sex,
            "DR": born,
            "RSLT": cases["RSLT"].fillna(""),
            "DATE_Z_2": cases["DATE_Z_2"],
            "BZTSZ": rate.text("BZTSZ").fillna("0"),
            "KOEF_U": place.text("KOEF_U").fillna("1"),
            "KOEF_D": place.text("KOEF_D").fillna("1"),
            "rated": rate.there & place.there,
        }
    )
    facts["DAYS"] = stay_days(facts.assign(KD=visits["KD"]), reference.settings.same_day)
    facts["KD"] = facts.groupby(PARENT)["DAYS"].transform("sum")  # until two groups pay, the stay is one
    return facts


def patients(cases: pd.DataFrame) -> tuple[pd.Series, pd.Series]:
    """Sex and day of birth of who was treated: of the child where NOVOR (ПДДММГГН) names one, else of the person."""
    novor = cases["NOVOR"].fillna("0").astype("str")
    child = novor.str.fullmatch(r"[12]\d{6}\d{1,2}")
    born = pd.to_datetime("20" + novor.str.slice(5, 7) + novor.str.slice(3, 5) + novor.str.slice(1, 3), format="%Y%m%d",
                          errors="coerce")  # fmt: skip
    unknown = cases["DATE_Z_1"] - pd.Timedelta(days=30 * 365)  # a person without day of birth counts as an adult
    sex = cases["W"].astype("str").mask(child, novor.str.slice(0, 1)).fillna("0")
    return sex, cases["DR"].mask(child & born.notna(), born).fillna(unknown)


def _terms(candidates: pd.DataFrame, facts: pd.DataFrame, period: Period) -> pd.DataFrame:
    """Columns of ``ksg_cost`` of each candidate, КСЛП only where its group takes it."""
    frame = case_terms(candidates, facts.drop(columns="DATE_Z_2"), period.terms, period.specifics)
    frame[PARENT] = candidates[PARENT].array
    without = frame["N_KSG"].isin(period.terms.kslp_not_for)
    for name in ("IT_SL", "IT_SL_NO_KD"):
        frame[name] = frame[name].mask(without, None)
    return frame


def _complexity(
    month: Month, place: Ints, size: int, reference: Reference, period: Period, facts: pd.DataFrame
) -> pd.DataFrame:
    """Sums of КСЛП by the region's values; coefficients that the agreement does not have count nothing."""
    rows = _under(month.complexity, place)
    closed = days_of(facts["DATE_Z_2"])[rows[PARENT].to_numpy()]
    value = reference.find("T_KSLP", "IDSL", rows["IDSL"], closed).text("ZKOEF")
    known = rows.assign(Z_SL=value)[value.notna()].reset_index(drop=True)
    sums = complexity(known, size, period.terms, period.method)[["IT_SL", "IT_SL_NO_KD"]]
    return sums.mask(sums == 0)  # an element that is absent, not a zero


def _subgroups(best: pd.DataFrame, billed: pd.Series, facts: pd.DataFrame, reference: Reference) -> pd.DataFrame:
    """The chosen groups with КЗ of a subgroup where the register names one of the same group and the region has it."""
    own = best[PARENT].to_numpy()
    named = billed.fillna("").iloc[own].reset_index(drop=True)
    found = reference.find("T_KSG_PG", "K_KSG", named, days_of(facts["DATE_Z_2"])[own])
    part = pd.Series(found.there) & (named.str.extract(r"^(.*)\.\d+$")[0].fillna("") == best["N_KSG"])
    weight = best["KOEF_Z"].mask(part, found.text("KOEF_Z"))
    return best.assign(N_KSG=best["N_KSG"].mask(part, named), KOEF_Z=weight)


def _paid(facts: pd.DataFrame, grouping: Grouping, cost: Ints, period: Period) -> pd.DataFrame:
    """``paid_visits`` of the stays with several visits; a single visit is paid."""
    several = facts.groupby(PARENT)[PARENT].transform("size").to_numpy() > 1
    whole, ground = np.ones(len(facts), dtype=bool), np.zeros(len(facts), dtype=np.int8)
    rows = np.flatnonzero(several)
    if len(rows):
        stay = facts.iloc[rows].reset_index(drop=True)
        groups = grouping.chosen["N_KSG"].fillna("").to_numpy()[rows]
        found = paid_visits(
            stay.assign(N_KSG=pd.Series(groups, dtype="str"), COST=cost[rows], KD=stay["DAYS"]), period.terms
        )
        whole[rows], ground[rows] = found["PAID"], found["GROUND"]
    return pd.DataFrame({"PAID": whole, "GROUND": ground})


def _settled(facts: pd.DataFrame, paid: pd.DataFrame) -> pd.DataFrame:
    """Facts as they stand once it is known which visits of a stay are paid: each of two groups by its own days."""
    two = paid["GROUND"] > 0
    last = facts.groupby(PARENT)["DATE_2"].transform("max")
    return facts.assign(
        KD=facts["KD"].mask(two, facts["DAYS"]),
        LATER=two & (facts["DATE_2"] < last),
        GROUND=paid["GROUND"],
    )


def high_technology(month: Month, chosen: Ints, reference: Reference) -> pd.DataFrame:
    """Prices of visits by the tariff of the group of a method (V019, T_VMP), indexed by the visit.

    K_ZP of T_VMP is the share that КД applies to; without it the tariff stands as published. ``due`` is null where the
    method has no group or the group no tariff.
    """
    visits = month.visits[["case", "VID_HMP", "METOD_HMP"]].iloc[chosen].reset_index(drop=True)
    cases = month.cases[["LPU", "USL_OK", "DATE_Z_2"]].iloc[visits["case"].to_numpy()].reset_index(drop=True)
    closed = days_of(cases["DATE_Z_2"])
    group = reference.find("V019", "HVID|IDHM", visits[["VID_HMP", "METOD_HMP"]], closed).text("HGR")
    tariff = reference.find("T_VMP", "HGR", group, closed)
    place = reference.find("T_KOEF", "MCOD|USL_OK", cases[["LPU", "USL_OK"]], closed)
    frame = pd.DataFrame(
        {
            "BZTSZ": tariff.text("TARIF").fillna("0"),
            "K_ZP": tariff.text("K_ZP").fillna("0"),
            "KOEF_D": place.text("KOEF_D").fillna("1"),
        }
    )
    due = vmp_cost(frame).astype("Int64").mask(~tariff.there)
    shown = frame.where(pd.Series(tariff.there), None).assign(due=due.array, group=group.array)
    return shown.set_index(pd.Index(chosen))


def _under(table: pd.DataFrame, place: Ints) -> pd.DataFrame:
    """Rows of the visits at hand with the position of their visit among them."""
    parent = place[table["visit"].to_numpy()]
    kept = parent >= 0
    rows: pd.DataFrame = table[kept].assign(**{PARENT: parent[kept]}).reset_index(drop=True)
    return rows


def _diagnoses(month: Month, place: Ints, which: tuple[str, ...], name: str) -> pd.DataFrame:
    rows = _under(month.diagnoses, place)
    return rows.loc[rows["which"].isin(which), [PARENT, "DS"]].rename(columns={"DS": name}).reset_index(drop=True)

"""Sums of a month that do not come from cases: norms per head, their result part, feldsher stations, by payer.

A sum is made for the organisation and divided between the insurers by the persons attached to it, so that the parts add up
to it (largest remainder).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import numpy as np
import pandas as pd
import pyarrow as pa

from pipelines.nsi.dictionaries import Dictionaries
from pipelines.pump.settlement.settings import Terms
from pipelines.pump.tariffs import largest_remainder, result_part, station_month
from pipelines.pump.tariffs.exact import Exact, column, kopecks

OUTPATIENT, AMBULANCE = "3", "4"
PARTS = {OUTPATIENT: "capita", AMBULANCE: "ambulance"}
"""Column of a settlement's line by the condition (USL_OK) that the norm is for."""
NORMS = ("capita", "result", "stations", "ambulance")
"""Columns of sums by norms."""
KEYS = ["payer", "CODE_MO"]


def norms(period: date, dictionaries: Dictionaries, terms: Terms) -> pd.DataFrame:
    """Sums by norms of a month: ``payer``, ``CODE_MO`` and ``NORMS`` in kopecks (int64), a row for each pair with a sum.

    Dictionaries, each on the first day of the month: T_PODUSH (norm of a year per head by MCOD and USL_OK, roubles as the
    agreement publishes it), T_PRIKR (persons by MCOD, SMO, USL_OK), T_FAP (norm of a station, thousands of roubles a year,
    COEF), T_RD (points of results). Where a norm has no persons its sum is nobody's: raises ``LookupError`` for a station
    whose organisation has no attached persons.
    """
    people = attached(period, dictionaries)
    parts = []
    whole = yearly(period, dictionaries)
    for condition, name in PARTS.items():
        own = whole[whole["USL_OK"] == condition]
        sums = {str(code): int(amount) for code, amount in zip(own["MCOD"], own["MONTH"], strict=True)}
        if condition == OUTPATIENT:
            sums = {code: amount - _kept(amount, terms) for code, amount in sums.items()}
        parts.append(_divided(sums, people[people["USL_OK"] == condition], name))
    outpatient = people[people["USL_OK"] == OUTPATIENT]
    parts.append(_divided(_stations(period, dictionaries), outpatient, "stations"))
    parts.append(_divided(_results(period, dictionaries, terms), outpatient, "result"))
    frame = pd.concat(parts, ignore_index=True).fillna(0)
    grouped = frame.groupby(KEYS, as_index=False).sum()
    grouped[list(NORMS)] = grouped[list(NORMS)].astype("int64")
    return grouped[[*KEYS, *NORMS]].sort_values(KEYS, ignore_index=True)


def attached(period: date, dictionaries: Dictionaries) -> pd.DataFrame:
    """Persons on the first day of the month: MCOD, SMO, USL_OK (text) and PEOPLE (int64)."""
    rows = in_force(dictionaries, "T_PRIKR", period)
    return rows[["MCOD", "SMO", "USL_OK"]].assign(PEOPLE=rows["PEOPLE"].astype("int64"))


def yearly(period: date, dictionaries: Dictionaries) -> pd.DataFrame:
    """Norms with their month: MCOD, USL_OK, NORM (roubles, text), PEOPLE and MONTH = NORM / 12 × PEOPLE in kopecks."""
    rows = in_force(dictionaries, "T_PODUSH", period)
    people = attached(period, dictionaries).groupby(["MCOD", "USL_OK"], as_index=False)["PEOPLE"].sum()
    joined = rows[["MCOD", "USL_OK", "NORM"]].merge(people, how="inner", on=["MCOD", "USL_OK"])
    month = (column(joined, "NORM") * column(joined, "PEOPLE")).divided(Exact.of(12, len(joined)), 2)
    return joined.assign(MONTH=kopecks(joined, month))


def in_force(dictionaries: Dictionaries, name: str, day: date) -> pd.DataFrame:
    """Rows of a dictionary in force on a day, as text; none where the region does not have it."""
    if name not in dictionaries:
        return pd.DataFrame(columns=["MCOD", "SMO", "USL_OK", "PEOPLE", "NORM", "COEF", "POINTS", "MAX_POINTS"], dtype="str")
    dictionary = dictionaries[name]
    moment = np.datetime64(day, "D")
    inside = pa.array((dictionary.first <= moment) & (moment <= dictionary.last))
    rows: pd.DataFrame = dictionary.rows.filter(inside).to_pandas().astype("str").reset_index(drop=True)
    return rows


def _kept(amount: int, terms: Terms) -> int:
    """The part of a norm that waits for results, to the kopeck."""
    return int((Exact.of(amount) * Exact.of(terms.result_share)).rounded(0).units[0])


def _results(period: date, dictionaries: Dictionaries, terms: Terms) -> Mapping[str, int]:
    """Result part of each organisation: what was kept in the months of payment, by the points of T_RD."""
    pool = 0
    for month in terms.result_period(period):
        whole = yearly(month, dictionaries)
        pool += sum(_kept(int(amount), terms) for amount in whole.loc[whole["USL_OK"] == OUTPATIENT, "MONTH"])
    if not pool:
        return {}
    people = attached(period, dictionaries)
    heads = people[people["USL_OK"] == OUTPATIENT].groupby("MCOD")["PEOPLE"].sum()
    points = in_force(dictionaries, "T_RD", period)[["MCOD", "POINTS", "MAX_POINTS"]]
    scored = points.join(heads, on="MCOD", how="inner").reset_index(drop=True)
    if scored.empty:
        return {}
    return dict(zip(scored["MCOD"], result_part(scored, pool, terms.result)["SUM"].astype(int), strict=True))


def _stations(period: date, dictionaries: Dictionaries) -> Mapping[str, int]:
    rows = in_force(dictionaries, "T_FAP", period)
    if rows.empty:
        return {}
    sums = station_month(rows).groupby(rows["MCOD"]).sum()
    return {str(code): int(amount) for code, amount in sums.items()}


def _divided(sums: Mapping[str, int], people: pd.DataFrame, name: str) -> pd.DataFrame:
    """Sums of organisations between the insurers by attached persons."""
    parts = []
    for code, amount in sorted(sums.items()):
        own = people[people["MCOD"] == code].sort_values("SMO")
        if amount and not own["PEOPLE"].sum():
            raise LookupError(f"T_PRIKR: organisation {code} has a norm and no attached persons")
        shares = largest_remainder(amount, own["PEOPLE"].to_numpy(dtype=object))
        parts.append(pd.DataFrame({"payer": own["SMO"].array, "CODE_MO": code, name: shares}))
    if not parts:
        return pd.DataFrame({"payer": pd.array([], "str"), "CODE_MO": pd.array([], "str"), name: np.array([], np.int64)})
    return pd.concat(parts, ignore_index=True)


def insurers(period: date, dictionaries: Dictionaries, budget: int) -> pd.DataFrame:
    """Differentiated financing of the insurers in a month that adds up to ``budget`` (kopecks).

    SMO, PEOPLE, COEF (structure coefficient, ``Decimal``), NORM (per head, kopecks) and LIMIT (kopecks): norm = base norm ×
    Σ(coefficient × persons) / persons by groups of sex and age (T_SOSTAV: SMO, BAND, W, PEOPLE; T_KPV: BAND, W, COEF).
    """
    people, coefficients = (in_force(dictionaries, name, period) for name in ("T_SOSTAV", "T_KPV"))
    joined = people[["SMO", "BAND", "W", "PEOPLE"]].merge(coefficients[["BAND", "W", "COEF"]], how="left", on=["BAND", "W"])
    if joined["COEF"].isna().any():
        raise LookupError("T_KPV: a group of sex and age has no coefficient")
    total = sum(map(int, joined["PEOPLE"]))
    base = Exact.of(budget).divided(Exact.of(total), 4)
    rows = []
    for insurer, own in joined.groupby("SMO", sort=True):
        heads = column(own, "PEOPLE").sum()
        coefficient = (column(own, "COEF") * column(own, "PEOPLE")).sum().divided(heads, 4)
        norm = (base * coefficient).rounded(0)
        rows.append((insurer, int(heads.units[0]), coefficient.decimals()[0], int(norm.units[0])))
    frame = pd.DataFrame(rows, columns=["SMO", "PEOPLE", "COEF", "NORM"]).astype({"SMO": "str"})
    weights = (column(frame, "NORM") * column(frame, "PEOPLE")).units
    return frame.assign(LIMIT=largest_remainder(budget, weights))


def budget(period: date, dictionaries: Dictionaries) -> int:
    """Money of the month for all insurers, kopecks (T_BUDGET, SUM in roubles); raises ``LookupError`` for none."""
    rows = in_force(dictionaries, "T_BUDGET", period)
    if rows.empty:
        raise LookupError("T_BUDGET has no row for the month")
    return int(kopecks(rows, column(rows, "SUM")).iloc[-1])


def advances(period: date, dictionaries: Dictionaries) -> pd.DataFrame:
    """Advances that were paid for the month, as deductions (see ``lines``), from T_AVANS: SMO, MCOD, SUM in roubles."""
    rows = in_force(dictionaries, "T_AVANS", period)
    if rows.empty:
        rows = rows.reindex(columns=["SMO", "MCOD", "SUM"])
    return pd.DataFrame(
        {
            "payer": rows["SMO"].array,
            "CODE_MO": rows["MCOD"].array,
            "what": "advance",
            "act": f"Аванс за {period:%m.%Y}",
            "date": pd.Timestamp(period),
            "amount": kopecks(rows, column(rows, "SUM")).to_numpy() if len(rows) else np.array([], np.int64),
        }
    ).astype({"payer": "str", "CODE_MO": "str", "what": "str", "act": "str"})

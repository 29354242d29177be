"""Stage K: volumes (1.6.2) and money (1.6.3) that the commission allotted. Always last: refused cases take none.

T_UNIT: UNIT, MEASURE (volume, money), COUNT (case, visit, or an element with a quantity: ED_COL, KOL_USL), and
KIND, USL_OK, IDSP, PROFIL, empty for any; a case belongs to the first row of each measure that it meets. T_VOLUME: MCOD,
UNIT, YEAR, QUARTER, MONTH (empty: the plan of the quarter, else a correction from that month), VOLUME, MONEY (roubles),
MEC (1: returned refusals). T_VOL_OFF: MCOD not under control.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numba import njit

from pipelines.nsi.dictionaries import Dictionary
from pipelines.pump.mek import hits
from pipelines.pump.mek.coded import Coded, Mask, Numbers, combined
from pipelines.pump.mek.conditions import meets, some
from pipelines.pump.mek.facts import Facts
from pipelines.pump.mek.given import Given, only
from pipelines.pump.mek.hits import phrase, roubles
from pipelines.pump.tariffs.exact import Exact

HUNDREDTHS = 2
"""Decimals of a quantity (УЕТ are fractions)."""
UNNUMBERED = np.iinfo(np.int64).max
CONDITIONS = {"KIND": "kind", "USL_OK": "USL_OK", "IDSP": "IDSP", "PROFIL": "PROFIL"}


def volume_hits(given: Given, payable: pd.Series) -> pd.DataFrame:
    """``payable``: SUMP of each case after the other stages, null for a refused one; Int64 by position."""
    if "T_UNIT" not in given.nsi or "T_VOLUME" not in given.nsi:
        return hits.empty()
    taking = payable.notna().to_numpy() & _limited(given)
    by_volume = _over(given, taking, payable, "volume")
    taking[by_volume["case"].to_numpy()] = False
    return hits.concat([by_volume, _over(given, taking, payable, "money")])


def units(given: Given, facts: Facts, measure: str) -> tuple[Coded, Numbers]:
    """Unit of each case (missing for none) and its quantity in hundredths."""
    dictionary = given.nsi["T_UNIT"]
    table = dictionary.rows.to_pandas().assign(first=dictionary.first, last=dictionary.last)
    level = facts.cases
    end = facts.month.cases["DATE_Z_2"].to_numpy("datetime64[D]")
    unit = np.full(level.rows, -1, dtype=np.int64)
    table = table[table["MEASURE"] == measure].reset_index(drop=True)
    for number, row in enumerate(table.to_dict("records")):
        mask = (unit < 0) & (row["first"] <= end) & (end <= row["last"])
        for field, element in CONDITIONS.items():
            if not pd.isna(row[field]):
                mask &= meets(level.coded(element), [row[field]])
        unit[mask] = number
    quantity = np.full(level.rows, 10**HUNDREDTHS, dtype=np.int64)
    for count in sorted(set(table["COUNT"]) - {"case"}):
        chosen = np.append((table["COUNT"] == count).to_numpy(), False)[unit]
        quantity = np.where(chosen, _quantities(facts, count), quantity)
    codes, names = pd.factorize(table["UNIT"])
    values = pd.Series(pd.Index(names).array.take(np.append(np.arange(len(names)), -1), allow_fill=True))
    return Coded(np.append(codes, -1).astype(np.int32)[unit], values), quantity


def _quantities(facts: Facts, count: str) -> Numbers:
    """Sum over the visits or services of each case, hundredths. Raises ``ValueError`` for finer fractions."""
    total = np.zeros(len(facts.sums), dtype=np.int64)
    if count == "visit":
        np.add.at(total, facts.visit_case, 10**HUNDREDTHS)
        return total
    frame, owner = (
        (facts.month.services, facts.service_case) if count == "KOL_USL" else (facts.month.visits, facts.visit_case)
    )
    np.add.at(total, owner, _hundredths(frame[count], 1))
    return total


def _hundredths(values: pd.Series, missing: int) -> Numbers:
    exact = Exact.parse(values, missing=missing)
    if exact.scale <= HUNDREDTHS:
        whole: Numbers = (exact.units * 10 ** (HUNDREDTHS - exact.scale)).astype(np.int64)
        return whole
    units, base = exact.units.astype(np.int64), 10 ** (exact.scale - HUNDREDTHS)
    if (units % base).any():
        raise ValueError("a quantity has more than two decimals")
    coarse: Numbers = units // base
    return coarse


def limits(given: Given) -> pd.DataFrame:
    """Limits of the quarter in force on the day of the act: CODE_MO, UNIT, ``volume`` (hundredths), ``money`` (kopecks).

    Corrections count from their month. A measure that no row names is null.
    """
    dictionary: Dictionary = given.nsi["T_VOLUME"]
    period, moment = given.month.period, np.datetime64(given.on, "D")
    rows = dictionary.rows.to_pandas()[(dictionary.first <= moment) & (moment <= dictionary.last)]
    quarter = (period.month - 1) // 3 + 1
    month = pd.to_numeric(rows["MONTH"]).fillna(0)
    rows = rows[(rows["YEAR"] == str(period.year)) & (rows["QUARTER"] == str(quarter)) & (month <= period.month)]
    amounts = pd.DataFrame({"CODE_MO": rows["MCOD"], "UNIT": rows["UNIT"]})
    for name, field in (("volume", "VOLUME"), ("money", "MONEY")):
        amounts[name] = pd.Series(_hundredths(rows[field], 0), index=rows.index, dtype="Int64").where(rows[field].notna())
    return amounts.groupby(["CODE_MO", "UNIT"], as_index=False)[["volume", "money"]].sum(min_count=1)


def consumption(given: Given, accepted: Facts, paid: Numbers) -> pd.DataFrame:
    """For ``Given.consumed``, what accepted cases took; ``paid``: SUMP of each in kopecks."""
    parts = []
    for measure in ("volume", "money"):
        unit, quantity = units(given, accepted, measure)
        columns = {"CODE_MO": accepted.month.cases["CODE_MO"], "UNIT": unit.decoded(), "QUANTITY": quantity, "MONEY": paid}
        taken = pd.DataFrame(columns)
        parts.append(taken.dropna(subset=["UNIT"]).groupby(["CODE_MO", "UNIT"], as_index=False).sum())
    return pd.concat(parts, ignore_index=True)


def taken(given: Given, decided: pd.DataFrame) -> pd.DataFrame:
    """What the decided cases of the month took of the volumes under control (``consumption``), a row for each unit.

    ``decided``: OPLATA, SUMP of each case; refused ones give their volume back.
    """
    counted = _limited(given) & (decided["OPLATA"].astype("str") != "2").to_numpy()
    sums = consumption(given, Facts(only(given.month, counted)), decided["SUMP"].to_numpy(np.int64)[counted])
    return sums.groupby(["CODE_MO", "UNIT"], as_index=False)[["QUANTITY", "MONEY"]].max()


def _limited(given: Given) -> Mask:
    """Cases under control: not of other territories, not exempt by the region or by T_VOL_OFF."""
    cases = given.month.cases
    mask = ~some(given.terms.unlimited, given.facts.cases)
    if given.answers is not None:
        elsewhere = given.answers.loc[given.answers["found"] == "other_territory", "case"].to_numpy(np.int64)
        mask[elsewhere] = False
    if "T_VOL_OFF" in given.nsi:
        off = given.nsi["T_VOL_OFF"]
        moment = np.datetime64(given.on, "D")
        names = off.rows["MCOD"].to_pandas()[(off.first <= moment) & (moment <= off.last)]
        mask &= ~cases["CODE_MO"].isin(names).to_numpy()
    return mask


def _over(given: Given, taking: Mask, payable: pd.Series, measure: str) -> pd.DataFrame:
    unit, quantity = units(given, given.facts, measure)
    cases = given.month.cases
    money = measure == "money"
    took: Any = payable.fillna(0).to_numpy(np.int64) if money else quantity
    rows = np.flatnonzero(taking & (unit.codes >= 0))
    places = given.facts.coded("cases", "CODE_MO")
    group, first = combined([places[rows], unit[rows]])
    lines = pd.DataFrame({"CODE_MO": places[rows[first]].decoded(), "UNIT": unit[rows[first]].decoded()})
    lines = lines.merge(limits(given)[["CODE_MO", "UNIT", measure]], how="left", on=["CODE_MO", "UNIT"])
    if given.consumed is not None:
        used = given.consumed[["CODE_MO", "UNIT", "MONEY" if money else "QUANTITY"]].set_axis(
            ["CODE_MO", "UNIT", "used"], axis=1
        )
        lines = lines.merge(used, how="left", on=["CODE_MO", "UNIT"])
    else:
        lines["used"] = 0
    planned = lines[measure].notna().to_numpy()
    if not money and given.terms.without_plan == "refuse":
        lines[measure] = lines[measure].fillna(0)
        planned = np.ones(len(lines), dtype=bool)
    left = lines[measure].astype("Int64") - lines["used"].fillna(0).astype("int64")
    rows, group = rows[planned[group]], group[planned[group]]
    limit = left.fillna(0).to_numpy(np.int64)[group]
    number = pd.to_numeric(cases["IDCASE"].iloc[rows], errors="coerce").astype("Int64").fillna(UNNUMBERED).to_numpy(np.int64)
    last = cases["DATE_Z_2"].to_numpy("datetime64[D]").astype(np.int64)[rows]
    by = np.lexsort((rows, number, last, group) if money else (rows, number, group))
    over = np.zeros(len(rows), dtype=bool)
    over[by] = _exceeding(group[by], limit[by], took[rows][by], given.terms.back_fill)
    case = rows[over]
    show = roubles if money else _plain
    text = phrase(
        "{unit} организации {mo}: " + ("сумма" if money else "объём") + " {taken}; "
        "остаток распределения комиссии на квартал до отчётного месяца {limit}, исчерпан; ожидается в пределах остатка",
        len(case),
        unit=lines["UNIT"].iloc[group[over]],
        mo=lines["CODE_MO"].iloc[group[over]],
        taken=show(took[case]),
        limit=show(limit[over]),
    )
    osn, rule = ("1.6.3", "MEK.K.2") if money else ("1.6.2", "MEK.K.1")
    return hits.make(given.bases, "K", osn, rule, text, given.facts.of_cases(case))


def _plain(quantity: Any) -> pd.Series:
    """Quantity without zeros that say nothing."""
    return roubles(quantity).str.replace(r",?0+$", "", regex=True).where(quantity % 100 != 0, (quantity // 100).astype(str))


@njit(cache=True)  # type: ignore[untyped-decorator]
def _exceeding(group: Numbers, limit: Numbers, took: Numbers, back_fill: bool) -> Mask:
    """Rows after which less than nothing is left. With ``back_fill`` a row that does not fit leaves the rest to others."""
    over = np.zeros(len(group), dtype=np.bool_)
    rest = np.int64(0)
    for row in range(len(group)):
        if row == 0 or group[row] != group[row - 1]:
            rest = limit[row]
        rest -= took[row]
        over[row] = rest < 0
        if over[row] and back_fill:
            rest += took[row]
    return over

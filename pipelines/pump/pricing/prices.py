"""Prices of a whole month: what the tariff agreement gives for every visit and case."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from pipelines.pump.month import Month
from pipelines.pump.pricing import hospital, units
from pipelines.pump.pricing.basis import bases
from pipelines.pump.pricing.reference import Reference, days_of
from pipelines.pump.tariffs.services import PER_CAPITA

Ints = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]

WAYS = {
    "ksg": "по КСГ",
    "vmp": "по группе ВМП",
    "dialysis": "диализ по услугам",
    "unit": "за единицу объёма",
    "capita": "в подушевом нормативе",
    "diagnostics": "отдельные диагностические услуги",
    "examination": "комплексный тариф осмотра",
    "ambulance": "вызов скорой помощи",
    "station": "в нормативе фельдшерского пункта",
}
"""Ways of payment of a visit, as an explanation names them."""

BY_SERVICES = ("unit", "diagnostics", "ambulance", "dialysis")
"""Ways whose price is the sum of services."""
WITHIN_NORM = ("capita", "station")
"""Ways that a norm pays for: nothing is due for the case itself."""


@dataclass(frozen=True)
class Prices:
    """``visits``: a row for each visit of the month; ``cases``: a row for each case. Both in the month's order.

    visits: ``visit``, ``case``, ``way`` (``WAYS``), ``due`` (Int64 kopecks, null where no tariff was found), ``paid`` (bool:
    another visit of the stay may pay for it), ``ground`` (int8, why two groups pay for the stay), ``N_KSG`` (chosen),
    ``billed`` (``same`` as chosen, ``other`` candidate, ``none``, empty without group), ``REASON_CODE``, ``REASON`` and
    ``ROW`` of the choice, the elements of ``hospital.COEFFICIENTS``, ``dialysis`` (Int64, added to the group), ``fault``
    (empty, ``tariff``, ``referral``) and ``basis`` (Russian: rows and act). cases: ``case``, ``due`` (Int64; null where that
    of a visit is).
    """

    visits: pd.DataFrame
    cases: pd.DataFrame


def price(month: Month, reference: Reference, foreign: Mask | None = None) -> Prices:
    """Prices of a month. ``foreign``: cases of persons insured in other territories, as the identification found them.

    Without it the insurer of the case (SMO) tells. Their outpatient care and ambulance are paid by unit, at the tariffs of
    the place of treatment, even where the case was presented by a norm per head.
    """
    if foreign is None:
        foreign = elsewhere(month, reference)
    case = month.visits["case"].to_numpy()
    amount = units.amounts(month.services, reference)
    dialysis = units.is_dialysis(month.services)
    way = ways(month, reference, foreign, np.unique(month.services["visit"].to_numpy()[dialysis]))
    result = month.visits[["visit", "case"]].assign(way=way)
    result["due"] = pd.array([pd.NA] * len(result), "Int64")
    sums = units.by_visit(month.services, amount)
    added = units.by_visit(month.services[dialysis], amount[dialysis])
    summed = sums.set_index("visit")["amount"].reindex(result["visit"])
    result["due"] = result["due"].mask(result["way"].isin(BY_SERVICES), pd.Series(summed.array))
    result["due"] = result["due"].mask(result["way"].isin(WITHIN_NORM), 0)
    chosen = {name: np.flatnonzero(way == name) for name in ("ksg", "vmp", "examination")}
    parts = [
        hospital.stays(month, chosen["ksg"], added, reference),
        hospital.high_technology(month, chosen["vmp"], reference),
        units.examinations(month, chosen["examination"], sums, reference),
    ]
    result = _filled(result, pd.concat([part for part in parts if len(part)]) if any(map(len, parts)) else None)
    referred = month.cases["NPR_MO"].notna() & month.cases["NPR_DATE"].notna()
    unreferred = (result["way"] == "diagnostics") & ~referred.to_numpy()[case]
    result["fault"] = pd.Series("", index=result.index, dtype="str").mask(unreferred, "referral")
    result["fault"] = result["fault"].mask(result["due"].isna(), "tariff")
    result["basis"] = bases(month, result, reference)
    return Prices(result, _cases(len(month.cases), result))


def elsewhere(month: Month, reference: Reference) -> Mask:
    """Cases whose insurer is not the region's: other territories', by F002 on DATE_Z_2."""
    own = reference.own_insurers(month.cases["SMO"], days_of(month.cases["DATE_Z_2"]))
    found: Mask = ~own
    return found


def ways(month: Month, reference: Reference, foreign: Mask, dialysed: Ints) -> npt.NDArray[np.str_]:
    """Way of payment of each visit; ``dialysed`` are the visits with dialysis."""
    visits, settings = month.visits, reference.settings
    case = visits["case"].to_numpy()
    condition, way_paid, kind = (month.cases[name].fillna("").to_numpy(str)[case] for name in ("USL_OK", "IDSP", "kind"))
    stationary = np.isin(condition, ["1", "2"])
    has = np.zeros(len(visits), dtype=bool)
    has[dialysed] = True
    normed = np.isin(way_paid, sorted(PER_CAPITA)) & ~foreign[case] & ~stationary
    rules = [
        ("vmp", stationary & visits["METOD_HMP"].notna().to_numpy()),
        ("dialysis", stationary & has & visits["N_KSG"].isna().to_numpy()),
        ("ksg", stationary),
        ("examination", kind == "X"),
        ("station", normed & _stations(month, reference)),
        ("capita", normed),
        ("diagnostics", (condition == "3") & np.isin(way_paid, sorted(settings.diagnostics))),
        ("ambulance", condition == "4"),
    ]
    return np.select([mask for _, mask in rules], [name for name, _ in rules], "unit")


def _stations(month: Month, reference: Reference) -> Mask:
    """Visits to feldsher stations that have a norm of their own (T_FAP)."""
    if "T_FAP" not in reference.dictionaries:
        return np.zeros(len(month.visits), dtype=bool)
    case = month.visits["case"].to_numpy()
    keys = pd.DataFrame({"LPU": month.cases["LPU"].to_numpy()[case], "PODR": month.visits["PODR"].to_numpy()}, dtype="str")
    return reference.find("T_FAP", "MCOD|PODR", keys, days_of(month.cases["DATE_Z_2"])[case]).there


def _filled(result: pd.DataFrame, priced: pd.DataFrame | None) -> pd.DataFrame:
    """The visits with what the ways of their own gave."""
    blank: dict[str, object] = {"paid": True, "ground": np.int8(0), "billed": "", "dialysis": 0}
    names = [*hospital.CHOICE, *hospital.COEFFICIENTS, "group", *blank]
    columns = {}
    for name in names:
        if priced is not None and name in priced:
            columns[name] = priced[name].reindex(result.index)
        else:
            columns[name] = pd.Series(None, index=result.index, dtype=object)
    frame = result.assign(**columns)
    for name, value in blank.items():
        frame[name] = frame[name].astype(object).where(frame[name].notna(), value)
    frame = frame.astype({"paid": "bool", "ground": "int8", "billed": "str", "dialysis": "Int64"})
    if priced is not None:
        frame.loc[priced.index, "due"] = priced["due"].array
    return frame


def _cases(count: int, visits: pd.DataFrame) -> pd.DataFrame:
    case = visits["case"].to_numpy()
    total = np.zeros(count, dtype=np.int64)
    np.add.at(total, case, visits["due"].fillna(0).to_numpy(np.int64))
    lost = np.bincount(case[visits["due"].isna().to_numpy()], minlength=count) > 0
    return pd.DataFrame({"case": np.arange(count), "due": pd.Series(total, dtype="Int64").mask(lost)})

"""Money per head: norms of outpatient care, their result part, ambulance, feldsher stations.

Norms are rounded to kopecks, coefficients to the digits that an agreement prints, each where the formula says so.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

import numpy as np
import numpy.typing as npt
import pandas as pd

from pipelines.pump.tariffs.exact import Exact, Frame, column, kopecks

MEN, WOMEN = "1", "2"


@dataclass(frozen=True)
class Band:
    """An age group of the sex and age coefficient; ages are full years, both included."""

    title: str
    men: tuple[int, int]
    women: tuple[int, int]


ADULTS = 200
BANDS = (
    Band("0", (0, 0), (0, 0)),
    Band("1-4", (1, 4), (1, 4)),
    Band("5-17", (5, 17), (5, 17)),
    Band("18-64", (18, 64), (18, 64)),
    Band("65+", (65, ADULTS), (65, ADULTS)),
)
"""The five federal groups."""
BANDS_BEFORE = (*BANDS[:3], Band("18-59/54", (18, 59), (18, 54)), Band("60/55+", (60, ADULTS), (55, ADULTS)))
"""The groups of older agreements, by the former age of retirement."""


def full_years(born: pd.Series, on: pd.Series) -> pd.Series:
    """Full years of age on a day, int64: a birthday counts from the day itself, 29 February falls on 1 March."""
    birth, day = pd.to_datetime(born), pd.to_datetime(on)
    before = (day.dt.month * 100 + day.dt.day) < (birth.dt.month * 100 + birth.dt.day)
    return (day.dt.year - birth.dt.year - before.astype("int64")).astype("int64")


def age_bands(years: pd.Series, sex: pd.Series, bands: tuple[Band, ...] = BANDS) -> pd.Series:
    """Title of the age group of each person (full years, W: 1 men, 2 women); null outside all of them."""
    result = pd.Series(None, index=years.index, dtype="str")
    for band in bands:
        for code, (low, high) in ((MEN, band.men), (WOMEN, band.women)):
            result = result.mask((sex.astype("str") == code) & years.between(low, high), band.title)
    return result


def structure_coefficient(frame: Frame, *, scale: int = 4) -> Decimal:
    """КДпв of an organisation: Σ(COEF × PEOPLE) / Σ PEOPLE over its groups of sex and age, rounded to ``scale``."""
    people = column(frame, "PEOPLE")
    return (column(frame, "COEF") * people).sum().divided(people.sum(), scale).decimals()[0]


def base_norm(finance: Decimal, people: int, differentiation: Decimal = Decimal(1)) -> Decimal:
    """ПНбаз of a year in roubles: finance / (people × КД), to the kopeck."""
    return Exact.of(finance).divided(Exact.of(people) * Exact.of(differentiation), 2).decimals()[0]


@dataclass(frozen=True)
class Capitation:
    """Norms of the organisations of a region: ``rows`` are those given with NORM, FACT (roubles, ``Decimal``) and MONTH.

    MONTH is the month's sum in kopecks; ``correction`` is ПК, which makes the norms close to the finance of the year.
    """

    rows: pd.DataFrame
    correction: Decimal


DIFFERENTIATION = ("KD_PV", "KD_UR", "KD_ZP", "KD_OT", "KOEF_D")


def capitation(frame: pd.DataFrame, base: Decimal, finance: Decimal, *, scale: int = 6) -> Capitation:
    """Differentiated norms: ДПН = ПНбаз × КДпв × КДур × КДзп × КДот × КД, ПК = finance / Σ(ДПН × people), ФДПН = ДПН × ПК.

    Columns: PEOPLE (attached on the first day of the month), the factors of ``DIFFERENTIATION`` (absent: 1); ПК has
    ``scale`` decimals, norms two, a month is ФДПН / 12 × people to the kopeck.
    """
    people, norm = column(frame, "PEOPLE"), differentiated_norm(frame, base)
    correction = Exact.of(finance).divided((norm * people).sum(), scale)
    fact = (norm * Exact.of(correction.decimals()[0], len(frame))).rounded(2)
    month = (fact * people).divided(Exact.of(12, len(frame)), 2)
    rows = frame.assign(
        NORM=pd.Series(norm.decimals(), index=frame.index, dtype=object),
        FACT=pd.Series(fact.decimals(), index=frame.index, dtype=object),
        MONTH=kopecks(frame, month),
    )
    return Capitation(rows, correction.decimals()[0])


def differentiated_norm(frame: Frame, base: Decimal, factors: tuple[str, ...] = DIFFERENTIATION) -> Exact:
    """Norm of a year by organisation: the base norm times its factors, to the kopeck."""
    norm = Exact.of(base, len(frame))
    for factor in factors:
        norm = norm * column(frame, factor, 1)
    return norm.rounded(2)


def ambulance_month(frame: Frame, base: Decimal) -> pd.DataFrame:
    """СМП: YEAR = ПНбаз × КДпв × КДур × КДзп × КД and MONTH = YEAR / 12, norms per head in kopecks; SUM = MONTH × PEOPLE.

    Columns PEOPLE (may be absent), KD_PV, KD_UR, KD_ZP, KOEF_D. An agreement that prints YEAR is read with ``monthly``.
    """
    year = differentiated_norm(frame, base, ("KD_PV", "KD_UR", "KD_ZP", "KOEF_D"))
    month = year.divided(Exact.of(12, len(frame)), 2)
    total = month * column(frame, "PEOPLE", 0)
    return pd.DataFrame({"YEAR": kopecks(frame, year), "MONTH": kopecks(frame, month), "SUM": kopecks(frame, total)})


def monthly(year: pd.Series) -> pd.Series:
    """A twelfth of a norm or sum of a year (roubles) in kopecks."""
    amount = Exact.parse(year)
    return pd.Series(amount.divided(Exact.of(12, len(amount)), 2).kopecks(), index=year.index)


def station_month(frame: Frame) -> pd.Series:
    """ФАП: NORM (thousands of roubles a year) × COEF / 12 in kopecks, rounded once; COEF absent is 1."""
    year = column(frame, "NORM") * column(frame, "COEF", 1) * Exact.of(1000, len(frame))
    return kopecks(frame, year.divided(Exact.of(12, len(frame)), 2))


@dataclass(frozen=True)
class ResultRules:
    """Result part of the norm: an organisation below ``low`` of the points gets none, above ``high`` from both parts.

    ``by_people`` of the pool goes to groups II and III by attached population, the rest to group III by points. Without
    group III the rest stays undistributed.
    """

    low: Decimal = Decimal("0.4")
    high: Decimal = Decimal("0.6")
    by_people: Decimal = Decimal("0.7")


def result_part(frame: pd.DataFrame, pool: int, rules: ResultRules = ResultRules()) -> pd.DataFrame:
    """GROUP (1, 2, 3) and SUM (kopecks) of each organisation from a pool in kopecks.

    Columns POINTS, MAX_POINTS, PEOPLE. Exactly ``low`` and ``high`` are group II. Parts close to the pool by the largest
    remainder.
    """
    points, limit, size = column(frame, "POINTS"), column(frame, "MAX_POINTS"), len(frame)
    group = np.full(size, 2)
    group[points.compare(limit * Exact.of(rules.low, size)) < 0] = 1
    group[points.compare(limit * Exact.of(rules.high, size)) > 0] = 3
    people = int((Exact.of(pool) * Exact.of(rules.by_people)).rounded(0).units[0])
    weights = np.where(group >= 2, column(frame, "PEOPLE").units, 0)
    best = np.where(group == 3, points.units, 0)
    total = largest_remainder(people, weights) + largest_remainder(pool - people, best)
    return pd.DataFrame({"GROUP": group, "SUM": total}, index=frame.index)


def largest_remainder(total: int, weights: npt.NDArray[np.object_]) -> npt.NDArray[np.int64]:
    """A whole sum in parts by whole weights (≥ 0) that add up to it.

    What is left goes by one to the largest remainders, of equal ones to the first.
    All zero weights give zero parts. Raises ``ValueError`` for a negative weight or sum.
    """
    whole = [int(weight) for weight in weights]
    if total < 0 or any(weight < 0 for weight in whole):
        raise ValueError("a sum and its weights are not negative")
    base = sum(whole)
    if not base:
        return np.zeros(len(whole), dtype=np.int64)
    parts = [total * weight // base for weight in whole]
    rest = sorted(range(len(whole)), key=lambda row: -(total * whole[row] % base))
    for row in rest[: total - sum(parts)]:
        parts[row] += 1
    return np.array(parts, dtype=np.int64)

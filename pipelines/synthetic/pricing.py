"""Prices of synthetic visits: dated tariffs and coefficients of the territory, the cost of a group."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd

from pipelines.pump.tariffs import interruption, interruption_share, load_terms
from pipelines.synthetic.columns import Bools, Days, Ints
from pipelines.synthetic.scenery import Scenery

UNIT = 100_000
"""Coefficients are counted in units of 0.00001."""


def dated(
    scenery: Scenery, dictionary: str, key: str, value: str, keys: np.ndarray[Any, Any], index: Ints, on: Days, unit: int
) -> Ints:
    """``value`` of the dictionary's row for ``keys[index]`` on the date, in units of ``1/unit``; 0 where there is none."""
    found = np.zeros(len(index), np.int64)
    for row in scenery.rows(dictionary):
        matches = np.flatnonzero(keys == row[key])
        if len(matches):
            rows = np.isin(index, matches) & _valid(row, on)
            found[rows] = int(Decimal(row[value]) * unit)
    return found


def _valid(row: Mapping[str, str], on: Days) -> Bools:
    last = np.datetime64(row["DATEEND"] or "9999-12-31", "D")
    return (on >= np.datetime64(row["DATEBEG"], "D")) & (on <= last)


def area(scenery: Scenery, organisation: str, usl_ok: Ints, on: Days) -> tuple[Ints, Ints]:
    """Coefficients of level and of differentiation of the organisation's departments."""
    level, region = np.full(len(usl_ok), UNIT), np.full(len(usl_ok), UNIT)
    for row in scenery.rows("T_KOEF"):
        if row["MCOD"] == organisation:
            rows = (usl_ok == int(row["USL_OK"])) & _valid(row, on)
            level[rows] = int(Decimal(row["KOEF_U"]) * UNIT)
            region[rows] = int(Decimal(row["KOEF_D"]) * UNIT)
    return level, region


def manage(scenery: Scenery, groups: np.ndarray[Any, Any], template: Ints, on: Days) -> tuple[Ints, Bools]:
    """Managing coefficient of the group, and whether the level coefficient applies to it."""
    manage = dated(scenery, "T_KSG", "K_KSG", "KOEF_UP", groups, template, on, UNIT)
    levelled = dated(scenery, "T_KSG", "K_KSG", "KUS", groups, template, on, 1)
    return manage, levelled == 1


def complexity(rng: np.random.Generator, scenery: Scenery, chosen: Bools, elderly: Bools, child: Bools) -> tuple[Ints, Ints]:
    """Bits of the complexity coefficients, and their sum in units of 0.00001: by age the first, rarely a second."""
    rows = scenery.open("T_KSLP")
    number = {row["IDSL"]: index for index, row in enumerate(rows)}
    value = np.array([int(Decimal(row["ZKOEF"]) * UNIT) for row in rows])
    first = np.where(child, number["1"], np.where(elderly, number["3"], number["4"]))
    second = chosen & (rng.random(len(chosen)) < 0.2)
    bits: Ints = np.where(chosen, 1 << first, 0) + np.where(second, 1 << number["5"], 0)
    total: Ints = np.where(chosen, value[first], 0) + np.where(second, value[number["5"]], 0)
    return bits, total


def interrupted(
    results: np.ndarray[Any, Any], groups: np.ndarray[Any, Any], stay: Ints, later: Bools, grouped: Bools
) -> Ints:
    """Share of each visit's price: less than whole for deaths, short stays and those moved on; by RSLT, group and days."""
    terms = load_terms()
    rows = np.flatnonzero(grouped)
    frame = pd.DataFrame(
        {
            "RSLT": pd.Series(results[rows], dtype="str"),
            "N_KSG": pd.Series(groups[rows], dtype="str"),
            "KD": stay[rows],
            "LATER": later[rows],
        }
    )
    shares = interruption_share(frame.assign(PR_PR=interruption(frame, terms)), terms)
    share = np.full(len(stay), UNIT)
    share[rows] = [int(value * UNIT) for value in shares]
    return share


def costs(
    base: Ints, weight: Ints, manage: Ints, level: Ints, region: Ints, complexity: Ints, share: Ints, grouped: Bools
) -> Ints:
    """(БС × КЗ × КС × КУС × КД + БС × КД × КСЛП) × КПР in kopecks, one HALF_UP rounding; 0 where no group applies."""
    factors, inverse = np.unique(
        np.stack([base, weight, manage, level, region, complexity, share], axis=1), axis=0, return_inverse=True
    )
    costs = []
    for bs, kz, up, ku, kd, kslp, part in factors.tolist():
        numerator = (bs * kz * up * ku * kd + bs * kd * kslp * UNIT**2) * part
        costs.append((2 * numerator + UNIT**5) // (2 * UNIT**5))
    return np.where(grouped, np.array(costs)[inverse.reshape(-1)], 0)

"""Synthetic cases as arrays: completed cases (Z_SL), visits (SL) and services (USL) that obey the rules of Q015."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from pipelines.pump.tariffs import disease_class
from pipelines.synthetic import pricing
from pipelines.synthetic.columns import Bools, Days, Ints
from pipelines.synthetic.scenery import Department, Scenery, Template


@dataclass(frozen=True)
class Cases:
    """Completed cases: ``usl_ok`` 1…4, ``template`` index, ``begin``/``end`` datetime64[D], ``stay`` KD_Z (0 outpatient).

    ``outcome`` indexes ``outcomes`` (RSLT, ISHOD), ``purpose`` indexes ``purposes`` (-1: no P_CEL), ``urgency`` is FOR_POM.
    """

    usl_ok: Ints
    template: Ints
    begin: Days
    end: Days
    stay: Ints
    urgency: Ints
    outcome: Ints
    outcomes: Sequence[tuple[str, str]]
    purpose: Ints
    purposes: Sequence[str]

    def __len__(self) -> int:
        return len(self.usl_ok)


@dataclass(frozen=True)
class Visits:
    """Visits: ``case`` row of the completed case, ``ordinal`` 0/1 in it, ``department`` and ``doctor`` indices.

    Money in kopecks, coefficients in units of 0.00001; ``grouped`` says whether КСГ applies, ``whole`` whether ``cost`` is
    paid for the visit (by group or by tariff) and not the sum of its services. ``complexity`` are the bits of the complexity
    coefficients that apply (bit of the row in T_KSLP), ``complexity_sum`` their sum.
    """

    case: Ints
    ordinal: Ints
    template: Ints
    department: Ints
    doctor: Ints
    begin: Days
    end: Days
    stay: Ints
    grouped: Bools
    weight: Ints
    manage: Ints
    level: Ints
    region: Ints
    base: Ints
    complexity: Ints
    complexity_sum: Ints
    whole: Bools
    cost: Ints

    def __len__(self) -> int:
        return len(self.case)


@dataclass(frozen=True)
class Services:
    """Services: ``visit`` row, ``code`` index into ``codes``, day, tariff and sum in kopecks."""

    visit: Ints
    code: Ints
    codes: Sequence[str]
    day: Days
    tariff: Ints

    def __len__(self) -> int:
        return len(self.visit)


def draw_cases(rng: np.random.Generator, scenery: Scenery, templates: Sequence[Template], count: int) -> Cases:
    """``count`` completed cases; conditions in the proportions of the recipe, as far as the templates allow."""
    recipe = scenery.recipe
    rates: Mapping[str, float] = recipe["rates"]
    weight = np.array([template.weight for template in templates])
    condition = np.array([template.usl_ok for template in templates])
    for usl_ok in np.unique(condition):
        rows = condition == usl_ok
        weight[rows] *= recipe["conditions"][usl_ok] / weight[rows].sum()
    template = rng.choice(len(templates), size=count, p=weight / weight.sum())
    usl_ok = condition.astype(np.int64)[template]
    month = np.datetime64(scenery.last, "M")
    earlier = rng.random(count) < rates["previous_month"]
    first = np.where(earlier, month - 1, month).astype("datetime64[D]")
    length = (np.where(earlier, month, month + 1).astype("datetime64[D]") - first).astype(np.int64)
    end = first + rng.integers(0, length)
    disease = np.array([entry.ds1 < "Z00.0" for entry in templates])[template]
    purpose, purposes = _purposes(rng, recipe, usl_ok, disease)
    low = np.array([entry.days[0] for entry in templates])[template]
    high = np.array([entry.days[1] for entry in templates])[template]
    span = rng.integers(low, high + 1)
    several = np.array([purposes[index] == "3.0" for index in range(len(purposes))])[purpose] & (usl_ok == 3)
    span = np.where((usl_ok == 4) | ((usl_ok == 3) & ~several), 0, span)
    span = np.where(usl_ok == 2, span - 1, span)  # in a day hospital the first and the last day both count
    outcome, outcomes = _outcomes(rng, recipe, usl_ok, disease)
    rehabilitation = np.array([entry.rehabilitation for entry in templates])[template]
    newborn = np.array([entry.band == "newborn" for entry in templates])[template]
    roll = rng.random(count)
    urgency = np.full(count, 3)
    urgency[(usl_ok == 1) & (roll < rates["emergency"]) & ~rehabilitation] = 1
    urgency[newborn] = 1
    urgency[(usl_ok == 3) & np.array([name == "1.1" for name in purposes])[purpose]] = 2
    urgency[usl_ok == 4] = np.where(roll[usl_ok == 4] < rates["urgent_call"], 2, 1)
    return Cases(
        usl_ok=usl_ok,
        template=template,
        begin=end - span,
        end=end,
        stay=np.where(usl_ok == 1, span, np.where(usl_ok == 2, span + 1, 0)),
        urgency=urgency,
        outcome=outcome,
        outcomes=outcomes,
        purpose=purpose,
        purposes=purposes,
    )


def draw_visits(
    rng: np.random.Generator,
    scenery: Scenery,
    organisation: str,
    templates: Sequence[Template],
    departments: Sequence[Department],
    cases: Cases,
    elderly: Bools,
    prices: tuple[str, str] | None = None,
) -> Visits:
    """Visits of the cases: one each, two for some inpatients who changed the department; ``elderly`` marks cases over 75.

    ``prices`` name the dictionary and its key where the templates have a tariff.
    """
    rates: Mapping[str, float] = scenery.recipe["rates"]
    band = np.array([template.band for template in templates])
    movable = np.flatnonzero(
        [t.usl_ok == "1" and t.band == "adult" and not t.rehabilitation and not t.tariff for t in templates]
    )
    moved = np.isin(cases.template, movable) & (cases.stay >= 4) & (rng.random(len(cases)) < rates["two_visits"])
    elsewhere = _elsewhere(templates, movable)
    moved &= np.asarray(elsewhere.any(axis=1))[cases.template]
    case = np.repeat(np.arange(len(cases)), np.where(moved, 2, 1))
    ordinal = np.zeros(len(case), np.int64)
    ordinal[1:][case[1:] == case[:-1]] = 1
    template = cases.template[case]
    second = np.flatnonzero(ordinal)
    if len(second):
        template[second] = _other_department(rng, movable, elsewhere, template[second])
    half = cases.stay // 2
    begin = np.where(ordinal == 1, cases.begin[case] + half[case], cases.begin[case])
    end = np.where(moved[case] & (ordinal == 0), cases.begin[case] + half[case], cases.end[case])
    stay = np.where(moved[case], (end - begin).astype(np.int64), cases.stay[case])
    department, doctor = _places(rng, templates, departments, template)
    usl_ok = cases.usl_ok[case]
    grouped = np.array([bool(entry.ksg) for entry in templates])[template]
    groups = np.array([entry.ksg for entry in templates])
    closed = cases.end[case]  # dictionaries of a visit are looked up on DATE_Z_2 of its case
    level, region = pricing.area(scenery, organisation, usl_ok, closed)
    manage, levelled = pricing.manage(scenery, groups, template, closed)
    base = pricing.dated(scenery, "T_BZTSZ", "USL_OK", "BZTSZ", np.array(["1", "2", "3", "4"]), usl_ok - 1, closed, 100)
    weight = pricing.dated(scenery, "V023", "K_KSG", "KOEF_Z", groups, template, closed, pricing.UNIT)
    child = np.isin(band[template], ["child", "newborn"])
    bits, total = pricing.complexity(
        rng, scenery, (usl_ok == 1) & grouped & (rng.random(len(case)) < rates["complexity"]), elderly[case], child
    )
    level = np.where(levelled, level, pricing.UNIT)
    results = np.array([outcome[0] for outcome in cases.outcomes])[cases.outcome[case]]
    share = pricing.interrupted(results, groups[template], stay, moved[case] & (ordinal == 0), grouped)
    cost = pricing.costs(base, weight, manage, level, region, total, share, grouped)
    fixed = np.zeros(len(case), np.int64)
    if prices is not None:
        tariffs = np.array([entry.tariff for entry in templates])
        fixed = pricing.dated(scenery, *prices, "TARIF", tariffs, template, closed, 100)
    return Visits(
        case,
        ordinal,
        template,
        department,
        doctor,
        begin,
        end,
        stay,
        grouped,
        weight,
        manage,
        level,
        region,
        base,
        bits,
        total,
        grouped | (fixed > 0),
        cost + fixed,
    )


def draw_services(
    rng: np.random.Generator, scenery: Scenery, templates: Sequence[Template], cases: Cases, visits: Visits
) -> Services:
    """One to six different services of each visit, the first of them the template's main one."""
    usl_ok = cases.usl_ok[visits.case]
    count = np.ones(len(visits), np.int64)
    for condition, shares in scenery.recipe["services"].items():
        rows = np.flatnonzero(usl_ok == int(condition))
        count[rows] = 1 + rng.choice(len(shares), size=len(rows), p=np.array(shares) / sum(shares))
    room = np.array([1 + len(template.more) for template in templates])[visits.template]
    count = np.minimum(count, room)
    visit = np.repeat(np.arange(len(visits)), count)
    ordinal = np.arange(len(visit)) - np.repeat(np.cumsum(count) - count, count)
    codes = sorted({code for template in templates for code in (template.first, *template.more)})
    number = {code: index for index, code in enumerate(codes)}
    width = max(len(template.more) for template in templates) + 1
    menu = np.zeros((len(templates), width), np.int64)
    for index, template in enumerate(templates):
        menu[index, : 1 + len(template.more)] = [number[code] for code in (template.first, *template.more)]
    turn = rng.integers(0, width, len(visits))[visit]
    spare = np.maximum(room[visit] - 1, 1)
    choice = np.where(ordinal == 0, 0, 1 + (turn + ordinal) % spare)
    code = menu[visits.template[visit], np.minimum(choice, room[visit] - 1)]
    span = (visits.end - visits.begin).astype(np.int64)[visit]
    day = visits.begin[visit] + np.where(ordinal == 0, 0, rng.integers(0, span + 1))
    tariff = pricing.dated(scenery, "T_USL", "CODE_USL", "TARIF", np.array(codes), code, day, 100)
    return Services(visit, code, codes, day, tariff)


def visit_sums(visits: Visits, services: Services) -> Ints:
    """SUM_M of every visit in kopecks: its cost as a whole, or the sum of the services."""
    priced = np.bincount(services.visit, weights=services.tariff, minlength=len(visits)).astype(np.int64)
    return np.where(visits.whole, visits.cost, priced)


def _purposes(rng: np.random.Generator, recipe: Mapping[str, Any], usl_ok: Ints, disease: Bools) -> tuple[Ints, list[str]]:
    purposes: list[str] = []
    chosen = np.zeros(len(usl_ok), np.int64)
    for kind, rows in (("disease", disease), ("other", ~disease)):
        shares = recipe["purposes"][kind]
        where = np.flatnonzero(rows)
        chosen[where] = len(purposes) + rng.choice(
            len(shares), size=len(where), p=np.array(list(shares.values())) / sum(shares.values())
        )
        purposes += list(shares)
    return chosen, purposes


def _outcomes(
    rng: np.random.Generator, recipe: Mapping[str, Any], usl_ok: Ints, disease: Bools
) -> tuple[Ints, list[tuple[str, str]]]:
    outcomes: list[tuple[str, str]] = []
    chosen = np.zeros(len(usl_ok), np.int64)
    for kind, entries in recipe["outcomes"].items():
        healthy = (usl_ok == 3) & ~disease
        where = np.flatnonzero(healthy if kind == "other" else (usl_ok == int(kind)) & ~healthy)
        shares = np.array([entry[2] for entry in entries], float)
        chosen[where] = len(outcomes) + rng.choice(len(entries), size=len(where), p=shares / shares.sum())
        outcomes += [(entry[0], entry[1]) for entry in entries]
    return chosen, outcomes


def _elsewhere(templates: Sequence[Template], movable: Ints) -> Bools:
    """For each template, which of the movable ones may follow it in a stay that both pay for.

    They are of another profile, with a disease of another class of МКБ-10.
    """
    profile = np.array([template.profil for template in templates])
    disease = disease_class(pd.Series([template.ds1 for template in templates], dtype="str")).to_numpy()
    may = np.not_equal.outer(profile, profile[movable]) & np.not_equal.outer(disease, disease[movable])
    return np.asarray(may, dtype=bool)


def _other_department(rng: np.random.Generator, movable: Ints, elsewhere: Bools, current: Ints) -> Ints:
    """A template for the second visit, by steps round the ring of movable ones to one that may follow."""
    place = rng.integers(len(movable), size=len(current))
    for _ in range(len(movable)):
        stuck = ~elsewhere[current, place]
        place = np.where(stuck, (place + 1) % len(movable), place)
    return movable[place]


def _places(
    rng: np.random.Generator, templates: Sequence[Template], departments: Sequence[Department], template: Ints
) -> tuple[Ints, Ints]:
    """Department and doctor (index into the flat list of all departments' doctors) of every visit."""
    offset = np.cumsum([0] + [len(department.doctors) for department in departments])
    department = np.zeros(len(template), np.int64)
    doctor = np.zeros(len(template), np.int64)
    for index, entry in enumerate(templates):
        rows = np.flatnonzero(template == index)
        fits = np.flatnonzero([place.usl_ok == entry.usl_ok and place.profil == entry.profil for place in departments])
        department[rows] = fits[rng.integers(len(fits), size=len(rows))]
    for index, place in enumerate(departments):
        rows = np.flatnonzero(department == index)
        doctor[rows] = offset[index] + rng.integers(len(place.doctors), size=len(rows))
    return department, doctor

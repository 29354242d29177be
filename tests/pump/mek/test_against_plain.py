"""The vectorised stages beside the row-by-row ones, over months of all kinds of cases."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from datetime import date
from decimal import Decimal

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from pipelines.ground.settings import ROOT
from pipelines.nsi.dictionaries import Dictionaries, Dictionary
from pipelines.pump.mek import Bases, Given, control, load_terms
from pipelines.pump.mek import hits as frames
from pipelines.pump.mek.crossings import crossing_hits
from pipelines.pump.mek.duplicates import duplicate_hits
from pipelines.pump.mek.standing import Standing
from pipelines.pump.mek.volumes import volume_hits
from tests.exchange.world import REGION
from tests.pump.mek import made, plain

DEMO = Dictionaries.from_folder(ROOT / "include" / "region" / "demo" / "nsi")
TERMS = load_terms(REGION.folder)
ACT = date(2026, 11, 20)


def dictionaries(**tables: list[dict[str, str | None]]) -> Dictionaries:
    """F014 of the demo and the given tables."""
    own = [Dictionary.of(name, pa.Table.from_pylist(rows)) for name, rows in tables.items()]
    return Dictionaries([DEMO["F014"], DEMO["F032"], *own])


@pytest.fixture(scope="module")
def world() -> tuple[Given, list[plain.Row], list[plain.Row], frozenset[int]]:
    month = made.month(24_000, 11, busy=0.25)
    given = Given(month, dictionaries(), TERMS, ACT, history=made.history(6_000, 12, month))
    cases, past = plain.rows_of(given.month), plain.rows_of(given.history)
    plain.linked([*past, *cases])
    fallen = np.random.default_rng(5).choice(len(cases), 1_000, replace=False)
    return given, cases, past, frozenset(map(int, fallen))


def standing(given: Given, fallen: frozenset[int]) -> Standing:
    """Some cases refused by an earlier stage."""
    case = np.array(sorted(fallen))
    refused = frames.make(given.bases, "C", "1.4.4", "TEST", "проверка", given.facts.of_cases(case))
    return Standing.after(refused, given.facts)


def test_the_month_has_cases_of_all_kinds(world) -> None:
    given, cases, past, _ = world
    assert len(cases) >= 20_000
    month = given.month.cases
    assert set(month["USL_OK"]) == {"1", "2", "3", "4"}
    assert (month["SUMV"] == 0).any()
    assert month["ENP"].isna().any()
    assert len({row["who"] for row in cases}) == len(np.unique(given.persons[0]))
    assert {row["OPLATA"] for row in past} == {"1", "2", "3"}


def test_duplicates_are_those_of_the_plain_way(world) -> None:
    given, cases, past, fallen = world
    found = duplicate_hits(given, standing(given, fallen))
    ours = set(zip(found["rule"], found["osn"], found["case"], found["visit"], strict=True))
    expected = plain.duplicates(cases, past, set(fallen))
    assert ours == expected
    assert {(rule, osn) for rule, osn, _, _ in ours} >= {
        (f"MEK.H.{number}", osn) for number in (1, 2, 3) for osn in ("1.10.1", "1.10.2")
    } | {("MEK.H.4", "1.10.1"), ("MEK.H.4", "1.10.2"), ("MEK.H.5", "1.10.1")}
    assert len(ours) > 2_000
    assert len(found) == len(ours)


def test_intersections_are_those_of_the_plain_way(world) -> None:
    given, cases, past, fallen = world
    found = crossing_hits(given, standing(given, fallen))
    ours = set(zip(found["rule"], found["code"] != "", found["case"], found["visit"], strict=True))
    expected = plain.crossings(cases, past, set(fallen))
    assert ours == expected
    assert {rule for rule, *_ in ours} == {f"MEK.I.{number}" for number in range(1, 6)}
    assert len(ours) > 1_500
    other = found[(found["other"] >= 0).to_numpy()]
    assert (given.persons[0][other["case"]] == given.persons[0][other["other"]]).all()


@pytest.mark.parametrize("back_fill", [False, True])
def test_volumes_are_those_of_the_plain_way(world, back_fill: bool) -> None:
    given, cases, _, fallen = world
    plan = {(mo, usl_ok): Decimal(200 + 90 * at) for at, mo in enumerate(made.MO[:6]) for usl_ok in "123"}
    units = [{"UNIT": code, "MEASURE": "volume", "COUNT": "case", "USL_OK": code} for code in "1234"]
    units = [{"KIND": None, "IDSP": None, "PROFIL": None, **unit} for unit in units]
    year = {"YEAR": "2026", "QUARTER": "4", "MONTH": None, "MONEY": None}
    rows = [{"MCOD": mo, "UNIT": unit, "VOLUME": str(amount), **year} for (mo, unit), amount in plan.items()]
    nsi = dictionaries(T_UNIT=units, T_VOLUME=rows)
    limited = replace(given, nsi=nsi, terms=replace(TERMS, back_fill=back_fill))
    payable = given.month.cases["SUMV"].astype("Int64").mask(given.month.cases["case"].isin(fallen))
    found = volume_hits(limited, payable)
    left = {row["case"]: row["SUMV"] for row in cases if row["case"] not in fallen}
    assert set(found["case"]) == plain.volumes(cases, left, plan, back_fill)
    assert set(found["code"]) == {"212"}
    assert len(found) > 1_000


def test_decisions_are_those_of_the_plain_way(world) -> None:
    """Random hits of all levels beside those that the stages find."""
    given, cases, _, _ = world
    random = np.random.default_rng(3)
    facts = given.facts
    visit = random.integers(0, len(given.month.visits), 6_000)
    service = random.integers(0, len(given.month.services), 3_000)
    found = frames.concat(
        [
            frames.make(
                given.bases,
                "C",
                "1.4.4",
                "TEST",
                "проверка",
                facts.of_visits(visit, facts.visit_sums[visit] // random.integers(1, 3, len(visit))),
            ),
            frames.make(
                given.bases,
                "E",
                "1.9",
                "TEST",
                "проверка",
                facts.of_services(service),
            ),
        ]
    )
    conclusion = control(given, "1", found)
    by_case: dict[int, list[plain.Row]] = defaultdict(list)
    for hit in conclusion.hits.to_dict("records"):
        by_case[hit["case"]].append({**hit, "amount": Decimal(hit["amount"]) / 100})
    decided = conclusion.decision.cases
    expected = [plain.decision(case, by_case[case["case"]]) for case in cases]
    assert decided["OPLATA"].tolist() == [oplata for oplata, _ in expected]
    assert decided["SUMP"].tolist() == [int(paid * 100) for _, paid in expected]
    assert decided["OPLATA"].value_counts().min() > 100


def test_packages_in_another_order_of_rows_of_the_history_change_nothing(world) -> None:
    given, *_ = world
    turned = given.history.cases.sample(frac=1, random_state=1)
    place = np.empty(len(turned), dtype=np.int64)
    place[turned["case"]] = np.arange(len(turned))
    visits = given.history.visits.assign(case=place[given.history.visits["case"]])
    services = given.history.services.assign(case=place[given.history.services["case"]])
    cases = turned.assign(case=np.arange(len(turned))).reset_index(drop=True)
    other = replace(given, history=replace(given.history, cases=cases, visits=visits, services=services))
    one, two = control(given, "1"), control(other, "1")
    columns = ["case", "visit", "service", "rule", "amount"]
    pd.testing.assert_frame_equal(one.hits[columns], two.hits[columns])
    pd.testing.assert_frame_equal(one.decision.cases, two.decision.cases)


def test_grounds_come_from_the_dictionary_on_the_day_of_the_act() -> None:
    old = Bases.on(DEMO, date(2020, 1, 1))
    assert "1.10.6" not in old.rows.index
    assert Bases.on(DEMO, ACT).code("1.10.6") == "226"
    with pytest.raises(LookupError):
        old.code("1.10.6")
    twice = [
        {"Kod": "71", "Osn": "1.1", "Naim": "старое", "K_NO": "0.5", "K_SH": "0", "DATEBEG": "2019-01-01", "DATEEND": None},
        {"Kod": "90", "Osn": "1.1", "Naim": "новое", "K_NO": "1", "K_SH": "0.3", "DATEBEG": "2021-01-01", "DATEEND": None},
    ]
    bases = Bases.on(Dictionaries([Dictionary.of("F014", pa.Table.from_pylist(twice))]), ACT)
    assert (bases.code("1.1"), bases.unpaid("1.1", np.array([101])).tolist()) == ("90", [101])

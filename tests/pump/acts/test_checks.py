"""Every rule of registers of acts: what breaks it is found, and what keeps it is not."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd
import pytest
from sqlalchemy import text

from pipelines.checks import suites
from pipelines.checks.declared import declared
from pipelines.exchange.model import Result
from pipelines.formats.tables import PARENT
from pipelines.ground import database as db
from pipelines.ground.money import roubles
from pipelines.pump.acts import rules as acts_rules
from pipelines.synthetic.acts import Rows
from tests.exchange.world import World
from tests.pump.acts.made import OTHER, SMO, act, cases, drop, rules, send, together

Change = Callable[[Rows], None]


def put(table: str, row: int = 0, **values: str | None) -> Change:
    return lambda rows: rows[table][row].update(values)


def clear(*tables: str) -> Change:
    def change(rows: Rows) -> None:
        for table in tables:
            rows[table].clear()

    return change


def both(*changes: Change) -> Change:
    def every(rows: Rows) -> None:
        for change in changes:
            change(rows)

    return every


def nothing(rows: Rows) -> None:
    """The register as it is."""


def refund(rows: Rows) -> None:
    """Of two sanctions one is negative; their sum is as it was."""
    rows["SANK"][0]["S_SUM"] = "-10.00"
    rows["SANK"].append({**rows["SANK"][0], "S_CODE": "другой", "S_SUM": "20.00", "FIN_PENALTY": None})
    rows["SL_ID"].append({**rows["SL_ID"][0], PARENT: 1})


def beyond(found: pd.DataFrame) -> Change:
    sums = roubles(int(found["SUMP"][0]) + 1)
    return both(
        put("SANK", S_SUM=sums), put("SLUCH", SANK_IT=sums, SUMP="0.00", OPLATA="2"), put("SCHET", SANK_SUM=sums)
    )  # fmt: skip


FAULTS: list[tuple[str, Change]] = [
    ("RAK.010", put("AKT", CODEA=None)),
    ("RAK.011", put("AKT", NAKT=None)),
    ("RAK.012", put("AKT", DAKT=None)),
    ("RAK.013", put("AKT", KONT=None)),
    ("RAK.014", put("AKT", TYPEK=None)),
    ("RAK.015", put("AKT", SKONT=None)),
    ("RAK.020", put("SCHET", CODE=None)),
    ("RAK.021", put("SCHET", CODE_MO=None)),
    ("RAK.022", put("SCHET", YEAR=None)),
    ("RAK.023", put("SCHET", MONTH=None)),
    ("RAK.024", put("SCHET", NSCHET=None)),
    ("RAK.025", put("SCHET", DSCHET=None)),
    ("RAK.026", put("SCHET", PLAT=None)),
    ("RAK.027", put("SCHET", SANK_SUM=None)),
    ("RAK.028", put("SCHET", PENALTY_SUM=None)),
    ("RAK.030", put("SLUCH", IDCASE=None)),
    ("RAK.031", put("SLUCH", OPLATA=None)),
    ("RAK.032", put("SLUCH", SUMP=None)),
    ("RAK.033", both(put("SLUCH", SANK_IT=None), put("SCHET", SANK_SUM="0.00"))),
    ("RAK.034", both(put("SLUCH", PENALTY=None), put("SCHET", PENALTY_SUM="0.00"))),
    ("RAK.035", put("SANK", S_CODE=None)),
    ("RAK.036", both(put("SANK", S_SUM=None), put("SLUCH", SANK_IT="0.00", OPLATA="1"), put("SCHET", SANK_SUM="0.00"))),
    ("RAK.037", put("SANK", S_OSN=None)),
    ("RAK.038", put("SL_ID", SL_ID="")),
    ("RAK.039", both(put("AKT", KONT="3", S_TIP="70"), lambda rows: rows["CODE_EXP"].append({PARENT: 0, "CODE_EXP": ""}))),
    ("RAK.040", put("AKT", KONT="4", S_TIP=None)),
    ("RAK.041", put("AKT", TYPEK="3")),
    ("RAK.042", put("AKT", SKONT="3")),
    ("RAK.043", put("AKT", SKONT="0")),
    ("RAK.043", put("AKT", KONT="1", S_TIP="1")),
    ("RAK.044", put("AKT", S_TIP="57")),
    ("RAK.044", put("AKT", S_TIP="20")),
    ("RAK.045", put("AKT", S_TIP="70")),
    ("RAK.045", put("AKT", KONT="1", SKONT="0")),
    ("RAK.046", put("AKT", KONT="3", S_TIP="70")),
    ("RAK.047", lambda rows: rows["CODE_EXP"].append({PARENT: 0, "CODE_EXP": "1234567"})),
    ("RAK.048", put("SANK", S_OSN="999")),
    ("RAK.048", put("SANK", S_OSN="24")),
    ("RAK.049", put("SLUCH", REFREASON="999")),
    ("RAK.050", put("AKT", DAKT="2026-11-21")),
    ("RAK.051 RAK.052", put("SLUCH", OPLATA="4")),
    ("RAK.052", put("SLUCH", OPLATA="1")),
    ("RAK.052", put("SLUCH", OPLATA="2")),
    ("RAK.053", refund),
    ("RAK.054", both(put("SANK", FIN_PENALTY="-0.01"), put("SLUCH", PENALTY="-0.01"), put("SCHET", PENALTY_SUM="-0.01"))),
    ("RAK.055", clear("SL_ID")),
    ("RAK.060", both(put("SLUCH", SANK_IT="9.99"), put("SCHET", SANK_SUM="9.99"))),
    ("RAK.061", both(put("SLUCH", PENALTY="4.99"), put("SCHET", PENALTY_SUM="4.99"))),
    ("RAK.062", put("SCHET", SANK_SUM="9.99")),
    ("RAK.063", put("SCHET", PENALTY_SUM="4.99")),
    ("RAK.070", put("SCHET", CODE_MO="980003")),
    ("RAK.071", put("SCHET", PLAT="98002")),
    ("RAK.080", put("SCHET", NSCHET="НЕТ-ТАКОГО")),
    ("RAK.080", put("SCHET", DSCHET="2026-11-01")),
    ("RAK.080", put("SCHET", CODE="999")),
    ("RAK.080", put("SCHET", CODE="-1")),
    ("RAK.080", put("SCHET", MONTH="9")),
    ("RAK.080", put("SCHET", MONTH="13")),
    ("RAK.081", put("SLUCH", IDCASE="99999999999")),
    ("RAK.081", put("SLUCH", IDCASE="-1")),
    ("RAK.085", put("AKT", DAKT="2026-09-30")),
    ("RAK.086", put("SL_ID", SL_ID="НЕТ-ТАКОГО")),
    ("RAK.091", put("SLUCH", SUMP="0.01")),
    ("VAL.010", put("AKT", DAKT="2026-02-30")),
    ("VAL.010", put("SCHET", DSCHET="завтра")),
    ("VAL.020", put("SCHET", CODE="1.5")),
    ("VAL.020", put("SLUCH", IDCASE="№ 1")),
    ("VAL.020", put("SANK", S_SUM="10,00")),
    ("STR.040", clear("SL_ID", "SANK", "SLUCH")),
]
"""Rules (with those that cannot but be broken too) and what breaks them in an act of МЭЭ with one sanction and one fine."""
ALONE = {"RAK.001", "RAK.002", "RAK.003", "RAK.072", "RAK.073", "RAK.074", "RAK.082", "RAK.083", "RAK.084", "RAK.090"}
"""Rules that tests of their own break."""


def test_every_fault_is_found_by_its_rule(world: World) -> None:
    found = cases(world)
    names = {}
    for serial, (expected, change) in enumerate([*FAULTS, ("", nothing)], 101):  # in the order of names: the good one last
        rows = act(found, str(serial), (0, 1000, 500))
        change(rows)
        names[drop(world, rows, serial)] = expected
    outcomes = world.run()
    got = {outcome.name: " ".join(sorted(set(rules(world, outcome.package_id)))) for outcome in outcomes}
    wrong = {name: (names[name], got[name]) for name in names if not _as_meant(names[name], got[name])}
    assert wrong == {}
    results = {outcome.name: outcome.result for outcome in outcomes}
    assert {name: Result.REJECTED if expected else Result.ACCEPTED for name, expected in names.items()} == results
    assert world.rows("select number from pump.act") == [{"number": str(len(FAULTS) + 101)}]


def _as_meant(expected: str, got: str) -> bool:
    """Values and structure may break rules that need them; a rule of ours comes alone."""
    return got == expected if expected.startswith("RAK") or not expected else expected in got.split()


def test_every_rule_has_a_fault() -> None:
    broken = {rule for expected, _ in FAULTS for rule in expected.split() if rule.startswith("RAK")}
    assert set(declared(acts_rules.NAME)["rules"]) == broken | ALONE


def test_the_suites_are_those_written_down() -> None:
    made = acts_rules.suites_of()
    assert {suites.FOLDER / "acts" / f"RAK_{suite.table}.json" for suite in made} == set((suites.FOLDER / "acts").iterdir())
    for suite in made:
        assert suites.read(suites.FOLDER / "acts" / f"RAK_{suite.table}.json").to_json() == suite.to_json()


@pytest.mark.parametrize(
    ("rule", "head"),
    [("RAK.001", {"VERSION": "2.0"}), ("RAK.002", {"FILENAME": ""}), ("RAK.003", {"FILENAME": "AS98001M980001_26112"})],
)
def test_headers(world: World, rule: str, head: dict[str, str]) -> None:
    drop(world, act(cases(world), "1", (0, 1000, 500)), **head)
    [outcome] = world.run()
    assert (outcome.result, rules(world, outcome.package_id)) == (Result.REJECTED, [rule])


def test_numbers_that_repeat_in_the_file(world: World) -> None:
    found = cases(world)
    same_record = together(act(found, "1", (0, 100, 0)), act(found, "2", (1, 100, 0)))
    same_record["AKT"][1]["CODEA"] = "1"
    same_number = together(act(found, "3", (0, 100, 0)), act(found, "3", (1, 100, 0)))
    same_number["SANK"][1]["S_CODE"] = "другой"
    same_code = together(act(found, "4", (0, 100, 0)), act(found, "5", (1, 100, 0)))
    same_code["SANK"][1]["S_CODE"] = "4:0"
    for serial, (rows, rule) in enumerate([(same_record, "RAK.072"), (same_number, "RAK.073"), (same_code, "RAK.074")], 1):
        outcome = send(world, rows, serial)
        assert (outcome.result, rules(world, outcome.package_id)) == (Result.REJECTED, [rule, rule])


def test_numbers_that_earlier_acts_bear(world: World) -> None:
    found = cases(world)
    assert send(world, act(found, "1", (0, 100, 0)), 1).result is Result.ACCEPTED
    again = act(found, "1", (1, 100, 0))
    again["SANK"][0]["S_CODE"] = "другой"
    outcome = send(world, again, 2)
    assert (outcome.result, rules(world, outcome.package_id)) == (Result.REJECTED, ["RAK.073"])
    sanction = act(found, "2", (1, 100, 0))
    sanction["SANK"][0]["S_CODE"] = "1:0"
    outcome = send(world, sanction, 3)
    assert (outcome.result, rules(world, outcome.package_id)) == (Result.REJECTED, ["RAK.074"])
    of_another = act(cases(world, OTHER), "1", (0, 100, 0), smo=OTHER)
    assert send(world, of_another, 4, OTHER).result is Result.ACCEPTED
    with db.transaction(world.url) as connection:
        connection.execute(text("update pump.act set date = date - 365 where smo = :smo"), {"smo": SMO})
    assert send(world, again, 5).result is Result.ACCEPTED


def test_cases_that_another_insurer_pays(world: World) -> None:
    outcome = send(world, act(cases(world, OTHER), "1", (0, 100, 0)))
    assert (outcome.result, rules(world, outcome.package_id)) == (Result.REJECTED, ["RAK.083"])


def test_a_case_twice_in_an_act(world: World) -> None:
    found = cases(world)
    rows = act(found, "1", (0, 100, 0), (0, 0, 0))
    rows["SLUCH"][1]["SUMP"] = rows["SLUCH"][0]["SUMP"]
    outcome = send(world, rows)
    assert (outcome.result, rules(world, outcome.package_id)) == (Result.REJECTED, ["RAK.084", "RAK.084"])


def test_a_case_in_several_acts_of_a_file(world: World) -> None:
    found = cases(world)
    rest = int(found["SUMP"][0]) - 100
    outcome = send(world, together(act(found, "1", (0, 100, 0)), act(found, "2", (0, rest, 0), before=100)))
    assert (outcome.result, outcome.findings) == (Result.ACCEPTED, 0)
    assert world.rows("select sum(sank_it)::bigint as n from pump.act_case") == [{"n": rest + 100}]


def test_sanctions_beyond_the_payment(world: World) -> None:
    found = cases(world)
    rows = act(found, "1", (0, 1000, 0))
    beyond(found)(rows)
    outcome = send(world, rows, 1)
    assert (outcome.result, rules(world, outcome.package_id)) == (Result.REJECTED, ["RAK.090"])
    most = int(found["SUMP"][0]) - 50
    assert send(world, act(found, "2", (0, most, 0)), 2).result is Result.ACCEPTED
    more = act(found, "3", (0, 51, 0), before=most)
    more["SLUCH"][0].update(SUMP="0.00", OPLATA="2")
    outcome = send(world, more, 3)
    assert (outcome.result, rules(world, outcome.package_id)) == (Result.REJECTED, ["RAK.090"])
    assert send(world, act(found, "4", (0, 50, 0), before=most), 4).result is Result.ACCEPTED


@pytest.mark.parametrize("state", ["SETTLED", "PACKED", "REJECTED"])
def test_a_month_that_is_not_approved_has_no_accounts(world: World, state: str) -> None:
    found = cases(world)
    with db.transaction(world.url) as connection:
        connection.execute(text("update pump.closing set state = :state"), {"state": state})
    outcome = send(world, act(found, "1", (0, 100, 0)))
    assert (outcome.result, rules(world, outcome.package_id)) == (Result.REJECTED, ["RAK.080"])


def test_a_delivered_month_and_an_account_in_two_registers(world: World) -> None:
    """A corrected register may come under the same account; a number that stands in both names no case."""
    mine, others = cases(world), cases(world, OTHER)
    with db.transaction(world.url) as connection:
        connection.execute(text("update pump.closing set state = 'DELIVERED'"))
        connection.execute(text("update pump.h_schet set (code, nschet, dschet) = (77, 'ОДИН', date '2026-11-03')"))
        rename = text("update pump.decision set payer = :smo, idcase = idcase + :more where payer = :other")
        connection.execute(rename, {"smo": SMO, "other": OTHER, "more": 0})
    one = mine.assign(CODE=77, NSCHET="ОДИН", DSCHET="2026-11-03")
    shared = sorted(set(mine["IDCASE"]) & set(others["IDCASE"]))
    place = int(one.index[one["IDCASE"] == shared[0]][0])
    outcome = send(world, act(one, "1", (place, 1, 0)), 1)
    assert (outcome.result, rules(world, outcome.package_id)) == (Result.REJECTED, ["RAK.082"])
    with db.transaction(world.url) as connection:
        move = "update pump.decision set idcase = idcase + 1000 where package = (select max(package) from pump.h_schet)"
        connection.execute(text(move))
    both = [send(world, act(one, "2", (0, 1, 0)), 2)]
    second = others.assign(CODE=77, NSCHET="ОДИН", DSCHET="2026-11-03", IDCASE=others["IDCASE"] + 1000)
    last = world.rows("select min(package) <> max(package) as two from pump.h_schet")
    assert last == [{"two": True}]
    both.append(send(world, act(second, "3", (0, 1, 0)), 3))
    assert [outcome.result for outcome in both] == [Result.ACCEPTED, Result.ACCEPTED]

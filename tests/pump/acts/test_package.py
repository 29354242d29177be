"""Acts of control through the exchange: what is loaded, withheld once, seen by whom."""

from __future__ import annotations

import re
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, timedelta

import pandas as pd
import pytest
from sqlalchemy import text

from pipelines.exchange.control import control
from pipelines.exchange.model import Result
from pipelines.exchange.opening import open_package
from pipelines.exchange.processing import package_of
from pipelines.ground import database as db
from pipelines.pump import KINDS
from pipelines.pump.acts import deductions, waiting
from pipelines.pump.settlement.lines import ITEM, no_deductions
from tests.exchange.world import World
from tests.pump.acts.made import (
    CLINIC,
    DAY,
    GROUND,
    HOSPITAL,
    OTHER,
    SMO,
    act,
    cases,
    drop,
    noon,
    rules,
    send,
    together,
)


def withheld(world: World, *packages: int) -> pd.DataFrame:
    with db.transaction(world.url) as connection:
        return deductions(connection, packages)


def left(world: World, before: datetime | None = None) -> list[int]:
    with db.transaction(world.url) as connection:
        return waiting(connection, before or noon())


@pytest.mark.parametrize(
    ("name", "known"),
    [
        ("AS98001M980001_26111", True),
        ("as98001m980001_2612123456", True),
        ("AS98001M980001_26131", False),
        ("AS98001M980001_26110", False),
        ("AS98001M980001_2611", False),
        ("AT98M980001_26111", False),
    ],
)
def test_names(name: str, known: bool) -> None:
    matched = [kind.code for kind in KINDS if kind.name.fullmatch(name)]
    assert matched == (["PUMP_RAK"] if known else [])
    assert [kind.code for kind in KINDS if kind.family.match(name)] == (["PUMP_RAK"] if name[1] in "Ss" else [])


@pytest.mark.feature("PUMP-07")
def test_acts_are_loaded_and_withheld_to_the_kopeck(world: World) -> None:
    found = cases(world)
    full = int(found["SUMP"][2])
    file = together(
        act(found, "ОТВЕТ-1", *((place, 0, 0) for place in range(5)), kont="1"),
        act(found, "МЭЭ-7", (0, 12_345, 0), (1, 1, 250_000)),
        act(found, "ЭКМП/3", (2, full, 7), (3, 0, 150_001), kont="3", SKONT="2"),
        act(found, "ОТКАЗ-2", (4, 100, 0), kont="1"),
    )
    outcome = send(world, file)
    assert (outcome.result, outcome.findings) == (Result.ACCEPTED, 0)
    [package] = world.rows("select * from exchange.package where id = :id", id=outcome.package_id)
    assert (package["records"], package["accepted"], package["period"]) == (4, 4, date(2026, 11, 1))
    assert package["sums"] == {"SANK_IT": 12_346 + full + 100, "PENALTY": 400_008}
    told = withheld(world, outcome.package_id)
    assert list(told.itertuples(index=False, name=None)) == [
        (SMO, HOSPITAL, "sanction", "Акт МЭЭ № МЭЭ-7 от 16.11.2026", pd.Timestamp(DAY), 12_346),
        (SMO, HOSPITAL, "fine", "Акт МЭЭ № МЭЭ-7 от 16.11.2026", pd.Timestamp(DAY), 250_000),
        (SMO, HOSPITAL, "sanction", "Акт ЭКМП № ЭКМП/3 от 16.11.2026", pd.Timestamp(DAY), full),
        (SMO, HOSPITAL, "fine", "Акт ЭКМП № ЭКМП/3 от 16.11.2026", pd.Timestamp(DAY), 150_008),
        (SMO, HOSPITAL, "sanction", "Акт МЭК № ОТКАЗ-2 от 16.11.2026", pd.Timestamp(DAY), 100),
    ]
    assert told.dtypes.equals(no_deductions().dtypes)
    acts = world.rows('select number, kont, skont, s_tip, experts from pump.act order by "row"')
    assert [tuple(row.values()) for row in acts] == [
        ("ОТВЕТ-1", 1, 0, 1, []), ("МЭЭ-7", 2, 1, 50, []), ("ЭКМП/3", 3, 2, 70, ["9800001"]), ("ОТКАЗ-2", 1, 0, 1, []),
    ]  # fmt: skip
    of_cases = world.rows(
        "select a.number, d.idcase, c.oplata, c.sump, c.sank_it, c.penalty from pump.act_case c "
        'join pump.act a on (a.package, a."row") = (c.package, c.act) '
        'join pump.decision d on (d.package, d."row") = (c.case_package, c.case_row) order by c."row"'
    )
    sump, number = found["SUMP"], found["IDCASE"]
    assert [tuple(row.values()) for row in of_cases] == [
        *(("ОТВЕТ-1", number[place], 1, sump[place], 0, 0) for place in range(5)),
        ("МЭЭ-7", number[0], 3, sump[0] - 12_345, 12_345, 0),
        ("МЭЭ-7", number[1], 3, sump[1] - 1, 1, 250_000),
        ("ЭКМП/3", number[2], 2, 0, full, 7),
        ("ЭКМП/3", number[3], 1, sump[3], 0, 150_001),
        ("ОТКАЗ-2", number[4], 3, sump[4] - 100, 100, 0),
    ]
    of_sanctions = world.rows('select s_code, s_sum, s_osn::text, fin_penalty, visits from pump.act_sanction order by "row"')
    assert [tuple(row.values()) for row in of_sanctions] == [
        ("МЭЭ-7:0", 12_345, GROUND["2"], 0, [found["SL_ID"][0]]),
        ("МЭЭ-7:1", 1, GROUND["2"], 250_000, [found["SL_ID"][1]]),
        ("ЭКМП/3:0", full, GROUND["3"], 7, [found["SL_ID"][2]]),
        ("ЭКМП/3:1", 0, GROUND["3"], 150_001, [found["SL_ID"][3]]),
        ("ОТКАЗ-2:0", 100, GROUND["1"], 0, [found["SL_ID"][4]]),
    ]


def test_acts_about_examinations(world: World) -> None:
    found = cases(world, organisation=CLINIC)
    outcome = send(world, act(found, "X-1", (0, 50, 0)), organisation=CLINIC)
    assert (outcome.result, outcome.findings) == (Result.ACCEPTED, 0)
    assert withheld(world, outcome.package_id)["CODE_MO"].tolist() == [CLINIC]


def test_the_faulty_act_is_refused_and_the_other_stands(world: World) -> None:
    found = cases(world)
    faulty = act(found, "1", (0, 100, 0), (1, 100, 0))
    faulty["SLUCH"][1]["SUMP"] = "1.00"
    outcome = send(world, together(faulty, act(found, "2", (2, 300, 0))))
    assert (outcome.result, rules(world, outcome.package_id)) == (Result.PARTIAL, ["RAK.091"])
    assert world.rows("select number from pump.act") == [{"number": "2"}]
    assert withheld(world, outcome.package_id)["amount"].tolist() == [300]


def test_the_same_package_again_gets_the_same_answer_and_is_loaded_once(world: World) -> None:
    found = cases(world)
    file = act(found, "1", (0, 100, 200))
    first = send(world, file)
    again = send(world, file)
    assert (first.result, again.result) == (Result.ACCEPTED, Result.DUPLICATE)
    sent = world.rows(
        "select package, name, sha256 from exchange.outgoing where package = any(:ids) order by package, name",
        ids=[first.package_id, again.package_id],
    )
    assert [(row["name"], row["sha256"]) for row in sent[:2]] == [(row["name"], row["sha256"]) for row in sent[2:]]
    assert len(sent) == 4
    assert withheld(world, first.package_id, again.package_id)["amount"].tolist() == [100, 200]
    assert left(world) == [first.package_id]


def test_another_package_under_the_number_is_refused(world: World) -> None:
    found = cases(world)
    send(world, act(found, "1", (0, 100, 0)))
    second = send(world, act(found, "2", (0, 100, 0), before=100))
    assert (second.result, rules(world, second.package_id)) == (Result.REJECTED, ["PKG.110"])


def test_who_may_not_send_acts(world: World) -> None:
    found = cases(world)
    name = drop(world, act(found, "1", (0, 100, 0)))
    content = (world.folders / "smo98001" / "in" / name).read_bytes()
    (world.folders / "smo98001" / "in" / name).unlink()
    world.drop(HOSPITAL, name, content)
    world.drop(OTHER, name, content)
    outcomes = world.run()
    assert sorted(rules(world, outcome.package_id)[0] for outcome in outcomes) == ["PKG.100", "PKG.101"]
    assert world.rows("select * from pump.act") == []


def test_an_accepted_answer_withholds_nothing(world: World) -> None:
    outcome = send(world, act(cases(world), "1", (0, 0, 0), (1, 0, 0), kont="1"))
    assert outcome.result is Result.ACCEPTED
    told = withheld(world, outcome.package_id)
    assert (list(told.columns), len(told)) == (list(ITEM), 0)
    assert told.dtypes.equals(no_deductions().dtypes)
    assert world.rows("select count(*) as n from pump.act_case") == [{"n": 2}]
    assert left(world) == [outcome.package_id]


CLOSING = text("""
    insert into pump.closing (
        period, kind, state, act_number, act_date, frozen_at, packages, fresh, acts, editions, earlier, terms_sha256
    )
    values ('2026-11-01', :kind, :state, 'а', '2026-12-10', now(), '{}', '{}', :acts, '{}', '{}', repeat('0', 64))
""")


def test_acts_wait_for_a_closing_that_takes_them(world: World) -> None:
    found = cases(world)
    first = send(world, act(found, "1", (0, 100, 0)), serial=1)
    refused = send(world, act(found, "2", (0, 100, 0)), serial=2)
    second = send(world, act(found, "3", (1, 100, 0)), serial=3)
    assert refused.result is Result.REJECTED
    both = [first.package_id, second.package_id]
    assert left(world) == both
    assert left(world, noon() - timedelta(seconds=1)) == []
    for kind, state, rest in (("month", "REJECTED", both), ("day", "SETTLED", both), ("month", "FROZEN", both[1:])):
        with db.transaction(world.url) as connection:
            connection.execute(CLOSING, {"kind": kind, "state": state, "acts": [first.package_id]})
        assert left(world) == rest, (kind, state)


def test_who_sees_acts(world: World) -> None:
    send(world, act(cases(world), "1", (0, 100, 0)))
    send(world, act(cases(world, OTHER), "2", (0, 100, 0), (1, 200, 0), smo=OTHER), smo=OTHER)
    send(world, act(cases(world, organisation=CLINIC), "3", (0, 100, 0)), organisation=CLINIC)
    seen = {SMO: (2, 2, 2), OTHER: (1, 2, 2), HOSPITAL: (2, 3, 3), CLINIC: (1, 1, 1), "980002": (0, 0, 0), "": (0, 0, 0)}
    for organisation, counts in seen.items():
        with db.transaction(world.url, "oms_organisation", organisation) as connection:
            tables = ("act", "act_case", "act_sanction")
            got = tuple(connection.execute(text(f"select count(*) from pump.{table}")).scalar_one() for table in tables)
        assert got == counts, organisation
    for role in ("oms_operator", "oms_auditor"):
        with db.transaction(world.url, role) as connection:
            assert connection.execute(text("select count(*) from pump.act_sanction")).scalar_one() == 4


def test_an_accepted_package_stands_when_it_is_controlled_again(world: World) -> None:
    """As a replay of a change of the rules does: its own acts are not held against it."""
    outcome = send(world, act(cases(world), "1", (0, 100, 0)))
    exchange = world.exchange()
    processor = exchange.processor
    with db.transaction(world.url) as connection:
        row = connection.execute(text("select * from exchange.package where id = :id"), {"id": outcome.package_id}).one()
        package = package_of(row)
        kind, match = processor.identify(package.name)
        opened, _ = open_package(package, exchange.store.get(package.sha256), kind, match, processor.rules.limits)
        verified = control(connection, kind, opened, processor.dictionaries(connection))
    assert (verified.findings.empty, verified.accepted.tolist()) == (True, [True])


def test_the_protocol_names_the_case(world: World) -> None:
    found = cases(world)
    rows = act(found, "1", (0, 100, 0))
    rows["SLUCH"][0]["SUMP"] = "1.00"
    name = drop(world, rows, serial=77)
    world.run()
    answer = world.answers(SMO)[f"V{name.removesuffix('.zip')}.XML"].decode("windows-1251")
    assert re.search(rf"<IDCASE>{found['IDCASE'][0]}</IDCASE>", answer)
    assert "RAK.091" in answer


def test_acts_that_come_at_once_do_not_take_more_than_was_paid(world: World) -> None:
    """Packages about one case, each within the payment, processed by three workers."""
    found = cases(world)
    half = int(found["SUMP"][0]) // 2 + 1
    for serial in range(1, 7):
        drop(world, act(found, str(serial), (0, half, 0)), serial=serial)
    exchange = world.exchange()
    world.receive(exchange)
    with ThreadPoolExecutor(3) as workers:
        outcomes = list(workers.map(exchange.process, exchange.pending("pump")))
    assert Counter(outcome.result for outcome in outcomes) == {Result.ACCEPTED: 1, Result.REJECTED: 5}
    assert withheld(world, *(outcome.package_id for outcome in outcomes))["amount"].tolist() == [half]

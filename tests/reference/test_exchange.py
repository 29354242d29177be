"""Editions of dictionaries through the exchange: packet, report, decision, and the registers judged after it."""

from __future__ import annotations

import io
from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from sqlalchemy import text

from pipelines import nsi
from pipelines.checks import editions, rulebook
from pipelines.exchange import journal
from pipelines.exchange.model import Result
from pipelines.ground import database as db
from pipelines.ground.store import Store
from pipelines.synthetic.packages import package
from pipelines.synthetic.registers import generate_register
from tests.exchange.world import REGION, World
from tests.reference.packets import packet, rule, zipped

NSI = "98"
COMMENT = "ZL_LIST/ZAP/Z_SL/SL/COMENTSL"
NEW_RULE = "003F.00.9010"
FIRST = [
    rule("003F.00.9000"),
    rule(NEW_RULE, COMMENT),
    rule("003F.00.9020", "ZL_LIST/ZAP/NO_SUCH"),
    rule("006F.00.9040", "ZL_LIST/ZAP/Z_SL/DATE_Z_2", VAL_EL="DATE_Z_1<=DATE_Z_2"),
]
SECOND = [rule("003F.00.9000", DATEEND="31.12.2025"), rule(NEW_RULE, COMMENT, kinds="H,C"), rule("003F.00.9030", kinds="C")]
SEPTEMBER, OCTOBER, NOVEMBER = date(2026, 9, 1), date(2026, 10, 1), date(2026, 11, 1)


@pytest.fixture(scope="module")
def refusing(module_database: str, tmp_path_factory: pytest.TempPathFactory) -> World:
    """A world that nothing gets into: one for all broken packets."""
    return World(module_database, tmp_path_factory.mktemp("refusing")).set_up()


@pytest.fixture
def world(database: str, tmp_path: Path) -> World:
    return World(database, tmp_path).set_up()


def q015(rows: Iterable[dict[str, str]], version: str = "5.1", day: str = "18.02.2026", kind: str = "FLK_MPF") -> bytes:
    return packet(kind, version, day, rows)


def send(world: World, name: str, content: bytes) -> Result | None:
    world.drop(NSI, name, content)
    (outcome,) = world.run()
    return outcome.result


def found(world: World) -> dict[str, str]:
    """Messages by rule of the last package."""
    rows = world.rows("select rule, message from exchange.finding where package = (select max(id) from exchange.package)")
    return {row["rule"]: row["message"] for row in rows}


def sheet(world: World, name: str, title: str) -> list[tuple[Any, ...]]:
    book = openpyxl.load_workbook(io.BytesIO(world.answers(NSI)[name]))
    return list(book[title].iter_rows(values_only=True))


def enable(world: World, since: date, identifier: int = 1) -> None:
    with db.transaction(world.url) as connection:
        editions.enable(connection, identifier, since, "Петрова", "письмо фонда № 1")


def judged(world: World, period: date, number: int = 1) -> tuple[Result | None, set[str]]:
    """Result and rules of a register of a month, good by the shipped rules."""
    register = generate_register(REGION, "980001", "98001", period, 8, seed=3, number=number)
    world.drop("980001", *package(register))
    (outcome,) = world.run()
    return outcome.result, set(found(world))


def policy(world: World, *rows: dict[str, str]) -> None:
    with db.transaction(world.url) as connection:
        nsi.store_edition(connection, rulebook.POLICY, rows)


@pytest.mark.feature("ERZ-18")
def test_an_edition_is_proposed_reported_enabled_and_judges_from_its_day(world: World) -> None:
    assert send(world, "Q015.xml", q015(FIRST)) is Result.ACCEPTED
    assert {"VQ015.XML", "VQ015.XLSX", "VQ015_REPORT.XLSX"} == set(world.answers(NSI))
    assert judged(world, OCTOBER) == (Result.ACCEPTED, set())  # proposed, and no more than that
    enable(world, NOVEMBER)
    assert judged(world, NOVEMBER) == (Result.REJECTED, {NEW_RULE})
    assert judged(world, OCTOBER, 2) == (Result.ACCEPTED, set())
    assert judged(world, SEPTEMBER) == (Result.ACCEPTED, set())


def test_the_report_says_what_became_of_every_rule(world: World) -> None:
    send(world, "Q015.xml", q015(FIRST))
    rows = {(row[0], row[1]): row for row in sheet(world, "VQ015_REPORT.XLSX", "Правила")[1:]}
    assert rows[NEW_RULE, "H"][5] == "скомпилировано"
    assert rows["003F.00.9020", "H"][5:7] == ("не поддержано", "нет в структуре: ZL_LIST/ZAP/NO_SUCH")
    summary = dict(row[:2] for row in sheet(world, "VQ015_REPORT.XLSX", "Сводка"))
    assert summary["Предыдущая редакция"] == "нет: все записи новые"
    assert summary["Правило и вид файла: скомпилировано"] == "3"
    kept = world.rows("select report_sha256, state, version, issued from checks.edition")
    assert kept[0] | {"report_sha256": ""} == {
        "report_sha256": "", "state": "proposed", "version": "5.1", "issued": date(2026, 2, 18)
    }  # fmt: skip
    assert Store((world.root / "store").as_uri()).get(kept[0]["report_sha256"]) == world.answers(NSI)["VQ015_REPORT.XLSX"]


def test_the_next_edition_is_compared_with_the_one_before(world: World) -> None:
    send(world, "Q015.xml", q015(FIRST))
    assert send(world, "Q015.zip", zipped("Q015.xml", q015(SECOND, "5.2", "01.03.2026"))) is Result.ACCEPTED
    changes = {tuple(row) for row in sheet(world, "VQ015_REPORT_2.XLSX", "Изменения")[1:]}
    assert ("003F.00.9000", "закрыто", "DATEEND", "", "2025-12-31") in changes
    assert (NEW_RULE, "изменено", "TYPE_D", "H", "H,C") in changes
    assert {(row[0], row[1]) for row in changes} >= {("003F.00.9020", "исключено"), ("003F.00.9030", "новое")}


def test_the_same_an_older_and_a_foreign_edition_are_told_apart(world: World) -> None:
    send(world, "Q015.xml", q015(FIRST))
    assert send(world, "Q015.xml", q015(FIRST)) is Result.DUPLICATE
    assert send(world, "Q015.zip", zipped("Q015.xml", q015(FIRST))) is Result.REJECTED
    assert "5.1 от 18.02.2026) уже загружена" in found(world)["NSI.030"]
    assert send(world, "Q015.xml", q015(SECOND, "5.0", "01.02.2026")) is Result.REJECTED
    assert "старше загруженной (5.1 от 18.02.2026)" in found(world)["NSI.040"]
    assert send(world, "Q015.xml", q015(SECOND, "9.0", "01.02.2027", "MEK_MPF")) is Result.REJECTED
    assert "имеет тип FLK_MPF" in found(world)["NSI.020"]
    assert world.rows("select count(*) as kept from checks.edition") == [{"kept": 1}]


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (q015(FIRST)[:-30], "XML.030"),
        (b"<?xml version='1.0' encoding='windows-1251'?><ZL_LIST/>", "XML.040"),
        (q015(FIRST).decode("windows-1251").encode() + "<!-- ё -->".encode(), "XML.020"),
        (q015([]), "NSI.050"),
        (q015(FIRST, version="вторая"), "NSI.021"),
        (q015(FIRST, day="31.02.2026"), "NSI.022"),
        (q015([*FIRST, rule(NEW_RULE)]), "NSI.091"),
        (q015([rule("")]), "NSI.090"),
        (q015([rule("1", path="")]), "NSI.092"),
        (q015([rule("1", MIN_LEN="много")]), "NSI.093"),
        (q015([rule("1", DATEBEG="2026.01.01")]), "NSI.080"),
    ],
)
def test_a_broken_packet_is_refused_with_its_fault(refusing: World, content: bytes, code: str) -> None:
    assert send(refusing, "Q015.xml", content) is Result.REJECTED
    assert code in found(refusing)
    assert refusing.rows("select count(*) as kept from nsi.edition where dictionary = 'Q015'") == [{"kept": 0}]


def test_only_the_fund_sends_dictionaries(world: World) -> None:
    world.drop("980001", "Q015.xml", q015(FIRST))
    (outcome,) = world.run()
    assert (outcome.result, set(found(world))) == (Result.REJECTED, {"PKG.100"})


def test_a_switch_of_the_region_makes_an_error_a_warning(world: World) -> None:
    send(world, "Q015.xml", q015(FIRST))
    enable(world, SEPTEMBER)
    switch = {"RULE": NEW_RULE, "KIND": "H", "SEVERITY": "warning", "TEXT": "Заполните примечание", "DATEBEG": "2026-10-01"}
    policy(world, switch | {"DATEEND": "2026-10-31"})
    assert judged(world, SEPTEMBER) == (Result.REJECTED, {NEW_RULE})
    assert judged(world, OCTOBER) == (Result.ACCEPTED, {NEW_RULE})
    assert found(world) == {NEW_RULE: "Заполните примечание"}
    assert judged(world, NOVEMBER) == (Result.REJECTED, {NEW_RULE})


def test_decisions_stay_are_chained_and_can_be_taken_back(world: World) -> None:
    send(world, "Q015.xml", q015(FIRST))
    enable(world, SEPTEMBER)
    with db.transaction(world.url) as connection:
        editions.withdraw(connection, 1, "Петрова", "ошибка в правиле")
    assert judged(world, OCTOBER) == (Result.ACCEPTED, set())
    with db.transaction(world.url) as connection:
        assert [edition.state for edition in editions.stored(connection)] == ["withdrawn"]
        assert not list(journal.verify(connection, Store((world.root / "store").as_uri())))
    events = world.rows("select name, actor, details from exchange.event where name like 'RULES%' order by seq")
    assert [(event["name"], event["actor"]) for event in events] == [
        ("RULES_ENABLED", "Петрова"),
        ("RULES_WITHDRAWN", "Петрова"),
    ]
    assert events[0]["details"]["enabled_from"] == "2026-09-01"
    with pytest.raises(Exception, match="append-only"), db.transaction(world.url) as connection:
        connection.execute(text("update checks.decision set reason = 'другая'"))


def test_an_edition_is_not_enabled_without_the_dictionaries_that_it_looks_into(world: World) -> None:
    missing = rule("001F.00.9000", "ZL_LIST/ZAP/Z_SL/LPU", NSI_OBJ="V998", NSI_EL="KOD")
    send(world, "Q015.xml", q015([*FIRST, missing]))
    with pytest.raises(ValueError, match=r"V998: 001F\.00\.9000"):
        enable(world, OCTOBER)
    policy(world, {"RULE": "001F.00.9000", "KIND": "", "SEVERITY": "off", "TEXT": "", "DATEBEG": "", "DATEEND": ""})
    enable(world, OCTOBER)
    assert judged(world, OCTOBER) == (Result.REJECTED, {NEW_RULE})


def test_what_would_be_in_force_can_be_seen_before_the_decision(world: World) -> None:
    send(world, "Q015.xml", q015(FIRST))
    with db.transaction(world.url) as connection:
        now, then = rulebook.in_force(connection), editions.as_if(connection, 1, OCTOBER)
        assert now is rulebook.in_force(connection)
    assert "Q015, редакция 5.1 от 18.02.2026" in set(then.editions) - set(now.editions)
    assert [check.since for suite in then["pump/H"] for check in suite.checks if check.rule == NEW_RULE] == [OCTOBER]


@pytest.mark.feature("ERZ-19", "TECH-14")
def test_another_dictionary_is_in_force_when_it_was_accepted(world: World) -> None:
    rows = [{"IDPR": "7777", "PRNAME": "вымышленный", "DATEBEG": "01.01.2026", "DATEEND": ""}]
    assert send(world, "V002.xml", packet("ProfOt", "5.0", "30.01.2026", rows)) is Result.ACCEPTED
    with db.transaction(world.url) as connection:
        assert [row["IDPR"] for row in nsi.load(connection)["V002"].rows.to_pylist()] == ["7777"]
    changes = {(row[0], row[1]) for row in sheet(world, "VV002_REPORT.XLSX", "Изменения")[1:]}
    assert ("7777", "новая") in changes
    assert len([kind for _, kind in changes if kind == "исключена"]) > 10  # those of the region's own edition


def test_a_dictionary_without_a_field_that_rules_need_is_refused(world: World) -> None:
    rows = [{"KOD": "1", "DATEBEG": "01.01.2026", "DATEEND": ""}]
    assert send(world, "V002.xml", packet("ProfOt", "5.0", "30.01.2026", rows)) is Result.REJECTED
    assert "нет поля IDPR" in found(world)["NSI.060"]


def test_faulty_periods_are_told_and_do_not_refuse_the_edition(world: World) -> None:
    rows = [
        {"KOD": "1", "NAME": "а", "DATEBEG": "01.01.2026", "DATEEND": ""},
        {"KOD": "1", "NAME": "б", "DATEBEG": "01.06.2026", "DATEEND": ""},
        {"KOD": "2", "NAME": "в", "DATEBEG": "", "DATEEND": ""},
        {"KOD": "3", "NAME": "г", "DATEBEG": "02.01.2026", "DATEEND": "01.01.2026"},
    ]
    assert send(world, "V777.xml", packet("Test", "1.0", "30.01.2026", rows)) is Result.ACCEPTED
    assert {"NSI.070", "NSI.071", "NSI.072"} == set(found(world))
    assert "KOD 1" in found(world)["NSI.072"]


def test_the_published_rules_enabled_over_the_shipped_accept_a_good_register(world: World, shared: Path) -> None:
    content = (shared / "data" / "nsi" / "federal_xml" / "Q015.xml").read_bytes()
    assert send(world, "Q015.xml", content) is Result.ACCEPTED
    enable(world, OCTOBER)
    assert judged(world, OCTOBER) == (Result.ACCEPTED, set())


@pytest.mark.feature("ERZ-19")
def test_every_published_packet_is_accepted(world: World, shared: Path) -> None:
    files = sorted((shared / "data" / "nsi" / "federal_xml").glob("*.xml"))
    assert len(files) > 5
    for file in files:
        world.drop(NSI, file.name, file.read_bytes())
    outcomes = world.run()
    assert {outcome.name: outcome.result for outcome in outcomes} == {file.name: Result.ACCEPTED for file in files}
    with db.transaction(world.url) as connection:
        dictionaries = nsi.load(connection)
        kept = editions.stored(connection)
    for file in files:
        assert dictionaries[file.stem].rows.num_rows == file.read_bytes().count(b"<zap>"), file.name
    assert {edition.dictionary for edition in kept} == {"Q015", "Q016", "Q022", "Q023"}

"""Every package of the demo's traffic through drop folders and the kernel: result, rules, answers, load, journal."""

from __future__ import annotations

import io
from collections import Counter
from datetime import date
from pathlib import Path

import openpyxl
import pytest
from lxml import etree

from pipelines.checks import suites
from pipelines.erz import load_persons
from pipelines.exchange import journal
from pipelines.exchange.inbox import temporary
from pipelines.exchange.model import Result
from pipelines.exchange.protocol import answer_stem
from pipelines.formats.dbf import read_dbf
from pipelines.formats.layout import load
from pipelines.ground import database as db
from pipelines.ground.settings import ROOT
from pipelines.synthetic.broken import members
from pipelines.synthetic.identification import generate_persons
from pipelines.synthetic.traffic import Shipment, demo_traffic
from tests.exchange.world import REGION, World

PERIOD = date(2026, 10, 1)
UNFINISHED = {"PKG.050"}
"""A truncated archive comes whole by mail only: in a folder it counts as unfinished, see test_inbox."""
SHIPMENTS = [
    shipment
    for shipment in demo_traffic(REGION, 7, PERIOD)
    if shipment.attach
    and "@" not in shipment.sender
    and not (shipment.upload != "whole" or temporary(shipment.name))
    and not (shipment.channel == "mail" and shipment.rules & UNFINISHED)
]
FIRST = [shipment for shipment in SHIPMENTS if shipment.after is None]
LATER = [shipment for shipment in SHIPMENTS if shipment.after is not None]
RULES = {check.rule for path in suites.FOLDER.glob("*/*.json") for check in suites.read(path).checks}
SCHEMA = etree.XMLSchema(etree.parse(ROOT / "include" / "xsd" / "FLK_P.xsd"))


@pytest.fixture(scope="module")
def world(module_database: str, tmp_path_factory: pytest.TempPathFactory) -> World:
    world = World(module_database, tmp_path_factory.mktemp("traffic")).set_up()
    with db.transaction(module_database) as connection:
        load_persons(connection, generate_persons(REGION))
    for part in (FIRST, LATER):
        for shipment in part:
            world.drop(shipment.sender, shipment.name, shipment.content)
        world.run()
    return world


def row_of(world: World, shipment: Shipment) -> dict[str, object]:
    """The journal's row of a shipment: the first of its name, or the last of a repeated one."""
    rows = world.rows(
        "select * from exchange.package where sender = :sender and name = :name order by id",
        sender=shipment.sender,
        name=shipment.name,
    )
    return rows[-1 if shipment in LATER else 0]


@pytest.mark.feature("PUMP-01", "PUMP-02", "PUMP-15", "ERZ-16")
@pytest.mark.parametrize("shipment", SHIPMENTS, ids=lambda shipment: f"{shipment.title} {shipment.name}")
def test_result_and_rules(world: World, shipment: Shipment) -> None:
    row = row_of(world, shipment)
    assert (row["state"], row["result"]) == ("ANSWERED", shipment.result)
    rules = {found["rule"] for found in world.rows("select rule from exchange.finding where package = :id", id=row["id"])}
    assert shipment.rules <= rules
    if shipment.result in (Result.ACCEPTED, Result.DUPLICATE):
        assert not rules


def test_every_package_got_its_answer(world: World) -> None:
    for organisation in {shipment.sender for shipment in SHIPMENTS}:
        answers = world.answers(organisation)
        for shipment in (sent for sent in SHIPMENTS if sent.sender == organisation):
            stem = answer_stem(shipment.name)
            assert {f"{stem}.XML", f"{stem}.XLSX"} <= set(answers), shipment.title
        for name, content in answers.items():
            if name.endswith(".XML"):
                SCHEMA.assertValid(etree.fromstring(content))
                assert content.startswith(b'<?xml version="1.0" encoding="windows-1251"?>')


def test_protocols_say_what_the_journal_says(world: World) -> None:
    linked = set()
    for shipment in FIRST:
        row = row_of(world, shipment)
        answers = world.answers(shipment.sender)
        stem = answer_stem(shipment.name)
        protocol = etree.fromstring(answers[f"{stem}.XML"])
        told = sorted(protocol.xpath("PR/OSHIB/text()"))
        found = world.rows("select rule from exchange.finding where package = :id and severity <> 'warning'", id=row["id"])
        assert told == sorted(finding["rule"] for finding in found), shipment.title
        book = openpyxl.load_workbook(io.BytesIO(answers[f"{stem}.XLSX"]))
        summary = {line[0].value: line[2].value for line in book["Сводка"].iter_rows()}
        assert summary["Замечаний"] == str(row["findings"])
        assert summary["Контрольная сумма SHA-256"] == row["sha256"]
        counts = [line[2].value for line in book["Сводка"].iter_rows(min_row=14) if isinstance(line[2].value, int)]
        assert sum(counts) == row["findings"]
        for sheet, column in (("Сводка", 0), ("Замечания", 1)):
            for line in book[sheet].iter_rows(min_row=14 if sheet == "Сводка" else 2):
                cell = line[column]
                if cell.value in RULES:
                    assert cell.hyperlink.target == f"{REGION.settings.rule_pages}{cell.value}.md"
                    linked.add(cell.value)
                else:
                    assert cell.hyperlink is None
    assert len(linked) > 20
    assert not [rule for rule in linked if not (ROOT / "docs" / "rules" / f"{rule}.md").is_file()]


def test_only_accepted_cases_are_loaded(world: World) -> None:
    packages = world.rows(
        "select id, kind, accepted, sums from exchange.package where result <> 'DUPLICATE' and kind like 'PUMP%'"
    )
    for package in packages:
        prefix = package["kind"][-1].lower()
        loaded = world.rows(
            "select count(*) as cases, coalesce(sum(sumv) * 100, 0)::bigint as total "
            f"from pump.{prefix}_zap where package = :id",
            id=package["id"],
        )[0]
        assert loaded["cases"] == (package["accepted"] or 0)
        assert loaded["total"] == package["sums"].get("SUMV", 0)
        services = world.rows(
            f"select count(*) as orphans from pump.{prefix}_usl u where u.package = :id and not exists "
            f"(select from pump.{prefix}_sl s where s.package = u.package and s.row = u.parent)",
            id=package["id"],
        )[0]
        assert services["orphans"] == 0
    assert sum(package["accepted"] or 0 for package in packages) > 5000
    assert {package["kind"] for package in packages if package["accepted"]} == {"PUMP_H", "PUMP_C", "PUMP_T", "PUMP_X"}


def test_refused_records_are_those_of_the_findings(world: World) -> None:
    partial = world.rows("select id, kind from exchange.package where result = 'PARTIAL' and kind like 'PUMP%'")
    assert len(partial) == 4
    for package in partial:
        refused = world.rows(
            "select distinct n_zap, idcase from exchange.finding "
            "where package = :id and severity = 'error' and member = :main",
            id=package["id"],
            main=package["kind"][-1],
        )
        table = f"pump.{package['kind'][-1].lower()}_zap"
        loaded = world.rows(f"select n_zap::text, idcase::text from {table} where package = :id", id=package["id"])
        assert not {(row["n_zap"], row["idcase"]) for row in refused} & {(row["n_zap"], row["idcase"]) for row in loaded}


def test_a_repetition_gets_the_same_bytes_and_loads_nothing(world: World) -> None:
    again = world.rows("select id, duplicate_of from exchange.package where result = 'DUPLICATE'")
    assert again
    query = "select name, sha256 from exchange.outgoing where package = :id order by id"
    for package in again:
        assert world.rows(query, id=package["id"]) == world.rows(query, id=package["duplicate_of"])
        assert world.rows("select from pump.h_zap where package = :id", id=package["id"]) == []


def test_the_second_answer_of_a_number_keeps_the_first(world: World) -> None:
    other = next(shipment for shipment in LATER if "PKG.110" in shipment.rules)
    stem = answer_stem(other.name)
    answers = world.answers(other.sender)
    assert b"PKG.110" not in answers[f"{stem}.XML"]
    assert b"PKG.110" in answers[f"{stem}_2.XML"]


def test_findings_lead_to_the_byte(world: World) -> None:
    """The offset of a finding's record is where the record begins in the file that arrived."""
    partial = world.rows("select id, sha256, name from exchange.package where result = 'PARTIAL' and kind = 'PUMP_H'")[0]
    store = world.exchange().store
    files = {name[0]: content for name, content in members(store.get(partial["sha256"])).items()}
    found = world.rows(
        "select member, n_zap, byte_offset from exchange.finding where package = :id and byte_offset >= 0", id=partial["id"]
    )
    checked = 0
    for row in found:
        text = files[row["member"]][row["byte_offset"] :][:40]
        if row["member"] == "H" and row["n_zap"]:
            assert text.startswith(b"<ZAP>")
            assert f"<N_ZAP>{row['n_zap']}</N_ZAP>".encode("cp1251") in files["H"][row["byte_offset"] :][:200]
            checked += 1
    assert checked > 5


def test_the_journal_of_all_this_verifies(world: World) -> None:
    exchange = world.exchange()
    with db.transaction(world.url) as connection:
        assert list(journal.verify(connection, exchange.store)) == []


def test_nothing_is_left_in_the_in_folders(world: World) -> None:
    assert list(world.folders.glob("*/in/*")) == []
    assert list(world.folders.glob("*/.claim/*")) == []


@pytest.mark.feature("ERZ-16")
def test_the_daily_journal_lists_them_all(world: World) -> None:
    today = world.rows("select (now() at time zone 'Europe/Moscow')::date as day")[0]["day"]
    paths = world.exchange().daily_journal(today)
    book = openpyxl.load_workbook(next(path for path in paths if path.endswith(".xlsx")))
    names = [row[5].value for row in book["Пакеты"].iter_rows(min_row=2)]
    assert sorted(names) == sorted(row["name"] for row in world.rows("select name from exchange.package"))
    text = Path(next(path for path in paths if path.endswith(".csv"))).read_text(encoding="utf-8-sig")
    assert len(text.splitlines()) == len(names) + 1


@pytest.mark.feature("ERZ-04", "ERZ-12", "TECH-05")
def test_a_request_in_dbf_is_answered_in_dbf(world: World) -> None:
    sent = next(shipment for shipment in SHIPMENTS if shipment.name.startswith("PR") and not shipment.rules)
    expected = f"A{sent.name.upper()}"
    [answer] = [content for name, content in world.answers(sent.sender).items() if name.upper() == expected]
    [content] = members(answer).values()
    table = read_dbf(content, load("PR_ANSWER"), "DBF").data["REC"]
    assert table.num_rows == 150
    found = Counter(table["ANS_R"].to_pylist())
    assert found.total() == 150
    assert max(found.values()) > 100
    attached = world.rows(
        "select count(*) as count from erz.attachment a join exchange.package p on p.id = a.package where p.name = :name",
        name=sent.name,
    )
    assert attached[0]["count"] > 100

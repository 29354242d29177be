"""Documents of a package: Great Expectations finds the protocol's rows; stored, journaled, verified, forgotten in time."""

from __future__ import annotations

import io
import json
import zipfile
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from typer.testing import CliRunner

from pipelines.__main__ import app
from pipelines.exchange import journal
from pipelines.exchange.control import control
from pipelines.exchange.documents import DATA_DOCS, RESULTS, NoDocuments
from pipelines.exchange.model import Package
from pipelines.exchange.opening import open_package
from pipelines.exchange.retention import keep_house
from pipelines.formats.layout import load
from pipelines.ground import database as db
from pipelines.ground.sql import statement
from pipelines.synthetic.faults import Structure, faults_of
from pipelines.synthetic.identification import FAULTS as OF_REQUESTS
from pipelines.synthetic.identification import generate_identification
from pipelines.synthetic.packages import package
from pipelines.synthetic.registers import generate_register
from tests.exchange.world import REGION, World

PERIOD = date(2026, 10, 1)
SPOILT = {name: 0.02 for name, fault in faults_of("H").items() if not isinstance(fault, Structure)}

REQUEST_FAULTS = dict.fromkeys(OF_REQUESTS, 0.05)


@pytest.fixture(scope="module")
def world(module_database: str, tmp_path_factory: pytest.TempPathFactory) -> World:
    world = World(module_database, tmp_path_factory.mktemp("documents")).set_up()
    world.drop("980001", *package(generate_register(REGION, "980001", "98001", PERIOD, 150, 5, SPOILT)))
    world.drop("980003", *package(generate_register(REGION, "980003", "98001", PERIOD, 10, 6)))
    world.drop("980006", *generate_identification(REGION, "980006", date(2026, 11, 2), 40, 4, REQUEST_FAULTS))
    world.drop("980004", "HM980004S98001_26101.zip", b"no archive")
    world.run()
    return world


def number(world: World, sender: str) -> int:
    (row,) = world.rows("select min(id) as id from exchange.package where sender = :sender", sender=sender)
    return int(row["id"])


@pytest.fixture(scope="module")
def results(world: World) -> dict[str, Any]:
    """What the JSON of the faulty package says."""
    made = {document.kind: document for document in world.exchange().documents(number(world, "980001"))}
    content = world.exchange().store.get(made[RESULTS].sha256)
    assert len(content) == made[RESULTS].size
    return dict(json.loads(content))


def protocol_rows(world: World, package_id: int) -> set[tuple[str, str, str, int]]:
    """Member, table, rule and row of the findings that the control gives for the stored bytes."""
    exchange = world.exchange()
    with db.transaction(world.url) as connection:
        row = connection.execute(text("select * from exchange.package where id = :id"), {"id": package_id}).one()
        identified = exchange.catalogue.identify(row.name)
        assert identified is not None
        of = Package(**{name: getattr(row, name) for name in Package.__dataclass_fields__})
        opened, _ = open_package(of, exchange.store.get(row.sha256), *identified, exchange.processor.rules.limits)
        found = control(connection, identified[0], opened, exchange._dictionaries(connection)).findings
    return set(zip(found["member"], found["table"], found["rule"], found["row"], strict=True))


def test_great_expectations_finds_the_rows_of_the_protocol(world: World, results: dict[str, Any]) -> None:
    theirs = set()
    rules = set()
    for suite in results["suites"]:
        for result in suite["result"]["results"]:
            rule = result["expectation_config"]["meta"]["rule"]
            rules.add(rule)
            whole = suite["table"] not in world_tables(suite["member"])
            for row in result["result"]["unexpected_index_list"]:
                theirs.add((suite["member"], "" if whole else suite["table"], rule, -1 if whole else row))
    ours = {found for found in protocol_rows(world, number(world, "980001")) if found[2] in rules}
    assert theirs == ours
    assert len(ours) > 40
    in_journal = world.rows(
        "select count(*) as n from exchange.finding where package = :id and rule = any(:rules)",
        id=number(world, "980001"),
        rules=sorted(rules),
    )
    assert in_journal == [{"n": len(ours)}]
    assert results["protocol"] == {"agrees": True, "differences": []}


def test_documents_of_a_request_in_dbf_agree_with_its_protocol(world: World) -> None:
    request = number(world, "980006")
    made = {document.kind: document for document in world.exchange().documents(request)}
    told = json.loads(world.exchange().store.get(made[RESULTS].sha256))
    assert told["protocol"] == {"agrees": True, "differences": []}
    (suite,) = told["suites"]
    broken = {result["expectation_config"]["meta"]["rule"] for result in suite["result"]["results"] if not result["success"]}
    found = {row["rule"] for row in world.rows("select rule from exchange.finding where package = :id", id=request)}
    assert broken
    assert broken <= found


def world_tables(member: str) -> set[str]:
    return set(load(member).tables)


def test_only_the_judged_element_is_shown_and_not_often(results: dict[str, Any]) -> None:
    shown = 0
    for suite in results["suites"]:
        for result in suite["result"]["results"]:
            subject = result["expectation_config"]["kwargs"]["column_list"][0]
            for values in (result["result"]["unexpected_list"], result["result"]["partial_unexpected_list"]):
                assert len(values) <= 20
                assert all(set(value) <= {subject, "_row"} for value in values)
                shown += len(values)
            assert "partial_unexpected_counts" not in result["result"]
    assert shown


def test_data_docs_are_pages_of_all_suites(world: World, results: dict[str, Any]) -> None:
    made = {document.kind: document for document in world.exchange().documents(number(world, "980001"))}
    with zipfile.ZipFile(io.BytesIO(world.exchange().store.get(made[DATA_DOCS].sha256))) as site:
        names = site.namelist()
        pages = {name.split("/")[1]: name for name in names if name.startswith("validations/")}
        assert set(pages) == {suite["result"]["suite_name"] for suite in results["suites"]}
        page = site.read(pages["pump_H_SL"]).decode()
        index = site.read("index.html").decode()
    assert "003F.00.2420 NHISTORY" in page
    assert "pump_H_SL" in index
    assert made[DATA_DOCS].size < 3_000_000


def test_documents_are_made_once_and_noted_in_the_chain(world: World, results: dict[str, Any]) -> None:
    faulty = number(world, "980001")
    again = world.exchange().documents(faulty)
    events = world.rows("select name, details from exchange.event where package = :id and name = 'DOCUMENTED'", id=faulty)
    assert [event["details"]["files"] for event in events] == [{document.name: document.sha256 for document in again}]
    assert events[0]["details"]["agrees"] is True
    with db.transaction(world.url) as connection:
        assert list(journal.verify(connection, world.exchange().store)) == []


@pytest.mark.parametrize("change", ["set sha256 = repeat('0', 64)", "set name = 'x.zip'"])
def test_a_changed_document_is_found(world: World, results: dict[str, Any], change: str) -> None:
    with db.engine(world.url).connect() as connection:
        connection.execute(text(f"update exchange.document {change} where kind = 'DATA_DOCS'"))
        problems = {problem.text for problem in journal.verify(connection, world.exchange().store)}
        connection.rollback()
    assert {"документ не записан в журнале", "документ удалён из журнала"} <= problems


def test_the_night_takes_packages_with_findings_and_no_documents(world: World, results: dict[str, Any]) -> None:
    now = datetime.now(UTC)
    bounds = {"since": now - timedelta(days=1), "until": now, "limit": 10}
    with db.engine(world.url).connect() as connection:
        before = connection.execute(statement("exchange/documents_wanted"), bounds).scalars().all()
        assert number(world, "980001") not in before
        connection.execute(text("delete from exchange.document"))
        wanted = connection.execute(statement("exchange/documents_wanted"), bounds).scalars().all()
        connection.rollback()
    assert wanted == sorted([number(world, "980001"), number(world, "980006")])


def test_a_package_that_was_not_opened_has_none(world: World) -> None:
    with pytest.raises(NoDocuments, match="не открыт"):
        world.exchange().documents(number(world, "980004"))
    with pytest.raises(NoDocuments, match="в журнале нет"):
        world.exchange().documents(99999)


def test_a_repetition_points_to_its_first(world: World) -> None:
    world.drop("980003", *package(generate_register(REGION, "980003", "98001", PERIOD, 10, 6)))
    world.run()
    (again,) = world.rows("select id, duplicate_of from exchange.package where result = 'DUPLICATE'")
    with pytest.raises(NoDocuments, match=f"у пакета № {again['duplicate_of']}"):
        world.exchange().documents(again["id"])


def test_the_command_line_makes_and_shows_them(
    world: World, results: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OMS_DATABASE_URL", world.url)
    monkeypatch.setenv("OMS_STORE_URL", (world.root / "store").as_uri())
    faulty = str(number(world, "980001"))
    done = CliRunner().invoke(app, ["exchange", "documents", faulty, "--out", str(tmp_path / "out")])
    assert done.exit_code == 0, done.output
    names = {f"package_{faulty}_results.json", f"package_{faulty}_data_docs.zip"}
    assert {path.name for path in (tmp_path / "out").iterdir()} == names
    shown = CliRunner().invoke(app, ["exchange", "package", faulty], env={"COLUMNS": "250"}).output
    assert all(name in shown for name in names)
    refused = CliRunner().invoke(app, ["exchange", "documents", "99999"])
    assert (refused.exit_code, "в журнале нет" in refused.output) == (1, True)


def test_an_organisation_sees_documents_of_its_own_packages(world: World, results: dict[str, Any]) -> None:
    count = text("select count(*) from exchange.document")
    for organisation, expected in (("980001", 2), ("980003", 0)):
        with db.transaction(world.url, "oms_organisation", organisation) as connection:
            assert connection.execute(count).scalar_one() == expected


def test_documents_are_forgotten_when_their_term_is_over(world: World, results: dict[str, Any]) -> None:
    exchange = world.exchange()
    before = exchange.documents(number(world, "980001"))
    kept = len(world.rows("select id from exchange.document where purged_at is null"))
    with db.transaction(world.url) as connection:
        early = keep_house(connection, exchange.store, {"packages": 1825, "documents": 365}, date.today())
        late = keep_house(
            connection, exchange.store, {"packages": 1825, "documents": 365}, date.today() + timedelta(days=367)
        )
    assert (early.documents, late.documents, late.purged) == (0, kept, 0)
    assert not any(exchange.store.intact(document.sha256) for document in before)
    with db.transaction(world.url) as connection:
        assert list(journal.verify(connection, exchange.store)) == []
    assert {d.sha256 for d in exchange.documents(number(world, "980001"))}.isdisjoint({d.sha256 for d in before})

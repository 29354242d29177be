"""What insurers tell of their insured, through the exchange: snapshot, changes, refusals, broken files, history."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from pipelines.erz import load_persons, rules
from pipelines.exchange.model import Result
from pipelines.formats.archive import write_archive
from pipelines.formats.layout import load
from pipelines.formats.tables import PARENT
from pipelines.formats.xml_reader import read_xml
from pipelines.formats.xml_writer import write_xml
from pipelines.ground import database as db
from pipelines.ground.identifiers import enp, snils
from tests.exchange.world import World

TODAY = datetime.now(UTC).date()
BORN = date(1985, 5, 17)
LONG_AGO = date(2014, 1, 1)
Operation = dict[str, Any]


def number(of: int) -> str:
    return enp("98", BORN, 1, of)


def person(of: int, **changes: Any) -> dict[str, Any]:
    known = {
        "id": of, "enp": number(of), "fam": "Озёров", "im": f"Егор{'абвгдежз'[of % 8]}", "ot": "Львович", "dr": BORN,
        "w": "1", "snils": snils(150_000_000 + of * 11), "smo": "98001", "okato": None, "valid_from": LONG_AGO,
        "valid_to": None, "dead_on": None,
    }  # fmt: skip
    return known | changes


PERSONS = [
    person(1),
    person(2, smo="98002"),
    person(3, smo=None, okato="45000"),
    person(4, valid_to=date(2025, 1, 1)),
    person(5, dead_on=date(2025, 1, 1), valid_to=date(2025, 1, 1)),
]


def told(tip_op: str, of: int, day: date = TODAY, **changes: Any) -> Operation:
    """An operation about the person of that number; ``DOC`` a document."""
    operation = {
        "N_REC": f"{tip_op}-{of}", "ID": f"id-{tip_op}-{of}", "TIP_OP": tip_op, "DATE_OP": day.isoformat(), "FAM": "Озёров",
        "IM": f"Егор{'абвгдежз'[of % 8]}", "OT": "Львович", "W": "1", "DR": BORN.isoformat(), "ENP": number(of),
    }  # fmt: skip
    if tip_op in {"П000", "П010", "П031", "П061"}:
        operation |= {"POLVID": "Ц", "NPOLIS": number(of), "DBEG": day.isoformat()}
    return operation | changes


def file(smo: str, operations: list[Operation], serial: int | None = 1, **head: str) -> tuple[str, bytes]:
    """Package of changes, or of a snapshot without ``serial``."""
    layout = load("OPLIST")
    name = f"OPL{smo}_{TODAY:%y%m%d}_{serial}" if serial else f"OPF{smo}_{TODAY:%y%m%d}"
    schema = pa.schema([(element.column, pa.string()) for element in layout.tables["OP"].columns])
    rows = [{key: value for key, value in operation.items() if key != "DOC"} for operation in operations]
    papers = [dict(operation["DOC"], **{PARENT: row}) for row, operation in enumerate(operations) if "DOC" in operation]
    header = {"VERSION": "1.0", "DATA": TODAY.isoformat(), "FILENAME": name, "SMO": smo, "NRECORDS": str(len(rows))} | head
    tables = {"ZGLV": pa.Table.from_pylist([header]), "OP": pa.Table.from_pylist(rows, schema)}
    if papers:
        tables["DOC"] = pa.Table.from_pylist(papers)
    return f"{name}.zip", write_archive({f"{name}.xml": write_xml(tables, layout)})


def answer(world: World, smo: str, package: str) -> list[dict[str, Any]]:
    stem = f"R{package.rpartition('.')[0]}"
    with zipfile.ZipFile(io.BytesIO(world.answers(smo)[f"{stem}.ZIP"])) as archive:
        tables = read_xml(archive.read(f"{stem}.XML"), load("REPLIST"), "REPLIST")
    assert tables.anomalies.num_rows == 0
    rows: list[dict[str, Any]] = tables.data["REP"].to_pylist()
    return rows


def send(world: World, smo: str, operations: list[Operation], serial: int | None = 1) -> Mapping[str, str]:
    """Send a file; the code of the answer by N_REC."""
    name, content = file(smo, operations, serial)
    world.drop(smo, name, content)
    world.run()
    return {row["N_REC"]: row["CODE_ERP"] for row in answer(world, smo, name)}


def policies(world: World, of: int) -> list[tuple[Any, ...]]:
    """Policies of a person: insurer or territory, first and last day, number of the record, whether it was in effect."""
    rows = world.rows(
        "select coalesce(smo, okato) as payer, valid_from, valid_to, in_effect from erz.policy where person = :id "
        "order by valid_from, in_effect",
        id=of,
    )
    return [tuple(row.values()) for row in rows]


def code(reason: str) -> str:
    return rules.refusals(rules.OPLIST)[reason]


@pytest.fixture
def world(database: str, tmp_path: Path) -> World:
    made = World(database, tmp_path).set_up()
    with db.transaction(database) as connection:
        load_persons(connection, pa.Table.from_pylist(PERSONS))
    return made


@pytest.mark.feature("ERZ-01")
def test_a_new_person_is_insured_and_known_from_then_on(world: World) -> None:
    paper = {"DOCTYPE": "14", "DOCSER": "46 03", "DOCNUM": "485468"}
    assert send(world, "98001", [told("П010", 6, SS=snils(200_000_000), DOC=paper)]) == {"П010-6": "000"}
    [row] = world.rows("select id, enp, fam, snils, package is not null as sent, row from erz.person where id > 5")
    assert row == {"id": 6, "enp": number(6), "fam": "Озёров", "snils": snils(200_000_000).replace("-", "").replace(" ", ""),
                   "sent": True, "row": 0}  # fmt: skip
    assert policies(world, 6) == [("98001", TODAY, None, True)]
    assert world.rows("select person, doctype, number_key from erz.document") == [
        {"person": 6, "doctype": "14", "number_key": "4603485468"}
    ]
    assert send(world, "98001", [told("П010", 6)], serial=2) == {"П010-6": code("own")}


@pytest.mark.feature("ERZ-01", "ERZ-38")
def test_a_change_of_the_insurer_ends_the_older_insurance_the_day_before(world: World) -> None:
    codes = send(world, "98001", [told("П031", 2), told("П031", 3), told("П031", 4), told("П031", 1), told("П031", 5)])
    assert list(codes.values()) == ["000", "000", "000", code("own"), code("dead")]
    assert policies(world, 2) == [("98002", LONG_AGO, TODAY - timedelta(1), True), ("98001", TODAY, None, True)]
    assert policies(world, 3) == [("45000", LONG_AGO, TODAY - timedelta(1), True), ("98001", TODAY, None, True)]
    assert policies(world, 4) == [("98001", LONG_AGO, date(2025, 1, 1), True), ("98001", TODAY, None, True)]
    [ended] = world.rows("select ended_by is not null as by, ended_row from erz.policy where person = 2 and smo = '98002'")
    assert ended == {"by": True, "ended_row": 0}


def test_an_insurance_cannot_begin_before_the_one_in_effect(world: World) -> None:
    assert send(world, "98001", [told("П031", 2, DBEG="2013-12-31")]) == {"П031-2": code("earlier")}
    assert policies(world, 2) == [("98002", LONG_AGO, None, True)]


@pytest.mark.feature("ERZ-01")
def test_changed_data_keep_what_was_known_before(world: World) -> None:
    assert send(world, "98001", [told("П021", 1, FAM="Речной")]) == {"П021-1": "000"}
    assert world.rows("select fam from erz.person where id = 1") == [{"fam": "Речной"}]
    before = world.rows("select person, fam, package, replaced_row from erz.person_before")
    assert before == [{"person": 1, "fam": "Озёров", "package": None, "replaced_row": 0}]
    assert send(world, "98001", [told("П021", 1, FAM="Речной", IM="Егорка")], serial=2) == {"П021-1": "000"}
    sources = world.rows("select b.package is null as first_load, b.fam from erz.person_before b order by b.replaced_by")
    assert sources == [{"first_load": True, "fam": "Озёров"}, {"first_load": False, "fam": "Речной"}]


@pytest.mark.feature("ERZ-01")
def test_a_death_ends_the_insurance(world: World) -> None:
    day = TODAY - timedelta(3)
    assert send(world, "98001", [told("П071", 1, DDEATH=day.isoformat())]) == {"П071-1": "000"}
    assert policies(world, 1) == [("98001", LONG_AGO, day, True)]
    assert world.rows("select dead_on from erz.person where id = 1") == [{"dead_on": day}]
    assert send(world, "98001", [told("П061", 1)], serial=2) == {"П061-1": code("dead")}


@pytest.mark.feature("ERZ-01", "ERZ-38")
def test_a_policy_is_issued_and_stopped(world: World) -> None:
    day = TODAY - timedelta(10)
    assert send(world, "98001", [told("П061", 1, day, POLVID="B", NPOLIS="123456789")]) == {"П061-1": "000"}
    assert policies(world, 1) == [("98001", LONG_AGO, day - timedelta(1), True), ("98001", day, None, True)]
    assert world.rows("select kind, vpolis from erz.policy where number = '123456789'") == [{"kind": "В", "vpolis": "2"}]
    assert send(world, "98001", [told("П062", 1)], serial=2) == {"П062-1": "000"}
    assert policies(world, 1)[1] == ("98001", day, TODAY, True)
    assert world.rows("select count(*) as n from erz.policy where in_effect and valid_to is null and person = 1") == [
        {"n": 0}
    ]


def test_records_that_do_not_stand_say_why(world: World) -> None:
    codes = send(
        world,
        "98001",
        [
            told("П010", 2),
            told("П021", 3),
            told("П021", 7),
            told("П062", 4),
            told("П021", 1, FAM="Другой", DR="1990-01-01", IM="Иной"),
            told("П021", 1, N_REC="2", ENP=None),
            told("П021", 1, N_REC="3", W="7"),
        ],
    )
    wanted = ["other_smo", "other_territory", "unknown", "uninsured", "mismatch", None, "control"]
    assert list(codes.values()) == [code(reason) if reason else "000" for reason in wanted]
    assert world.rows("select fam, im from erz.person where id = 1") == [{"fam": "Озёров", "im": "Егорб"}]
    [package] = world.rows("select records, accepted, result from exchange.package")
    assert package == {"records": 7, "accepted": 6, "result": "PARTIAL"}


def test_of_two_records_about_a_person_the_first_is_done(world: World) -> None:
    again = told("П010", 6, N_REC="again")
    both = [told("П061", 1), told("П021", 1, FAM="Речной"), told("П010", 6), again]
    assert list(send(world, "98001", both).values()) == ["000", code("repeated"), "000", code("repeated")]


def test_a_file_repeated_changes_nothing(world: World) -> None:
    name, content = file("98001", [told("П010", 6), told("П031", 2)])
    world.drop("98001", name, content)
    world.run()
    tables = ("person", "person_before", "policy", "document", "change")
    held = {table: world.rows(f"select * from erz.{table} order by 1, 2") for table in tables}
    world.drop("98001", name, content)
    [outcome] = world.run()
    assert outcome.result is Result.DUPLICATE
    assert held == {table: world.rows(f"select * from erz.{table} order by 1, 2") for table in tables}


@pytest.mark.feature("ERZ-01")
def test_a_snapshot_brings_the_state_of_all_people(world: World) -> None:
    crowd = [person(of + 100, enp=enp("98", BORN, 1, of + 100), im="Лев", fam="Рощин" + "а" * (of % 30)) for of in range(40)]
    with db.transaction(world.url) as connection:
        load_persons(connection, pa.Table.from_pylist([row | {"im": "Лев"} for row in crowd]))
    same = [
        told("П000", 1, N_REC=f"n{of}", FAM=row["fam"], IM="Лев", ENP=row["enp"], NPOLIS=row["enp"], POLVID="П",
             DBEG=LONG_AGO.isoformat())
        for of, row in enumerate(crowd)
    ]  # fmt: skip
    codes = send(world, "98001", [*same, told("П000", 6), told("П000", 2), told("П000", 3)], serial=None)
    assert set(list(codes.values())[:40]) == {"000"}
    assert list(codes.values())[40:] == ["000", code("other_smo"), "000"]
    assert policies(world, 100) == [("98001", LONG_AGO, None, True)]
    assert policies(world, 1) == [("98001", LONG_AGO, TODAY - timedelta(1), True)]  # the snapshot does not name him
    assert policies(world, 2) == [("98002", LONG_AGO, None, True)]
    assert policies(world, 3)[1] == ("98001", TODAY, None, True)


def test_a_snapshot_that_lacks_too_many_is_refused(world: World) -> None:
    name, content = file("98001", [told("П000", 6)], serial=None)
    world.drop("98001", name, content)
    [outcome] = world.run()
    assert outcome.result is Result.REJECTED
    assert world.rows("select rule from exchange.finding") == [{"rule": "OPL.093"}]
    assert policies(world, 1) == [("98001", LONG_AGO, None, True)]


BROKEN: list[tuple[str, Operation]] = [
    ("OPL.010", {"N_REC": None}),
    ("OPL.011", {"ID": None}),
    ("OPL.012", {"TIP_OP": None}),
    ("OPL.013", {"DATE_OP": None}),
    ("OPL.014", {"W": None}),
    ("OPL.015", {"DR": None}),
    ("OPL.016", {"FAM": None, "IM": None}),
    ("OPL.020", {"W": "7"}),
    ("OPL.021", {"TIP_OP": "П000"}),
    ("OPL.022", {"POLVID": "Я"}),
    ("OPL.030", {"FAM": "IVANOV"}),
    ("OPL.031", {"IM": "Егор1"}),
    ("OPL.032", {"OT": "Львович?"}),
    ("OPL.040", {"DATE_OP": (TODAY + timedelta(1)).isoformat()}),
    ("OPL.041", {"DATE_OP": "1985-05-16", "DBEG": "1985-05-16"}),
    ("OPL.042", {"DDEATH": "1985-05-16"}),
    ("OPL.043", {"DEND": "2001-01-01"}),
    ("OPL.044", {"DBEG": (TODAY + timedelta(1)).isoformat()}),
    ("OPL.050", {"NPOLIS": None}),
    ("OPL.051", {"POLVID": None}),
    ("OPL.052", {"DBEG": None}),
    ("OPL.053", {"TIP_OP": "П071"}),
    ("OPL.054", {"SPOLIS": "46"}),
    ("OPL.060", {"ENP": number(6)[:-1] + "x"}),
    ("OPL.061", {"NPOLIS": "5055120840001937"}),
    ("OPL.062", {"POLVID": "В", "NPOLIS": "12345678"}),
    ("OPL.063", {"SS": "112-233-445 96"}),
    ("OPL.064", {"W": "2"}),
    ("OPL.070", {"N_REC": "good"}),
    ("OPL.080", {"DOC": {"DOCTYPE": "99", "DOCNUM": "485468"}}),
    ("OPL.081", {"DOC": {"DOCTYPE": "14", "DOCSER": "4603", "DOCNUM": "485468"}}),
    ("OPL.082", {"DOC": {"DOCTYPE": "14", "DOCSER": "46 03", "DOCNUM": "48546"}}),
    ("OPL.083", {"DOC": {"DOCTYPE": "14", "DOCSER": "46 03"}}),
    ("OPL.084", {"DOC": {"DOCNUM": "485468"}}),
]
HEADS = [("OPL.090", {"FILENAME": "OPL98001_1"}), ("OPL.091", {"SMO": "98002"}), ("OPL.092", {"NRECORDS": "7"})]


def test_each_rule_finds_its_fault(world: World) -> None:
    """Every fault in a file of its own, beside a good record."""
    names = {}
    for serial, (rule, changes) in enumerate(BROKEN, start=1):
        name, content = file("98001", [told("П010", 7, N_REC="good"), told("П010", 6) | changes], serial)
        world.drop("98001", name, content)
        names[name] = rule
    for serial, (rule, head) in enumerate(HEADS, start=len(BROKEN) + 1):
        name, content = file("98001", [told("П010", 7, N_REC="good")], serial, **head)
        world.drop("98001", name, content)
        names[name] = rule
    found: dict[str, set[str]] = {rule: set() for rule in names.values()}
    for outcome in world.run():
        rows = world.rows("select rule from exchange.finding where package = :package", package=outcome.package_id)
        found[names[outcome.name]] = {row["rule"] for row in rows}
    assert found == {rule: {rule} for rule in names.values()}
    declared = rules.declared(rules.OPLIST)["rules"]
    assert set(declared) == set(names.values()) | {"OPL.093"}


def test_who_may_not_send_such_files(world: World) -> None:
    name, content = file("98001", [told("П010", 6)])
    world.drop("980001", name, content)
    world.drop("98002", name, content)
    outcomes = world.run()
    assert {outcome.result for outcome in outcomes} == {Result.REJECTED}
    assert {row["rule"] for row in world.rows("select rule from exchange.finding")} == {"PKG.100", "PKG.101"}


def test_the_suites_are_those_written_down() -> None:
    from pipelines.checks import suites

    for suite in rules.suites_of(rules.OPLIST):
        path = suites.FOLDER / "erz" / f"{suite.layout}_{suite.table}.json"
        assert suites.read(path).to_json() == suite.to_json()

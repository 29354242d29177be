"""Registers H, C, T, X through the exchange: what is loaded, newer versions, unknown elements, links of the two files."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pytest
from sqlalchemy import text

from pipelines.exchange.model import Result
from pipelines.formats import ddl
from pipelines.formats.archive import write_archive
from pipelines.formats.layout import Layout, load
from pipelines.ground import database as db
from pipelines.pump import KINDS, month
from pipelines.synthetic.broken import members
from pipelines.synthetic.model import Register
from pipelines.synthetic.packages import package
from pipelines.synthetic.registers import generate_register
from tests.exchange.world import REGION, World

PERIOD = date(2026, 10, 1)
SENDERS = {"H": "980001", "C": "980006", "T": "980001", "X": "980003"}
every_kind = pytest.mark.parametrize("kind", SENDERS)


def register(kind: str, cases: int = 40, number: int = 1, **faults: float) -> Register:
    return generate_register(REGION, SENDERS[kind], "98001", PERIOD, cases, 5, faults, kind=kind, number=number)


@pytest.fixture
def world(database: str, tmp_path: Path) -> Iterator[World]:
    yield World(database, tmp_path).set_up()
    db.engine(database).dispose()


def sent(world: World, kind: str, content: bytes, name: str) -> dict[str, object]:
    """The journal's row of a package that was dropped and processed."""
    world.drop(SENDERS[kind], name, content)
    world.run()
    return world.rows("select * from exchange.package where name = :name order by id desc limit 1", name=name)[0]


def rewritten(content: bytes, change: dict[str, tuple[bytes, bytes]]) -> bytes:
    """The package with a pattern replaced once in each of its files, by the first letter of their names."""
    files = members(content)
    for name, body in files.items():
        if name[0] in change:
            pattern, new = change[name[0]]
            files[name], count = re.subn(pattern, new, body, count=1)
            assert count == 1, pattern
    return write_archive(files)


def loaded(world: World, layout: Layout, table: str, package_id: object) -> list[dict[str, object]]:
    return world.rows(f"select * from pump.{ddl.table_name(layout, table)} where package = :id order by row", id=package_id)


@pytest.mark.parametrize(
    ("name", "code", "persons"),
    [
        ("HM980001S98001_26101", "PUMP_H", "LM980001S98001_26101"),
        ("cm980006T98_2610123", "PUMP_C", "LCM980006T98_2610123"),
        ("TM980001S98001_26101", "PUMP_T", "LTM980001S98001_26101"),
        *((f"D{letter}M980003S98001_26101", "PUMP_X", f"L{letter}M980003S98001_26101") for letter in "PVOSUF"),
        ("FM980003S98001_26101", "PUMP_X", "LM980003S98001_26101"),
    ],
)
def test_names_tell_the_kind_and_the_persons_file(name: str, code: str, persons: str) -> None:
    matches = [(kind, match) for kind in KINDS if (match := kind.name.fullmatch(name))]
    assert [kind.code for kind, _ in matches] == [code]
    kind, match = matches[0]
    assert kind.members[1].pattern(match).fullmatch(f"{persons}.XML")
    assert not kind.members[1].pattern(match).fullmatch(f"{persons}1.XML")
    assert [one.code for one in KINDS if one.family.match(name.replace("_", "-"))] == [code]


def test_strange_names_are_of_no_kind() -> None:
    for name in ("DXM980003S98001_26101", "DM980003S98001_26101", "LM980001S98001_26101", "HCM980001S98001_26101"):
        assert [kind.code for kind in KINDS if kind.name.fullmatch(name)] == []


@pytest.mark.feature("PUMP-01", "PUMP-02")
@every_kind
def test_every_row_of_every_table_is_loaded_as_it_arrived(world: World, kind: str) -> None:
    made = register(kind)
    row = sent(world, kind, package(made)[1], f"{made.name}.zip")
    assert (row["state"], row["result"], row["accepted"]) == ("ANSWERED", Result.ACCEPTED, 40)
    total = sum(Decimal(value) for value in made.files[kind].tables["ZAP"]["SUMV"].to_pylist())
    assert row["sums"] == {"SUMV": int(total * 100), "SUMV_REFUSED": 0}
    compared = 0
    for file in made.files.values():
        for name, spec in file.layout.tables.items():
            found = loaded(world, file.layout, name, row["id"])
            assert len(found) == file.tables[name].num_rows, name
            for element in spec.columns:
                values = [line[element.column.lower()] for line in found]
                arrived = file.tables[name][element.column].to_pylist()
                for value, text_of in zip(values, arrived, strict=True):
                    assert same(value, text_of), (name, element.column, value, text_of)
                    compared += text_of is not None
    assert compared > 1500


def same(value: object, arrived: str | None) -> bool:
    """Whether a loaded value is what arrived as text."""
    if arrived is None or value is None:
        return value == arrived
    if isinstance(value, int | Decimal):
        return Decimal(value) == Decimal(arrived)
    return (value.isoformat() if isinstance(value, date) else value) == arrived


@pytest.mark.feature("PUMP-01", "PUMP-02")
@every_kind
def test_faulty_cases_are_refused_and_the_others_loaded(world: World, kind: str) -> None:
    made = register(kind, profil=0.1, sumv=0.1) if kind != "X" else register(kind, naz_r=0.1, sumv=0.1)
    row = sent(world, kind, package(made)[1], f"{made.name}.zip")
    refused = {fault.rule for fault in made.faults}
    found = world.rows("select distinct rule, member from exchange.finding where package = :id", id=row["id"])
    assert {(rule, kind) for rule in refused} <= {(line["rule"], line["member"]) for line in found}
    assert row["result"] == Result.PARTIAL
    assert row["accepted"] == 40 - len(made.faults)
    assert len(loaded(world, load(kind), "ZAP", row["id"])) == row["accepted"]


@every_kind
def test_the_two_files_are_checked_against_each_other(world: World, kind: str) -> None:
    made = register(kind, person=0.05, idcase=0.05, w=0.05)
    row = sent(world, kind, package(made)[1], f"{made.name}.zip")
    found = {line["rule"] for line in world.rows("select rule from exchange.finding where package = :id", id=row["id"])}
    assert {"LNK.030", "LNK.070", "LNK.080"} <= found
    head = rb"<FILENAME1>[^<]*</FILENAME1>", b"<FILENAME1>HM980001S98001_99999</FILENAME1>"
    again = register(kind, number=2)
    row = sent(world, kind, rewritten(package(again)[1], {"L": head}), f"{again.name}.zip")
    found = {line["rule"] for line in world.rows("select rule from exchange.finding where package = :id", id=row["id"])}
    assert row["result"] == Result.REJECTED
    assert "LNK.020" in found


def newer(made: Register, kind: str) -> Register:
    """The register with every element that came after 3.2, once; of a month in which no rule on VERSION is in force."""
    file = made.files[kind]
    tables = {name: table.to_pylist() for name, table in file.tables.items()}
    tables["ZGLV"][0]["VERSION"] = file.layout.versions[-1]
    tables["SCHET"][0] |= {"YEAR": "2019", "MONTH": "9"}
    for element in file.layout.elements:
        if element.since is None:
            continue
        if element.table_head and element.type == "S":
            spec = file.layout.tables[element.table]
            if not tables[spec.parent or ""]:
                continue  # as in T, whose cases are no cancer
            tables[element.table] = [dict.fromkeys(file.tables[element.table].column_names)]
            tables[element.table][0] |= {"_parent": 0} | {group.column: True for group in spec.groups}
        elif tables[element.table]:
            value = {"S": True, "D": "2019-09-05", "N": "1" + f".{'5' * element.scale}" * bool(element.scale), "T": "А1"}
            tables[element.table][0][element.column] = value[element.type]
    changed = {name: pa.Table.from_pylist(rows, schema=file.tables[name].schema) for name, rows in tables.items()}
    return replace(made, files={**made.files, kind: replace(file, tables=changed)})


@pytest.mark.feature("PUMP-01")
@every_kind
def test_a_register_of_the_newest_version_is_loaded_with_all_its_elements(world: World, kind: str) -> None:
    made = newer(register(kind), kind)
    row = sent(world, kind, package(made)[1], f"{made.name}.zip")
    assert world.rows("select rule, element from exchange.finding where package = :id", id=row["id"]) == []
    assert (row["result"], row["accepted"]) == (Result.ACCEPTED, 40)
    seen = set()
    layout = load(kind)
    for element in layout.elements:
        if element.since is None or element.type == "S" or not made.files[kind].tables[element.table].num_rows:
            continue
        arrived = made.files[kind].tables[element.table][element.column][0].as_py()
        found = loaded(world, layout, element.table, row["id"])[0][element.column.lower()]
        assert arrived is not None
        assert same(found, arrived), (element.path, found, arrived)
        seen.add(element.path)
    assert len(seen) >= 8


@pytest.mark.feature("PUMP-01")
@every_kind
def test_an_unknown_element_is_told_and_the_case_stands(world: World, kind: str) -> None:
    made = register(kind)
    name, content = package(made)
    content = rewritten(content, {name[0]: (rb"<LPU>", b"<EVENING_TIME>18:30</EVENING_TIME><LPU>")})
    row = sent(world, kind, content, name)
    found = world.rows("select * from exchange.finding where package = :id", id=row["id"])
    assert [(line["rule"], line["severity"], line["element"], line["value"]) for line in found] == [
        ("STR.010", "warning", "ZAP/Z_SL/EVENING_TIME", "18:30")
    ]
    assert (row["result"], row["accepted"]) == (Result.ACCEPTED, 40)


def test_a_month_opened_before_a_table_came_is_completed(database: str) -> None:
    with db.transaction(database) as connection:
        connection.execute(text("select pump.open_month('2026-10-01')"))
        connection.execute(text("drop table pump.x_naz_202610"))
        connection.execute(text("select pump.open_month('2026-10-01')"))
        missing = connection.execute(
            text(
                "select count(*) from pg_class c join pg_namespace n on n.oid = c.relnamespace where n.nspname = 'pump' "
                "and c.relkind = 'p' and to_regclass('pump.' || c.relname || '_202610') is null"
            )
        ).scalar_one()
    assert missing == 0


def test_all_kinds_are_read_back_as_a_month(world: World) -> None:
    for kind, sender in SENDERS.items():
        made = register(kind)
        world.drop(sender, f"{made.name}.zip", package(made)[1])
    world.run()
    with db.transaction(world.url) as connection:
        read = month.read(connection, PERIOD)
    assert read.cases.groupby("kind").size().to_dict() == dict.fromkeys(SENDERS, 40)
    of_case = read.cases["kind"].to_numpy()[read.visits["case"].to_numpy()[read.diagnoses["visit"]]]
    assert set(of_case[read.diagnoses["which"] == "DS2"]) == set(SENDERS)
    assert read.visits.loc[read.visits["METOD_HMP"].notna(), "case"].map(read.cases["kind"]).eq("T").all()

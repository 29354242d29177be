"""A PR request through the exchange: identification, attachment, conflicts, the answer DBF."""

from __future__ import annotations

import io
import zipfile
from collections import Counter
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from pipelines.erz import load_persons, rules
from pipelines.exchange.model import Result
from pipelines.formats.archive import write_archive
from pipelines.formats.dbf import read_dbf
from pipelines.formats.dbf_writer import write_dbf
from pipelines.formats.layout import load
from pipelines.ground import database as db
from pipelines.ground.identifiers import enp
from pipelines.synthetic.identification import FAULTS, generate_identification, generate_persons
from tests.exchange.world import REGION, World

TODAY = datetime.now(UTC).date()
MONTH = f"{TODAY:%m}{TODAY.year % 10}"
BORN = date(1985, 5, 17)


def person(number: int, **changes: Any) -> dict[str, Any]:
    known = {
        "id": number, "enp": enp("98", BORN, 1, number), "fam": "Озёров", "im": "Егор", "ot": "Львович", "dr": BORN,
        "w": "1", "snils": None, "smo": "98001", "valid_from": date(2014, 1, 1), "valid_to": None, "dead_on": None,
    }  # fmt: skip
    return known | changes


PERSONS = [
    person(1),
    person(2, fam="Зорин", smo="98002"),
    person(3, fam="Рощин", dead_on=date(2025, 1, 1)),
    person(4, fam="Холмов", valid_to=date(2025, 1, 1)),
    person(5, fam="Ветров"),
    person(6, fam="Ветров"),
    person(7, fam="Речной"),
    person(8, fam="Лесной", ot=None),
]


def asked(number: int, known: Mapping[str, Any], **changes: str | None) -> dict[str, str | None]:
    record: dict[str, str | None] = {
        "RECID": str(number), "LPU_ID": "980001", "DATE_IN": "2024-02-01", "SPOS": "1", "N_POL": known["enp"], "TIP_D": "П",
        "Q": "01", "FAM": known["fam"], "IM": known["im"], "OT": known["ot"], "DR": f"{known['dr']:%Y%m%d}", "W": known["w"],
    }  # fmt: skip
    return record | changes


def request(rows: list[dict[str, str | None]], organisation: str = "980001", number: int = 1) -> tuple[str, bytes]:
    layout = load("PR")
    schema = pa.schema([(element.column, pa.string()) for element in layout.tables["REC"].columns])
    table = pa.Table.from_pylist([row | {"LPU_ID": organisation} for row in rows], schema)
    content = write_dbf(table, layout, dated=TODAY)
    name = f"PR{organisation}01"
    return f"{name}_{MONTH}_{number}.zip", write_archive({f"{name}.{MONTH}": content})


def answer(world: World, organisation: str, package: str) -> list[dict[str, Any]]:
    """Records of the answer to a package."""
    content = world.answers(organisation)[f"A{package.rpartition('.')[0]}.ZIP"]
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        [name] = archive.namelist()
        assert name == f"APR{organisation}01.{MONTH}"
        tables = read_dbf(archive.read(name), load("PR_ANSWER"), "DBF")
    rows: list[dict[str, Any]] = tables.data["REC"].to_pylist()
    return rows


def found(rows: list[dict[str, Any]]) -> list[tuple[str | None, ...]]:
    return [tuple(row[name] for name in ("C_ERR", "ANS_R", "LPUID_ET", "DATEIN_ET", "SPOS_ET")) for row in rows]


@pytest.fixture
def world(database: str, tmp_path: Path) -> World:
    made = World(database, tmp_path).set_up()
    with db.transaction(database) as connection:
        assert load_persons(connection, pa.Table.from_pylist(PERSONS)) == len(PERSONS)
    return made


@pytest.mark.feature("ERZ-02", "ERZ-04", "ERZ-12")
def test_who_is_found_and_how(world: World) -> None:
    blank = {"TIP_D": "В", "N_POL": "123456789"}
    unknown_enp = enp("98", BORN, 1, 999)
    rows = [
        asked(1, PERSONS[0], FAM="ОЗЕРОВ", IM="егор"),
        asked(2, PERSONS[1]),
        asked(3, PERSONS[2]),
        asked(4, PERSONS[3]),
        asked(5, PERSONS[4], **blank),
        asked(6, PERSONS[5], FAM="Другой"),
        asked(7, PERSONS[6], **blank, FAM="Никто"),
        asked(8, PERSONS[6], N_POL=unknown_enp),
        asked(9, PERSONS[7], **blank, OT="нет"),
        asked(10, PERSONS[0]),
        asked(11, PERSONS[6], W="9"),
    ]
    name, content = request(rows)
    world.drop("980001", name, content)
    [outcome] = world.run()
    assert outcome.result is Result.PARTIAL
    attached = ("980001", "2024-02-01", "1")
    nowhere = (None, None, None)
    assert found(answer(world, "980001", name)) == [
        (None, "010", *attached),
        ("NI", "020", *nowhere),
        ("NI", "040", *nowhere),
        ("NI", "030", *nowhere),
        ("NI", "050", *nowhere),
        ("NI", "060", *nowhere),
        ("NI", "070", *nowhere),
        (None, "010", *attached),
        (None, "010", *attached),
        ("DP", "010", *attached),
        ("FK", None, *nowhere),
    ]
    for row, sent in zip(answer(world, "980001", name), rows, strict=True):
        assert {column: row[column] for column in sent} == sent
    assert [row["person"] for row in world.rows("select person from erz.attachment order by row")] == [1, 7, 8]
    [package] = world.rows("select records, accepted, period from exchange.package")
    assert package == {"records": 11, "accepted": 10, "period": TODAY.replace(day=1)}


def claims(world: World, *claimed: tuple[str, str, str, str | None]) -> list[tuple[str | None, ...]]:
    """One package after another, each claiming the first person: organisation, SPOS, DATE_IN, DATE_OUT; what they got."""
    answers = []
    for number, (organisation, spos, since, until) in enumerate(claimed, start=1):
        name, content = request([asked(1, PERSONS[0], SPOS=spos, DATE_IN=since, DATE_OUT=until)], organisation, number)
        world.drop(organisation, name, content)
        world.run()
        answers += found(answer(world, organisation, name))
    return answers


OVERLAPS = """
    select count(*) as n
    from erz.attachment a join erz.attachment b on a.person = b.person and (a.package, a.row) < (b.package, b.row)
    where a.in_effect and b.in_effect and daterange(a.date_in, a.date_out, '[]') && daterange(b.date_in, b.date_out, '[]')
"""


def attachments(world: World) -> list[tuple[str, str, str | None, bool]]:
    rows = world.rows("select lpu_id, date_in::text, date_out::text, in_effect from erz.attachment order by package")
    return [tuple(row.values()) for row in rows]  # type: ignore[misc]


CONFLICTS = [
    (("1", "2024-01-10"), ("1", "2024-02-10"), True),
    (("1", "2024-02-10"), ("1", "2024-01-10"), False),
    (("2", "2024-01-10"), ("1", "2024-02-10"), False),
    (("1", "2024-02-10"), ("2", "2024-01-10"), True),
    (("2", "2024-01-10"), ("2", "2024-02-10"), False),
    (("2", "2024-02-10"), ("2", "2024-01-10"), True),
    (("2", "2023-12-10"), ("2", "2024-01-10"), True),
    (("2", "2024-01-10"), ("2", "2023-12-10"), False),
]
"""Claims of two organisations, one after the other, for one person: SPOS, DATE_IN; whether the second wins."""


@pytest.mark.feature("ERZ-02")
def test_two_organisations_claim_the_same_persons(world: World) -> None:
    persons = [person(100 + number) for number in range(len(CONFLICTS))]
    with db.transaction(world.url) as connection:
        load_persons(connection, pa.Table.from_pylist(persons))
    got = []
    for organisation, which in (("980003", 0), ("980004", 1)):
        claimed = [case[which] for case in CONFLICTS]
        rows = [
            asked(number, known, SPOS=spos, DATE_IN=since)
            for number, (known, (spos, since)) in enumerate(zip(persons, claimed, strict=True))
        ]
        name, content = request(rows, organisation)
        world.drop(organisation, name, content)
        world.run()
        got.append(found(answer(world, organisation, name)))
    held = world.rows(
        "select row, lpu_id, date_in::text, date_out::text, in_effect from erz.attachment order by package, row"
    )
    for row, ((spos, since), (new_spos, new_since), wins) in enumerate(CONFLICTS):
        first = [tuple(line.values())[1:] for line in held if line["row"] == row and line["lpu_id"] == "980003"]
        second = [tuple(line.values())[1:] for line in held if line["row"] == row and line["lpu_id"] == "980004"]
        assert got[0][row] == (None, "010", "980003", since, spos)
        if not wins:
            assert got[1][row] == ("FP", "010", "980003", since, spos)
            assert (first, second) == ([("980003", since, None, True)], [])
            continue
        assert got[1][row] == (None, "010", "980004", new_since, new_spos)
        assert second == [("980004", new_since, None, True)]
        if since < new_since:
            assert first == [("980003", since, str(date.fromisoformat(new_since) - timedelta(1)), True)]
        else:
            assert first == [("980003", since, None, False)]


def test_times_that_do_not_meet_are_no_conflict(world: World) -> None:
    got = claims(world, ("980003", "2", "2024-01-01", "2024-01-31"), ("980004", "1", "2024-02-01", None))
    assert [row[0] for row in got] == [None, None]
    assert [row[3] for row in attachments(world)] == [True, True]


def test_the_same_claim_again_changes_nothing_and_a_new_end_replaces(world: World) -> None:
    claim = ("980003", "2", "2024-01-01", None)
    got = claims(world, claim, claim)
    assert got[0] == got[1]
    assert attachments(world) == [("980003", "2024-01-01", None, True)]
    [package] = world.rows("select ended_by from erz.attachment")
    assert package["ended_by"] is None


def test_an_end_replaces_an_open_attachment(world: World) -> None:
    claims(world, ("980003", "2", "2024-01-01", None), ("980003", "2", "2024-01-01", "2024-03-31"))
    assert attachments(world) == [("980003", "2024-01-01", None, False), ("980003", "2024-01-01", "2024-03-31", True)]


def test_faults_that_are_planted_are_found(world: World) -> None:
    persons = generate_persons(REGION, 400)
    with db.transaction(world.url) as connection:
        load_persons(connection, persons)
    names = {}
    for number, fault in enumerate(FAULTS, start=1):
        name, content = generate_identification(
            REGION, "980003", TODAY, 40, number, {fault: 0.1}, persons=persons, number=number
        )
        world.drop("980003", name, content)
        names[name] = fault
    outcomes = world.run()
    assert {outcome.result for outcome in outcomes} == {Result.PARTIAL}
    for outcome in outcomes:
        query = "select rule, count(*) as n from exchange.finding where package = :package group by 1"
        rows = world.rows(query, package=outcome.package_id)
        assert [(row["rule"], row["n"]) for row in rows] == [(FAULTS[names[outcome.name]][0], 4)]
        codes = Counter(row["C_ERR"] for row in answer(world, "980003", outcome.name))
        assert codes["FK"] == 4


def test_generated_requests_are_good_and_the_same(world: World) -> None:
    persons = generate_persons(REGION, 400)
    assert persons.equals(generate_persons(REGION, 400))
    with db.transaction(world.url) as connection:
        load_persons(connection, persons)
        load_persons(connection, persons)
    name, content = generate_identification(REGION, "980003", TODAY, 100, 7, persons=persons)
    assert (name, content) == generate_identification(REGION, "980003", TODAY, 100, 7, persons=persons)
    world.drop("980003", name, content)
    [outcome] = world.run()
    assert (outcome.result, outcome.findings) == (Result.ACCEPTED, 0)
    codes = Counter(row["ANS_R"] for row in answer(world, "980003", name))
    known = rules.outcomes()
    assert codes[known["insured"].code] > 60
    assert codes[known["unknown"].code] > 0
    assert codes[known["elsewhere"].code] > 0
    assert sum(codes.values()) == 100


def test_packages_at_the_same_time_leave_one_attachment_a_day(world: World) -> None:
    """Requests of three organisations about the same people, processed by three workers at once."""
    persons = [person(200 + number) for number in range(60)]
    with db.transaction(world.url) as connection:
        load_persons(connection, pa.Table.from_pylist(persons))
    organisations = ("980001", "980003", "980004")
    for place, organisation in enumerate(organisations):
        rows = [
            asked(number, known, SPOS="12"[(number + place) % 2], DATE_IN=f"2024-0{1 + (number * 5 + place * 3) % 9}-01")
            for number, known in enumerate(persons[::-1] if place else persons)
        ]
        world.drop(organisation, *request(rows, organisation))
    exchange = world.exchange()
    world.receive(exchange)
    with ThreadPoolExecutor(3) as workers:
        outcomes = list(workers.map(exchange.process, exchange.pending("erz")))
    assert [outcome.result for outcome in outcomes] == [Result.ACCEPTED] * 3
    assert world.rows(OVERLAPS) == [{"n": 0}]
    assert world.rows("select count(*) as n from erz.request where refusal = 'conflict'")[0]["n"] > 10
    assert world.rows("select count(distinct person) as n from erz.attachment where in_effect and date_out is null") == [
        {"n": 60}
    ]


def test_a_file_of_another_structure_is_refused(world: World) -> None:
    layout = load("PR_ANSWER")
    wrong = write_dbf(pa.table({"RECID": ["1"]}), layout, dated=TODAY)
    name = f"PR98000101_{MONTH}.zip"
    world.drop("980001", name, write_archive({f"PR98000101.{MONTH}": wrong[:-1]}))
    [outcome] = world.run()
    assert outcome.result is Result.REJECTED
    rules_found = {row["rule"] for row in world.rows("select rule from exchange.finding")}
    assert "DBF.041" in rules_found
    messages = [row["message"] for row in world.rows("select message from exchange.finding where rule = 'DBF.041'")]
    assert "Файл DBF: поле C_ERR не предусмотрено структурой и не обрабатывается" in messages
    assert sorted(world.answers("980001")) == [f"VPR98000101_{MONTH}.XLSX", f"VPR98000101_{MONTH}.XML"]

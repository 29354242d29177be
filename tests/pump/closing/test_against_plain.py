"""A closed month of every kind of case beside the same month closed row by row: the same hits, refusals, sums, lines."""

from __future__ import annotations

import re
import shutil
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from pipelines.erz import load_persons
from pipelines.ground import database as db
from pipelines.pump.closing.service import Closings
from pipelines.synthetic.insured import insured_of
from pipelines.synthetic.model import Register
from pipelines.synthetic.packages import package
from pipelines.synthetic.registers import generate_register
from tests.exchange.world import REGION, World
from tests.pump.closing import plain, planted

AUGUST, SEPTEMBER = date(2026, 8, 1), date(2026, 9, 1)
ORGANISATIONS = {
    "H": ("980001", "980002", "980003", "980004", "980005", "980006", "980007"),
    "C": ("980006",),
    "T": ("980001",),
    "X": ("980003", "980002"),
}
FIRST, SECOND = 60, 1020
"""Cases of each register of H and C in the first and in the second month; half as many of T and X."""
OWN = {
    "T_NOPAY": "VID_VME;A04.22.001;1.6.1;Учебная строка;2021-05-25;\nDS1;L70.0;1.6.1;Учебная строка;2021-05-25;\n",
    "T_INCLUDED": "3.01.03;;3.01.04;Учебная строка;2021-05-25;\n",
    "T_AVANS": "98002;980006;96000000.00;2026-01-01;\n",
    "T_CAPITA": "980001;53;2025-01-01;\n",
}
"""Rows of the region's tables that make its months richer."""
VOLUMES = {
    ("980002", "OBR"): ("180", ""),
    ("980007", "POS"): ("230", ""),
    ("980004", "DS"): ("", ""),
    ("980007", "KS_RUB"): ("", "2200000.00"),
    ("980003", "APP_RUB"): ("", "900000.00"),
}
"""What the commission allotted for the third quarter in place of the demo's figures: volume, money."""


def months(first: int, second: int) -> tuple[list[Register], list[Register]]:
    """Registers of both months before anything is planted, of every kind, organisation and payer."""
    made = []
    for period, cases in ((AUGUST, first), (SEPTEMBER, second)):
        registers = [
            generate_register(REGION, mo, payer, period, cases if kind in "HC" else cases // 2, 5, kind=kind)
            for kind, organisations in ORGANISATIONS.items()
            for mo in organisations
            for payer in ("98001", "98002")
        ]
        registers += [generate_register(REGION, mo, "98", period, cases // 3, 5) for mo in ("980001", "980003")]
        made.append(registers)
    made[1].append(generate_register(REGION, "980004", "98001", SEPTEMBER, 40, 5, number=2))
    return made[0], made[1]


def region(folder: Path) -> Path:
    """The demo's profile with rows and volumes of these tests."""
    shutil.copytree(REGION.folder, folder)
    for name, rows in OWN.items():
        with (folder / "nsi" / f"{name}.csv").open("a", encoding="utf-8") as stream:
            stream.write(rows)
    path = folder / "nsi" / "T_VOLUME.csv"
    lines = []
    for line in path.read_text(encoding="utf-8").splitlines():
        fields = line.split(";")
        changed = VOLUMES.get((fields[0], fields[1]))
        if fields[2:4] == ["2026", "3"] and changed is not None:
            fields[5:7] = changed
        lines.append(";".join(fields))
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder


@dataclass
class Both:
    """A month closed by the house, and by the plain way."""

    world: World
    closing: int
    result: plain.Result

    def rows(self, query: str) -> list[dict[str, Any]]:
        return self.world.rows(query, closing=self.closing)


@dataclass
class Months:
    """A world in which months are sent, closed and counted again."""

    world: World
    insured: plain.Register
    closed: list[Both]

    def close(self, period: date, base: Sequence[Register], sent: Sequence[Register], *, approve: bool) -> None:
        """People are insured as the registers said before anything was planted."""
        act = (period + timedelta(39)).replace(day=9)
        now = datetime(act.year, act.month, act.day, 9, tzinfo=UTC)
        self.world.clock = lambda: now - timedelta(days=3)
        persons = insured_of(REGION, base, 1).persons
        with db.transaction(self.world.url) as connection:
            load_persons(connection, persons)
        self.insured.load(persons.to_pylist())
        contents = {}
        for register in sent:
            name, content = package(register)
            contents[register.organisation, name] = content
            self.world.drop(register.organisation, name, content)
        self.world.run(together=True)
        closings = Closings(self.world.exchange())
        number = closings.freeze_month(period, now).id
        steps = [closings.gather, closings.control, closings.settle, *([closings.pack] if approve else [])]
        for step in steps:
            step(number)
        if approve:
            closings.decide(number, True, "главный бухгалтер", "суммы сверены")
        before = self.closed[-1].result if self.closed else None
        tables = plain.Region(self.world.exchange().region.folder, REGION.okato)
        packages = list(arrived(self.world, contents))
        self.closed.append(Both(self.world, number, plain.close(tables, period, act, packages, self.insured, before)))


def arrived(world: World, contents: dict[tuple[str, str], bytes]) -> Iterator[plain.Package]:
    """The packages as they were sent, with what their protocols refused."""
    for row in world.rows("select id, sender, name, records, accepted from exchange.package order by id"):
        if (row["sender"], row["name"]) not in contents:
            continue
        stem = row["name"].rsplit(".", 1)[0]
        protocol = world.answers(row["sender"])[f"V{stem}.XML"].decode("windows-1251")
        refused = set(re.findall("<N_ZAP>([^<]*)</N_ZAP>", protocol))
        assert row["records"] - row["accepted"] == len(refused), stem
        yield plain.Package(row["id"], contents[row["sender"], row["name"]], refused)


@pytest.fixture(scope="module")
def both(module_database: str, tmp_path_factory: pytest.TempPathFactory) -> list[Both]:
    """August, paid; then September, controlled and settled."""
    root = tmp_path_factory.mktemp("plain")
    made = Months(World(module_database, root, region=str(region(root / "region"))).set_up(), plain.Register(), [])
    first, second = months(FIRST, SECOND)
    early, later = planted.months(first, second, 3)
    made.close(AUGUST, first, early, approve=True)
    made.close(SEPTEMBER, second, later, approve=False)
    return made.closed


each = pytest.mark.parametrize("number", [0, 1], ids=["august", "september"])


def kopecks(amount: Decimal) -> int:
    return int(amount * 100)


@each
def test_payers_are_the_same(both: list[Both], number: int) -> None:
    month = both[number]
    rows = month.rows("select package, row, person, found, payer from pump.identified where closing = :closing")
    ours = {(row["package"], row["row"]): (row["person"], row["found"], row["payer"]) for row in rows}
    theirs = {(row["package"], row["row"]): (row["person"], row["found"], row["payer"]) for row in month.result.cases}
    assert ours == theirs


@each
def test_hits_of_all_stages_are_the_same(both: list[Both], number: int) -> None:
    month = both[number]
    names = ("package", "row", "visit_row", "service_row", "stage", "rule", "osn", "code", "amount")
    rows = month.rows("select * from pump.hit where closing = :closing")
    ours = Counter(tuple(row[name] for name in names) for row in rows)
    theirs = Counter((*hit["key"], *(hit[name] for name in names[4:8]), kopecks(hit["amount"])) for hit in month.result.hits)
    assert ours == theirs


@each
def test_decisions_are_the_same_to_the_kopeck(both: list[Both], number: int) -> None:
    month = both[number]
    rows = month.rows("select package, row, kind, oplata, sump, sank_it from pump.decision where closing = :closing")
    ours = {(row["package"], row["row"]): (row["kind"], row["oplata"], row["sump"], row["sank_it"]) for row in rows}
    theirs = {
        (row["package"], row["row"]): (
            row["kind"], int(row["OPLATA"]), kopecks(row["SUMP"]), kopecks(row["SUMV"] - row["SUMP"])
        )
        for row in month.result.cases
    }  # fmt: skip
    assert ours == theirs


@each
def test_grounds_applied_are_the_same(both: list[Both], number: int) -> None:
    month = both[number]
    rows = month.rows("select package, row, visit_row, whole, s_osn, s_sum from pump.sanction where closing = :closing")
    ours = Counter(
        (row["package"], row["row"], None if row["whole"] else row["visit_row"], row["s_osn"], row["s_sum"]) for row in rows
    )
    theirs = Counter(
        (case["package"], case["row"], visit, code, kopecks(amount))
        for case in month.result.cases
        for visit, code, amount in case["sanctions"]
    )
    assert ours == theirs


@each
def test_lines_of_the_settlement_are_the_same_to_the_kopeck(both: list[Both], number: int) -> None:
    month = both[number]
    rows = month.rows("select * from pump.line where closing = :closing")
    ours = {(row["payer"], row["code_mo"]): {name: row[name] for name in plain.NAMES} for row in rows}
    theirs = {key: {name: kopecks(line[name]) for name in plain.NAMES} for key, line in month.result.lines.items()}
    assert ours == theirs
    taken = month.rows("select code_mo, unit, quantity, money from pump.volume where closing = :closing")
    volumes = {(row["code_mo"], row["unit"]): [row["quantity"], row["money"]] for row in taken}
    assert volumes == {key: [int(part * 100) for part in found] for key, found in month.result.taken.items()}


APPLIED = {
    "1.4.1": 30, "1.4.4": 40, "1.4.5": 50, "1.4.6": 15, "1.5": 150, "1.6.1": 80, "1.6.2": 500, "1.6.3": 200, "1.7.1": 8,
    "1.7.2": 100, "1.8.1": 20, "1.8.3": 20, "1.9": 50, "1.10.1": 30, "1.10.2": 200, "1.10.3": 40, "1.10.4": 50, "1.10.5": 25,
    "1.10.6": 80,
}  # fmt: skip
"""How often, at least, each ground is applied in September."""


def test_the_month_has_everything(both: list[Both]) -> None:
    result = both[1].result
    assert len(result.cases) >= 20_000
    grounds = {hit["code"]: hit["osn"] for hit in result.hits if hit["code"]}
    applied = Counter(grounds[code] for case in result.cases for _, code, _ in case["sanctions"])
    assert {osn: count for osn, count in APPLIED.items() if applied[osn] < count} == {}
    assert {hit["stage"] for hit in result.hits} == set("ABCDEFGHIJK")
    assert {hit["osn"] for hit in result.hits if not hit["code"]} == {"1.5", "1.10.2", "1.10.5", "2.8"}
    decided = Counter((case["kind"], case["OPLATA"]) for case in result.cases)
    assert all(decided[kind, oplata] > 20 for kind in "HCTX" for oplata in "12")
    assert decided["H", "3"] + decided["C", "3"] > 100
    assert {case["USL_OK"] for case in result.cases} == {None, *plain.CONDITIONS}
    assert {case["CODE_MO"] for case in result.cases} == {mo for own in ORGANISATIONS.values() for mo in own}
    assert any(case["SUMV"] == 0 and case["OPLATA"] == "1" for case in result.cases)
    assert {case["found"] for case in result.cases} == {"own", "other_smo", "other_territory", "none", "dead"}
    assert both[0].result.debts
    assert all(
        any(line[name] for line in result.lines.values()) for name in plain.NAMES if name not in ("sanction", "fine", "debt")
    )

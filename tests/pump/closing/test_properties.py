"""Properties of whole closings: no kopeck between register and payment package, order, strangers, refusing more."""

from __future__ import annotations

import random
import shutil
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
import yaml
from lxml import etree

from pipelines.demo.servers.postgres import Postgres
from pipelines.erz import load_persons
from pipelines.ground import database as db
from pipelines.pump.closing.service import Closings
from pipelines.synthetic.insured import insured_of
from pipelines.synthetic.model import Register
from pipelines.synthetic.packages import package
from pipelines.synthetic.registers import generate_register
from tests.databases import fresh
from tests.exchange.world import REGION, World
from tests.pump.closing import planted

PERIOD = date(2026, 9, 1)
NOW = datetime(2026, 10, 9, 9, tzinfo=UTC)
SENT = (
    ("H", "980001", "98001", 60),
    ("H", "980003", "98001", 50),
    ("H", "980003", "98002", 50),
    ("H", "980001", "98", 20),
    ("C", "980006", "98002", 30),
    ("T", "980001", "98001", 12),
    ("X", "980003", "98001", 20),
)
STRANGER = (("H", "980007", "98001", 60), ("H", "980007", "98002", 40))
"""Registers of an organisation that has nothing to do with the others."""
CONDITIONS = ("accepted_1", "accepted_2", "accepted_3", "accepted_4")


@dataclass
class Closed:
    """A closed month: lines, decisions by package name and row, documents by receiver and name."""

    lines: Mapping[tuple[str, str], Mapping[str, int]]
    decisions: Mapping[tuple[str, int], tuple[Any, ...]]
    documents: Mapping[tuple[str, str], tuple[str, bytes]]
    sent: Mapping[str, bytes]


def registers(sent: Sequence[tuple[str, str, str, int]]) -> tuple[list[Register], list[Register]]:
    """Registers as they were made, and with mistakes that concern single cases or care in the time of a stay."""
    made = [generate_register(REGION, mo, payer, PERIOD, cases, 11, kind=kind) for kind, mo, payer, cases in sent]
    books = [planted.opened(register) for register in made]
    planter = planted.Planter(books, [], random.Random(4), alone=True)
    for book in books:
        planter.mistaken(book)
    planter.inside_stays()
    return made, [planted.closed(book) for book in books]


class Worlds:
    """Makes worlds of their own, each with a database."""

    def __init__(self, postgres: Postgres, root: Path) -> None:
        self.postgres, self.root, self.names = postgres, root, [str(number) for number in range(9, 0, -1)]

    def close(
        self, people: Sequence[Register], batches: Sequence[Sequence[Register]], choices: Mapping[str, Any] | None = None
    ) -> Closed:
        """The batches received one after the other, the month closed; ``choices`` change the section ``mek``."""
        root = self.root / self.names.pop()
        with fresh(self.postgres) as url:
            world = World(url, root, lambda: NOW - timedelta(days=3), str(profile(root, choices)))
            return self._close(world, people, batches)

    def _close(self, world: World, people: Sequence[Register], batches: Sequence[Sequence[Register]]) -> Closed:
        world.set_up()
        with db.transaction(world.url) as connection:
            load_persons(connection, insured_of(REGION, people, 1).persons)
        sent = {}
        for batch in batches:
            for register in batch:
                name, content = package(register)
                sent[name] = content
                world.drop(register.organisation, name, content)
            world.run(together=True)
        exchange = world.exchange()
        closings = Closings(exchange)
        number = closings.freeze_month(PERIOD, NOW).id
        for step in (closings.gather, closings.control, closings.settle, closings.pack):
            step(number)
        decided = (
            "select name, row, oplata, sump, sank_it, d.payer from pump.decision d join exchange.package p on p.id = package"
        )
        kept = world.rows("select recipient, name, kind, sha256 from pump.document where recipient is not null")
        return Closed(
            {(row["payer"], row["code_mo"]): row for row in world.rows("select * from pump.line")},
            {
                (row["name"], row["row"]): (row["oplata"], row["sump"], row["sank_it"], row["payer"])
                for row in world.rows(decided)
            },
            {(row["recipient"], row["name"]): (row["kind"], exchange.store.get(row["sha256"])) for row in kept},
            sent,
        )


def profile(root: Path, choices: Mapping[str, Any] | None) -> Path:
    folder = root / "region"
    shutil.copytree(REGION.folder, folder)
    path = folder / "month.yaml"
    declared = yaml.safe_load(path.read_text(encoding="utf-8"))
    for rule in declared["mek"]["crossings"]:
        rule.update((choices or {}).get(rule["rule"], {}))
    declared["mek"].update({name: value for name, value in (choices or {}).items() if name in declared["mek"]})
    if choices:
        path.write_text(yaml.safe_dump(declared, allow_unicode=True, sort_keys=False), encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def worlds(postgres: Postgres, tmp_path_factory: pytest.TempPathFactory) -> Worlds:
    return Worlds(postgres, tmp_path_factory.mktemp("properties"))


@pytest.fixture(scope="module")
def made() -> tuple[list[Register], list[Register], list[Register]]:
    """Everybody's registers as they were made; the month's as they are sent; those of the stranger."""
    base, month = registers(SENT)
    strangers, apart = registers(STRANGER)
    return [*base, *strangers], month, apart


@pytest.fixture(scope="module")
def month(worlds: Worlds, made: tuple[list[Register], list[Register], list[Register]]) -> Closed:
    people, sent, _ = made
    return worlds.close(people, [sent])


def records(content: bytes) -> list[etree._Element]:
    """Records of a register."""
    with zipfile.ZipFile(BytesIO(content)) as archive:
        roots = [etree.fromstring(archive.read(name)) for name in archive.namelist()]
    return [record for root in roots for record in root.iter("ZAP")]


def named(record: etree._Element) -> tuple[str | None, ...]:
    return record.findtext("N_ZAP"), record.findtext("PACIENT/ID_PAC"), record.findtext("Z_SL/IDCASE")


def total(found: Sequence[etree._Element], name: str) -> int:
    return sum((int(Decimal(record.findtext(f"Z_SL/{name}") or "0") * 100) for record in found), 0)


def accepted(closed: Closed, *, own: bool | None = None) -> int:
    return sum(
        line[name]
        for (payer, _), line in closed.lines.items()
        for name in CONDITIONS
        if own is None or own == (payer in ("98001", "98002"))
    )


def test_no_kopeck_is_lost_or_made_between_register_and_payment_package(month: Closed) -> None:
    found: dict[str, list[etree._Element]] = {"SMO_REGISTER": [], "MO_REGISTER": []}
    for kind, content in month.documents.values():
        if kind in found:
            found[kind] += records(content)
    insurers, organisations = found["SMO_REGISTER"], found["MO_REGISTER"]
    sent = [record for content in month.sent.values() for record in records(content)]
    assert total(organisations, "SUMV") == total(organisations, "SUMP") + total(organisations, "SANK_IT")
    assert total(organisations, "SUMP") == accepted(month)
    assert total(insurers, "SUMP") == accepted(month, own=True)
    apart = [values for values in month.decisions.values() if values[3] not in ("98001", "98002")]
    assert total(organisations, "SUMP") == total(insurers, "SUMP") + sum(sump for _, sump, _, _ in apart)
    nobody = [values for values in apart if values[3] is None]
    assert nobody
    assert all(sump == 0 for _, sump, _, _ in nobody)
    taken = set(map(named, organisations))
    given = [record for record in sent if named(record) in taken]
    assert len(given) == len(organisations)
    assert total(organisations, "SUMV") == total(given, "SUMV")
    assert len(organisations) == len(month.decisions) == len(insurers) + len(apart)
    assert 0 < total(organisations, "SANK_IT") < total(organisations, "SUMV")


def test_order_of_packages_does_not_change_totals(worlds: Worlds, month: Closed, made) -> None:
    people, sent, _ = made
    again = worlds.close(people, [[one] for one in reversed(sent)])
    assert again.lines.keys() == month.lines.keys()
    assert {key: strip(line) for key, line in again.lines.items()} == {key: strip(line) for key, line in month.lines.items()}
    assert again.decisions == month.decisions


def strip(line: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in line.items() if name != "closing"}


def test_an_unrelated_organisation_changes_nothing_for_the_others(worlds: Worlds, month: Closed, made) -> None:
    people, sent, apart = made
    more = worlds.close(people, [sent, apart])
    assert len(more.decisions) > len(month.decisions)
    assert {key: value for key, value in more.decisions.items() if key in month.decisions} == month.decisions
    others = {key: strip(line) for key, line in more.lines.items() if key[1] != "980007"}
    assert others == {key: strip(line) for key, line in month.lines.items() if key[1] != "980007"}
    packages = {key: value for key, value in month.documents.items() if value[0] in ("SMO_REGISTER", "MO_REGISTER")}
    assert packages
    assert {key: more.documents[key] for key in packages} == packages


def test_refusing_more_never_pays_more(worlds: Worlds, month: Closed, made) -> None:
    """Calls and urgent consultations in the time of a stay, and cases of the months before, refused as well."""
    crossings = {"MEK.I.5": {"policy": "refuse", "paid": "refuse"}, "MEK.I.2": {"elsewhere": None, "unless": []}}
    choices = {"late_months": 0, **crossings}
    people, sent, _ = made
    strict = worlds.close(people, [sent], choices)
    payable = {key: line["payable"] for key, line in strict.lines.items()}
    assert payable.keys() == month.lines.keys()
    assert all(amount <= month.lines[key]["payable"] for key, amount in payable.items())
    assert accepted(strict) < accepted(month)
    assert all(strict.decisions[key][1] <= values[1] for key, values in month.decisions.items())
    refused = sum(strict.decisions[key][1] < values[1] for key, values in month.decisions.items())
    assert 0 < refused < len(month.decisions) / 2

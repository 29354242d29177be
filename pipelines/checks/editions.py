"""Editions of the rule dictionaries in the database: proposed when they arrive, in force when somebody decides so."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection

from pipelines import nsi
from pipelines.checks import rulebook
from pipelines.checks.compiler import Outcome, outcomes, places_of, suites_of
from pipelines.checks.records import Packet, RuleRecord, record
from pipelines.checks.rulebook import RuleBook
from pipelines.checks.suites import Suite
from pipelines.formats.layout import Layout, load
from pipelines.ground.sql import statement
from pipelines.nsi.dictionaries import BEGIN, END

KINDS = ("H", "L", "C", "T", "X", "R", "D", "A")
"""File kinds that an arriving edition is compiled for."""


@dataclass(frozen=True)
class Stored:
    """An edition as the database keeps it; ``decided_*`` and ``reason`` are of the last decision, None before any."""

    id: int
    dictionary: str
    version: str
    issued: date | None
    state: str
    enabled_from: date | None
    proposed_at: datetime
    package: int | None
    nsi_edition: int
    packet_sha256: str
    suites_sha256: str
    report_sha256: str | None
    decided_by: str | None
    decided_at: datetime | None
    reason: str | None

    @property
    def title(self) -> str:
        """``Q015 2.2 от 12.02.2021``."""
        return f"{self.dictionary} {self.version}" + (f" от {self.issued:%d.%m.%Y}" if self.issued else "")


@dataclass(frozen=True)
class Compiled:
    """A packet compiled: what became of every record, and its book."""

    outcomes: Sequence[Outcome]
    book: RuleBook


def layouts() -> Mapping[str, Layout]:
    """Layouts of ``KINDS``."""
    return {kind: load(kind) for kind in KINDS}


def compiled(packet: Packet, of_kinds: Mapping[str, Layout], subsystem: str = "") -> Compiled:
    """Compile a packet; records that are not executed end older checks of the same rule (``RuleBook.ends``).

    The suites go where those of the dictionary are (``compiler.places_of``), unless ``subsystem`` names another place.
    """
    found = outcomes(packet, of_kinds)
    ends: dict[rulebook.Known, date | None] = {}
    for outcome in found:
        if outcome.check is None:
            ends[outcome.kind, outcome.record.ID_TEST] = outcome.record.DATEBEG
    places = {subsystem: tuple(of_kinds)} if subsystem else places_of(packet.dictionary)
    suites: dict[str, tuple[Suite, ...]] = {}
    for place, kinds in places.items():
        here = {kind: of_kinds[kind] for kind in kinds if kind in of_kinds}
        suites |= rulebook.book_of(place, suites_of(packet, found, here, place)).suites
    return Compiled(found, RuleBook(suites, ends))


def propose(
    connection: Connection, packet: Packet, book: RuleBook, *, nsi_edition: int, package: int | None, packet_sha256: str
) -> int:
    """Keep a compiled edition as proposed; returns its id. Nothing changes in what is in force."""
    document = json.dumps(rulebook.to_json(book), ensure_ascii=False)  # unsorted: names of types are in the order of columns
    row = {
        "dictionary": packet.dictionary,
        "version": packet.version,
        "issued": packet.issued,
        "nsi_edition": nsi_edition,
        "package": package,
        "packet_sha256": packet_sha256,
        "suites": document,
        "suites_sha256": hashlib.sha256(document.encode()).hexdigest(),
    }
    return int(connection.execute(statement("checks/edition_insert"), row).scalar_one())


def note_report(connection: Connection, identifier: int, sha256: str) -> None:
    """Keep where the report on an edition is in the store."""
    connection.execute(statement("checks/edition_report"), {"id": identifier, "sha256": sha256})


def enable(connection: Connection, identifier: int, since: date, decided_by: str, reason: str) -> None:
    """Put an edition in force for report days from ``since`` on; an edition enabled before is moved to the new day.

    The decision is kept and becomes an event of the journal. Raises ``LookupError`` when there is no such edition,
    ``ValueError`` when its rules look into dictionaries or fields that the installation does not have and that no rule of
    these files needs so far: every package would fail on them.
    """
    find(connection, identifier)
    dictionaries = nsi.load(connection)
    now = rulebook.in_force(connection)
    then = as_if(connection, identifier, since)
    lacking: dict[str, set[str]] = {}
    for suites in now.suites:  # others belong to files that nobody exchanges
        known = _lacking(now, suites, dictionaries)
        for place, rules in _lacking(then, suites, dictionaries).items():
            if place not in known:
                lacking.setdefault(place, set()).update(rules)
    if lacking:
        listed = "; ".join(f"{place}: {', '.join(sorted(rules)[:5])}" for place, rules in sorted(lacking.items()))
        raise ValueError(
            f"В НСИ нет справочников или полей, к которым обращаются правила редакции ({listed}). "
            f"Загрузите справочники или отключите правила в {rulebook.POLICY}"
        )
    _decide(connection, identifier, "enabled", since, decided_by, reason)


def withdraw(connection: Connection, identifier: int, decided_by: str, reason: str) -> None:
    """Take an edition out of force, for all days; raises ``LookupError`` when there is none."""
    _decide(connection, identifier, "withdrawn", None, decided_by, reason)


def _decide(connection: Connection, identifier: int, state: str, since: date | None, decided_by: str, reason: str) -> None:
    decision = {"id": identifier, "state": state, "enabled_from": since, "decided_by": decided_by, "reason": reason}
    if connection.execute(statement("checks/decide"), decision).first() is None:
        raise LookupError(f"редакции № {identifier} нет")


def _lacking(book: RuleBook, suites: str, dictionaries: nsi.Dictionaries) -> Mapping[str, set[str]]:
    """Dictionaries (or ``dictionary.field``) that are not there, and rules of the named suites that need them."""
    found: dict[str, set[str]] = {}
    for (dictionary, name), rules in book.look_ups([suites]).items():
        if dictionary not in dictionaries:
            found.setdefault(dictionary, set()).update(rules)
        elif name not in dictionaries[dictionary].rows.column_names:
            found.setdefault(f"{dictionary}.{name}", set()).update(rules)
    return found


def stored(connection: Connection) -> list[Stored]:
    """All editions, by dictionary and arrival."""
    return [Stored(*row) for row in connection.execute(statement("checks/editions"))]


def find(connection: Connection, identifier: int) -> Stored:
    """An edition; raises ``LookupError`` when there is none."""
    for edition in stored(connection):
        if edition.id == identifier:
            return edition
    raise LookupError(f"редакции № {identifier} нет")


def of_package(connection: Connection, package: int) -> int:
    """The edition that came with a package; raises ``LookupError`` when none did."""
    for edition in stored(connection):
        if edition.package == package:
            return edition.id
    raise LookupError(f"no edition of package {package}")


def as_if(connection: Connection, identifier: int, since: date) -> RuleBook:
    """The book in force if the edition were enabled from a day; the region's switches hold over it as well."""
    return rulebook.in_force(connection, identifier, since)


def packet(connection: Connection, edition: Stored) -> Packet:
    """The packet of a stored edition, from its rows in НСИ."""
    return Packet(
        edition.dictionary, edition.version, edition.issued, records_of(nsi.entries(connection, edition.nsi_edition))
    )


def records_of(rows: Iterable[Mapping[str, str | None]]) -> tuple[RuleRecord, ...]:
    """Records from rows of НСИ, kinds joined by commas in TYPE_D, by id; raises ``ValueError`` as ``records.record``."""
    made = []
    for row in rows:
        fields = {name: text or "" for name, text in row.items()}
        fields |= {name: _published(fields[name]) for name in (BEGIN, END) if name in fields}
        made.append(record(fields, fields.get("TYPE_D", "").split(",")))
    return tuple(sorted(made, key=lambda rule: rule.ID_TEST))


def _published(day: str) -> str:
    """An ISO date of НСИ as dictionaries are published: DD.MM.YYYY."""
    return ".".join(reversed(day.split("-")))

"""An edition of a dictionary as it arrived, whatever the format, and what is wrong with it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache, cached_property, lru_cache
from typing import TypeVar

import yaml
from sqlalchemy import Connection, text

from pipelines import nsi
from pipelines.checks import rulebook
from pipelines.exchange import messages
from pipelines.exchange.kinds import Opened
from pipelines.exchange.protocol import LOCAL
from pipelines.ground.settings import ROOT
from pipelines.nsi import compare, declared
from pipelines.nsi.dictionaries import BEGIN, END

_PERIODS = {
    compare.UNDATED: "NSI.070",
    compare.REVERSED: "NSI.071",
    compare.OVERLAPPING: "NSI.072",
    compare.GAP: "NSI.074",
}
_KEY = 200
_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?")

Noted = TypeVar("Noted")
Fields = Mapping[str, str]
Findings = Iterator[dict[str, object]]


@dataclass(frozen=True)
class Edition:
    """An edition as it arrived: ``day`` is the date that goes with its ``version``, ``rows`` are as published.

    DATEBEG and DATEEND, which stand beside columns that name the period otherwise, are ISO dates; a text that is no date
    stays as it is. ``type`` is that of a packet's header; ``role`` and ``record`` are the file and the table of the package
    that the rows are in, row by row. ``undated``: a directory whose rows have no period of their own.
    """

    dictionary: str
    rows: tuple[Fields, ...]
    role: str
    record: str
    type: str = ""
    version: str = ""
    day: str = ""
    undated: bool = False

    @property
    def issued(self) -> date | None:
        """Day of the version; None for what is no date."""
        return day_of(self.day)

    @property
    def title(self) -> str:
        """``Q015 2.2 от 12.02.2021``; the name alone where the edition has no version."""
        dated = f" от {self.issued:%d.%m.%Y}" if self.issued else f" от {self.day}" if self.day else ""
        return f"{self.dictionary} {self.version}{dated}" if self.version else self.dictionary

    @cached_property
    def key(self) -> declared.Key:
        """What tells the rows apart."""
        return declared.key_of(self.dictionary, self.rows)

    def finding(
        self, code: str, column: str = "", row: int = -1, value: str | None = None, **names: object
    ) -> dict[str, object]:
        """A finding in a record (``row`` from 0) or on the file as a whole."""
        element = f"{self.record}/{column}" if column else self.record
        table = self.record if row >= 0 else ""
        return messages.finding(code, role=self.role, table=table, row=row, element=element, value=value or None, **names)

    def named(self, row: int) -> str:
        """Key of a row, as a message names it."""
        fields = self.rows[row]
        return ", ".join(f"{name} {fields.get(name) or '–'}" for name in self.key.key)[:_KEY]


@dataclass(frozen=True)
class Periods:
    """Columns of the first and the last day; None where there is none."""

    begin: str | None
    end: str | None


@cache
def _spelling() -> Mapping[str, object]:
    return dict(yaml.safe_load((ROOT / "include" / "reference" / "periods.yaml").read_text(encoding="utf-8")))


def periods_of(dictionary: str, names: Sequence[str]) -> Periods:
    """Which columns of a dictionary tell the period: ``include/reference/periods.yaml``."""
    raw = _spelling()
    usual, own = raw["usual"], raw["dictionaries"]
    assert isinstance(usual, dict)
    assert isinstance(own, dict)
    folded = {name.upper(): name for name in reversed(names)}
    found = []
    for end in ("begin", "end"):
        named = own.get(dictionary, {}).get(end)
        found.append(named if named in names else next((folded[name] for name in usual[end] if name in folded), None))
    return Periods(*found)


def dated(dictionary: str, rows: Sequence[Fields]) -> tuple[Fields, ...]:
    """The rows with their period in DATEBEG and DATEEND as ISO dates; other columns stay as they are."""
    if not rows:
        return ()
    columns = periods_of(dictionary, list(rows[0]))
    places = [(name, column) for name, column in ((BEGIN, columns.begin), (END, columns.end)) if column]
    return tuple({**row, **{name: _iso(row[column]) for name, column in places}} for row in rows)


@dataclass(frozen=True)
class Before:
    """What was in force when a package came: the header of the edition, None for none, and its rows, absent values empty."""

    kept: nsi.Edition | None
    rows: Sequence[Fields]


def before(connection: Connection, opened: Opened, dictionary: str) -> Before:
    """What was in force when the package was first looked at in this transaction; ask before anything is kept."""

    def read() -> Before:
        kept = nsi.current(connection, dictionary)
        rows = nsi.entries(connection, kept.id) if kept else ()
        return Before(kept, [{name: value or "" for name, value in row.items()} for row in rows])

    return noted(connection, opened, f"before {dictionary}", read)


def noted(connection: Connection, opened: Opened, name: str, make: Callable[[], Noted]) -> Noted:
    """What was made under a name for the package in this transaction, made only once."""
    of_connection, made = opened.notes.get(name, (None, None))
    if of_connection is not connection:
        made = make()
        opened.notes[name] = (connection, made)
    return made  # type: ignore[no-any-return]


def lock(connection: Connection, dictionaries: Iterable[str]) -> None:
    """Let editions of a dictionary be judged and kept one after the other."""
    for dictionary in sorted(dictionaries):
        connection.execute(text("select pg_advisory_xact_lock(hashtextextended(:key, 0))"), {"key": f"nsi:{dictionary}"})


def faults(connection: Connection, edition: Edition) -> Findings:
    """What is wrong with any edition: no records, absent fields that rules look into, dates and periods."""
    if not edition.rows:
        yield edition.finding("NSI.050")
        return
    yield from _fields(connection, edition)
    yield from _numbers(edition)
    yield from _periods(edition)


def version_number(version: str) -> tuple[int, ...] | None:
    """Version as numbers that compare (3.11 is above 3.2); None for what is none."""
    return tuple(map(int, version.split("."))) if re.fullmatch(r"[0-9]{1,6}(\.[0-9]{1,6})*", version) else None


def order_faults(kept: nsi.Edition | None, edition: Edition) -> Iterator[tuple[str, dict[str, str]]]:
    """NSI.030 for the version that is the newest kept, NSI.040 for an older one, with what their texts name."""
    number = version_number(edition.version)
    if kept is None or number is None or (kept.issued is None) != (edition.issued is None):
        return
    day, before = edition.issued or date.min, kept.issued or date.min
    named = f"{kept.version} от {kept.issued:%d.%m.%Y}" if kept.issued else kept.version
    names = {"dictionary": edition.dictionary, "kept": named}
    if (edition.version, day) == (kept.version, before):
        yield "NSI.030", names | {"loaded": f"{kept.loaded_at.astimezone(LOCAL):%d.%m.%Y}"}
    elif (day, number) < (before, version_number(kept.version) or ()):
        yield "NSI.040", names


def unchanged(earlier: Before, edition: Edition) -> Findings:
    """A warning where the edition in force has the very same rows."""
    same = len(earlier.rows) == len(edition.rows) and all(map(_same, earlier.rows, edition.rows))
    if earlier.kept is not None and same:
        loaded = f"{earlier.kept.loaded_at.astimezone(LOCAL):%d.%m.%Y}"
        yield edition.finding("NSI.031", value=edition.dictionary, dictionary=edition.dictionary, loaded=loaded)


def _same(old: Fields, new: Fields) -> bool:
    return {name: value for name, value in old.items() if value} == {name: value for name, value in new.items() if value}


def _fields(connection: Connection, edition: Edition) -> Findings:
    there = set(edition.rows[0])
    book = rulebook.in_force(connection)
    for (dictionary, name), rules in sorted(book.look_ups(book.suites).items()):
        if dictionary == edition.dictionary and name not in there:
            yield edition.finding("NSI.060", field=name, rules=", ".join(sorted(rules)[:5]))


def _numbers(edition: Edition) -> Findings:
    """Values that are calculated with and are no numbers."""
    for name in _calculated().get(edition.dictionary, ()):
        for number, row in enumerate(edition.rows):
            value = row.get(name)
            if value and not _NUMBER.fullmatch(value):
                yield edition.finding("NSI.081", name, number, value)


@cache
def _calculated() -> Mapping[str, Sequence[str]]:
    """Fields by dictionary: ``include/reference/numbers.yaml``."""
    return dict(yaml.safe_load((ROOT / "include" / "reference" / "numbers.yaml").read_text(encoding="utf-8")))


def _periods(edition: Edition) -> Findings:
    wrong = False
    for number, row in enumerate(edition.rows):
        for name in (BEGIN, END):
            if row.get(name) and day_of(row[name]) is None:
                wrong = True
                yield edition.finding("NSI.080", name, number, row[name])
    if BEGIN not in edition.rows[0]:
        if not edition.undated:
            yield edition.finding("NSI.073")
        yield from _repeated(edition)
    elif not wrong:
        for fault in compare.period_faults(edition.rows, edition.key.key):
            field = END if fault.kind == compare.REVERSED else BEGIN
            value = edition.rows[fault.row].get(field)
            yield edition.finding(_PERIODS[fault.kind], field, fault.row, value, key=edition.named(fault.row))


def _repeated(edition: Edition) -> Findings:
    """Rows without period whose key stands before: which of them is meant cannot be told."""
    seen: set[tuple[str, ...]] = set()
    for number, row in enumerate(edition.rows):
        key = tuple(row.get(name, "") for name in edition.key.key)
        if key in seen:
            code = "NSI.076" if edition.undated else "NSI.075"
            yield edition.finding(code, edition.key.key[0], number, key[0], key=edition.named(number))
        seen.add(key)


def _iso(written: str) -> str:
    day = day_of(written)
    return day.isoformat() if day else written


@lru_cache(maxsize=1 << 16)
def day_of(written: str) -> date | None:
    """The day of a text in one of the formats of ``include/reference/periods.yaml``; None for what is none."""
    for form, shape in _formats():
        if shape.fullmatch(written):  # which tells 1.1.2026 from 01.01.2026
            try:
                return datetime.strptime(written, form).date()
            except ValueError:
                return None
    return None


@cache
def _formats() -> Sequence[tuple[str, re.Pattern[str]]]:
    formats = _spelling()["formats"]
    assert isinstance(formats, list)
    return [(form, re.compile(re.sub("%[dm]", "[0-9]{2}", re.escape(form).replace("%Y", "[0-9]{4}")))) for form in formats]

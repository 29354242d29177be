"""The rules as a whole: suites by name, editions merged by their dates, the region's switches over them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from functools import lru_cache
from itertools import chain
from typing import Any

from sqlalchemy import Connection, Row

from pipelines import nsi
from pipelines.checks import suites as files
from pipelines.checks.findings import SEVERITIES
from pipelines.checks.required import look_ups
from pipelines.checks.suites import Check, Suite
from pipelines.ground.sql import statement

OFF = "off"
"""What a switch says of a rule that is not judged at all."""

POLICY = "T_RULES"
"""The region's dictionary of switches: RULE, KIND, SEVERITY, TEXT, DATEBEG, DATEEND."""

KEPT = 8
"""Books kept in the memory of a process."""

_DAY = timedelta(days=1)

Known = tuple[str, str]
"""Layout and rule id: what a rule is known by."""


@dataclass(frozen=True)
class RuleBook:
    """Suites by name (``pump/H``), one a table.

    ``ends`` holds rules that have no check here but end those of older books: the first day on which the older check is
    no longer in force (None: it never was). Such are records that an edition has and the compiler does not support.
    """

    suites: Mapping[str, tuple[Suite, ...]]
    ends: Mapping[Known, date | None] = field(default_factory=dict)

    def __getitem__(self, name: str) -> tuple[Suite, ...]:
        """Suites of a name; raises ``LookupError`` when there are none."""
        if name not in self.suites:
            raise LookupError(f"no suites {name}")
        return self.suites[name]

    def every(self) -> Iterator[tuple[str, Suite]]:
        """All suites with the names that they stand under."""
        return ((name, suite) for name, of_name in self.suites.items() for suite in of_name)

    def look_ups(self, names: Iterable[str]) -> Mapping[tuple[str, str], set[str]]:
        """Dictionaries and fields that checks of the named suites look into, and the rules that do."""
        used: dict[tuple[str, str], set[str]] = defaultdict(set)
        for suite in chain.from_iterable(self.suites.get(name, ()) for name in names):
            for check in suite.checks:
                for looked_up in look_ups(check):
                    used[looked_up].add(check.rule)
        return used

    @property
    def editions(self) -> tuple[str, ...]:
        """Editions that the checks come from, as they are named in reports: ``Q015, редакция 2.2 от 12.02.2021``."""
        return tuple(sorted({check.source for _, suite in self.every() for check in suite.checks}))


@dataclass(frozen=True)
class Switch:
    """The region's word on a rule for the days ``since`` … ``until`` (None: open).

    ``kind`` is a layout's code, or empty for every kind of file; ``severity`` fatal, error, warning, off, or empty when it
    stays; ``text`` the message instead of the rule's own, or empty.
    """

    rule: str
    kind: str = ""
    severity: str = ""
    text: str = ""
    since: date | None = None
    until: date | None = None


def book_of(subsystem: str, suites: Iterable[Suite], ends: Mapping[Known, date | None] | None = None) -> RuleBook:
    """Book of suites of one subsystem, under ``<subsystem>/<layout>``."""
    by_name: dict[str, list[Suite]] = defaultdict(list)
    for suite in suites:
        by_name[f"{subsystem}/{suite.layout}"].append(suite)
    return RuleBook({name: tuple(of_name) for name, of_name in by_name.items()}, dict(ends or {}))


@lru_cache(maxsize=1)
def shipped() -> RuleBook:
    """The suites of ``expectations/``."""
    return RuleBook({name: files.load(name) for name in files.names()})


def merge(older: RuleBook, newer: RuleBook) -> RuleBook:
    """Both books; where both know a rule of a layout, the newer is in force from its first day, the older before it."""
    firsts = dict(newer.ends)
    for _, suite in newer.every():
        for check in suite.checks:
            known = (suite.layout, check.rule)
            firsts[known] = _earlier(firsts[known], check.since) if known in firsts else check.since
    merged: dict[str, dict[str, Suite]] = defaultdict(dict)
    for name, suite in older.every():
        kept = tuple(chain.from_iterable(_before(check, suite.layout, firsts) for check in suite.checks))
        merged[name][suite.table] = replace(suite, checks=kept)
    for name, suite in newer.every():
        there = merged[name].get(suite.table)
        merged[name][suite.table] = suite if there is None else _joined(there, suite)
    ends = {known: day for known, day in older.ends.items() if known not in firsts} | dict(newer.ends)
    return RuleBook({name: _filled(tables.values()) for name, tables in merged.items()}, ends)


def from_day(book: RuleBook, day: date) -> RuleBook:
    """The book as it is when enabled from a day: nothing of it holds before; what has ended by then ends older rules."""
    ends = {known: day if first is None else max(first, day) for known, first in book.ends.items()}
    suites: dict[str, tuple[Suite, ...]] = {}
    for name, of_name in book.suites.items():
        later = []
        for suite in of_name:
            held = tuple(replace(check, since=max(check.since or day, day)) for check in suite.checks)
            ends |= {(suite.layout, check.rule): _first(check) for check in held}
            later.append(replace(suite, checks=tuple(check for check in held if not _over(check))))
        suites[name] = _filled(later)
    return RuleBook(suites, ends)


def without(book: RuleBook, rules: Iterable[Known], day: date) -> RuleBook:
    """The book in which these rules end the day before ``day``."""
    return merge(book, RuleBook({}, dict.fromkeys(rules, day)))


def over(book: RuleBook, edition: RuleBook, dictionary: str, day: date) -> RuleBook:
    """The book with an edition of a dictionary enabled from a day; rules that the edition does not have end with it."""
    begun = from_day(edition, day)
    gone = {
        (suite.layout, check.rule)
        for _, suite in book.every()
        for check in suite.checks
        if check.dictionary == dictionary and (suite.layout, check.rule) not in begun.ends
    }
    return merge(without(book, gone, day), begun)


def apply(book: RuleBook, switches: Sequence[Switch]) -> RuleBook:
    """The book under the region's switches: a check is split where a period begins or ends.

    Of two switches on a day the later in the sequence wins; what one of them puts off stays off.
    """
    if not switches:
        return book
    by_rule: dict[str, list[Switch]] = defaultdict(list)
    for switch in switches:
        by_rule[switch.rule].append(switch)
    suites = {}
    for name, of_name in book.suites.items():
        suites[name] = _filled(_switched(suite, by_rule) for suite in of_name)
    return replace(book, suites=suites)


def to_json(book: RuleBook) -> dict[str, Any]:
    """The book as one document, its suites as Great Expectations reads them."""
    ends = [[*known, day.isoformat() if day else None] for known, day in sorted(book.ends.items())]
    return {"suites": {name: [suite.to_json() for suite in of_name] for name, of_name in book.suites.items()}, "ends": ends}


def from_json(document: Mapping[str, Any]) -> RuleBook:
    """The book that ``to_json`` gave."""
    suites = {name: tuple(map(Suite.from_json, of_name)) for name, of_name in document["suites"].items()}
    ends = {(layout, rule): date.fromisoformat(day) if day else None for layout, rule, day in document["ends"]}
    return RuleBook(suites, ends)


def in_force(connection: Connection, also: int | None = None, since: date | None = None) -> RuleBook:
    """The book of the installation: the shipped suites, the editions enabled in its database, the region's switches.

    ``also`` is an edition to be taken as enabled from the day ``since``, whatever is decided on it. Made once per process
    and state of the database; asking again costs one short query. Raises ``ValueError`` for a policy that cannot be read.
    """
    rows = connection.execute(statement("checks/identity"), {"policy": POLICY, "also": also, "since": since}).all()
    key = tuple((row.dictionary, row.sha256, row.enabled_from) for row in rows)  # ids begin anew in another database
    if key in _made:
        _made[key] = _made.pop(key)  # the one used last goes last
    else:
        book = apply(_enabled(connection, rows), switches(connection))
        while len(_made) >= KEPT:
            del _made[next(iter(_made))]
        _made[key] = book
    return _made[key]


def under(connection: Connection, policy: Sequence[Switch]) -> RuleBook:
    """The book of the installation with other switches than the region's own."""
    rows = connection.execute(statement("checks/identity"), {"policy": POLICY, "also": None, "since": None}).all()
    return apply(_enabled(connection, rows), policy)


def _enabled(connection: Connection, rows: Iterable[Row[tuple[Any, ...]]]) -> RuleBook:
    """The shipped suites and the enabled editions over them."""
    book = shipped()
    for row in rows:
        if row.id is not None:
            book = over(book, edition(connection, row.id), row.dictionary, row.enabled_from)
    return book


_made: dict[tuple[Any, ...], RuleBook] = {}


def edition(connection: Connection, identifier: int) -> RuleBook:
    """The book of a stored edition alone; raises ``LookupError`` when there is none."""
    row = connection.execute(statement("checks/suites"), {"id": identifier}).first()
    if row is None:
        raise LookupError(f"no edition {identifier}")
    return from_json(row.suites)


def switches(connection: Connection) -> tuple[Switch, ...]:
    """The region's switches as its dictionary has them; raises ``ValueError`` for a severity that there is none."""
    policy = nsi.load_one(connection, POLICY)
    return read_switches(policy.rows.to_pylist()) if policy else ()


def read_switches(rows: Iterable[Mapping[str, str | None]]) -> tuple[Switch, ...]:
    """Switches of the dictionary's rows; raises ``ValueError`` for a severity that there is none."""
    return tuple(map(_switch, rows))


def _switch(row: Mapping[str, str | None]) -> Switch:
    severity = row.get("SEVERITY") or ""
    if severity not in ("", OFF, *SEVERITIES):
        raise ValueError(
            f"{POLICY}: правило {row.get('RULE')}: степень {severity}, ожидается {', '.join((*SEVERITIES, OFF))}"
        )
    since, until = (date.fromisoformat(day) if (day := row.get(field)) else None for field in ("DATEBEG", "DATEEND"))
    return Switch(row["RULE"] or "", row.get("KIND") or "", severity, row.get("TEXT") or "", since, until)


def _switched(suite: Suite, by_rule: Mapping[str, Sequence[Switch]]) -> Suite:
    checks: list[Check] = []
    for check in suite.checks:
        parts = [check]
        for switch in by_rule.get(check.rule, ()):
            if switch.kind in ("", suite.layout):
                parts = [part for whole in parts for part in _split(whole, switch)]
        checks.extend(parts)
    return replace(suite, checks=tuple(checks))


def _split(check: Check, switch: Switch) -> list[Check]:
    """The check before the switch's period, in it (changed), after it; what is empty falls out."""
    if switch.until is not None and switch.since is not None and switch.until < switch.since:
        return [check]
    parts = []
    if switch.since is not None:
        parts.append(replace(check, until=_sooner(check.until, switch.since - _DAY)))
    if switch.severity != OFF:
        inside = replace(check, severity=switch.severity or check.severity, text=switch.text or check.text)
        since = check.since if switch.since is None else max(check.since or switch.since, switch.since)
        parts.append(replace(inside, since=since, until=_sooner(check.until, switch.until)))
    if switch.until is not None:
        after = switch.until + _DAY
        parts.append(replace(check, since=max(check.since or after, after)))
    return [part for part in parts if not _over(part)]


def _before(check: Check, layout: str, firsts: Mapping[Known, date | None]) -> Iterator[Check]:
    """The older check as far as the newer rule leaves it in force."""
    if (layout, check.rule) not in firsts:
        yield check
        return
    first = firsts[layout, check.rule]
    if first is None:
        return
    cut = replace(check, until=_sooner(check.until, first - _DAY))
    if not _over(cut):
        yield cut


def _joined(older: Suite, newer: Suite) -> Suite:
    checks = sorted((*older.checks, *newer.checks), key=lambda check: (check.rule, _first(check)))
    editions = sorted({check.source for check in checks})
    return Suite(newer.name, newer.layout, newer.table, tuple(checks), {"editions": editions, "compiled": len(checks)})


def _filled(suites: Iterable[Suite]) -> tuple[Suite, ...]:
    return tuple(suite for suite in suites if suite.checks)


def _over(check: Check) -> bool:
    """Whether the check holds on no day at all."""
    return check.since is not None and check.until is not None and check.until < check.since


def _first(check: Check) -> date:
    return check.since or date.min


def _sooner(one: date | None, other: date | None) -> date | None:
    return min(one, other) if one is not None and other is not None else one or other


def _earlier(one: date | None, other: date | None) -> date | None:
    return min(one, other) if one is not None and other is not None else None

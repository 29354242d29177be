"""Two sets of suites against each other: the checks that both have, those that only one has, and what that means by rule."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum

from pipelines.checks.suites import Check, Suite

Book = Mapping[str, Sequence[Suite]]
"""Suites by name: ``pump/H``."""


class Change(StrEnum):
    """What became of a rule on a day."""

    ADDED = "added"
    REMOVED = "removed"
    SEVERITY = "severity"
    CHECK = "check"
    TEXT = "text"
    LATER = "later"
    """It differs, but on another day only."""


@dataclass(frozen=True)
class RuleChange:
    """A rule of a layout that is not the same in both sets; checks in force on the day, ``starts`` when there are none."""

    rule: str
    layout: str
    change: Change
    before: tuple[Check, ...]
    after: tuple[Check, ...]
    starts: date | None = None

    @property
    def text(self) -> str:
        """Message of the rule, as it is to be or as it was."""
        checks = self.after or self.before
        return checks[0].text if checks else ""


@dataclass(frozen=True)
class Difference:
    """Checks of two sets, parted by whether they judge alike from a day on (None: on any day).

    Texts, sources and editions do not count.
    """

    common: Book
    before: Book
    after: Book
    day: date | None = None

    @property
    def names(self) -> frozenset[str]:
        """Names of suites with a check that only one side has."""
        return frozenset(name for book in (self.before, self.after) for name, suites in book.items() if suites)


def between(before: Book, after: Book, day: date | None = None) -> Difference:
    """Part the checks of two sets; every name of either is in all three parts of the result. What ends before ``day``
    is left out, what began before it counts as having begun."""
    names = sorted({*before, *after})
    common: dict[str, list[Suite]] = {name: [] for name in names}
    gone: dict[str, list[Suite]] = {name: [] for name in names}
    came: dict[str, list[Suite]] = {name: [] for name in names}
    for name in names:
        old, new = _by_table(before.get(name, ()), day), _by_table(after.get(name, ()), day)
        for place in sorted({*old, *new}):
            shared = Counter(map(_judges, old.get(place, ()))) & Counter(map(_judges, new.get(place, ())))
            kept, left = _part(old.get(place, []), shared)
            _, arrived = _part(new.get(place, []), shared)
            for target, checks in ((common, kept), (gone, left), (came, arrived)):
                if checks:
                    layout, table = place
                    target[name].append(Suite(f"{name}_{table}", layout, table, tuple(checks)))
    return Difference(common, gone, came, day)


def rule_changes(before: Book, after: Book, day: date) -> tuple[RuleChange, ...]:
    """Rules that are not the same in both sets, by layout and id, as they stand on a day."""
    old, new = _by_rule(before), _by_rule(after)
    return tuple(
        _change(known, old.get(known, ()), new.get(known, ()), day)
        for known in sorted({*old, *new})
        if _signs(old.get(known, ())) != _signs(new.get(known, ()))
    )


def _change(known: tuple[str, str], old: Sequence[Check], new: Sequence[Check], day: date) -> RuleChange:
    layout, rule = known
    was = tuple(check for check in old if check.valid_on(day))
    becomes = tuple(check for check in new if check.valid_on(day))
    starts = min((check.since for check in new if check.since and check.since > day), default=None)
    return RuleChange(rule, layout, _meaning(was, becomes), was or tuple(old), becomes or tuple(new), starts)


def _meaning(was: Sequence[Check], becomes: Sequence[Check]) -> Change:
    undated = [[replace(check, since=None, until=None) for check in checks] for checks in (was, becomes)]
    if _signs(undated[0]) == _signs(undated[1]):
        return Change.LATER
    if not was:
        return Change.ADDED
    if not becomes:
        return Change.REMOVED
    if {check.severity for check in was} != {check.severity for check in becomes}:
        return Change.SEVERITY
    if Counter(map(_judges, undated[0])) == Counter(map(_judges, undated[1])):
        return Change.TEXT
    return Change.CHECK


def _judges(check: Check) -> str:
    """What decides a check's findings; equal for checks that judge alike."""
    return json.dumps(
        [check.type, check.columns, check.parameters, check.rule, check.element, check.severity, check.since, check.until],
        sort_keys=True,
        default=str,
    )


def _signs(checks: Sequence[Check]) -> Counter[tuple[str, str]]:
    return Counter((_judges(check), check.text) for check in checks)


def _part(checks: Sequence[Check], shared: Counter[str]) -> tuple[list[Check], list[Check]]:
    """The checks among ``shared``, and the others."""
    left = shared.copy()
    kept, others = [], []
    for check in checks:
        sign = _judges(check)
        if left[sign]:
            left[sign] -= 1
            kept.append(check)
        else:
            others.append(check)
    return kept, others


def _by_table(suites: Sequence[Suite], day: date | None) -> dict[tuple[str, str], list[Check]]:
    found: dict[tuple[str, str], list[Check]] = defaultdict(list)
    for suite in suites:
        found[(suite.layout, suite.table)].extend(suite.checks if day is None else _from(suite.checks, day))
    return dict(found)


def _from(checks: Sequence[Check], day: date) -> Iterator[Check]:
    """The checks as they hold on a day and after it."""
    for check in checks:
        if check.until is None or check.until >= day:
            yield replace(check, since=None) if check.since is not None and check.since <= day else check


def _by_rule(book: Book) -> dict[tuple[str, str], list[Check]]:
    found: dict[tuple[str, str], list[Check]] = defaultdict(list)
    for layout, check in _every(book):
        found[(layout, check.rule)].append(check)
    return dict(found)


def _every(book: Book) -> Iterator[tuple[str, Check]]:
    return ((suite.layout, check) for suites in book.values() for suite in suites for check in suite.checks)

"""The catalogue of rules as a page lists it, made once of a rule book and a day: a book is the same object while its
sources are the same."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from pipelines.checks.pages import Placed, by_rule
from pipelines.checks.rulebook import RuleBook
from pipelines.pages.written import written

BOOKS, DAYS = 4, 8
"""Books, and days of each, that a process keeps."""
Line = Mapping[str, Any]
"""A rule as of a day: rule, kinds, off, on, dictionary, severity, element, text, since, until, ``said`` to search in."""


@dataclass(frozen=True)
class Catalogue:
    """Rules of a book: ``placed`` by id, lines by day."""

    book: RuleBook
    placed: Mapping[str, Sequence[Placed]]
    _days: dict[date, list[Line]] = field(default_factory=dict)

    def on(self, day: date) -> list[Line]:
        """Lines of all rules as of a day; those that no suite holds come last and have no dates."""
        found = self._days.get(day)
        if found is None:
            found = [_line(rule, placed, day) for rule, placed in self.placed.items()] + _of_functions(self.placed)
            if len(self._days) >= DAYS:
                self._days.clear()
            self._days[day] = found
        return found


_kept: list[Catalogue] = []


def of(book: RuleBook) -> Catalogue:
    """The catalogue of a book, made anew for another book only."""
    for kept in tuple(_kept):
        if kept.book is book:
            return kept
    made = Catalogue(book, by_rule(suite for _, suite in book.every()))
    _kept.append(made)
    del _kept[:-BOOKS]
    return made


def _line(rule: str, placed: Sequence[Placed], day: date) -> Line:
    holding = [(suite, check) for suite, check in placed if check.valid_on(day)]
    check = (holding or placed)[0][1]
    return {
        "rule": rule,
        "kinds": sorted({suite.layout for suite, _ in placed}),
        "off": sorted({suite.layout for suite, _ in placed} - {suite.layout for suite, _ in holding}),
        "on": bool(holding),
        "dictionary": check.dictionary,
        "severity": check.severity,
        "element": check.element,
        "text": check.text,
        "since": min((one.since for _, one in placed if one.since), default=None),
        "until": max((one.until for _, one in placed if one.until), default=None) if not holding else check.until,
        "said": f"{rule} {check.element} {check.text}".lower(),
    }


def _of_functions(known: Mapping[str, object]) -> list[Line]:
    return [
        {"rule": code, "kinds": [], "off": [], "on": True, "dictionary": rule.origin, "severity": rule.severity}
        | {"element": rule.element, "text": rule.text, "since": None, "until": None}
        | {"said": f"{code} {rule.element} {rule.text}".lower()}
        for code, rule in written().items()
        if code not in known
    ]

"""The examples of every compiled check as files that the runner reads."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date
from functools import cache

from pipelines.checks import suites
from pipelines.checks.drafts import Draft
from pipelines.checks.examples import TODAY, entries, examples
from pipelines.checks.frames import Bulk
from pipelines.checks.suites import Check
from pipelines.nsi import Dictionaries
from tests.checks.build import dictionary, tables

SUITES = [suites.read(path) for path in sorted(suites.FOLDER.glob("*/*.json"))]
CHECKS = [(suite, check) for suite in SUITES for check in suite.checks]
DAY = date(2026, 2, 1)


def day_of(check: Check) -> date:
    """A day on which the check is in force, ``DAY`` where it can be."""
    return DAY if check.valid_on(DAY) else check.until or check.since or DAY


def never(check: Check) -> bool:
    """Whether the check was closed before it came into force."""
    return check.since is not None and check.until is not None and check.until < check.since


@cache
def drafts(place: int) -> tuple[Draft, ...]:
    """Examples of a check of ``CHECKS``: right, wrong and, where there is a condition, out of its reach."""
    return examples(*CHECKS[place])


def nsi(places: Iterable[int]) -> Dictionaries:
    """The dictionaries that the examples of the checks look into."""
    return Dictionaries(dictionary(name, rows) for name, rows in entries(CHECKS[place] for place in places).items())


def bulk_of(made: Sequence[Draft], found: Dictionaries) -> Bulk:
    """The records as files, with those of their partners beside them."""
    bulk = Bulk([replace(tables(draft.layout, draft.own), name=draft.name) for draft in made], TODAY, found)
    join = made[0].join
    if join:
        bulk.partner = Bulk([tables(join.layout, draft.partner) for draft in made], TODAY, found)
    return bulk

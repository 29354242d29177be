"""Every rule that is shipped on its fixtures: all of a suite in one run."""

from __future__ import annotations

from functools import cache

import pytest

from pipelines.checks.drafts import Unsolved
from pipelines.checks.runner import run_suite
from pipelines.checks.suites import Check, Suite
from tests.rules.fixtures import SUITES, Fixture, bulk_of, day_of, fixtures, never, nsi


@cache
def made(name: str) -> list[list[Fixture]]:
    """Fixtures of each check of a suite; none where there are none to be made."""
    (suite,) = (suite for suite in SUITES if suite.name == name)
    return [_of_check(suite, check) for check in suite.checks]


def _of_check(suite: Suite, check: Check) -> list[Fixture]:
    try:
        return fixtures(suite, check)
    except Unsolved:
        return []


@pytest.mark.parametrize("suite", SUITES, ids=lambda suite: suite.name)
def test_every_rule_finds_what_breaks_it_and_nothing_else(suite: Suite) -> None:
    files = [
        (check, fixture) for check, of_check in zip(suite.checks, made(suite.name), strict=True) for fixture in of_check
    ]
    found = nsi(suite.checks)
    bulk = bulk_of([fixture.draft for _, fixture in files], found)
    failures = run_suite(bulk, suite, found, [day_of(check) for check, _ in files])
    hits = {id(failure.check): set(bulk.file_of(suite.table)[failure.rows].tolist()) for failure in failures}
    wrong = [
        (check.rule, fixture.why, fixture.broken)
        for file, (check, fixture) in enumerate(files)
        if (file in hits.get(id(check), ())) != (fixture.broken and not never(check))
    ]
    assert wrong == []


@pytest.mark.parametrize("suite", SUITES, ids=lambda suite: suite.name)
def test_every_rule_has_a_record_that_keeps_it_and_one_that_breaks_it(suite: Suite) -> None:
    lacking = []
    for check, of_check in zip(suite.checks, made(suite.name), strict=True):
        wanted = {"right", "wrong"} | ({"away"} if "condition" in check.parameters else set())
        if not wanted <= {fixture.why for fixture in of_check}:
            lacking.append(check.rule)
    assert lacking == [], "rules without records: give them in include/rules/examples"

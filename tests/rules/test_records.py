"""Every rule that is shipped on its fixtures: all of a suite in one run."""

from __future__ import annotations

from datetime import date
from functools import cache

import numpy as np
import pytest

from pipelines.checks import gx
from pipelines.checks.frames import frame
from pipelines.checks.relation import parse
from pipelines.checks.runner import run_suite
from pipelines.checks.suites import Check, Suite
from tests.rules.drafts import Unsolved
from tests.rules.fixtures import SUITES, Fixture, bulk_of, day_of, fixtures, looked_up, never, nsi


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
    assert lacking == [], "rules without records: give them in tests/rules/written.yaml"


@pytest.mark.parametrize("suite", [s for s in SUITES if s.layout in ("H", "L", "C", "R")], ids=lambda suite: suite.name)
def test_great_expectations_agrees_on_conditional_rules(suite: Suite) -> None:
    on = date(2026, 2, 1)
    chosen = [c for c in suite.checks if special(c) and c.valid_on(on)]
    if not chosen:
        return
    numbers = [number for number, check in enumerate(suite.checks) if check in chosen]
    drafts = [fixture.draft for number in numbers for fixture in made(suite.name)[number]]
    bulk = bulk_of(drafts, nsi(chosen))
    alone = Suite(suite.name, suite.layout, suite.table, tuple(chosen))
    ours = {f.check.rule: f.rows for f in run_suite(bulk, alone, nsi(chosen), [on] * len(drafts))}
    theirs = dict(gx.validate(frame(bulk, alone), alone, nsi(chosen), on))
    assert set(theirs) == {check.rule for check in chosen}
    for rule, rows in theirs.items():
        np.testing.assert_array_equal(rows, ours.get(rule, np.array([], np.int64)), err_msg=rule)


def special(check: Check) -> bool:
    """With a condition, a look-up within a relation or in two dictionaries, or a value that must not repeat."""
    return bool({"condition", "through", "once"} & set(check.parameters) or looked_up(check))


def test_every_condition_is_text_that_reads_back() -> None:
    texts = {c.parameters["condition"]["relation"] for s in SUITES for c in s.checks if "condition" in c.parameters}
    assert len(texts) > 100
    assert [text for text in sorted(texts) if str(parse(text)) != text] == []

"""Every compiled rule: the right file keeps it, a file with a planted fault breaks it."""

from __future__ import annotations

import pytest

from pipelines.checks import gx, suites
from pipelines.checks.frames import Bulk, frame
from pipelines.checks.runner import run, run_suite
from pipelines.checks.suites import Check, Suite
from pipelines.nsi import Dictionaries
from tests.checks.build import ON, TODAY, Rows, dictionaries, files, tables
from tests.checks.faults import broken

SUITES = {kind: suites.load(f"pump/{kind}") for kind in ("H", "L")}
CHECKS = [
    (s, c)
    for of_kind in SUITES.values()
    for s in of_kind
    for c in s.checks
    if c.valid_on(ON) and "condition" not in c.parameters
]
"""Rules without a condition; those with one are in tests/rules."""


def beside(variants: list[Rows], suite: Suite) -> Bulk:
    """Files of a suite's layout, each with the other file of the right package beside it."""
    right = files()
    bulk = Bulk([tables(right[suite.layout].layout, rows) for rows in variants], TODAY)
    bulk.partner = Bulk([right["L" if suite.layout == "H" else "H"]] * len(variants), TODAY)
    return bulk


def test_the_right_package_has_no_findings() -> None:
    found = run(files(), SUITES, dictionaries(), ON, TODAY)
    assert found[["rule", "value"]].to_dict("records") == []


@pytest.mark.parametrize(("suite", "check"), CHECKS, ids=[check.rule for _, check in CHECKS])
def test_a_planted_fault_is_found(suite: Suite, check: Check) -> None:
    rows, row = broken(suite, check)
    bulk = beside([rows], suite)
    failures = {f.check.rule: f.rows.tolist() for f in run_suite(bulk, suite, dictionaries(), [ON])}
    assert row in failures.get(check.rule, [])


def test_great_expectations_does_not_pass_over_what_it_cannot_evaluate() -> None:
    suite = next(suite for suite in SUITES["H"] if suite.table == "ZAP")
    with pytest.raises(RuntimeError, match="could not be evaluated"):
        gx.validate(frame(Bulk([files()["H"]], TODAY), suite), suite, Dictionaries([]), ON)

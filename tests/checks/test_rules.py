"""Every compiled rule: the right file keeps it, a file with a planted fault breaks it, and Great Expectations agrees."""

from __future__ import annotations

import numpy as np
import pytest

from pipelines.checks import gx, suites
from pipelines.checks.frames import Bulk, frame
from pipelines.checks.runner import run, run_suite
from pipelines.checks.suites import Check, Suite
from pipelines.nsi import Dictionaries
from tests.checks.build import ON, TODAY, dictionaries, files, tables
from tests.checks.faults import base, broken

SUITES = {kind: suites.load(f"pump/{kind}") for kind in ("H", "L")}
CHECKS = [(s, c) for of_kind in SUITES.values() for s in of_kind for c in s.checks if c.valid_on(ON)]


def test_the_right_package_has_no_findings() -> None:
    found = run(files(), SUITES, dictionaries(), ON, TODAY)
    assert found[["rule", "value"]].to_dict("records") == []


@pytest.mark.parametrize("kind", ["H", "L"])
def test_the_right_file_has_a_value_for_every_rule(kind: str) -> None:
    bulk = Bulk([files()[kind]], TODAY)
    idle = [
        check.rule
        for suite in SUITES[kind]
        for check in suite.checks
        if bulk.column(suite.table, check.columns[0]).null_count == bulk.rows(suite.table)
    ]
    assert idle == []


@pytest.mark.parametrize(("suite", "check"), CHECKS, ids=[check.rule for _, check in CHECKS])
def test_a_planted_fault_is_found(suite: Suite, check: Check) -> None:
    rows, row = broken(suite, check)
    bulk = Bulk([tables(files()[suite.layout].layout, rows)], TODAY)
    failures = {f.check.rule: f.rows.tolist() for f in run_suite(bulk, suite, dictionaries(), [ON])}
    assert row in failures.get(check.rule, [])


@pytest.mark.parametrize("suite", [s for of_kind in SUITES.values() for s in of_kind], ids=lambda suite: suite.name)
def test_great_expectations_finds_the_same_rows(suite: Suite) -> None:
    layout = files()[suite.layout].layout
    planted = [broken(suite, check)[0] for check in suite.checks if check.valid_on(ON)]
    bulk = Bulk([tables(layout, rows) for rows in [base(suite), *planted]], TODAY)
    ours = {f.check.rule: f.rows for f in run_suite(bulk, suite, dictionaries(), [ON] * len(bulk.files))}
    theirs = dict(gx.validate(frame(bulk, suite), suite, dictionaries(), ON))
    assert set(theirs) == {check.rule for check in suite.checks if check.valid_on(ON)}
    assert all(len(rows) for rows in theirs.values()), "a planted fault was not found"
    for rule, rows in theirs.items():
        np.testing.assert_array_equal(rows, ours[rule], err_msg=rule)


def test_great_expectations_does_not_pass_over_what_it_cannot_evaluate() -> None:
    suite = next(suite for suite in SUITES["H"] if suite.table == "ZAP")
    with pytest.raises(RuntimeError, match="could not be evaluated"):
        gx.validate(frame(Bulk([files()["H"]], TODAY), suite), suite, Dictionaries([]), ON)

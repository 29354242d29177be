"""Stock Great Expectations and the runner: the same failing rows for every suite that is shipped."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date

import numpy as np
import pytest

from pipelines.checks import gx, suites
from pipelines.checks.examples import written
from pipelines.checks.frames import Bulk, frame
from pipelines.checks.runner import run_suite
from pipelines.checks.suites import Suite
from pipelines.exchange.region import load as load_region
from pipelines.formats.tables import ANOMALIES, Tables
from pipelines.ground.settings import ROOT
from pipelines.nsi import Dictionaries
from pipelines.synthetic.faults import Structure, faults_of
from pipelines.synthetic.registers import KINDS, generate_register
from tests.checks.build import TODAY
from tests.rules.records import CHECKS, SUITES, bulk_of, day_of, drafts, never, nsi

SENDERS = {"H": "980001", "C": "980006", "T": "980001", "X": "980003"}
"""Who sends registers of each kind."""
NOTHING = np.array([], np.int64)
PERIOD = date(2026, 10, 1)


def same(bulk: Bulk, suite: Suite, dictionaries: Dictionaries, on: date) -> set[str]:
    """Compare both over a suite; returns the rules that found something."""
    ours = {f.check.rule: f.rows for f in run_suite(bulk, suite, dictionaries, [on] * len(bulk.files))}
    theirs = dict(gx.validate(frame(bulk, suite), suite, dictionaries, on))
    assert set(theirs) == {check.rule for check in suite.checks if check.valid_on(on)}
    for rule, rows in theirs.items():
        np.testing.assert_array_equal(rows, ours.get(rule, NOTHING), err_msg=rule)
    return set(ours)


def groups(suite: Suite) -> Iterator[tuple[date, Sequence[int]]]:
    """Places in ``CHECKS`` of the suite's checks by a day on which they are in force; those with their own rows alone."""
    places = [n for n, (of, check) in enumerate(CHECKS) if of is suite and not never(check)]
    alone = [place for place in places if "nsi" in (written(*CHECKS[place]) or {})]
    yield from ((day_of(CHECKS[place][1]), [place]) for place in alone)
    together = [place for place in places if place not in alone]
    for day in sorted({day_of(CHECKS[place][1]) for place in together}):
        yield day, [place for place in together if day_of(CHECKS[place][1]) == day]


@pytest.mark.parametrize("suite", SUITES, ids=lambda suite: suite.name)
def test_every_rule_finds_the_same_rows_in_its_examples(suite: Suite) -> None:
    for day, places in groups(suite):
        checks = tuple(CHECKS[place][1] for place in places)
        chosen = Suite(suite.name, suite.layout, suite.table, checks)
        found = nsi(places)
        bulk = bulk_of([draft for place in places for draft in drafts(place)], found)
        assert same(bulk, chosen, found, day) == {check.rule for check in checks}


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_every_suite_finds_the_same_rows_in_registers_with_faults(kind: str) -> None:
    """All faults of the generator in two registers at once, over the region's own dictionaries."""
    region = load_region(ROOT / "include" / "region" / "demo")
    nsi_of_region = Dictionaries.from_folder(region.folder / "nsi")
    faults = {name: 0.01 for name, fault in faults_of(kind).items() if not isinstance(fault, Structure)}
    made = [
        generate_register(region, SENDERS[kind], "98001", PERIOD, 300, seed=7, faults=planted, kind=kind, number=number)
        for number, planted in ((1, faults), (2, {}))
    ]
    bulks = {
        role: Bulk(
            [Tables(f.layout, f.tables, ANOMALIES.empty_table()) for f in (r.files[role] for r in made)],
            TODAY,
            nsi_of_region,
        )
        for role in made[0].files
    }
    for role, bulk in bulks.items():
        bulk.partner = next(other for name, other in bulks.items() if name != role)
    found, in_force = set(), set()
    for bulk in bulks.values():
        for suite in suites.load(f"pump/{bulk.layout.code}"):
            found |= same(bulk, suite, nsi_of_region, PERIOD)
            in_force |= {check.rule for check in suite.checks if check.valid_on(PERIOD)}
    assert {fault.rule for fault in made[0].faults} & in_force <= found
    assert len(found) > 15


def test_an_expectation_that_is_changed_or_copied_tells_what_it_is_now() -> None:
    one = gx.ExpectElementInSet(column_list=["A", "row"], values=["1"], numeric=False)
    assert one.configuration is one.configuration
    assert one.copy(update={"values": ["2"]}).configuration.kwargs["values"] == ["2"]
    one.values = ["3"]
    assert one.configuration.kwargs["values"] == ["3"]

"""Every compiled rule on a minimal record that keeps it, one that breaks it, and one that it does not apply to."""

from __future__ import annotations

import pytest

from pipelines.checks.relation import parse
from pipelines.checks.runner import run_suite
from pipelines.checks.suites import Suite
from tests.rules.records import CHECKS, bulk_of, day_of, drafts, never, nsi

IDS = [f"{suite.layout}-{check.rule}" for suite, check in CHECKS]


@pytest.mark.parametrize("place", range(len(CHECKS)), ids=IDS)
def test_the_rule_on_its_records(place: int) -> None:
    suite, check = CHECKS[place]
    made = drafts(place)
    found = nsi([place])
    bulk = bulk_of(made, found)
    alone = Suite(suite.name, suite.layout, suite.table, (check,))
    failures = [f.rows for f in run_suite(bulk, alone, found, [day_of(check)] * len(made))]
    hit = set(bulk.file_of(suite.table)[failures[0]].tolist()) if failures else set()
    assert hit == (set() if never(check) else {1})


def test_every_condition_and_relation_is_text_that_reads_back() -> None:
    texts = {check.parameters["condition"]["relation"] for _, check in CHECKS if "condition" in check.parameters}
    assert len(texts) > 100
    texts |= {check.parameters["relation"] for _, check in CHECKS if "relation" in check.parameters}
    assert [text for text in sorted(texts) if parse(str(parse(text))) != parse(text)] == []

"""Every rule of Q016, Q022 and Q023 that has a check, on a minimal record that keeps it and one that breaks it."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from pipelines.checks import gx, suites
from pipelines.checks.frames import frame, group
from pipelines.checks.relation import Name, parse
from pipelines.checks.resolve import resolve_name
from pipelines.checks.runner import run_suite
from pipelines.checks.suites import Check, Suite
from pipelines.formats.layout import load
from pipelines.nsi import Dictionaries
from tests.checks.build import ON, dictionary
from tests.rules.drafts import Draft
from tests.rules.fixtures import FOLDERS, bulk_of, day_of, meet, nsi

GROUPS = ("Z_SL",)
"""Groups that some structures repeat and others merge into the record."""

HERE = ("mek", "mek-regional", "pump-regional")
NAMES = [
    f"{folder}/{kind}"
    for folder in HERE
    for kind in ("H", "L", "C", "T", "X", "R", "D", "A")
    if list((suites.FOLDER / folder).glob(f"{kind}_*.json"))
]
WRITTEN: dict[str, Any] = yaml.safe_load((Path(__file__).parent / "mek.yaml").read_text(encoding="utf-8"))
CHECKS = [(s, c) for name in NAMES for s in suites.load(name) for c in s.checks]


def entry_of(suite: Suite, check: Check) -> dict[str, Any] | None:
    """The rule's records; one of several ids with the same ones, and what differs in a kind of file."""
    for ids, entry in WRITTEN["rules"].items():
        if check.rule in ids.split():
            return {**entry, **entry.get("kinds", {}).get(suite.layout, {})}
    return None


def written(suite: Suite, entry: dict[str, Any]) -> list[Draft]:
    """Right and wrong record of an entry; names are found as the rule language finds them."""
    made = []
    for name in ("right", "wrong"):
        draft = Draft(load(suite.layout), suite.table)
        for place, value in {**entry.get("both", {}), **entry[name]}.items():
            if isinstance(value, list):
                rows = [{column: str(text) for column, text in row.items()} for row in value]
                draft.rows(group(draft.layout, place).table if place in GROUPS else place)[:] = rows
            else:
                table, _, column = place.rpartition(".")
                found = resolve_name(Name(table or None, column), draft.layout, suite.table)
                draft.put(found, None if value is None else str(value), suite.table)
        made.append(draft)
    return made


@cache
def drafts(place: int) -> list[Draft]:
    """Right, wrong and, where there is a condition and no written records, out of its reach."""
    suite, check = CHECKS[place]
    if entry := entry_of(suite, check):
        return written(suite, entry)
    made = []
    condition = check.parameters.get("condition")
    for right, applies in ((True, True), (False, True), (False, False))[: 3 if condition else 2]:
        draft = Draft(load(suite.layout), suite.table)
        meet(draft, suite, check, right)
        if condition:
            draft.settle(parse(condition["relation"]), suite.table, applies)
        made.append(draft)
    return made


def known(suite: Suite, check: Check) -> Dictionaries:
    entry = entry_of(suite, check) or {}
    if "nsi" not in entry:
        return nsi([check])
    return Dictionaries([dictionary(name, rows) for name, rows in entry["nsi"].items()])


@pytest.mark.parametrize("place", range(len(CHECKS)), ids=[f"{suite.layout}-{check.rule}" for suite, check in CHECKS])
def test_the_rule_on_its_records(place: int) -> None:
    suite, check = CHECKS[place]
    made, found = drafts(place), known(suite, check)
    bulk = bulk_of(made, found)
    alone = Suite(suite.name, suite.layout, suite.table, (check,))
    failures = [f.rows for f in run_suite(bulk, alone, found, [day_of(check)] * len(made))]
    hit = set(bulk.file_of(suite.table)[failures[0]].tolist()) if failures else set()
    assert hit == {1}


@pytest.mark.parametrize("name", ["mek/H", "mek/L", "mek/X", "mek-regional/H"])
def test_great_expectations_agrees(name: str) -> None:
    for suite in suites.load(name):
        places = [n for n, (s, c) in enumerate(CHECKS) if s is suite and c.valid_on(ON) and not known(s, c)]
        if not places:
            continue
        chosen = Suite(suite.name, suite.layout, suite.table, tuple(CHECKS[place][1] for place in places))
        made = [draft for place in places for draft in drafts(place)]
        bulk = bulk_of(made, Dictionaries([]))
        ours = {f.check.rule: f.rows for f in run_suite(bulk, chosen, Dictionaries([]), [ON] * len(made))}
        theirs = dict(gx.validate(frame(bulk, chosen), chosen, Dictionaries([]), ON))
        assert set(theirs) == {check.rule for check in chosen.checks}
        for rule, rows in theirs.items():
            np.testing.assert_array_equal(rows, ours.get(rule, np.array([], np.int64)), err_msg=rule)


def test_no_suite_is_without_records() -> None:
    assert {path.parent.name for path in suites.FOLDER.glob("*/*.json")} == {*HERE, *FOLDERS}

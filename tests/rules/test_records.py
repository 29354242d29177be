"""Every compiled rule on a minimal record that keeps it, one that breaks it, and one that it does not apply to."""

from __future__ import annotations

import re
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from pipelines.checks import gx, suites
from pipelines.checks.frames import Bulk, frame
from pipelines.checks.relation import Name, parse
from pipelines.checks.runner import run_suite
from pipelines.checks.suites import Check, Suite
from pipelines.formats.layout import load
from pipelines.nsi import Dictionaries
from tests.checks.build import TODAY, dictionary, tables
from tests.rules.drafts import Draft, Unsolved

KINDS = ("H", "L", "C", "T", "X")
WRITTEN: dict[str, Any] = yaml.safe_load((Path(__file__).parent / "written.yaml").read_text(encoding="utf-8"))
CHECKS = [(s, c) for kind in KINDS for s in suites.load(f"pump/{kind}") for c in s.checks]
CODE = "7"


def day_of(check: Check) -> date:
    return check.until or max(check.since or TODAY, date(2026, 2, 1))


def own_columns(check: Check) -> tuple[str, ...]:
    condition = check.parameters.get("condition")
    return check.columns[: condition["own"]] if condition else check.columns


def meet(draft: Draft, suite: Suite, check: Check, right: bool) -> None:
    """Put in what the expectation wants, or what it does not."""
    subject = own_columns(check)[0]
    place = Name(None, subject)
    match check.type:
        case "expect_element_present" | "expect_element_absent":
            there = right == (check.type == "expect_element_present")
            if subject.startswith("count("):
                name = subject[6:-1]
                if name not in draft.layout.tables:
                    draft.own[suite.table][0][name] = there
                    return
                if there:
                    draft.rows(name).append({column.column: "1" for column in draft.layout.tables[name].columns})
                else:
                    draft.rows(name).clear()
                return
            group = draft.layout.element(suite.table, subject).type == "S"
            draft.put(place, there if group else ("1" if there else None), suite.table)
        case "expect_element_in_set":
            draft.put(place, check.parameters["values"][0] if right else "~", suite.table)
        case "expect_element_in_dictionary":
            draft.put(place, CODE if right else "8", suite.table)
            for number, column in enumerate(own_columns(check)[1 : 1 + len(check.parameters["by"])]):
                draft.put(reference(column), str(number), suite.table)
            if check.parameters["dated"]:
                draft.put(reference(own_columns(check)[-1]), "2026-02-02", suite.table)
        case "expect_element_in_format":
            draft.put(place, fitting(check) if right else unfit(check), suite.table)
        case "expect_element_in_relation":
            relation = parse(check.parameters["relation"])
            draft.settle(relation, suite.table, right)
            if not draft.own.get(suite.table, [{}])[0].get(subject):
                draft.put(place, "1", suite.table)


def reference(text: str) -> Name:
    table, _, column = text.rpartition(".")
    return Name(table or None, column)


def fitting(check: Check) -> str:
    """A text of the form: the first of some plain ones that fits its length and pattern."""
    wanted = check.parameters
    if wanted["calendar"]:
        return "2026-02-28"
    least, most = wanted["min_length"] or 1, wanted["max_length"] or 40
    texts = ["1" * size for size in range(least, most + 1)] + WRITTEN["texts"]
    for text in texts:
        if least <= len(text) <= most and (wanted["pattern"] is None or re.fullmatch(wanted["pattern"], text)):
            return text
    raise Unsolved(check.rule)


def unfit(check: Check) -> str:
    """A text that is too long, or of no form at all."""
    longest = check.parameters["max_length"]
    return "1" * (longest + 1) if longest else "~"


def written(suite: Suite, check: Check, entry: dict[str, Any]) -> list[Draft]:
    drafts = []
    for name in ("right", "wrong"):
        draft = Draft(load(suite.layout), suite.table)
        for place, value in {**entry.get("both", {}), **entry[name]}.items():
            table, _, column = place.rpartition(".")
            rows = value if isinstance(value, list) else None
            if rows is not None:
                draft.rows(place)[:] = [dict(row) for row in rows]
            else:
                draft.put(Name(table or None, column), value, suite.table)
        drafts.append(draft)
    return drafts


@cache
def drafts(place: int) -> list[Draft]:
    """Right, wrong and, where there is a condition, out of its reach."""
    suite, check = CHECKS[place]
    if entry := WRITTEN["rules"].get(check.rule):
        return written(suite, check, entry)
    made = []
    condition = check.parameters.get("condition")
    for right, applies in ((True, True), (False, True), (False, False))[: 3 if condition else 2]:
        draft = Draft(load(suite.layout), suite.table)
        meet(draft, suite, check, right)
        if condition:
            draft.settle(parse(condition["relation"]), suite.table, applies)
        made.append(draft)
    return made


def nsi(check: Check) -> Dictionaries:
    wanted = check.parameters
    if mask := wanted.get("mask"):
        return Dictionaries([dictionary(mask["dictionary"], [{mask["key"]: "14", mask["field"]: "9"}])])
    if "dictionary" not in wanted:
        return Dictionaries([])
    fields = dict.fromkeys([part.strip() for part in wanted["field"].split("+")], "")
    fields[next(iter(fields))] = CODE
    fields |= {name: str(number) for number, name in enumerate(wanted["by"])}
    return Dictionaries([dictionary(wanted["dictionary"], [fields | {"DATEBEG": "2011-01-01", "DATEEND": None}])])


def bulk_of(made: list[Draft]) -> Bulk:
    bulk = Bulk([tables(draft.layout, draft.own) for draft in made], TODAY)
    join = made[0].join
    if join:
        bulk.partner = Bulk([tables(join.layout, draft.partner) for draft in made], TODAY)
    return bulk


IDS = [f"{suite.layout}-{check.rule}" for suite, check in CHECKS]


@pytest.mark.parametrize("place", range(len(CHECKS)), ids=IDS)
def test_the_rule_on_its_records(place: int) -> None:
    suite, check = CHECKS[place]
    made = drafts(place)
    bulk = bulk_of(made)
    alone = Suite(suite.name, suite.layout, suite.table, (check,))
    failures = [f.rows for f in run_suite(bulk, alone, nsi(check), [day_of(check)] * len(made))]
    hit = set(bulk.file_of(suite.table)[failures[0]].tolist()) if failures else set()
    never = check.since is not None and check.until is not None and check.until < check.since
    assert hit == (set() if never else {1})


@pytest.mark.parametrize("kind", ["H", "L"])
def test_great_expectations_agrees_on_the_records_of_conditional_rules(kind: str) -> None:
    for suite in suites.load(f"pump/{kind}"):
        places = [n for n, (s, c) in enumerate(CHECKS) if s is suite and "condition" in c.parameters and open_rule(c)]
        if not places:
            continue
        chosen = Suite(suite.name, suite.layout, suite.table, tuple(CHECKS[place][1] for place in places))
        made = [draft for place in places for draft in drafts(place)]
        found = Dictionaries({name: every for place in places for name, every in nsi(CHECKS[place][1]).items()}.values())
        bulk = bulk_of(made)
        on = date(2026, 2, 1)
        ours = {f.check.rule: f.rows for f in run_suite(bulk, chosen, found, [on] * len(made))}
        theirs = dict(gx.validate(frame(bulk, chosen), chosen, found, on))
        assert set(theirs) == {check.rule for check in chosen.checks}
        for rule, rows in theirs.items():
            np.testing.assert_array_equal(rows, ours.get(rule, np.array([], np.int64)), err_msg=rule)


def open_rule(check: Check) -> bool:
    """In force, and its dictionary one that no other rule of the suite wants with other fields."""
    return check.valid_on(date(2026, 2, 1)) and "dictionary" not in check.parameters


def test_every_condition_is_text_that_reads_back() -> None:
    texts = {check.parameters["condition"]["relation"] for _, check in CHECKS if "condition" in check.parameters}
    assert len(texts) > 100
    assert [text for text in sorted(texts) if str(parse(text)) != text] == []

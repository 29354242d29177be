"""Every compiled rule on a minimal record that keeps it, one that breaks it, and one that it does not apply to."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from pipelines.checks import gx, suites
from pipelines.checks.frames import Bulk, frame
from pipelines.checks.relation import Constant, Lookup, Name, lookups, parse
from pipelines.checks.runner import run_suite
from pipelines.checks.suites import Check, Suite
from pipelines.formats.layout import load
from pipelines.nsi import Dictionaries
from tests.checks.build import TODAY, dictionary, tables
from tests.rules.drafts import CODE, OTHER, Draft, Unsolved

KINDS = ("H", "L", "C", "T", "X")
WRITTEN: dict[str, Any] = yaml.safe_load((Path(__file__).parent / "written.yaml").read_text(encoding="utf-8"))
NAMES = (*(f"pump/{kind}" for kind in KINDS), *(f"mtr/{kind}" for kind in ("R", "D", "A")))
CHECKS = [(s, c) for name in NAMES for s in suites.load(name) for c in s.checks]


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
            draft.put(place, CODE if right else OTHER, suite.table)
            for column in own_columns(check)[1 : 1 + len(check.parameters["by"])]:
                draft.put(reference(column), CODE, suite.table)
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
    if entry := WRITTEN["rules"].get(f"{suite.layout}-{check.rule}", WRITTEN["rules"].get(check.rule)):
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


def nsi(checks: Iterable[Check]) -> Dictionaries:
    """The dictionaries that the checks look into, with one row that has ``CODE`` wherever they look."""
    rows: dict[str, dict[str, str | None]] = {}
    for check in checks:
        wanted = check.parameters
        if mask := wanted.get("mask"):
            rows.setdefault(mask["dictionary"], {}).update({mask["key"]: "14", mask["field"]: "9"})
        if "dictionary" in wanted:
            first, *more = [part.strip() for part in wanted["field"].split("+")]
            row = rows.setdefault(wanted["dictionary"], {})
            row |= {first: CODE} | dict.fromkeys(more, "") | dict.fromkeys(wanted["by"], CODE)
        if through := wanted.get("through"):
            row |= dict.fromkeys(through["match"], "t")
            other = dict.fromkeys(through["match"].values(), "t") | {name: row.pop(name) for name in wanted["by"]}
            rows.setdefault(through["dictionary"], {}).update(other | through["where"])
        for lookup in looked_up(check):
            row = rows.setdefault(lookup.dictionary, {})
            row[lookup.field] = CODE
            row |= {name: value.text if isinstance(value, Constant) else CODE for name, value in lookup.where}
    period = {"DATEBEG": "2011-01-01", "DATEEND": None}
    return Dictionaries(dictionary(name, [row | period]) for name, row in rows.items())


def looked_up(check: Check) -> list[Lookup]:
    texts = (check.parameters.get("relation"), check.parameters.get("condition", {}).get("relation"))
    return [lookup for text in texts if text for lookup in lookups(parse(text))]


def bulk_of(made: list[Draft]) -> Bulk:
    bulk = Bulk([replace(tables(draft.layout, draft.own), name=draft.name) for draft in made], TODAY)
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
    failures = [f.rows for f in run_suite(bulk, alone, nsi([check]), [day_of(check)] * len(made))]
    hit = set(bulk.file_of(suite.table)[failures[0]].tolist()) if failures else set()
    never = check.since is not None and check.until is not None and check.until < check.since
    assert hit == (set() if never else {1})


@pytest.mark.parametrize("name", ["pump/H", "pump/L", "pump/C", "mtr/R"])
def test_great_expectations_agrees_on_the_records_of_conditional_rules(name: str) -> None:
    for suite in suites.load(name):
        places = [n for n, (s, c) in enumerate(CHECKS) if s is suite and special(c) and c.valid_on(date(2026, 2, 1))]
        if not places:
            continue
        chosen = Suite(suite.name, suite.layout, suite.table, tuple(CHECKS[place][1] for place in places))
        made = [draft for place in places for draft in drafts(place)]
        found = nsi(CHECKS[place][1] for place in places)
        bulk = bulk_of(made)
        on = date(2026, 2, 1)
        ours = {f.check.rule: f.rows for f in run_suite(bulk, chosen, found, [on] * len(made))}
        theirs = dict(gx.validate(frame(bulk, chosen), chosen, found, on))
        assert set(theirs) == {check.rule for check in chosen.checks}
        for rule, rows in theirs.items():
            np.testing.assert_array_equal(rows, ours.get(rule, np.array([], np.int64)), err_msg=rule)


def special(check: Check) -> bool:
    """With a condition, a look-up within a relation or in two dictionaries, or a value that must not repeat."""
    return bool({"condition", "through", "once"} & set(check.parameters) or looked_up(check))


def test_every_condition_is_text_that_reads_back() -> None:
    texts = {check.parameters["condition"]["relation"] for _, check in CHECKS if "condition" in check.parameters}
    assert len(texts) > 100
    assert [text for text in sorted(texts) if str(parse(text)) != text] == []

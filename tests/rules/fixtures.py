"""Fixtures of every check that is shipped: minimal files that keep the rule, break it, or lie out of its reach.

They are made from the check itself: for each comparison of its condition and of its relation also files with the value just
inside and just outside. What the outcome must be is said by ``witness``, not by the evaluators. Prose that cannot be solved
has its records in ``include/rules/examples``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import yaml

from pipelines.checks import suites
from pipelines.checks.drafts import CODE, LETTERS, OTHER, Draft, Unsolved, candidates
from pipelines.checks.frames import Bulk
from pipelines.checks.relation import (
    Aggregate,
    Comparison,
    Condition,
    Constant,
    Function,
    Junction,
    Lookup,
    Name,
    Part,
    lookups,
    parse,
)
from pipelines.checks.suites import Check, Suite
from pipelines.formats.layout import load
from pipelines.ground.settings import ROOT
from pipelines.nsi import Dictionaries
from tests.checks.build import ON, TODAY, dictionary, tables
from tests.rules import witness

WRITTEN: dict[str, Any] = yaml.safe_load(
    (ROOT / "include" / "rules" / "examples" / "records.yaml").read_text(encoding="utf-8")
)
FOLDERS = ("erz", "mtr", "pump")
"""Suites of Q015 and of the fund; ``test_mek`` has those of the other dictionaries."""
SUITES = [suites.read(path) for folder in FOLDERS for path in sorted((suites.FOLDER / folder).glob("*.json"))]
RELATION = "expect_element_in_relation"


@dataclass(frozen=True)
class Fixture:
    """A file and whether the check finds its row wrong.

    ``why``: right, wrong, away (out of the condition's reach), repeated, or the comparison and its value.
    """

    draft: Draft
    broken: bool
    why: str


def fixtures(suite: Suite, check: Check) -> list[Fixture]:
    """All of a check; raises ``Unsolved`` for one that has none."""
    if entry := WRITTEN["rules"].get(f"{suite.layout}-{check.rule}", WRITTEN["rules"].get(check.rule)):
        return _written(suite, check, entry)
    condition = check.parameters.get("condition")
    made = []
    for why, right, applies in (("right", True, True), ("wrong", False, True), ("away", False, False)):
        if why != "away" or condition:
            draft = Draft(load(suite.layout), suite.table)
            meet(draft, suite, check, right)
            if condition:
                draft.settle(parse(condition["relation"]), suite.table, applies)
            made.append(Fixture(draft, why == "wrong", why))
    if check.parameters.get("once"):
        twice = made[0].draft.copy()
        twice.rows(suite.table).append(dict(twice.rows(suite.table)[0]))
        made.append(Fixture(twice, True, "repeated"))
    return [*made, *_borders(suite, check, made[0].draft, made[1].draft)]


def own_columns(check: Check) -> tuple[str, ...]:
    """The columns that the expectation judges, without those of the condition."""
    condition = check.parameters.get("condition")
    return check.columns[: condition["own"]] if condition else check.columns


def day_of(check: Check) -> date:
    """A day on which the check is in force."""
    return check.until or max(check.since or ON, ON)


def never(check: Check) -> bool:
    """Whether the rule ends before it begins."""
    return check.since is not None and check.until is not None and check.until < check.since


def rows_of_nsi(checks: Iterable[Check]) -> dict[str, dict[str, str | None]]:
    """A row for each dictionary that the checks look into, with ``CODE`` wherever they look."""
    rows: dict[str, dict[str, str | None]] = {}
    for check in checks:
        wanted = check.parameters
        if mask := wanted.get("mask"):
            rows.setdefault(mask["dictionary"], {}).update({mask["key"]: CODE, mask["field"]: "9"})
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
    return rows


def looked_up(check: Check) -> list[Lookup]:
    """Look-ups of the relation and of the condition."""
    texts = (check.parameters.get("relation"), check.parameters.get("condition", {}).get("relation"))
    return [lookup for text in texts if text for lookup in lookups(parse(text))]


def nsi(checks: Iterable[Check]) -> Dictionaries:
    """Dictionaries of ``rows_of_nsi``."""
    period = {"DATEBEG": "2011-01-01", "DATEEND": None}
    return Dictionaries(dictionary(name, [row | period]) for name, row in rows_of_nsi(checks).items())


def bulk_of(made: list[Draft], found: Dictionaries) -> Bulk:
    """The files one after another, each with its partner; ``found`` for look-ups among the rows below."""
    bulk = Bulk([replace(tables(draft.layout, draft.own), name=draft.name) for draft in made], TODAY, found)
    if join := made[0].join:
        bulk.partner = Bulk([tables(join.layout, draft.partner) for draft in made], TODAY, found)
    return bulk


def place_of(draft: Draft) -> witness.Place:
    """The row that the check judges, for the witness."""
    other = witness.File(draft.join.layout, draft.partner) if draft.join else None
    return witness.Place(witness.File(draft.layout, draft.own, draft.name), draft.table, 0, other, draft.join)


def comparisons(condition: Condition, table: str) -> Iterator[tuple[Comparison, str]]:
    """Comparisons of a tree with the table of the row that each is about; those that choose counted rows included."""
    match condition:
        case Junction(parts=parts):
            for part in parts:
                yield from comparisons(part, table)
        case Comparison(operands=(Aggregate(function="count", name=counted, where=where), *_)) if where is not None:
            yield from comparisons(where, counted.column)
        case Comparison():
            yield condition, table


def _borders(suite: Suite, check: Check, right: Draft, wrong: Draft) -> Iterator[Fixture]:
    """Beside every constant: of the condition on a wrong record, of the relation on a right one."""
    condition = check.parameters.get("condition")
    relation = check.parameters["relation"] if check.type == RELATION else None
    applies = witness.read(condition["relation"]) if condition else None
    holds = witness.read(relation) if relation else None
    judge = witness.Witness(dictionaries=rows_of_nsi([check]))
    bases = [(text, base) for text, base in ((relation, right), (condition and condition["relation"], wrong)) if text]
    for text, base in bases:
        spared = own_columns(check)[0] if base is wrong else ""
        for comparison, table in comparisons(parse(text), suite.table):
            for value in _values(comparison):
                draft = base.copy()
                if not _assigned(draft, comparison, value, table, spared if table == suite.table else ""):
                    continue
                row = place_of(draft)
                reached = applies is None or judge.true(applies, row) is True
                absent = not row.cells.get(own_columns(check)[0]) if holds else False
                broken = reached and not absent and (holds is None or judge.true(holds, row) is False)
                yield Fixture(draft, broken, f"{comparison} at {value}")


def _values(comparison: Comparison) -> list[str | None]:
    """Values on either side of the constants, and none at all."""
    subjects = [operand for operand in comparison.operands if isinstance(operand, Name | Part | Function)]
    if len(subjects) != 1:
        return []
    return [*dict.fromkeys(LETTERS.get(str(subjects[0]), candidates(comparison))), None]


def _assigned(draft: Draft, comparison: Comparison, value: str | None, table: str, spared: str) -> bool:
    """Set the one value that a comparison with constants speaks of; False where it speaks of more, or of what is judged."""
    subject = next(operand for operand in comparison.operands if not isinstance(operand, Constant))
    if str(subject) == spared or (value is None and not isinstance(subject, Name)):
        return False
    if isinstance(subject, Name):
        if not draft.rows(subject.table or table):
            return False
        element = draft.kind(subject, table)
        if value is not None and element == "N" and not re.fullmatch(r"\d+(\.\d+)?", value):
            return False
        draft.put(subject, value, table)
        return True
    try:
        draft.assign(subject, str(value), table)
    except (Unsolved, ValueError):
        return False
    return True


def meet(draft: Draft, suite: Suite, check: Check, right: bool) -> None:
    """Put in what the expectation wants, or what it does not."""
    subject = own_columns(check)[0]
    place = Name(None, subject)
    match check.type:
        case "expect_element_present" | "expect_element_absent":
            _presence(draft, suite, subject, right == (check.type == "expect_element_present"))
        case "expect_element_in_set":
            draft.put(place, check.parameters["values"][0] if right else "~", suite.table)
        case "expect_element_in_dictionary":
            draft.put(place, CODE if right else OTHER, suite.table)
            for column in own_columns(check)[1 : 1 + len(check.parameters["by"])]:
                draft.put(_reference(column), CODE, suite.table)
            if check.parameters["dated"]:
                draft.put(_reference(own_columns(check)[-1]), "2026-02-02", suite.table)
        case "expect_element_in_format":
            draft.put(place, _fitting(check) if right else _unfit(check), suite.table)
            if check.parameters["mask"]:
                draft.put(_reference(own_columns(check)[1]), CODE, suite.table)
        case "expect_element_in_relation":
            draft.settle(parse(check.parameters["relation"]), suite.table, right)
            if not draft.own.get(suite.table, [{}])[0].get(subject):
                draft.put(place, "1", suite.table)


def _presence(draft: Draft, suite: Suite, subject: str, there: bool) -> None:
    if not subject.startswith("count("):
        group = draft.layout.element(suite.table, subject).type == "S"
        draft.put(Name(None, subject), there if group else ("1" if there else None), suite.table)
        return
    name = subject[6:-1]
    if name not in draft.layout.tables:
        draft.own[suite.table][0][name] = there
    elif there:
        draft.rows(name).append({column.column: "1" for column in draft.layout.tables[name].columns})
    else:
        draft.rows(name).clear()


def _reference(text: str) -> Name:
    table, _, column = text.rpartition(".")
    return Name(table or None, column)


def _fitting(check: Check) -> str:
    """A text of the form: the first of some plain ones that fits its length and pattern."""
    wanted = check.parameters
    if wanted["calendar"]:
        return "2026-02-28"
    if wanted["mask"]:
        return "5"
    least, most = wanted["min_length"] or 1, wanted["max_length"] or 40
    for text in ["1" * size for size in range(least, most + 1)] + WRITTEN["texts"]:
        if least <= len(text) <= most and (wanted["pattern"] is None or re.fullmatch(wanted["pattern"], text)):
            return str(text)
    raise Unsolved(check.rule)


def _unfit(check: Check) -> str:
    """A text that is too long, or of no form at all."""
    longest = check.parameters["max_length"]
    return "1" * (longest + 1) if longest else "~"


def _written(suite: Suite, check: Check, entry: dict[str, Any]) -> list[Fixture]:
    made = []
    for name in ("right", "wrong", "away"):
        if name not in entry or (name == "away" and "condition" not in check.parameters):
            continue
        draft = Draft(load(suite.layout), suite.table)
        for place, value in {**entry.get("both", {}), **entry[name]}.items():
            if isinstance(value, list):
                draft.rows(place)[:] = [dict(row) for row in value]
            else:
                draft.put(_reference(place), value, suite.table)
        made.append(Fixture(draft, name == "wrong", name))
    return made

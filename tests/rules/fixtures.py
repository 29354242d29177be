"""Fixtures of every check that is shipped: minimal files that keep the rule, break it, or lie out of its reach.

They are the rule's examples and, for each comparison of its condition and of its relation, files with the value just inside
and just outside. What the outcome must be is said by ``witness``, not by the evaluators.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pipelines.checks import suites
from pipelines.checks.drafts import LETTERS, Draft, Unsolved, candidates
from pipelines.checks.examples import entries, examples, own_columns, written
from pipelines.checks.relation import Aggregate, Comparison, Condition, Constant, Function, Junction, Name, Part, parse
from pipelines.checks.suites import Check, Suite
from pipelines.nsi import Dictionaries
from tests.checks.build import dictionary
from tests.rules import witness

FOLDERS = ("acts", "erz", "mtr", "pump")
"""Suites of Q015 and of the fund: the values beside the constants of the other dictionaries are not tried."""
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
    kept = zip(("right", "wrong", "away"), examples(suite, check), strict=False)
    made = [Fixture(draft, why == "wrong", why) for why, draft in kept]
    if written(suite, check):
        return made
    if check.parameters.get("once"):
        twice = made[0].draft.copy()
        twice.rows(suite.table).append(dict(twice.rows(suite.table)[0]))
        made.append(Fixture(twice, True, "repeated"))
    return [*made, *_borders(suite, check, made[0].draft, made[1].draft)]


def nsi(suite: Suite, checks: Sequence[Check]) -> Dictionaries:
    """The dictionaries that the fixtures of the checks look into."""
    found: dict[str, list[dict[str, str | None]]] = {}
    for check in checks:  # one by one: each with a row of its own
        for name, rows in entries([(suite, check)]).items():
            found.setdefault(name, []).extend(row for row in rows if row not in found.get(name, []))
    return Dictionaries(dictionary(name, rows) for name, rows in found.items())


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
    judge = witness.Witness(dictionaries={name: rows[0] for name, rows in entries([(suite, check)]).items()})
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

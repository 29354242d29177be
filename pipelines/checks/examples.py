"""Examples of a rule: a small record that keeps it, one that breaks it, one that it does not apply to.

They are made from the check itself (``drafts.Draft``); where it gives no way to a record, ``include/rules/examples``
holds one. Tests run every check over its examples, the pages of the rules show them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date
from functools import cache
from typing import Any

import yaml

from pipelines.checks.drafts import CODE, OTHER, Draft, Unsolved
from pipelines.checks.frames import group
from pipelines.checks.relation import Constant, Lookup, Name, Reference, lookups, parse
from pipelines.checks.resolve import UnknownNameError, resolve_name
from pipelines.checks.suites import Check, Suite
from pipelines.formats.layout import Layout, load
from pipelines.ground.settings import ROOT

DAY = "2026-02-02"
TODAY = date(2026, 3, 15)
"""Day of processing in the examples."""


def examples(suite: Suite, check: Check) -> tuple[Draft, ...]:
    """Records that keep the rule, that break it and, where it has a condition, that it does not apply to.

    Raises ``Unsolved`` for a check that no record can be made for.
    """
    if entry := written(suite, check):
        return tuple(_as_written(suite, entry, name) for name in ("right", "wrong"))
    condition = check.parameters.get("condition")
    made = []
    for right, applies in ((True, True), (False, True), (False, False))[: 3 if condition else 2]:
        draft = Draft(load(suite.layout), suite.table)
        _meet(draft, suite, check, right)
        if condition:
            draft.settle(parse(condition["relation"]), suite.table, applies)
        made.append(draft)
    return tuple(made)


def written(suite: Suite, check: Check) -> dict[str, Any] | None:
    """The check's entry in ``include/rules/examples``, with what differs in its kind of file."""
    rules = _written()["rules"]
    entry = rules.get(f"{suite.layout}-{check.rule}", rules.get(check.rule))
    return entry and {**entry, **entry.get("kinds", {}).get(suite.layout, {})}


def own_columns(check: Check) -> tuple[str, ...]:
    """Columns of the expectation itself, without those of its condition."""
    condition = check.parameters.get("condition")
    return check.columns[: condition["own"]] if condition else check.columns


def entries(placed: Iterable[tuple[Suite, Check]]) -> dict[str, list[dict[str, str | None]]]:
    """Rows of the dictionaries that the checks look into, by dictionary: those written for a check, and one that has
    ``CODE`` wherever the others look, in force since 2011.
    """
    found: dict[str, list[dict[str, str | None]]] = {}
    made = []
    for suite, check in placed:
        own = (written(suite, check) or {}).get("nsi")
        if own is None:
            made.append(check)
        for name, given in (own or {}).items():
            found.setdefault(name, []).extend(given)
    for name, row in _made_entries(made).items():
        found.setdefault(name, []).append(row)
    return found


def _made_entries(checks: Iterable[Check]) -> dict[str, dict[str, str | None]]:
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
        for lookup in _looked_up(check):
            row = rows.setdefault(lookup.dictionary, {})
            row[lookup.field] = CODE
            row |= {name: value.text if isinstance(value, Constant) else CODE for name, value in lookup.where}
    return {name: row | {"DATEBEG": "2011-01-01", "DATEEND": None} for name, row in rows.items()}


def _looked_up(check: Check) -> list[Lookup]:
    texts = (check.parameters.get("relation"), check.parameters.get("condition", {}).get("relation"))
    return [lookup for text in texts if text for lookup in lookups(parse(text))]


def _as_written(suite: Suite, entry: dict[str, Any], name: str) -> Draft:
    """Names are found as the rule language finds them from the rule's row."""
    draft = Draft(load(suite.layout), suite.table)
    for place, value in {**entry.get("both", {}), **entry[name]}.items():
        if isinstance(value, list):
            table = place if place in draft.layout.tables or draft.join is None else _table_of(draft.layout, place)
            draft.rows(table)[:] = [{column: _text(cell) for column, cell in row.items()} for row in value]
        else:
            draft.put(_found(_name(place), suite, draft), _text(value), suite.table)
    return draft


def _found(name: Name, suite: Suite, draft: Draft) -> Reference:
    """Where a name leads from the rule's row; a group, which is no value, and a table out of reach are as written."""
    try:
        return resolve_name(name, draft.layout, suite.table)
    except UnknownNameError:
        return name


def _table_of(layout: Layout, place: str) -> str:
    """The table of a group that some structures repeat and others merge into the record; a table of the partner as it is."""
    try:
        return group(layout, place).table
    except KeyError:
        return place


def _text(value: object) -> object:
    return value if value is None or isinstance(value, bool) else str(value)


def _meet(draft: Draft, suite: Suite, check: Check, right: bool) -> None:
    """Put in what the expectation wants, or what it does not."""
    subject = own_columns(check)[0]
    place = Name(None, subject)
    match check.type:
        case "expect_element_present" | "expect_element_absent":
            _be_there(draft, suite, subject, right == (check.type == "expect_element_present"))
        case "expect_element_in_set":
            draft.put(place, check.parameters["values"][0] if right else "~", suite.table)
        case "expect_element_in_dictionary":
            draft.put(place, CODE if right else OTHER, suite.table)
            for column in own_columns(check)[1 : 1 + len(check.parameters["by"])]:
                draft.put(_name(column), CODE, suite.table)
            if check.parameters["dated"]:
                draft.put(_name(own_columns(check)[-1]), DAY, suite.table)
        case "expect_element_in_format":
            draft.put(place, _fitting(check) if right else _unfit(check), suite.table)
        case "expect_element_in_relation":
            draft.settle(parse(check.parameters["relation"]), suite.table, right)
            if not draft.own.get(suite.table, [{}])[0].get(subject):
                draft.put(place, "1", suite.table)


def _be_there(draft: Draft, suite: Suite, subject: str, there: bool) -> None:
    if not subject.startswith("count("):
        group = draft.layout.element(suite.table, subject).type == "S"
        draft.put(Name(None, subject), there if group else ("1" if there else None), suite.table)
        return
    name = subject[6:-1]
    if name not in draft.layout.tables:
        draft.own[suite.table][0][name] = there
    elif there:
        draft.rows(name).append({})
    else:
        draft.rows(name).clear()


def _fitting(check: Check) -> str:
    """A text of the form: the first of some plain ones that fits its length and pattern."""
    wanted = check.parameters
    if wanted["calendar"]:
        return "2026-02-28"
    least, most = wanted["min_length"] or 1, wanted["max_length"] or 40
    texts = ["1" * size for size in range(least, most + 1)] + _written()["texts"]
    for text in texts:
        if least <= len(text) <= most and (wanted["pattern"] is None or re.fullmatch(wanted["pattern"], text)):
            return str(text)
    raise Unsolved(check.rule)


def _unfit(check: Check) -> str:
    """A text that is too long, or of no form at all."""
    longest = check.parameters["max_length"]
    return "1" * (longest + 1) if longest else "~"


def _name(text: str) -> Name:
    table, _, column = text.rpartition(".")
    return Name(table or None, column)


@cache
def _written() -> dict[str, Any]:
    """``rules`` by id, or layout and id; ``texts`` samples for masks and alphabets."""
    rules: dict[str, Any] = {}
    texts: list[str] = []
    for path in sorted((ROOT / "include" / "rules" / "examples").glob("*.yaml")):
        declared = yaml.safe_load(path.read_text(encoding="utf-8"))
        texts += declared.get("texts", [])
        rules |= {rule: entry for ids, entry in declared["rules"].items() for rule in ids.split()}
    return {"rules": rules, "texts": texts}

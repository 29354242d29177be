"""Conditions of use, seen from the row that a rule judges: nested groups are counted, absent elements spelt out.

A comparison of an element of a nested group asks whether any of the groups meets it; neighbours joined by «и» that speak of
the same group ask it of one and the same group. What «<>» says of absent and repeated elements is in
``include/rules/absent.yaml``. The result says all this in the language itself: evaluation has no conventions of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from typing import Any

import yaml

from pipelines.checks.frames import foreign
from pipelines.checks.relation import (
    Aggregate,
    Comparison,
    Condition,
    Constant,
    Junction,
    Name,
    Presence,
    Reference,
    references,
)
from pipelines.checks.resolve import resolve_condition, resolve_name
from pipelines.formats.layout import Layout
from pipelines.ground.settings import ROOT


def applied(condition: Condition, layout: Layout, table: str, rule: str) -> Condition:
    """The condition of a rule on rows of ``table``, names resolved; raises ``UnknownNameError``."""
    if not isinstance(condition, Junction):
        below = _below(condition, layout, table)
        return _counted([condition], layout, below) if below else _spelt(condition, layout, table, rule)
    if condition.word == "или":
        return _joined("или", [applied(part, layout, table, rule) for part in condition.parts])
    parts: list[Condition] = []
    gathered: dict[str, list[Condition]] = {}
    for part in condition.parts:
        below = _below(part, layout, table)
        if below is None or _none_of(part):
            parts.append(applied(part, layout, table, rule))
        else:
            gathered.setdefault(below, []).append(part)
    return _joined("и", parts + [_counted(of_table, layout, below) for below, of_table in gathered.items()])


def _joined(word: str, parts: list[Condition]) -> Condition:
    flat = [p for part in parts for p in (part.parts if isinstance(part, Junction) and part.word == word else (part,))]
    return flat[0] if len(flat) == 1 else Junction(word, tuple(flat))


def _below(condition: Condition, layout: Layout, table: str) -> str | None:
    """The table of the nested group that a comparison, or every part of a junction, speaks of."""
    if isinstance(condition, Junction):
        belows = {None if _none_of(part) else _below(part, layout, table) for part in condition.parts}
        return belows.pop() if len(belows) == 1 else None
    if isinstance(condition, Presence):
        return None  # which names a group or counts by itself
    for reference in references(condition):
        if isinstance(reference, Name):
            found = resolve_name(reference, layout, table)
            if isinstance(found, Aggregate):
                return found.name.table
    return None


def _counted(parts: list[Condition], layout: Layout, below: str) -> Condition:
    if _none_of(parts[0]) and len(parts) == 1 and isinstance(parts[0], Comparison):
        equal = resolve_condition(replace(parts[0], operators=("=",)), layout, below)
        return Comparison((Aggregate("count", Name(None, below), equal), Constant("0")), ("=",))
    inner = resolve_condition(_joined("и", parts), layout, below)
    return Comparison((Aggregate("count", Name(None, below), inner), Constant("0")), (">",))


def _spelt(condition: Condition, layout: Layout, table: str, rule: str) -> Condition:
    resolved = resolve_condition(condition, layout, table)
    if isinstance(resolved, Presence) and not resolved.there:
        return _lacking(resolved.reference, layout)
    subject = _differs(condition)
    if subject is None or subject not in _absent()["unequal"] or rule in _absent()["skipped"]:
        return resolved
    assert isinstance(resolved, Comparison)
    reference = next(references(resolved))
    return Junction("или", (resolved, _lacking(reference, layout)))


def _lacking(reference: Reference, layout: Layout) -> Condition:
    """That there is no value; of the partner's, only where the partner has the row at all."""
    join = foreign(layout, reference)
    lacking = Presence(reference, False)
    return Junction("и", (Presence(Name(join.table, join.key), True), lacking)) if join else lacking


def _none_of(condition: Condition) -> bool:
    return _differs(condition) in _absent()["none"]


def _differs(condition: Condition) -> str | None:
    """The column of ``COLUMN <> …``."""
    if isinstance(condition, Comparison) and condition.operators == ("<>",) and isinstance(condition.operands[0], Name):
        return condition.operands[0].column
    return None


@cache
def _absent() -> Mapping[str, Any]:
    return dict(yaml.safe_load((ROOT / "include" / "rules" / "absent.yaml").read_text(encoding="utf-8")))

"""Rules and codes of the PR exchange: ``include/rules/identification.yaml``.

Rules that are expectations make the suite ``expectations/erz/PR_REC.json``; ``write_suite`` writes it anew after a change.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from pipelines.checks import suites
from pipelines.checks.frames import kind_of
from pipelines.checks.relation import parse, references
from pipelines.formats.layout import Layout, load
from pipelines.ground.settings import ROOT

_FORMAT = {"pattern": None, "min_length": None, "max_length": None, "calendar": False, "mask": None}


@dataclass(frozen=True)
class Rule:
    """A rule that a function checks: ``check`` is its name in ``pipelines.erz.checks``."""

    id: str
    element: str
    severity: str
    text: str
    check: str


@dataclass(frozen=True)
class Outcome:
    """What may be found of a person: its code in ANS_R, and whether such a person is attached."""

    code: str
    attach: bool
    text: str


@cache
def _declared() -> dict[str, Any]:
    text = (ROOT / "include" / "rules" / "identification.yaml").read_text(encoding="utf-8")
    declared: dict[str, Any] = yaml.safe_load(text)
    return declared


@cache
def outcomes() -> Mapping[str, Outcome]:
    """Outcomes of the identification by name."""
    return {name: Outcome(**row) for name, row in _declared()["answers"].items()}


@cache
def refusals() -> Mapping[str, str]:
    """Codes C_ERR by the reason why a record makes no attachment."""
    return {name: str(row["code"]) for name, row in _declared()["refusals"].items()}


@cache
def policies() -> Mapping[str, str]:
    """Kind of policy (old, temporary, unified) by its type TIP_D."""
    return {str(letter): str(kind) for letter, kind in _declared()["policies"].items()}


@cache
def written() -> tuple[Rule, ...]:
    """Rules that functions check, by id."""
    return tuple(
        Rule(rule, f"REC/{row['element']}", row.get("severity", "error"), row["text"], row["check"])
        for rule, row in _declared()["rules"].items()
        if "check" in row
    )


def suite() -> suites.Suite:
    """Suite of the record, made of the rules that are expectations."""
    layout = load("PR")
    declared = _declared()
    checks = tuple(
        _expectation(rule, dict(row), layout, declared) for rule, row in declared["rules"].items() if "check" not in row
    )
    return suites.Suite("erz_PR_REC", layout.code, layout.record, checks, {"edition": declared["edition"]})


def write_suite() -> Path:
    """Write the suite's file; returns its path."""
    return suites.write(suite(), suites.FOLDER / "erz")


def _expectation(rule: str, row: dict[str, Any], layout: Layout, declared: Mapping[str, Any]) -> suites.Check:
    column, kind, text = row.pop("element"), row.pop("type"), row.pop("text")
    severity = row.pop("severity", "error")
    columns = [column]
    if kind == "expect_element_in_format":
        row = _FORMAT | row
    elif kind == "expect_element_in_relation":
        named = {str(found): kind_of(layout, layout.record, str(found)) for found in references(parse(row["relation"]))}
        columns += [name for name in named if name != column]
        row["types"] = {name: named.get(name) or kind_of(layout, layout.record, name) for name in columns}
    return suites.Check(
        type=kind,
        columns=tuple(columns),
        parameters=row,
        rule=rule,
        element=f"{layout.record}/{column}",
        severity=severity,
        text=f"{column}: {text}",
        expected=text,
        source=declared["source"],
        edition=declared["edition"],
    )

"""Rules that the fund itself declares, ``include/rules/<name>.yaml``: expectations, and checks that functions make.

Rules that are expectations make suites, ``expectations/<folder>/*.json``; those with a ``check`` name a function.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import yaml

from pipelines.checks.frames import kind_of
from pipelines.checks.relation import parse, references
from pipelines.checks.suites import Check, Suite
from pipelines.formats.layout import Layout, load
from pipelines.ground.settings import ROOT

_FORMAT = {"pattern": None, "min_length": None, "max_length": None, "calendar": False, "mask": None}


@dataclass(frozen=True)
class Rule:
    """A rule that a function checks: ``check`` is its name, ``table`` and ``element`` (a path) what it judges."""

    id: str
    table: str
    element: str
    severity: str
    text: str
    check: str

    @property
    def column(self) -> str:
        return self.element.rpartition("/")[2]


@cache
def declared(name: str) -> dict[str, Any]:
    """A declaration as it is written."""
    text = (ROOT / "include" / "rules" / f"{name}.yaml").read_text(encoding="utf-8")
    found: dict[str, Any] = yaml.safe_load(text)
    return found


@cache
def written(name: str) -> tuple[Rule, ...]:
    """Rules that functions check, in the order of the declaration."""
    layout = load(declared(name)["layout"])
    rows = ((rule, row) for rule, row in declared(name)["rules"].items() if "check" in row)
    return tuple(_rule(layout, rule, row) for rule, row in rows)


def _rule(layout: Layout, rule: str, row: Mapping[str, Any]) -> Rule:
    table = row.get("table", layout.record)
    path = layout.element(table, row["element"]).path
    return Rule(rule, table, path, row.get("severity", "error"), row["text"], row["check"])


def suite(name: str, folder: str, table: str | None = None) -> Suite:
    """Suite of a table (default: the record), made of the rules that are expectations."""
    found = declared(name)
    layout = load(found["layout"])
    table = table or layout.record
    checks = tuple(
        _expectation(rule, dict(row), layout, table, found)
        for rule, row in found["rules"].items()
        if "check" not in row and row.get("table", layout.record) == table
    )
    return Suite(f"{folder}_{layout.code}_{table}", layout.code, table, checks, {"edition": found["edition"]})


def suites_of(name: str, folder: str) -> list[Suite]:
    """Suites of all tables that have expectations."""
    layout = load(declared(name)["layout"])
    return [made for made in (suite(name, folder, table) for table in layout.tables) if made.checks]


def _expectation(rule: str, row: dict[str, Any], layout: Layout, table: str, declaration: Mapping[str, Any]) -> Check:
    column, kind, text = row.pop("element"), row.pop("type"), row.pop("text")
    severity, columns = row.pop("severity", "error"), [column, *row.pop("with", ())]
    row.pop("table", None)
    condition = row.pop("when", None)
    if kind == "expect_element_in_format":
        row = _FORMAT | row
    elif kind == "expect_element_in_relation":
        row["types"] = _types(layout, table, column, row["relation"])
        columns += [name for name in row["types"] if name != column]
    if condition:
        types = _types(layout, table, column, condition)
        row["condition"] = {"relation": condition, "types": types, "own": len(columns)}
        columns += [name for name in types if name not in columns]
    return Check(
        type=kind,
        columns=tuple(columns),
        parameters=row,
        rule=rule,
        element=layout.element(table, column).path,
        severity=severity,
        text=f"{column}: {text}",
        expected=text,
        source=declaration["source"],
        edition=declaration["edition"],
    )


def _types(layout: Layout, table: str, column: str, relation: str) -> dict[str, str]:
    """Kinds of values of a column and, after it, of all that a relation names: the order of a check's columns."""
    named = dict.fromkeys([column, *map(str, references(parse(relation)))])
    return {name: kind_of(layout, table, name) for name in named}

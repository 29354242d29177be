"""Suites: expectations of one table of a file kind, in the JSON of Great Expectations, read without it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any

from pipelines.ground.settings import ROOT

FOLDER = ROOT / "expectations"

ROW = "_row"
"""Column of a suite's frame with the row's number; the last of every ``column_list``."""

GX_SEVERITY = {"fatal": "critical", "error": "warning", "warning": "info"}
"""Our severities in the words of Great Expectations, in the same order."""


@dataclass(frozen=True)
class Check:
    """An expectation: ``type`` and ``parameters`` as in the suite, ``columns`` references (the first is judged).

    ``text`` is the Russian message, ``expected`` its part that says what should have been; ``since``, ``until`` the rule's
    first and last day (None: open); ``basis`` the reason of refusal (F014) that a finding gives, if the rule has one.
    """

    type: str
    columns: tuple[str, ...]
    parameters: Mapping[str, Any]
    rule: str
    element: str
    severity: str
    text: str
    expected: str
    source: str
    edition: str
    since: date | None = None
    until: date | None = None
    basis: str | None = None

    @property
    def dictionary(self) -> str:
        """Name of the dictionary that the rule comes from: what ``source`` begins with."""
        return self.source.partition(",")[0]

    def valid_on(self, day: date) -> bool:
        """Whether the rule is in force on a day."""
        return (self.since is None or self.since <= day) and (self.until is None or day <= self.until)


@dataclass(frozen=True)
class Suite:
    """Checks of one table; ``layout`` its code, ``table`` a table of it or its root for the file as a whole."""

    name: str
    layout: str
    table: str
    checks: tuple[Check, ...]
    meta: Mapping[str, Any] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """The suite as Great Expectations reads it."""
        return {
            "name": self.name,
            "expectations": [_expectation(check) for check in self.checks],
            "meta": {"layout": self.layout, "table": self.table, **self.meta},
        }

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Suite:
        """The suite that ``to_json`` gave."""
        meta = dict(document["meta"])
        return cls(
            name=document["name"],
            layout=meta.pop("layout"),
            table=meta.pop("table"),
            checks=tuple(_check(row) for row in document["expectations"]),
            meta=meta,
        )


def write(suite: Suite, folder: Path) -> Path:
    """Write ``<folder>/<layout>_<table>.json``; equal suites give equal bytes."""
    path = folder / f"{suite.layout}_{suite.table}.json"
    path.write_text(json.dumps(suite.to_json(), ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    return path


@lru_cache
def load(name: str) -> tuple[Suite, ...]:
    """Suites of a layout: ``pump/H`` is ``expectations/pump/H_*.json``; raises ``FileNotFoundError`` when there are none."""
    folder, _, layout = name.rpartition("/")
    paths = sorted((FOLDER / folder).glob(f"{layout}_*.json"))
    if not paths:
        raise FileNotFoundError(f"no suites expectations/{name}_*.json")
    return tuple(map(read, paths))


def names() -> tuple[str, ...]:
    """Names that ``load`` takes, of all that ``expectations/`` holds."""
    found = {f"{path.parent.name}/{path.stem.partition('_')[0]}" for path in FOLDER.glob("*/*.json")}
    return tuple(sorted(found))


def read(path: Path) -> Suite:
    """The suite of a file."""
    return Suite.from_json(json.loads(path.read_text(encoding="utf-8")))


def _expectation(check: Check) -> dict[str, Any]:
    meta = {
        "rule": check.rule,
        "edition": check.edition,
        "element": check.element,
        "severity": check.severity,
        "source": check.source,
        "since": check.since.isoformat() if check.since else None,
        "until": check.until.isoformat() if check.until else None,
        "text": check.text,
        "expected": check.expected,
    }
    if check.basis:
        meta["basis"] = check.basis
    kwargs = {"column_list": [*check.columns, ROW], **check.parameters}
    return {"type": check.type, "kwargs": kwargs, "meta": meta, "severity": GX_SEVERITY[check.severity]}


def _check(row: Mapping[str, Any]) -> Check:
    meta = dict(row["meta"])
    parameters = dict(row["kwargs"])
    columns = tuple(name for name in parameters.pop("column_list") if name != ROW)
    days = {key: date.fromisoformat(meta[key]) if meta[key] else None for key in ("since", "until")}
    return Check(type=row["type"], columns=columns, parameters=parameters, **(meta | days))

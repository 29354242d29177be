"""Compiler: records of a rule dictionary and layouts -> suites, and what became of every record."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import pandas as pd
import yaml

from pipelines.checks.forms import Form, NotSupportedError, form_of
from pipelines.checks.records import Packet, RuleRecord
from pipelines.checks.suites import Check, Suite
from pipelines.formats.layout import Layout
from pipelines.ground.settings import ROOT

COMPILED = "compiled"
HANDWRITTEN = "handwritten"
NOT_SUPPORTED = "not supported"

STATUS_TITLES = {COMPILED: "скомпилировано", HANDWRITTEN: "написано вручную", NOT_SUPPORTED: "не поддержано"}

NOT_IN_LAYOUT = "нет в структуре"


@dataclass(frozen=True)
class Outcome:
    """What became of a record for a file kind: its form and check, or the reason why there is none."""

    record: RuleRecord
    kind: str
    status: str
    reason: str = ""
    table: str = ""
    check: Check | None = None


def compile_packet(packet: Packet, layouts: Mapping[str, Layout], subsystem: str) -> list[Suite]:
    """Suites ``<subsystem>_<kind>_<table>`` of all records that can be compiled; ``layouts`` by letter of the file kind."""
    return suites_of(packet, outcomes(packet, layouts), layouts, subsystem)


def suites_of(packet: Packet, found: Iterable[Outcome], layouts: Mapping[str, Layout], subsystem: str) -> list[Suite]:
    """Suites of the packet's outcomes (see ``compile_packet``)."""
    by_table: dict[tuple[str, str], list[Check]] = defaultdict(list)
    for outcome in found:
        if outcome.check is not None:
            by_table[outcome.kind, outcome.table].append(outcome.check)
    suites = []
    for kind, layout in layouts.items():
        for table in (layout.root, *layout.tables):
            if checks := by_table.get((kind, table)):
                meta = {
                    "dictionary": packet.dictionary,
                    "edition": packet.version,
                    "issued": packet.issued.isoformat() if packet.issued else None,
                    "compiled": len(checks),
                }
                suites.append(Suite(f"{subsystem}_{kind}_{table}", kind, table, tuple(checks), meta))
    return suites


def outcomes(packet: Packet, layouts: Mapping[str, Layout]) -> list[Outcome]:
    """What becomes of every record that names one of the file kinds, in the order of the packet."""
    return [
        _outcome(packet, record, kind, layout)
        for record in packet.records
        for kind, layout in layouts.items()
        if kind in record.TYPE_D
    ]


def coverage(found: Iterable[Outcome]) -> pd.DataFrame:
    """Frame of ``rule, kind, element, status, reason, open`` (``open``: the rule has no last day), one row an outcome."""
    rows = [(o.record.ID_TEST, o.kind, o.record.ID_EL, o.status, o.reason, o.record.DATEEND is None) for o in found]
    return pd.DataFrame(rows, columns=["rule", "kind", "element", "status", "reason", "open"]).astype(
        dict.fromkeys(("rule", "kind", "element", "status", "reason"), "str")
    )


def _outcome(packet: Packet, record: RuleRecord, kind: str, layout: Layout) -> Outcome:
    root, _, path = record.ID_EL.partition("/")
    if root != layout.root or path not in layout.by_path:
        return Outcome(record, kind, NOT_SUPPORTED, f"{NOT_IN_LAYOUT}: {record.ID_EL}")
    written = handwritten().get(record.ID_TEST, {})
    if reason := written.get("reason"):
        return Outcome(record, kind, NOT_SUPPORTED, reason)
    try:
        form = form_of(record, layout, written)
    except NotSupportedError as error:
        return Outcome(record, kind, NOT_SUPPORTED, str(error))
    check = _check(packet, record, kind, form)
    return Outcome(record, kind, HANDWRITTEN if written else COMPILED, "", form.table, check)


def _check(packet: Packet, record: RuleRecord, kind: str, form: Form) -> Check:
    element = form.element
    issued = f" от {packet.issued:%d.%m.%Y}" if packet.issued else ""
    return Check(
        type=form.type,
        columns=form.columns,
        parameters=form.parameters,
        rule=record.ID_TEST,
        element=element.path,
        severity="fatal" if element.path in fatal_elements().get(kind, ()) else "error",
        text=f"{element.name} «{element.title}»: {form.fault}; ожидается: {form.expected}",
        expected=form.expected,
        source=f"{packet.dictionary}, редакция {packet.version}{issued}",
        edition=packet.version,
        since=form.since or record.DATEBEG,
        until=form.until or record.DATEEND,
    )


@cache
def handwritten() -> Mapping[str, Mapping[str, Any]]:
    """Rules written by hand, by id: ``include/rules/handwritten/<dictionary>.yaml``."""
    rules: dict[str, Mapping[str, Any]] = {}
    for path in sorted((ROOT / "include" / "rules" / "handwritten").glob("*.yaml")):
        rules |= yaml.safe_load(path.read_text(encoding="utf-8"))
    return rules


@cache
def fatal_elements() -> Mapping[str, Sequence[str]]:
    """Paths by file kind: ``include/rules/severity.yaml``."""
    return dict(yaml.safe_load((ROOT / "include" / "rules" / "severity.yaml").read_text(encoding="utf-8")))

"""Compiler: records of a rule dictionary and layouts -> suites, and what became of every record."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import pandas as pd
import yaml

from pipelines.checks.forms import Form, NotSupportedError, form_of
from pipelines.checks.mek import basis, classes, reserved
from pipelines.checks.phrases import path as with_root
from pipelines.checks.records import Packet, RuleRecord, region_of
from pipelines.checks.suites import Check, Suite
from pipelines.formats.layout import Layout
from pipelines.ground.settings import ROOT

COMPILED = "compiled"
HANDWRITTEN = "handwritten"
NOT_SUPPORTED = "not supported"
RESERVED = "reserved"

STATUS_TITLES = {
    COMPILED: "скомпилировано",
    HANDWRITTEN: "написано вручную",
    NOT_SUPPORTED: "не поддержано",
    RESERVED: "не предусмотрено",
}

NOT_IN_LAYOUT = "нет в структуре"

_WRITTEN = ROOT / "include" / "rules" / "handwritten"


@dataclass(frozen=True)
class Outcome:
    """What became of a record for a file kind: its form and check, or the reason why there is none.

    A handwritten rule without a check is executed by the exchange itself; ``reason`` then names the finding that says so.
    """

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


def by_rule(frame: pd.DataFrame) -> pd.DataFrame:
    """Open rules of a ``coverage`` frame with content, one row a rule: ``rule, status, reason, region, class``.

    A rule counts as executed when it is for one kind of file at least; ``reason`` is why it is not. ``class`` is that of
    the МЭК (``mek.classes``), empty for other dictionaries.
    """
    order = {COMPILED: 0, HANDWRITTEN: 1, NOT_SUPPORTED: 2}
    kept = frame[frame["open"] & (frame["status"] != RESERVED)]
    best = kept.assign(order=kept["status"].map(order)).sort_values(["rule", "order"], kind="stable").drop_duplicates("rule")
    known = classes()
    return best[["rule", "status", "reason"]].assign(
        region=[region_of(rule) for rule in best["rule"]],
        **{"class": [known[rule].name if rule in known else "" for rule in best["rule"]]},
    )


def _outcome(packet: Packet, record: RuleRecord, kind: str, layout: Layout) -> Outcome:
    record = replace(record, ID_EL=with_root(record.ID_EL))
    written = written_for(record.ID_TEST, kind)
    if reserved(packet.dictionary, record):
        return Outcome(record, kind, RESERVED)
    if code := written.get("exchange"):
        return Outcome(record, kind, HANDWRITTEN, f"исполняет обмен: {code}")
    if reason := written.get("reason"):
        return Outcome(record, kind, NOT_SUPPORTED, reason)
    root, _, place = record.ID_EL.partition("/")
    if "element" in written:
        root, place = layout.root, written["element"]
    if root != layout.root or place not in layout.by_path:
        return Outcome(record, kind, NOT_SUPPORTED, f"{NOT_IN_LAYOUT}: {record.ID_EL}")
    try:
        form = form_of(record, layout, written)
    except NotSupportedError as error:
        return Outcome(record, kind, NOT_SUPPORTED, str(error))
    check = _check(packet, record, kind, form, written.get("severity"))
    return Outcome(record, kind, HANDWRITTEN if written else COMPILED, "", form.table, check)


def _check(packet: Packet, record: RuleRecord, kind: str, form: Form, severity: str | None) -> Check:
    element = form.element
    says = f"{record.DESC_TEST.rstrip('. ')}. " if record.DESC_TEST else ""
    issued = f" от {packet.issued:%d.%m.%Y}" if packet.issued else ""
    return Check(
        type=form.type,
        columns=form.columns,
        parameters=form.parameters,
        rule=record.ID_TEST,
        element=element.path,
        severity=severity or ("fatal" if element.path in fatal_elements().get(kind, ()) else "error"),
        text=f"{says}{element.name} «{element.title}»: {form.fault}; ожидается: {form.expected}",
        expected=form.expected,
        source=f"{packet.dictionary}, редакция {packet.version}{issued}",
        edition=packet.version,
        since=form.since or record.DATEBEG,
        until=form.until or record.DATEEND,
        basis=basis(record.ID_TEST),
    )


def written_for(rule: str, kind: str) -> Mapping[str, Any]:
    """The entry of a rule among those written by hand, with what it says of one file kind (``kinds``); empty where none."""
    entry = handwritten().get(rule, {})
    own = {key: value for key, value in entry.items() if key != "kinds"}
    return {**own, **entry.get("kinds", {}).get(kind, {})}


def by_exchange(adopted: Mapping[str, Collection[str]]) -> Mapping[str, tuple[str, ...]]:
    """Rules that the exchange's own findings execute, by the finding's code (``PKG.090``).

    ``adopted``: by rule dictionary the regions whose rules the fund takes over.
    """
    found: dict[str, list[str]] = defaultdict(list)
    for dictionary, regions in adopted.items():
        for rule, entry in _written_in(dictionary).items():
            if "exchange" in entry and region_of(rule) in regions:
                for code in entry["exchange"].split(", "):
                    found[code].append(rule)
    return {code: tuple(sorted(rules)) for code, rules in found.items()}


@dataclass(frozen=True)
class Subsystem:
    """Where the suites of a rule dictionary go (below ``expectations/``) and the kinds of file that they are for."""

    suites: str
    kinds: tuple[str, ...]


def subsystem_of(dictionary: str) -> Subsystem:
    """The place of a rule dictionary: ``include/rules/subsystems.yaml``; raises ``LookupError`` for an unknown one."""
    declared = yaml.safe_load((ROOT / "include" / "rules" / "subsystems.yaml").read_text(encoding="utf-8"))
    if dictionary not in declared:
        raise LookupError(f"no rule dictionary {dictionary}")
    return Subsystem(declared[dictionary]["suites"], tuple(declared[dictionary]["kinds"]))


@cache
def handwritten() -> Mapping[str, Mapping[str, Any]]:
    """Rules written by hand, by id: ``include/rules/handwritten/<dictionary>.yaml``."""
    names = sorted(path.stem for path in _WRITTEN.glob("*.yaml"))
    return {rule: entry for name in names for rule, entry in _written_in(name).items()}


@cache
def _written_in(dictionary: str) -> Mapping[str, Mapping[str, Any]]:
    path = _WRITTEN / f"{dictionary}.yaml"
    return dict(yaml.safe_load(path.read_text(encoding="utf-8"))) if path.exists() else {}


@cache
def fatal_elements() -> Mapping[str, Sequence[str]]:
    """Paths by file kind: ``include/rules/severity.yaml``."""
    return dict(yaml.safe_load((ROOT / "include" / "rules" / "severity.yaml").read_text(encoding="utf-8")))

"""Compiler: records of a rule dictionary and layouts -> suites, and what became of every record."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache

import pandas as pd
import yaml

from pipelines.checks.forms import Form, NotSupportedError, form_of
from pipelines.checks.mek import basis, classes, reserved
from pipelines.checks.phrases import path as with_root
from pipelines.checks.readings import edition, reading, taken, written_in
from pipelines.checks.records import Packet, RuleRecord, region_of
from pipelines.checks.rulebook import RuleBook, book_of, merge
from pipelines.checks.suites import Check, Suite
from pipelines.formats.layout import Layout
from pipelines.ground.settings import ROOT

COMPILED = "compiled"
HANDWRITTEN = "handwritten"
NOT_APPLICABLE = "not applicable"
NOT_TAKEN = "not taken"
NOT_SUPPORTED = "not supported"
RESERVED = "reserved"

STATUS_TITLES = {
    COMPILED: "скомпилировано",
    HANDWRITTEN: "написано вручную",
    NOT_APPLICABLE: "неприменимо",
    NOT_TAKEN: "не взято из редакции",
    NOT_SUPPORTED: "не поддержано",
    RESERVED: "не предусмотрено",
}
"""Not applicable: the kind does not have what the rule speaks of. Not taken: an artefact of the edition's source."""

EXECUTED = (COMPILED, HANDWRITTEN)

ALL, SOME, NONE, OUT = "all", "some", "none", "out"
RULE_TITLES = {ALL: "для всех видов", SOME: "для части видов", NONE: "ни для одного", OUT: "не взято или неприменимо"}
"""For how many of the kinds that a rule names it is executed; kinds where there is nothing to execute do not count."""

NOT_IN_LAYOUT = "нет в структуре"


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
    packet = taken(packet, layouts)
    return [
        _outcome(packet, record, kind, layout)
        for record in packet.records
        for kind, layout in layouts.items()
        if kind in record.TYPE_D
    ]


def book(packets: Sequence[Packet], layouts: Mapping[str, Layout], subsystem: str) -> RuleBook:
    """The editions of a dictionary, the older first, as one: each rule in force between its own days and the newer's."""
    result = RuleBook({})
    for packet in packets:
        ends = edition(packet.dictionary, packet.version).ends()
        result = merge(result, book_of(subsystem, compile_packet(packet, layouts, subsystem), ends))
    named = {name: tuple(_stamped(suite) for suite in of_name) for name, of_name in result.suites.items()}
    return replace(result, suites=named)


def _stamped(suite: Suite) -> Suite:
    editions = sorted({check.source for check in suite.checks})
    return replace(suite, meta={"editions": editions, "compiled": len(suite.checks)})


def coverage(found: Iterable[Outcome]) -> pd.DataFrame:
    """Frame of ``rule, kind, element, status, reason, open`` (``open``: the rule has no last day), one row an outcome."""
    rows = [(o.record.ID_TEST, o.kind, o.record.ID_EL, o.status, o.reason, o.record.DATEEND is None) for o in found]
    return pd.DataFrame(rows, columns=["rule", "kind", "element", "status", "reason", "open"]).astype(
        dict.fromkeys(("rule", "kind", "element", "status", "reason"), "str")
    )


def executed(frame: pd.DataFrame) -> pd.DataFrame:
    """Open rules of a ``coverage`` frame with content, one row a rule: ``rule, status, reason, region, class``.

    A rule counts as executed when it is for one kind of file at least; ``reason`` is why it is not. ``class`` is that of
    the МЭК (``mek.classes``), empty for other dictionaries.
    """
    order = {COMPILED: 0, HANDWRITTEN: 1, NOT_SUPPORTED: 2}
    kept = frame[frame["open"] & frame["status"].isin([*EXECUTED, NOT_SUPPORTED])]
    best = kept.assign(order=kept["status"].map(order)).sort_values(["rule", "order"], kind="stable").drop_duplicates("rule")
    known = classes()
    return best[["rule", "status", "reason"]].assign(
        region=[region_of(rule) for rule in best["rule"]],
        **{"class": [known[rule].name if rule in known else "" for rule in best["rule"]]},
    )


def by_rule(frame: pd.DataFrame) -> Counter[str]:
    """Rules of a ``coverage`` frame counted by the keys of ``RULE_TITLES``."""
    judged = frame[~frame["status"].isin([NOT_APPLICABLE, NOT_TAKEN, RESERVED])]
    executed = judged["status"].isin(EXECUTED).groupby(judged["rule"])
    counts = Counter(dict(zip((SOME, ALL, NONE), (0, 0, 0), strict=True)))
    for every, some in zip(executed.all(), executed.any(), strict=True):
        counts[ALL if every else SOME if some else NONE] += 1
    named = frame[frame["status"] != RESERVED]
    counts[OUT] = named["rule"].nunique() - judged["rule"].nunique()
    return counts


def _outcome(packet: Packet, record: RuleRecord, kind: str, layout: Layout) -> Outcome:
    record = replace(record, ID_EL=with_root(record.ID_EL))
    written = reading(packet, record.ID_TEST, kind)
    if reserved(packet.dictionary, record):
        return Outcome(record, kind, RESERVED)
    if reason := edition(packet.dictionary, packet.version).not_taken.get(record.ID_TEST):
        return Outcome(record, kind, NOT_TAKEN, reason)
    if reason := written.get("not_applicable"):
        return Outcome(record, kind, NOT_APPLICABLE, reason)
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
    decided = edition(packet.dictionary, packet.version)
    return Check(
        type=form.type,
        columns=form.columns,
        parameters=form.parameters,
        rule=record.ID_TEST,
        element=element.path,
        severity=severity or ("fatal" if element.path in fatal_elements().get(kind, ()) else "error"),
        text=f"{says}{element.name} «{element.title}»: {form.fault}; ожидается: {form.expected}",
        expected=form.expected,
        source=decided.source or f"{packet.dictionary}, редакция {packet.version}{issued}",
        edition=packet.version,
        since=form.since or record.DATEBEG,
        until=form.until or record.DATEEND,
        basis=basis(record.ID_TEST),
    )


def by_exchange(adopted: Mapping[str, Collection[str]]) -> Mapping[str, tuple[str, ...]]:
    """Rules that the exchange's own findings execute, by the finding's code (``PKG.090``).

    ``adopted``: by rule dictionary the regions whose rules the fund takes over.
    """
    found: dict[str, list[str]] = defaultdict(list)
    for dictionary, regions in adopted.items():
        for rule, entry in written_in(dictionary).items():
            if "exchange" in entry and region_of(rule) in regions:
                for code in entry["exchange"].split(", "):
                    found[code].append(rule)
    return {code: tuple(sorted(rules)) for code, rules in found.items()}


def places_of(dictionary: str) -> Mapping[str, tuple[str, ...]]:
    """Folders of a rule dictionary's suites below ``expectations/``, and the kinds of file that each holds.

    ``include/rules/subsystems.yaml``; raises ``LookupError`` for an unknown dictionary.
    """
    declared = yaml.safe_load((ROOT / "include" / "rules" / "subsystems.yaml").read_text(encoding="utf-8"))
    if dictionary not in declared:
        raise LookupError(f"no rule dictionary {dictionary}")
    return {folder: tuple(kinds) for folder, kinds in declared[dictionary].items()}


@cache
def fatal_elements() -> Mapping[str, Sequence[str]]:
    """Paths by file kind: ``include/rules/severity.yaml``."""
    return dict(yaml.safe_load((ROOT / "include" / "rules" / "severity.yaml").read_text(encoding="utf-8")))

"""How the records of an edition are read: the rules written by hand, and what is decided about an edition as a whole.

``include/rules/handwritten/<dictionary>.yaml`` holds for every edition of a dictionary; ``include/rules/editions/
<dictionary>_<version>.yaml`` for one edition: what is not taken from it, what ends with it, and its own readings.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from functools import cache
from typing import Any

import yaml

from pipelines.checks.records import Packet, RuleRecord
from pipelines.formats.layout import Layout
from pipelines.ground.settings import ROOT

FOLDER = ROOT / "include" / "rules"


@dataclass(frozen=True)
class Edition:
    """Decisions about an edition (the file explains its fields); those of an edition without a file are none."""

    source: str = ""
    since: date | None = None
    kinds: frozenset[str] | None = None
    not_taken: Mapping[str, str] = field(default_factory=dict)
    succeeded: Mapping[str, str] = field(default_factory=dict)
    left: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    types: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    rules: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def ends(self) -> dict[tuple[str, str], date | None]:
        """Rules of older editions that end with this one, by kind and id: the first day on which they hold no longer."""
        kinds = sorted(self.kinds or ())
        ended = [(kind, rule) for rule in self.succeeded for kind in kinds]
        return dict.fromkeys([*ended, *((kind, rule) for rule, of in self.left.items() for kind in of)], self.since)


@cache
def edition(dictionary: str, version: str) -> Edition:
    """What is decided about an edition."""
    path = FOLDER / "editions" / f"{dictionary}_{version}.yaml"
    if not path.is_file():
        return Edition()
    declared = yaml.safe_load(path.read_text(encoding="utf-8"))
    return Edition(
        source=declared["source"],
        since=declared["since"],
        kinds=frozenset(declared["kinds"]),
        not_taken=declared["not_taken"],
        succeeded=declared["succeeded"],
        left={rule: tuple(kinds) for rule, kinds in declared["left"].items()},
        types={rule: tuple(kinds) for rule, kinds in declared["types"].items()},
        rules=declared["rules"],
    )


@cache
def handwritten() -> Mapping[str, Mapping[str, Any]]:
    """Rules written by hand, by id."""
    names = sorted(path.stem for path in (FOLDER / "handwritten").glob("*.yaml"))
    return {rule: entry for name in names for rule, entry in written_in(name).items()}


@cache
def written_in(dictionary: str) -> Mapping[str, Mapping[str, Any]]:
    """Rules of a dictionary written by hand, by id; none for a dictionary without a file."""
    path = FOLDER / "handwritten" / f"{dictionary}.yaml"
    return dict(yaml.safe_load(path.read_text(encoding="utf-8"))) if path.is_file() else {}


def reading(packet: Packet, rule: str, kind: str) -> Mapping[str, Any]:
    """What is written about a rule in files of a kind: for the dictionary, over it for the edition, over it for the kind."""
    of_edition = edition(packet.dictionary, packet.version).rules
    written = {**handwritten().get(rule, {}), **of_edition.get(rule, {})}
    kinds = written.pop("kinds", {})
    return {**written, **kinds.get(kind, {})}


def taken(packet: Packet, layouts: Mapping[str, Layout]) -> Packet:
    """The packet with kinds for the records that have none, and only the kinds that the edition speaks of.

    Records that the edition still has beside their successors end with it.
    """
    decided = edition(packet.dictionary, packet.version)
    if decided.kinds is None:
        return packet
    records = [
        replace(record, TYPE_D=_kinds(record, decided, layouts), DATEEND=_end(record, decided)) for record in packet.records
    ]
    return replace(packet, records=tuple(records))


def _end(record: RuleRecord, decided: Edition) -> date | None:
    if record.ID_TEST not in decided.succeeded or decided.since is None:
        return record.DATEEND
    return decided.since - timedelta(days=1)


def _kinds(record: RuleRecord, decided: Edition, layouts: Mapping[str, Layout]) -> tuple[str, ...]:
    """Those of the record; else those declared; else every kind whose structure has the element."""
    assert decided.kinds is not None
    stated = record.TYPE_D or decided.types.get(record.ID_TEST)
    if stated:
        return tuple(kind for kind in stated if kind in decided.kinds)
    root, _, path = record.ID_EL.partition("/")
    there = (kind for kind, layout in layouts.items() if layout.root == root and path in layout.by_path)
    return tuple(kind for kind in there if kind in decided.kinds)

"""The partner of a file in its package: the persons of a register, the register of persons; how their rows meet."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import yaml

from pipelines.formats.layout import Layout, load
from pipelines.ground.settings import ROOT


@dataclass(frozen=True)
class Join:
    """Rows of ``own`` and of the partner's ``table`` meet by equal ``key``; ``layout`` gives the partner's names, types."""

    key: str
    own: str
    table: str
    layout: Layout


@cache
def join_of(code: str) -> Join | None:
    """How the files of a layout meet their partner's; None where they have none."""
    declared = yaml.safe_load((ROOT / "include" / "rules" / "joins.yaml").read_text(encoding="utf-8"))
    found = declared.get(code) if code != "key" else None
    return Join(declared["key"], found["own"], found["table"], load(found["partner"])) if found else None


def is_partner(layout: Layout, other: Layout) -> bool:
    """Whether files of ``other`` are what the join of ``layout`` looks into."""
    ours, theirs = join_of(layout.code), join_of(other.code)
    if ours is None or theirs is None:
        return False
    return (ours.own, ours.table) == (theirs.table, theirs.own)

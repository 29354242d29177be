"""Figures of an impact: frames by rule and in total, for each kind of package, report month and organisation."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from pipelines.exchange.impact.compare import Compared, Kopecks, Moved

PLACE = ("kind", "period", "organisation")
"""Code of the kind of package (``str``), report month ``YYYY-MM``, code of the sender."""
MOVED = ("cases_newly_refused", "kopecks_newly_refused", "cases_newly_accepted", "kopecks_newly_accepted")
IDLE = ("findings_appeared", "findings_vanished")
RULE_FIGURES = (*MOVED, *IDLE, "packages")
"""By rule: cases of which it is a cause (see ``compare``), idle findings, packages in which it found something else."""
TOTAL_FIGURES = ("packages", "cases", "kopecks", *MOVED)
"""In total: packages replayed, their cases and what they cost, cases that moved, each once."""
MISSING = ("package", "name", *PLACE, "reason")

_INTEGERS = {*RULE_FIGURES, *TOTAL_FIGURES, "package"}


@dataclass(frozen=True)
class Impact:
    """Figures of the packages replayed: ``by_rule`` has ``rule``, ``PLACE``, ``RULE_FIGURES``; ``totals`` ``PLACE`` and
    ``TOTAL_FIGURES``; ``missing`` (``MISSING``) are packages that could not be replayed. Counts and kopecks are ``int64``,
    the others ``str``; rows are sorted by place (and rule)."""

    by_rule: pd.DataFrame
    totals: pd.DataFrame
    missing: pd.DataFrame

    def to_bytes(self) -> bytes:
        """As JSON; equal figures give equal bytes."""
        parts = {name: getattr(self, name).to_dict("split", index=False)["data"] for name in self.__dataclass_fields__}
        return json.dumps(parts, ensure_ascii=False, sort_keys=True).encode()

    @classmethod
    def from_bytes(cls, content: bytes) -> Impact:
        """What ``to_bytes`` gave."""
        parts = json.loads(content)
        return cls(
            _frame(parts["by_rule"], ("rule", *PLACE, *RULE_FIGURES)),
            _frame(parts["totals"], (*PLACE, *TOTAL_FIGURES)),
            _frame(parts["missing"], MISSING),
        )


def of_package(place: Mapping[str, str], compared: Compared) -> Impact:
    """Figures of one package; ``place`` by the names of ``PLACE``."""
    where = [place[name] for name in PLACE]
    costs = compared.kopecks
    total = [1, len(costs), int(costs.sum()), *_moved(costs, compared.moved)]
    by_rule = [
        [rule, *where, *_moved(costs, moved), moved.appeared, moved.vanished, 1] for rule, moved in compared.rules.items()
    ]
    return Impact(
        _frame(by_rule, ("rule", *PLACE, *RULE_FIGURES)),
        _frame([[*where, *total]], (*PLACE, *TOTAL_FIGURES)),
        _frame([], MISSING),
    )


def missing(package: int, name: str, place: Mapping[str, str], reason: str) -> Impact:
    """A package that could not be replayed, and why, in Russian."""
    empty = joined([])
    return Impact(empty.by_rule, empty.totals, _frame([[package, name, *(place[key] for key in PLACE), reason]], MISSING))


def joined(parts: Iterable[Impact]) -> Impact:
    """Sum of parts that have no package in common."""
    every = list(parts)
    return Impact(
        _summed([part.by_rule for part in every], ("rule", *PLACE), RULE_FIGURES),
        _summed([part.totals for part in every], PLACE, TOTAL_FIGURES),
        _frame([row for part in every for row in part.missing.to_numpy().tolist()], MISSING)
        .sort_values("package")
        .reset_index(drop=True),
    )


def by(frame: pd.DataFrame, *keys: str) -> pd.DataFrame:
    """The frame's figures summed over everything but the keys, sorted by them."""
    figures = [name for name in frame.columns if name in _INTEGERS]
    return frame.groupby(list(keys), sort=True)[figures].sum().reset_index()


def _summed(parts: Sequence[pd.DataFrame], keys: Sequence[str], figures: Sequence[str]) -> pd.DataFrame:
    rows = _frame([row for part in parts for row in part.to_numpy().tolist()], (*keys, *figures))
    return by(rows, *keys)


def _moved(costs: Kopecks, moved: Moved) -> list[int]:
    sides = (moved.refused, moved.accepted)
    return [figure for side in sides for figure in (int(side.sum()), int(costs[side].sum()))]


def _frame(rows: Sequence[Sequence[object]], columns: Sequence[str]) -> pd.DataFrame:
    types = {name: "int64" if name in _INTEGERS else "str" for name in columns}
    return pd.DataFrame(rows, columns=list(columns)).astype(types)

"""One opened package under two sets of rules: which cases change sides, what that costs, and which rule is the cause.

A case is *newly refused* when it stands under the rules before the change and does not under those after it, and *newly
accepted* the other way round. A total counts a case once. A rule is a *cause* when its own findings of the side that refuses
the case are enough to refuse it on the side that accepts it: a case may have several causes and counts once for each, so
that the rules' figures may add up to more than the total. Acceptance is that of ``control.conclude`` with the kind's policy:
under ``package`` one error refuses every case of the package, and its rule is the cause for all of them.

A finding *appears* or *vanishes idly* when it does not change the acceptance of its case: it is a warning, or its case is
refused either way. A finding that stands at no case (the file as a whole, a person) is idle when its rule changes no case of
the package.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow.compute as pc
from sqlalchemy import Connection

from pipelines.checks import findings as found
from pipelines.checks.difference import Book, Difference
from pipelines.checks.runner import run
from pipelines.checks.suites import Suite
from pipelines.exchange.control import conclude, record_rows
from pipelines.exchange.kinds import Mask, Opened, PackageKind
from pipelines.ground.money import kopecks
from pipelines.nsi import Dictionaries

Kopecks = npt.NDArray[np.int64]

SUM = "SUMV"
"""Column of a record with what it costs, in roubles; records without it cost nothing."""

_MOST = 10**17
"""Kopecks of a number of 15 digits, the most that a layout declares; a longer one is no amount."""
_SAME = [name for name in found.COLUMNS if name != "message"]


@dataclass(frozen=True)
class Moved:
    """Cases that changed sides: masks over the rows of the record table."""

    refused: Mask
    accepted: Mask


@dataclass(frozen=True)
class RuleMoved(Moved):
    """Cases of which one rule is a cause, and its findings that changed no case."""

    appeared: int
    vanished: int


@dataclass(frozen=True)
class Compared:
    """A package under both sets: kopecks of each of its cases, those that moved, and the rules with other findings."""

    kopecks: Kopecks
    moved: Moved
    rules: Mapping[str, RuleMoved]


@dataclass(frozen=True)
class _Sides:
    """Findings of the rules on both sides, and of one side only."""

    both: pd.DataFrame
    gone: pd.DataFrame
    came: pd.DataFrame


def compare(
    connection: Connection,
    kind: PackageKind,
    opened: Opened,
    difference: Difference,
    dictionaries: Dictionaries,
) -> Compared:
    """Replay a package; ``kind`` with the region's policy.

    Rules are taken as of the package's report date, but not before ``difference.day``, the first day of the change: so a
    change that is yet to come is seen on the registers that are there. The checks that both sides have run only where the
    others' findings may change something. Raises ``LookupError`` when a dictionary that a suite needs is not loaded.
    """
    received = opened.package.received_at.date()
    on = kind.report_date(opened) or received
    on = max(on, difference.day) if difference.day else on

    def ruled(book: Book) -> pd.DataFrame:
        return run(opened.tables, _of_role(kind, book), dictionaries, on, received)

    sides = _sides(ruled(difference.before), ruled(difference.after))
    costs = _kopecks(kind, opened)
    nothing = np.zeros(len(costs), bool)
    moved, stands = Moved(nothing, nothing), None
    if _against(sides.gone) or _against(sides.came):
        base = found.concat([ruled(difference.common), sides.both])

        def stands(*parts: pd.DataFrame) -> Mask:
            return conclude(connection, kind, opened, found.concat([base, *parts])).accepted

        was, becomes = stands(sides.gone), stands(sides.came)
        moved = Moved(was & ~becomes, ~was & becomes)
    rules = sorted({*sides.gone["rule"], *sides.came["rule"]})
    return Compared(costs, moved, {rule: _of_rule(kind, opened, sides, rule, moved, stands) for rule in rules})


def _of_role(kind: PackageKind, book: Book) -> dict[str, Sequence[Suite]]:
    return {member.role: book.get(member.suites, ()) for member in kind.members if member.suites}


def _sides(before: pd.DataFrame, after: pd.DataFrame) -> _Sides:
    """Part the findings; two are the same when all but the message is (a multiset: one place may be named twice)."""
    marked = [frame.assign(nth=frame.groupby(_SAME, dropna=False, sort=False).cumcount()) for frame in (before, after)]
    keys = [pd.MultiIndex.from_frame(frame[[*_SAME, "nth"]]) for frame in marked]
    stays = keys[0].isin(keys[1])
    return _Sides(before[stays], before[~stays], after[~keys[1].isin(keys[0])])


def _against(findings: pd.DataFrame) -> bool:
    """Whether there is a finding that can refuse anything."""
    return bool((findings["severity"] != "warning").any())


def _of_rule(
    kind: PackageKind, opened: Opened, sides: _Sides, rule: str, moved: Moved, stands: Callable[..., Mask] | None
) -> RuleMoved:
    gone, came = (side[side["rule"] == rule] for side in (sides.gone, sides.came))
    others_gone, others_came = (side[side["rule"] != rule] for side in (sides.gone, sides.came))
    refused = accepted = np.zeros_like(moved.refused)
    if stands is not None and _against(came) and moved.refused.any():
        refused = moved.refused & ~stands(others_gone, came) if _against(others_came) else moved.refused
    if stands is not None and _against(gone) and moved.accepted.any():
        accepted = moved.accepted & ~stands(others_came, gone) if _against(others_gone) else moved.accepted
    appeared, vanished = _idle(kind, opened, came, refused), _idle(kind, opened, gone, accepted)
    return RuleMoved(refused, accepted, appeared, vanished)


def _idle(kind: PackageKind, opened: Opened, findings: pd.DataFrame, moved: Mask) -> int:
    """Findings of a rule that changed no case; ``moved`` are the cases that they did change."""
    main = kind.members[0].role
    idle = 0
    for (role, table), group in findings.groupby(["member", "table"]):
        against = group.loc[group["severity"] != "warning", "row"].to_numpy()
        rows = record_rows(opened.tables[main], str(table), against) if role == main else None
        working = int(moved[rows].sum()) if rows is not None else len(against) if moved.any() else 0
        idle += len(group) - working
    return idle


def _kopecks(kind: PackageKind, opened: Opened) -> Kopecks:
    """What each record costs; nothing where that is no amount."""
    tables = opened.tables[kind.members[0].role]
    records = tables.data[tables.layout.record]
    if SUM not in records.column_names:
        return np.zeros(records.num_rows, np.int64)
    texts = pc.dictionary_encode(records[SUM].combine_chunks())
    amounts = np.array([0, *(_amount(value) for value in texts.dictionary.to_pylist())], np.int64)
    costs: Kopecks = amounts[np.asarray(pc.fill_null(texts.indices, -1)) + 1]
    return costs


def _amount(value: str) -> int:
    try:
        amount = kopecks(value)
    except ValueError:
        return 0
    return amount if abs(amount) < _MOST else 0

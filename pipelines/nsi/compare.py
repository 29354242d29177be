"""What changed between two editions of a dictionary, and what is wrong with the periods of one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise

from pipelines.nsi.dictionaries import BEGIN, END

NEW, CHANGED, CLOSED, GONE = "new", "changed", "closed", "gone"
CHANGE_TITLES = {NEW: "новая", CHANGED: "изменена", CLOSED: "закрыта", GONE: "исключена"}

OPEN = "9999-12-31"
"""Last day of a record that has none."""

Row = Mapping[str, str | None]
"""A record by field; DATEBEG and DATEEND are ISO dates, empty or None where open."""


@dataclass(frozen=True)
class Change:
    """A record that differs: ``key`` texts of its key fields, ``fields`` with what was and what is now."""

    key: tuple[str, ...]
    kind: str
    fields: tuple[tuple[str, str, str], ...] = ()


@dataclass(frozen=True)
class PeriodFault:
    """A record (row from 0) without first day, that ends before it begins, that begins before the one before it ends, or
    not on the day after it.
    """

    row: int
    kind: str


UNDATED, REVERSED, OVERLAPPING, GAP = "undated", "reversed", "overlapping", "gap"


def key_fields(rows: Sequence[Row]) -> tuple[str, ...]:
    """The fewest fields, from the first on, that with DATEBEG tell the records apart; all of them when none do."""
    fields = [name for name in (rows[0] if rows else ()) if name not in (BEGIN, END)]
    for count in range(1, len(fields) + 1):
        key = tuple(fields[:count])
        if len({(_key(row, key), row.get(BEGIN)) for row in rows}) == len(rows):
            return key
    return tuple(fields)


def compare(older: Sequence[Row], newer: Sequence[Row], key: Sequence[str], order: Sequence[str] = ()) -> list[Change]:
    """Records new, changed, closed or gone in the newer edition, by key.

    Fields that only one edition has do not count, nor do the fields ``order`` in records that both have.
    """
    before, after = _grouped(older, key), _grouped(newer, key)
    common = set(older[0]) & set(newer[0]) if older and newer else set()
    fields = [name for name in (newer[0] if newer else ()) if name in common and name not in order]
    found: list[Change] = []
    for place in sorted({*before, *after}):
        if before.get(place) == after.get(place):
            continue
        found.extend(_changes(place, before.get(place, []), after.get(place, []), fields))
    return found


def period_faults(rows: Sequence[Row], key: Sequence[str]) -> Iterator[PeriodFault]:
    """Faults of the periods, by record; records with one key must not overlap, and follow each other day by day."""
    of_key: dict[tuple[str, ...], list[int]] = defaultdict(list)
    for number, row in enumerate(rows):
        first, last = row.get(BEGIN), row.get(END)
        if not first:
            yield PeriodFault(number, UNDATED)
        elif last and last < first:
            yield PeriodFault(number, REVERSED)
        else:
            of_key[_key(row, key)].append(number)
    for numbers in of_key.values():
        ordered = sorted(numbers, key=lambda number: (rows[number][BEGIN] or "", number))
        reached = ""
        for one, other in pairwise(ordered):
            reached = max(reached, rows[one].get(END) or OPEN)
            first = rows[other][BEGIN] or ""
            if reached >= first:
                yield PeriodFault(other, OVERLAPPING)
            elif _next_day(reached) != first:
                yield PeriodFault(other, GAP)


def _next_day(day: str) -> str:
    return (date.fromisoformat(day) + timedelta(days=1)).isoformat()


def _changes(key: tuple[str, ...], before: list[Row], after: list[Row], fields: Sequence[str]) -> Iterator[Change]:
    """Records of one key: those that begin on one day are one record; of what is left, one and one are too."""
    older = {row.get(BEGIN) or "": row for row in before}
    newer = {row.get(BEGIN) or "": row for row in after}
    pairs = [(older.pop(day), newer.pop(day)) for day in sorted({*older} & {*newer})]
    if len(older) == len(newer) == 1:
        pairs.append((older.popitem()[1], newer.popitem()[1]))
    for old, new in pairs:
        differing = tuple((name, old.get(name) or "", new.get(name) or "") for name in fields if _differs(old, new, name))
        if differing:
            closed = not old.get(END) and bool(new.get(END))
            yield Change(key, CLOSED if closed else CHANGED, differing)
    for _, row in sorted(older.items()):
        yield Change(key, GONE, tuple((name, row.get(name) or "", "") for name in fields if row.get(name)))
    for _, row in sorted(newer.items()):
        yield Change(key, NEW, tuple((name, "", text) for name, text in row.items() if text))


def _differs(old: Row, new: Row, name: str) -> bool:
    return (old.get(name) or "") != (new.get(name) or "")


def _grouped(rows: Sequence[Row], key: Sequence[str]) -> dict[tuple[str, ...], list[Row]]:
    groups: dict[tuple[str, ...], list[Row]] = defaultdict(list)
    for row in rows:
        groups[_key(row, key)].append(row)
    return groups


def _key(row: Row, key: Sequence[str]) -> tuple[str, ...]:
    return tuple(row.get(name) or "" for name in key)

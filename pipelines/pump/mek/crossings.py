"""Stage I: care in the time of a stay. One day of transfer is allowed; who loses is the region's choice."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
import pandas as pd

from pipelines.pump.mek import hits
from pipelines.pump.mek.coded import Mask, Numbers
from pipelines.pump.mek.conditions import every, some
from pipelines.pump.mek.duplicates import reference
from pipelines.pump.mek.facts import ABSENT, Facts
from pipelines.pump.mek.given import Given
from pipelines.pump.mek.hits import phrase
from pipelines.pump.mek.standing import Standing
from pipelines.pump.mek.sweep import losing, meeting
from pipelines.pump.mek.terms import Crossing


@dataclass(frozen=True)
class Intervals:
    """Intervals with the row (case, or visit) and the case they belong to; ``paid``: of the history, not of the month.

    ``mo``: number of the organisation, in the month and in the history the same (``Given.places``).
    """

    row: Numbers
    case: Numbers
    person: Numbers
    mo: Numbers
    begin: Numbers
    end: Numbers
    paid: Mask

    def __getitem__(self, chosen: Mask | Numbers) -> Intervals:
        return Intervals(*(getattr(self, one.name)[chosen] for one in fields(self)))

    def __add__(self, other: Intervals) -> Intervals:
        return Intervals(*(np.concatenate([getattr(self, one.name), getattr(other, one.name)]) for one in fields(self)))

    def __len__(self) -> int:
        return len(self.row)


@dataclass(frozen=True)
class Side:
    """The month, or the paid history, with the person and the organisation of each case."""

    facts: Facts
    person: Numbers
    place: Numbers
    paid: bool


def crossing_hits(given: Given, standing: Standing) -> pd.DataFrame:
    """Hits of every pair of the region. Stays that lose to another keep nothing out."""
    found, stands = [], standing.cases.copy()
    for rule in given.terms.crossings:
        if rule.with_ is None:
            own = _among_stays(given, rule, stands)
            stands[own.loc[own["code"] != "", "case"].to_numpy()] = False
        else:
            own = _inner(given, rule, Standing(stands, standing.visits))
        found.append(own)
    return hits.concat(found)


def _sides(given: Given) -> tuple[Side, Side | None]:
    month = Side(given.facts, given.persons[0], given.places[0], False)
    return month, None if given.paid is None else Side(given.paid, given.persons[1], given.places[1], True)


def _stays(side: Side, rule: Crossing) -> Intervals:
    """Stays that the rule speaks of, with their first and last day."""
    level = side.facts.cases
    mask = every(rule.stay, level) & (side.person >= 0)
    if rule.with_ is None:
        mask &= ~some(rule.unless, level)
    return _whole(side, mask)


def _whole(side: Side, mask: Mask) -> Intervals:
    begin, end = (side.facts.days("cases", name) for name in ("DATE_Z_1", "DATE_Z_2"))
    rows = np.flatnonzero(mask & (begin <= end) & (begin != ABSENT))
    paid = np.full(len(rows), side.paid)
    return Intervals(rows, rows, side.person[rows], side.place[rows], begin[rows], end[rows], paid)


def _inside(side: Side, rule: Crossing, near: Mask) -> tuple[Intervals, Mask]:
    """What may lie in a stay: cases (interval) or first and last days of visits (ends); and which may be elsewhere.

    ``near``: persons who have a stay, others are left out; the last one is nobody.
    """
    assert rule.with_ is not None
    facts = side.facts
    ends = rule.touch == "ends"
    level = facts.visits if ends else facts.cases
    mask = near[side.person][facts.visit_case] if ends else near[side.person]
    mask = mask & every(rule.with_, level) & ~some(rule.unless, level)
    elsewhere = some([rule.elsewhere], level) if rule.elsewhere else np.zeros(level.rows, dtype=bool)
    if not ends:
        inner = _whole(side, mask)
        return inner, elsewhere[inner.row]
    first, last = (facts.days("visits", name) for name in ("DATE_1", "DATE_2"))
    rows = np.flatnonzero(mask & (first <= last) & (first != ABSENT))
    point = np.concatenate([first[rows], last[rows]])
    twice = np.concatenate([rows, rows])
    case = facts.visit_case[twice]
    inner = Intervals(twice, case, side.person[case], side.place[case], point, point, np.full(len(twice), side.paid))
    return inner, elsewhere[twice]


def _among_stays(given: Given, rule: Crossing, stands: Mask) -> pd.DataFrame:
    side, earlier = _sides(given)
    month = _stays(side, rule)
    both = month if earlier is None else _stays(earlier, rule) + month
    standing = both.paid.copy()
    standing[~both.paid] = stands[month.case]
    other = losing(both.person, both.row, both.begin, both.end, both.paid, standing)
    lost = np.flatnonzero((other >= 0) & ~both.paid)
    return _hits(given, rule, both[lost], both[other[lost]], "stay")


def _inner(given: Given, rule: Crossing, standing: Standing) -> pd.DataFrame:
    side, earlier = _sides(given)
    outer = _stays(side, rule)
    firm = outer[standing.cases[outer.case]]
    if earlier is not None:
        firm = _stays(earlier, rule) + firm
    near = np.zeros(max(int(one.max(initial=-1)) for one in given.persons) + 2, dtype=bool)
    near[outer.person] = True
    near[firm.person] = True
    inner, free = _inside(side, rule, near)
    met, holder = _met(inner, free, firm)
    later = (rule.loser == "later") & ~firm.paid[holder] & (firm.case[holder] > inner.case[met])
    found = [
        _hits(given, rule, inner[met[~later]], firm[holder[~later]], "inner"),
        _hits(given, rule, firm[holder[later]], inner[met[later]], "outer"),
    ]
    if earlier is not None:
        old, old_free = _inside(earlier, rule, near)
        holder, met = _met_by_stay(outer, old, old_free)
        found.append(_hits(given, rule, outer[holder], old[met], "outer"))
    return hits.concat(found)


def _met(inner: Intervals, free: Mask, outer: Intervals) -> tuple[Numbers, Numbers]:
    """Inner rows and the stays they lie in. Those free elsewhere count only within the organisation of the stay."""
    found = meeting(inner.person, inner.begin, inner.end, outer.person, outer.begin, outer.end)
    if free.any():
        mine, theirs = _same_place(inner, outer)
        own = meeting(mine[free], inner.begin[free], inner.end[free], theirs, outer.begin, outer.end)
        found[free] = own
    met = np.flatnonzero(found >= 0)
    met = met[np.unique(inner.row[met], return_index=True)[1]]  # one hit for the two ends of a visit
    return met, found[met]


def _met_by_stay(outer: Intervals, inner: Intervals, free: Mask) -> tuple[Numbers, Numbers]:
    """Stays in which something lies, and one such thing."""
    bound, loose = inner[~free], inner[free]
    found = meeting(outer.person, outer.begin, outer.end, bound.person, bound.begin, bound.end)
    place = np.append(np.flatnonzero(~free), -1)[found]
    if free.any():
        mine, theirs = _same_place(outer, loose)
        own = meeting(mine, outer.begin, outer.end, theirs, loose.begin, loose.end)
        place = np.where(place >= 0, place, np.append(np.flatnonzero(free), -1)[own])
    met = np.flatnonzero(place >= 0)
    return met, place[met]


def _same_place(one: Intervals, other: Intervals) -> tuple[Numbers, Numbers]:
    """Numbers of person and organisation."""
    person, place = np.concatenate([one.person, other.person]), np.concatenate([one.mo, other.mo])
    codes = pd.factorize(person * np.int64(place.max(initial=-1) + 2) + place + 1)[0].astype(np.int64)
    return codes[: len(one)], codes[len(one) :]


def _hits(given: Given, rule: Crossing, loser: Intervals, winner: Intervals, side: str) -> pd.DataFrame:
    """Hits on the losers of the month; beside the history by the policy ``paid``."""
    parts = []
    facts = given.facts
    for paid in (False, True):
        chosen = winner.paid == paid
        if not chosen.any():
            continue
        lost, won = loser[chosen], winner[chosen]
        source = given.paid if paid else facts
        assert source is not None
        text = _text(rule, source, won, side, lost, facts)
        part = side == "inner" and rule.touch == "ends"
        objects = facts.of_visits(lost.row) if part else facts.of_cases(lost.case)
        policy = rule.paid if paid else rule.policy
        made = hits.make(
            given.bases,
            "I",
            rule.osn,
            rule.rule,
            text,
            objects,
            other=-1 if paid else won.case,
            other_ref=reference(source, won.case) if paid else "",
            note=policy == "flag",
        )
        parts.append(made)
    return hits.concat(parts)


def _text(rule: Crossing, source: Facts, won: Intervals, side: str, lost: Intervals, facts: Facts) -> pd.Series:
    other = source.month.cases.iloc[won.case]
    mine = facts.month.cases.iloc[lost.case]
    inner = side == "inner" and rule.touch == "ends"
    begin = facts.month.visits["DATE_1"].iloc[lost.row] if inner else mine["DATE_Z_1"]
    end = facts.month.visits["DATE_2"].iloc[lost.row] if inner else mine["DATE_Z_2"]
    names = "DATE_1 = {begin}, DATE_2 = {end}" if inner else "DATE_Z_1 = {begin}, DATE_Z_2 = {end}"
    return phrase(
        rule.title + ": " + names + "; пересекается со случаем {idcase} организации {mo} с {first} по {last}; "
        "ожидается не больше общего дня перевода",
        len(lost),
        begin=begin,
        end=end,
        idcase=other["IDCASE"],
        mo=other["CODE_MO"],
        first=other["DATE_Z_1"],
        last=other["DATE_Z_2"],
    )

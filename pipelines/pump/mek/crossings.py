"""Stage I: care in the time of a stay. One day of transfer is allowed; who loses is the region's choice."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from pipelines.pump.mek import hits
from pipelines.pump.mek.conditions import Mask, every, some
from pipelines.pump.mek.duplicates import group_codes, reference
from pipelines.pump.mek.facts import Facts, Numbers, days
from pipelines.pump.mek.given import Given
from pipelines.pump.mek.hits import phrase
from pipelines.pump.mek.standing import Standing
from pipelines.pump.mek.sweep import losing, meeting
from pipelines.pump.mek.terms import Crossing


@dataclass(frozen=True)
class Intervals:
    """Intervals with the row (case, or visit) and the case they belong to; ``paid``: of the history, not of the month."""

    row: Numbers
    case: Numbers
    person: Numbers
    mo: pd.Series
    begin: Numbers
    end: Numbers
    paid: Mask

    def __getitem__(self, chosen: Mask | Numbers) -> Intervals:
        mo = self.mo.iloc[np.flatnonzero(chosen) if chosen.dtype == bool else chosen].reset_index(drop=True)
        arrays = (getattr(self, name)[chosen] for name in ("row", "case", "person", "begin", "end", "paid"))
        row, case, person, begin, end, paid = arrays
        return Intervals(row, case, person, mo, begin, end, paid)

    def __add__(self, other: Intervals) -> Intervals:
        def joined(name: str) -> np.ndarray:
            return np.concatenate([getattr(self, name), getattr(other, name)])

        mo = pd.concat([self.mo, other.mo], ignore_index=True)
        row, case, person, begin, end, paid = map(joined, ("row", "case", "person", "begin", "end", "paid"))
        return Intervals(row, case, person, mo, begin, end, paid)

    def __len__(self) -> int:
        return len(self.row)


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


def stays(facts: Facts, rule: Crossing, person: Numbers, paid: bool) -> Intervals:
    """Stays that the rule speaks of, with their first and last day."""
    level = facts.cases
    mask = every(rule.stay, level) & (person >= 0)
    if rule.with_ is None:
        mask &= ~some(rule.unless, level)
    return _whole(facts, mask, person, paid)


def _whole(facts: Facts, mask: Mask, person: Numbers, paid: bool) -> Intervals:
    cases = facts.month.cases
    mask = mask & (cases["DATE_Z_1"] <= cases["DATE_Z_2"]).to_numpy()
    rows = np.flatnonzero(mask)
    begin, end = days(cases["DATE_Z_1"].iloc[rows]), days(cases["DATE_Z_2"].iloc[rows])
    mo = cases["CODE_MO"].iloc[rows].reset_index(drop=True)
    return Intervals(rows, rows, person[rows], mo, begin, end, np.full(len(rows), paid))


def _inside(facts: Facts, rule: Crossing, person: Numbers, paid: bool) -> tuple[Intervals, Mask]:
    """What may lie in a stay: cases (interval) or first and last days of visits (ends); and which may be elsewhere."""
    assert rule.with_ is not None
    if rule.touch == "interval":
        mask = every(rule.with_, facts.cases) & ~some(rule.unless, facts.cases) & (person >= 0)
        inner = _whole(facts, mask, person, paid)
        free = some([rule.elsewhere], facts.cases)[inner.row] if rule.elsewhere else np.zeros(len(inner), dtype=bool)
        return inner, free
    visits, level = facts.month.visits, facts.visits
    who = person[facts.visit_case]
    mask = every(rule.with_, level) & ~some(rule.unless, level) & (who >= 0)
    mask &= (visits["DATE_1"] <= visits["DATE_2"]).to_numpy()
    rows = np.flatnonzero(mask)
    first, last = days(visits["DATE_1"].iloc[rows]), days(visits["DATE_2"].iloc[rows])
    point = np.concatenate([first, last])
    twice = np.concatenate([rows, rows])
    mo = level.column("CODE_MO").iloc[twice].reset_index(drop=True)
    inner = Intervals(twice, facts.visit_case[twice], who[twice], mo, point, point, np.full(len(twice), paid))
    free = some([rule.elsewhere], level)[twice] if rule.elsewhere else np.zeros(len(twice), dtype=bool)
    return inner, free


def _among_stays(given: Given, rule: Crossing, stands: Mask) -> pd.DataFrame:
    month = stays(given.facts, rule, given.persons[0], False)
    both = month
    if given.paid is not None:
        both = stays(given.paid, rule, given.persons[1], True) + month
    standing = both.paid.copy()
    standing[~both.paid] = stands[month.case]
    other = losing(both.person, both.row, both.begin, both.end, both.paid, standing)
    lost = np.flatnonzero((other >= 0) & ~both.paid)
    return _hits(given, rule, both[lost], both[other[lost]], "stay")


def _inner(given: Given, rule: Crossing, standing: Standing) -> pd.DataFrame:
    outer = stays(given.facts, rule, given.persons[0], False)
    inner, free = _inside(given.facts, rule, given.persons[0], False)
    firm = outer[standing.cases[outer.case]]
    if given.paid is not None:
        firm = stays(given.paid, rule, given.persons[1], True) + firm
    met, holder = _met(inner, free, firm)
    later = (rule.loser == "later") & ~firm.paid[holder] & (firm.case[holder] > inner.case[met])
    found = [
        _hits(given, rule, inner[met[~later]], firm[holder[~later]], "inner"),
        _hits(given, rule, firm[holder[later]], inner[met[later]], "outer"),
    ]
    if given.paid is not None:
        old, old_free = _inside(given.paid, rule, given.persons[1], True)
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
    person = pd.Series(np.concatenate([one.person, other.person]))
    codes = group_codes([person, pd.concat([one.mo, other.mo], ignore_index=True)])
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

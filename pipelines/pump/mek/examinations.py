"""Examinations by what other registers know: a second stage wants its first, adults are examined where they are attached.

Q016, 003K.00.0100 and 003K.00.0090; which kinds (DISP) and on which ground is the region's choice.
"""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
import pandas as pd

from pipelines.pump.mek import hits
from pipelines.pump.mek.coded import Numbers
from pipelines.pump.mek.conditions import every
from pipelines.pump.mek.facts import Facts
from pipelines.pump.mek.given import Given
from pipelines.pump.mek.hits import phrase
from pipelines.pump.mek.standing import Standing

SECOND_STAGE, ELSEWHERE = "MEK.H.10", "MEK.J.5"


def examination_hits(given: Given, standing: Standing) -> pd.DataFrame:
    """Second stages without a first one in the calendar year, and examinations of persons attached elsewhere."""
    stages = [_without_first(given, standing, second, first) for second, first in given.terms.second_stage.items()]
    return hits.concat([*stages, _attached_elsewhere(given)])


def _without_first(given: Given, standing: Standing, second: str, first: Collection[str]) -> pd.DataFrame:
    """A first stage counts that nothing refuses in this month, or that was paid, and that ended no later."""
    person, cases = given.persons[0], given.month.cases
    own = _rows(given.facts, person, [second])
    if not len(own):
        return hits.empty()
    known = _rows(given.facts, person, first)
    parts = [_ended(given.facts, person, known[standing.cases[known]])]
    if given.paid is not None:
        parts.append(_ended(given.paid, given.persons[1], _rows(given.paid, given.persons[1], first)))
    ended = pd.concat(parts, ignore_index=True).groupby(["person", "year"])["end"].min()
    mine = _ended(given.facts, person, own)
    found = ended.reindex(pd.MultiIndex.from_frame(mine[["person", "year"]])).to_numpy()
    wrong = own[pd.isna(found) | (found > mine["end"].to_numpy())]
    text = phrase(
        f"DISP = {second}, {{day}}: второй этап; в календарном году нет первого этапа ({', '.join(first)})",
        len(wrong),
        day=cases["DATE_Z_2"].iloc[wrong],
    )
    return hits.make(given.bases, "H", given.terms.second_stage_base, SECOND_STAGE, text, given.facts.of_cases(wrong))


def _attached_elsewhere(given: Given) -> pd.DataFrame:
    """Persons whose attachment on the last day is known and is another organisation's."""
    if given.attached is None or not given.terms.examined_at_home:
        return hits.empty()
    cases, at = given.month.cases, given.attached
    kinds = every({"DISP": list(given.terms.examined_at_home)}, given.facts.cases)
    wrong = np.flatnonzero(kinds & at.notna().to_numpy() & (at.to_numpy() != cases["CODE_MO"].to_numpy()))
    text = phrase(
        "DISP = {kind}: на {day} пациент {person} прикреплён к {at}; ожидается организация прикрепления",
        len(wrong),
        kind=cases["DISP"].iloc[wrong],
        day=cases["DATE_Z_2"].iloc[wrong],
        person=cases["ID_PAC"].iloc[wrong],
        at=at.iloc[wrong],
    )
    return hits.make(given.bases, "J", given.terms.examined_base, ELSEWHERE, text, given.facts.of_cases(wrong))


def _rows(facts: Facts, person: Numbers, kinds: Collection[str]) -> Numbers:
    chosen: Numbers = np.flatnonzero(every({"DISP": list(kinds), "DATE_Z_2": {"empty": False}}, facts.cases) & (person >= 0))
    return chosen


def _ended(facts: Facts, person: Numbers, rows: Numbers) -> pd.DataFrame:
    end = facts.month.cases["DATE_Z_2"].iloc[rows].reset_index(drop=True)
    return pd.DataFrame({"person": person[rows], "year": end.dt.year, "end": end})

"""Stage H: the same care twice – in the month (1.10.2) and beside what was paid before (1.10.1)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from pipelines.pump.mek import hits
from pipelines.pump.mek.coded import Hashes, Mask, Numbers, alike
from pipelines.pump.mek.conditions import every, some
from pipelines.pump.mek.facts import Facts, Objects, Rows
from pipelines.pump.mek.given import Given
from pipelines.pump.mek.hits import phrase
from pipelines.pump.mek.standing import Standing
from pipelines.pump.mek.terms import Duplicate

REPEATED, PAID = "1.10.2", "1.10.1"


@dataclass(frozen=True)
class Copies:
    """Positions of copies in the month: ``again`` beside ``kept``; ``now`` beside ``before`` of the history."""

    again: Numbers
    kept: Numbers
    now: Numbers
    before: Numbers


def duplicate_hits(given: Given, standing: Standing) -> pd.DataFrame:
    """Hits of every rule of the region; one copy stays, by ``terms.keep`` among those that nothing else refuses."""
    found = [_rule_hits(given, standing, rule) for rule in given.terms.duplicates]
    return hits.concat([*found, *(_examination_hits(given, standing, group) for group in given.terms.once_a_year)])


def group_codes(columns: Sequence[pd.Series]) -> Numbers:
    """Number of the combination of values in each row; missing values are equal to each other."""
    codes = np.zeros(len(columns[0]), dtype=np.int64)
    for column in columns:
        values, distinct = pd.factorize(column)
        codes = pd.factorize(codes * np.int64(len(distinct) + 1) + values.astype(np.int64) + 1)[0].astype(np.int64)
    return codes


def copies(codes: Numbers, earlier: int, standing: Mask, keep: str) -> Copies:
    """Copies among rows of which the first ``earlier`` are paid history, the others the month in the order of receipt."""
    count = int(codes.max(initial=-1)) + 1
    paid = np.full(count, -1, dtype=np.int64)
    paid[codes[:earlier][::-1]] = np.arange(earlier)[::-1]
    own = codes[earlier:]
    rows = np.arange(len(own))
    order = rows[::-1] if keep == "first" else rows  # the last one written stays
    kept = np.full(count, -1, dtype=np.int64)
    kept[own[order]] = order
    stands = order[standing[order]]
    kept[own[stands]] = stands
    again, now = rows[kept[own] != rows], rows[paid[own] >= 0]
    return Copies(again, kept[own[again]], now, paid[own[now]])


@dataclass(frozen=True)
class _Side:
    """Rows of the month, or of the paid history, that a rule looks at; ``who``: person of every row of the level."""

    level: Rows
    who: Numbers
    rows: Numbers

    def __getitem__(self, chosen: Mask) -> _Side:
        return _Side(self.level, self.who, self.rows[chosen])

    def values(self, name: str) -> pd.Series:
        """A column of the key."""
        return pd.Series(self.who[self.rows]) if name == "person" else self.level.at(name, self.rows)

    def hashes(self, name: str) -> Hashes:
        return self.who[self.rows].view(np.uint64) if name == "person" else self.level.hashes(name, self.rows)

    def is_text(self, name: str) -> bool:
        return name != "person" and isinstance(self.level.dtype(name), pd.StringDtype)


def _rule_hits(given: Given, standing: Standing, rule: Duplicate) -> pd.DataFrame:
    own = _side(given.facts, rule, given.persons[0])
    paid = given.paid if rule.scope != "month" else None
    old = None if paid is None else _side(paid, rule, given.persons[1])
    old, own = _alike(old, own, rule.key)
    if not len(own.rows):
        return hits.empty()
    mine = {name: own.values(name) for name in rule.key}
    columns = [mine[name] if old is None else pd.concat([old.values(name), mine[name]]) for name in rule.key]
    mask = (standing.cases if rule.level == "case" else standing.visits)[own.rows]
    before = _NONE if old is None else old.rows
    found = copies(group_codes(columns), len(before), mask, given.terms.keep)
    repeated = rule.scope != "history"
    values = {name: mine[name] for name in rule.key if name != "person"}
    return hits.concat(
        [
            _in_month(given, rule.rule, rule.title, rule.level, own.rows, found, values) if repeated else hits.empty(),
            _beside_paid(given, rule.rule, rule.title, rule.level, own.rows, before, found, values),
        ]
    )


def _side(facts: Facts, rule: Duplicate, person: Numbers) -> _Side:
    """Rows that a rule looks at; the first column of its key has to be known."""
    level: Rows = facts.cases if rule.level == "case" else facts.visits
    who = person if rule.level == "case" else person[facts.visit_case]
    first = who >= 0 if rule.key[0] == "person" else level.column(rule.key[0]).notna().to_numpy(bool)
    return _Side(level, who, np.flatnonzero(every(rule.within, level) & ~some(rule.unless, level) & first))


def _alike(old: _Side | None, own: _Side, key: Sequence[str]) -> tuple[_Side | None, _Side]:
    """Rows that may have an equal one: first by what is no text, then by the whole key. Nothing equal is lost."""
    numbers = [name for name in key if not own.is_text(name)]
    for names in (numbers, key):
        if names and old is None:
            own = own[alike([own.hashes(name) for name in names])]
        elif names and old is not None:
            mask = alike([np.concatenate([old.hashes(name), own.hashes(name)]) for name in names])
            old, own = old[mask[: len(old.rows)]], own[mask[len(old.rows) :]]
    return old, own


def _examination_hits(given: Given, standing: Standing, group: Sequence[str]) -> pd.DataFrame:
    """A person has one examination of the group in a calendar year."""

    def chosen(facts: Facts, person: Numbers) -> tuple[Numbers, list[pd.Series]]:
        rows = np.flatnonzero(every({"DISP": list(group), "DATE_Z_2": {"empty": False}}, facts.cases) & (person >= 0))
        return rows, [pd.Series(person[rows]), facts.month.cases["DATE_Z_2"].iloc[rows].dt.year.reset_index(drop=True)]

    own, mine = chosen(given.facts, given.persons[0])
    old, theirs = _nobody() if given.paid is None else chosen(given.paid, given.persons[1])
    if not len(own):
        return hits.empty()
    columns = [pd.concat(pair) for pair in zip(theirs, mine, strict=True)] if len(old) else mine
    found = copies(group_codes(columns), len(old), standing.cases[own], given.terms.keep)
    kinds = given.month.cases[["DISP", "DATE_Z_2"]].iloc[own].reset_index(drop=True)
    values = {name: kinds[name] for name in ("DISP", "DATE_Z_2")}
    title = f"второй осмотр за год ({', '.join(group)})"
    return hits.concat(
        [
            _in_month(given, "MEK.H.9", title, "case", own, found, values),
            _beside_paid(given, "MEK.H.9", title, "case", own, old, found, values),
        ]
    )


_NONE: Numbers = np.empty(0, dtype=np.int64)


def _nobody() -> tuple[Numbers, list[pd.Series]]:
    return _NONE, []


def _objects(given: Given, level: str, rows: Numbers) -> Objects:
    return given.facts.of_cases(rows) if level == "case" else given.facts.of_visits(rows)


def _text(title: str, values: Mapping[str, pd.Series], rows: Numbers, where: str, **more: pd.Series) -> pd.Series:
    shown = {name: column.iloc[rows] for name, column in values.items() if name not in ("IDDOKT", "SUM_M", "SUMV")}
    template = f"{title}: " + ", ".join(f"{name} = {{{name}}}" for name in shown) + f"; {where}"
    return phrase(template, len(rows), **shown, **more)


def _in_month(
    given: Given, rule: str, title: str, level: str, own: Numbers, found: Copies, values: Mapping[str, pd.Series]
) -> pd.DataFrame:
    other = own[found.kept] if level == "case" else given.facts.visit_case[own[found.kept]]
    cases = given.month.cases.iloc[other]
    where = "то же предъявлено в счёте {account} (IDCASE {idcase}); ожидается один раз"
    text = _text(title, values, found.again, where, account=cases["NSCHET"], idcase=cases["IDCASE"])
    return hits.make(given.bases, "H", REPEATED, rule, text, _objects(given, level, own[found.again]), other=other)


def _beside_paid(
    given: Given,
    rule: str,
    title: str,
    level: str,
    own: Numbers,
    old: Numbers,
    found: Copies,
    values: Mapping[str, pd.Series],
) -> pd.DataFrame:
    if given.paid is None or not len(found.now):
        return hits.empty()
    before = old[found.before] if level == "case" else given.paid.visit_case[old[found.before]]
    ref = reference(given.paid, before)
    text = _text(title, values, found.now, "оплачено раньше (пакет/строка/IDCASE {ref}); ожидается один раз", ref=ref)
    return hits.make(given.bases, "H", PAID, rule, text, _objects(given, level, own[found.now]), other_ref=ref)


def reference(paid: Facts, cases: Numbers) -> pd.Series:
    """Package/row/IDCASE of paid cases."""
    rows = paid.month.cases.iloc[cases]
    return phrase("{package}/{row}/{idcase}", len(cases), package=rows["package"], row=rows["row"], idcase=rows["IDCASE"])

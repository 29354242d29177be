"""Rows of the grouper's table that a visit meets, set-wise.

Every condition on a diagnosis, service or criterion is a token; a row is a conjunction of tokens with bounds of age, sex and
duration, and is filed under its rarest token. Visits bring their tokens, are joined with the rows filed there, and what
remains of a row's conditions is tested on the pairs.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

Ints = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]

DIAGNOSES = ("DS1", "DS2", "DS3")
_SPACES = {"DS1": "1", "DS2": "2", "DS3": "3", "CODE_USL": "u", "CRIT": "c", "FRACTION": "c"}
_EXACT = re.compile(r"[A-Z]\d\d(\.\d{1,2})?")
_RANGE = re.compile(r"([A-Z]\d\d)-([A-Z]\d\d)")
_PREFIX = re.compile(r"([A-Z])\.")
_ALWAYS = "*"
_BEYOND = 1 << 40


@dataclass(frozen=True)
class _Range:
    """Rubrics (three-character codes as numbers, both ends included) that one token stands for."""

    space: str
    low: int
    high: int
    token: int


class RowTable:
    """The table compiled for matching; ``rows`` are those of ``Workbook.table``.

    Raises ``ValueError`` for a diagnosis cell of an unknown form.
    """

    def __init__(self, rows: pd.DataFrame) -> None:
        cells = {
            column: rows[column].map(lambda code, s=space: f"{s}|{code}", na_action="ignore")
            for column, space in _SPACES.items()
        }
        named = pd.concat([*cells.values(), pd.Series([_ALWAYS])]).dropna()
        codes, texts = pd.factorize(named)
        self.tokens = pa.array(texts.astype("str"), pa.string())
        self._place = {text: number for number, text in enumerate(texts)}
        uses = np.bincount(codes, minlength=len(texts))
        wide = np.column_stack([cells[column].map(self._place).fillna(-1).to_numpy(np.int64) for column in _SPACES])
        wide = np.column_stack([wide, np.where((wide < 0).all(axis=1), self._place[_ALWAYS], -1)])
        weight = np.where(wide >= 0, uses[wide], _BEYOND)
        self.needed = np.take_along_axis(wide, np.argsort(weight, axis=1, kind="stable"), axis=1)
        self.needed = self.needed[:, : int((self.needed >= 0).sum(axis=1).max(initial=1))]
        self.order = np.argsort(self.needed[:, 0], kind="stable")
        self.start = np.searchsorted(self.needed[self.order, 0], np.arange(len(texts) + 1))
        self.ranges = [found for text in texts if (found := self._range(text))]
        self.age = _bits(rows["AGE"])
        self.sex = rows["W"].fillna("0").astype("int64").to_numpy()
        self.duration = _bits(rows["DURATION"])

    def _range(self, text: str) -> _Range | None:
        space, _, code = text.partition("|")
        if space not in ("1", "2", "3") or _EXACT.fullmatch(code):
            return None
        if found := _RANGE.fullmatch(code):
            return _Range(space, _rubric(found[1]), _rubric(found[2]), self._place[text])
        if found := _PREFIX.fullmatch(code):
            return _Range(space, _rubric(found[1] + "00"), _rubric(found[1] + "99"), self._place[text])
        raise ValueError("a diagnosis of the grouper's table is neither a code nor a range nor a letter")

    def tokens_of(self, space: str, visits: Ints, encoded: pa.DictionaryArray) -> tuple[Ints, Ints]:
        """(visit, token) of the values of one kind: the exact code, and the ranges that a diagnosis falls into."""
        spelled = pc.binary_join_element_wise(space, encoded.dictionary, "|")
        known = pc.fill_null(pc.index_in(spelled, value_set=self.tokens), -1).to_numpy(zero_copy_only=False)
        codes = pc.fill_null(encoded.indices, -1).to_numpy(zero_copy_only=False)
        parts = [np.append(known, -1)[codes].astype(np.int64)]
        ranges = [item for item in self.ranges if item.space == space]
        if ranges:
            rubrics = np.array([_rubric(text) for text in encoded.dictionary.to_pylist()] + [-1])[codes]
            parts += [np.where((rubrics >= item.low) & (rubrics <= item.high), item.token, -1) for item in ranges]
        tokens = np.concatenate(parts)
        repeated = np.tile(visits, len(parts))
        return repeated[tokens >= 0], tokens[tokens >= 0]

    def always(self, size: int) -> tuple[Ints, Ints]:
        """(visit, token) by which rows without any code are found."""
        return np.arange(size), np.full(size, self._place[_ALWAYS])

    def match(self, pairs: Ints, age: Ints, sex: Ints, duration: Ints) -> tuple[Ints, Ints]:
        """(visit, row) of every row whose conditions the visit meets, by visit.

        ``pairs``: sorted distinct ``visit * len(tokens) + token``; ``age`` and ``duration`` are sets of categories as bits.
        """
        visits, tokens = np.divmod(pairs, len(self.tokens))
        counts = (self.start[1:] - self.start[:-1])[tokens]
        visit = np.repeat(visits, counts)
        row = self.order[np.arange(len(visit)) + np.repeat(self.start[tokens] - np.cumsum(counts) + counts, counts)]
        keep = ((self.age[row] & age[visit]) != 0) & ((self.duration[row] & duration[visit]) != 0)
        keep &= (self.sex[row] == 0) | (self.sex[row] == sex[visit])
        visit, row = visit[keep], row[keep]
        for column in range(1, self.needed.shape[1]):
            token = self.needed[row, column]
            tested = np.flatnonzero(token >= 0)
            wanted = visit[tested] * len(self.tokens) + token[tested]
            keep = np.ones(len(row), dtype=bool)
            keep[tested] = contains(pairs, wanted)
            visit, row = visit[keep], row[keep]
        return visit, row


def contains(ordered: Ints, wanted: Ints) -> Mask:
    """Whether each number is among sorted ones."""
    place = np.searchsorted(ordered, wanted)
    inside = place < len(ordered)
    result: Mask = np.zeros(len(wanted), dtype=bool)
    result[inside] = ordered[place[inside]] == wanted[inside]
    return result


def first_of_equal(ordered: npt.NDArray[Any]) -> Mask:
    """Where a new value begins in a sorted array."""
    result: Mask = np.ones(len(ordered), dtype=bool)
    np.not_equal(ordered[1:], ordered[:-1], out=result[1:])
    return result


def age_bits(days: Ints, years: Ints, second_year: int = 1) -> Ints:
    """Age categories as bits: 1 to 28 days, 2 to 90, 3 under a year, 4 under two, 5 to 17 years, 6 from 18, 7 to 20.

    ``second_year``: the last full year of category 4; regions that read "up to two years inclusive" set 2.
    """
    born = days >= 0
    categories = {
        1: born & (days <= 28),
        2: (days >= 29) & (days <= 90),
        3: (days >= 91) & (years < 1),
        4: born & (years <= second_year),
        5: born & (years < 18),
        6: years >= 18,
        7: born & (years < 21),
    }
    return _union(categories, len(days))


def duration_bits(days: Ints) -> Ints:
    """Categories of duration as bits: 1 up to 3 days, 2 4–10, 3 11–20, 4 21–30, 5 exactly 30."""
    bounds = {1: (-1, 3), 2: (4, 10), 3: (11, 20), 4: (21, 30), 5: (30, 30)}
    return _union({number: (days >= low) & (days <= high) for number, (low, high) in bounds.items()}, len(days))


def _union(categories: dict[int, Mask], size: int) -> Ints:
    bits: Ints = np.ones(size, dtype=np.int64)  # bit 0: rows without the condition
    for number, mask in categories.items():
        bits |= np.left_shift(mask, number, dtype=np.int64)
    return bits


def _bits(cells: pd.Series) -> Ints:
    return np.left_shift(1, cells.fillna("0").astype("int64").to_numpy(np.int64)).astype(np.int64)


def _rubric(code: str | None) -> int:
    """Three-character rubric as a number in the order of codes; -1 for what is no code of МКБ-10."""
    head = (code or "")[:3]
    if not _EXACT.fullmatch(head):
        return -1
    return (ord(head[0]) - ord("A")) * 100 + int(head[1:])

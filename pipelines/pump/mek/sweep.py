"""Which intervals of one person meet: sorting, prefix maxima and one pass; no pairs are made."""

from __future__ import annotations

import numpy as np
from numba import njit

from pipelines.pump.mek.coded import Mask, Numbers


def meeting(
    keys: Numbers, begins: Numbers, ends: Numbers, among: Numbers, among_begins: Numbers, among_ends: Numbers
) -> Numbers:
    """For each interval one of ``among`` with the same key whose interior it meets (b1 < e2 and b2 < e1), or -1.

    An interval of one day lies inside another strictly between its ends; days are whole numbers, keys not negative. Of
    several the one that reaches furthest is taken.
    """
    result = np.full(len(keys), -1, dtype=np.int64)
    if not len(keys) or not len(among):
        return result
    there = np.zeros(max(int(keys.max()), int(among.max())) + 1, dtype=bool)
    there[among] = True
    asked = np.flatnonzero(there[keys])
    if not len(asked):
        return result
    keys, begins, ends = keys[asked], begins[asked], ends[asked]
    low = min(int(begins.min()), int(among_begins.min()), int(ends.min()), int(among_ends.min()))
    high = max(int(ends.max()), int(among_ends.max()), int(begins.max()), int(among_begins.max()))
    width = np.int64(high - low + 1)
    order = np.lexsort((among_ends, among_begins, among))
    starts = (among * width + among_begins - low)[order]
    reach = (among * width + among_ends - low)[order]
    furthest = np.maximum.accumulate(reach)
    holder = np.maximum.accumulate(np.where(reach == furthest, np.arange(len(reach)), 0))
    before = np.searchsorted(starts, keys * width + ends - low, side="left") - 1
    at = np.maximum(before, 0)
    met = (before >= 0) & (among[order][at] == keys) & (furthest[at] > keys * width + begins - low)
    result[asked[met]] = order[holder[at[met]]]
    return result


def losing(keys: Numbers, order: Numbers, begins: Numbers, ends: Numbers, earlier: Mask, standing: Mask) -> Numbers:
    """For each interval an interval presented before it that keeps it out, or -1.

    Intervals with one key are taken by ``order``; one that meets the interior of a kept one loses and keeps nobody out, so
    do those that do not stand. Those of ``earlier`` (paid history) are kept whatever they meet.
    """
    by = np.lexsort((order, ~earlier, keys))
    lost = _losing(keys[by], begins[by], ends[by], earlier[by], standing[by])
    result = np.full(len(keys), -1, dtype=np.int64)
    result[by] = np.where(lost >= 0, by[lost], -1)
    return result


@njit(cache=True)  # type: ignore[untyped-decorator]
def _losing(keys: Numbers, begins: Numbers, ends: Numbers, earlier: Mask, standing: Mask) -> Numbers:
    """Kept intervals of a person are apart from each other, so there are no more of them than days."""
    lost = np.full(len(keys), -1, dtype=np.int64)
    kept = np.empty(len(keys), dtype=np.int64)
    count = 0
    for row in range(len(keys)):
        if row == 0 or keys[row] != keys[row - 1]:
            count = 0
        known = False
        for place in range(count):
            other = kept[place]
            if not earlier[row] and begins[row] < ends[other] and begins[other] < ends[row]:
                lost[row] = other
                break
            if begins[row] == begins[other] and ends[row] == ends[other]:
                known = True
        if lost[row] < 0 and standing[row] and not known:
            kept[count] = row
            count += 1
    return lost

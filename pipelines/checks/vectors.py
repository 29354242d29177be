"""Columns of text as vectors: evaluated once per distinct value, then spread over the rows."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

Mask = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]
Days = npt.NDArray[np.datetime64]

DIGITS = 18
"""Digits that int64 holds whatever they are."""

S = TypeVar("S", bound=np.generic)
R = TypeVar("R")

NO_DAY = np.datetime64("NaT", "D")

_DATE = r"^[0-9]{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])$"


_results: ContextVar[dict[Hashable, tuple[object, Any]] | None] = ContextVar("results", default=None)


@contextmanager
def sharing() -> Iterator[None]:
    """Within the block, what checks of one table ask again is answered from before: a thread's own, forgotten at its end."""
    token = _results.set({})
    try:
        yield
    finally:
        _results.reset(token)


def once(key: Hashable, of: object, work: Callable[[], R]) -> R:
    """The result of ``work``, done once for a key within ``sharing``; ``of``, whose id may be in the key, is kept alive."""
    known = _results.get()
    if known is None:
        return work()
    if key not in known:
        known[key] = (of, work())
    result: R = known[key][1]
    return result


def encoded(column: pa.Array) -> pa.DictionaryArray:
    """The column dictionary-encoded, ``pa.string()`` values."""
    if isinstance(column, pa.ChunkedArray):
        column = column.combine_chunks()
    if isinstance(column, pa.DictionaryArray):
        return column
    return pc.dictionary_encode(column.cast(pa.string()))


def absent(column: pa.Array) -> Mask:
    """Where there is no value."""
    if not column.null_count:
        return np.zeros(len(column), bool)
    result: Mask = column.is_null().to_numpy(zero_copy_only=False)
    return result


def spread(values: npt.NDArray[S], column: pa.DictionaryArray, missing: object) -> npt.NDArray[S]:
    """``values`` of the distinct texts at the rows; ``missing`` where the row is null."""
    if not column.indices.null_count:
        rows: npt.NDArray[S] = np.take(values, column.indices.to_numpy(zero_copy_only=False))
        return rows
    padded = np.append(values, np.asarray([missing], dtype=values.dtype))
    spread_out: npt.NDArray[S] = np.take(padded, pc.fill_null(column.indices, len(values)).to_numpy(zero_copy_only=False))
    return spread_out


def on_values(column: pa.Array, predicate: Callable[[pa.Array], pa.Array]) -> Mask:
    """``predicate`` (strings -> booleans, null for False) at the rows; True where there is no value."""
    column = encoded(column)
    if not len(column.dictionary):
        return np.ones(len(column), bool)
    verdict: Mask = pc.fill_null(predicate(column.dictionary), False).to_numpy(zero_copy_only=False)
    return np.ones(len(column), bool) if verdict.all() else spread(verdict, column, True)


def dates(texts: pa.Array) -> Days:
    """Dates ГГГГ-ММ-ДД as datetime64[D], NaT for what is none (2026-02-30 included)."""
    valid = pc.fill_null(pc.match_substring_regex(texts, _DATE), False)
    whole = pc.if_else(valid, texts, "0001-01-01")
    year, month, day = (
        pc.utf8_slice_codeunits(whole, start, stop).cast(pa.int64()).to_numpy(zero_copy_only=False)
        for start, stop in ((0, 4), (5, 7), (8, 10))
    )
    months = (year - 1970) * 12 + month - 1
    result = months.astype("datetime64[M]").astype("datetime64[D]") + (day - 1).astype("timedelta64[D]")
    real = valid.to_numpy(zero_copy_only=False) & (result.astype("datetime64[M]").astype(np.int64) == months) & (year > 0)
    return np.where(real, result, NO_DAY)


def is_date(texts: pa.Array) -> Mask:
    """Which texts are dates of the calendar."""
    return ~np.isnat(dates(texts))


def days(column: pa.Array) -> Days:
    """Dates of a column of text at the rows; NaT where there is none."""
    column = encoded(column)
    return spread(once((dates, id(column)), column, lambda: dates(column.dictionary)), column, NO_DAY)


def integers(texts: pa.Array, scale: int) -> tuple[Ints, Mask]:
    """Numbers in units of 10**-scale, exact, and where the text is such a number (1.50 is; 1,5 and 1e3 are not)."""
    fraction = rf"(?:\.[0-9]{{1,{scale}}})?" if scale else ""
    valid = pc.fill_null(pc.match_substring_regex(texts, rf"^-?[0-9]{{1,{DIGITS - scale}}}{fraction}$"), False)
    whole = pc.if_else(valid, texts, "0")
    before = pc.replace_substring_regex(whole, r"\..*$", "")
    after = pc.utf8_rpad(pc.replace_substring_regex(whole, r"^[^.]*\.?", ""), scale, "0")
    units = pc.binary_join_element_wise(before, after, "").cast(pa.int64())
    return units.to_numpy(zero_copy_only=False), valid.to_numpy(zero_copy_only=False)


@lru_cache(maxsize=4096)
def constant(text: str, scale: int) -> int | None:
    """One text as ``integers`` has it; None where it is no such number."""
    units, valid = integers(pa.array([text]), scale)
    return int(units[0]) if valid[0] else None


def numbers(column: pa.Array, scale: int) -> tuple[Ints, Mask]:
    """``integers`` at the rows of a column; not known where there is no value."""
    column = encoded(column)
    units, valid = once((integers, id(column), scale), column, lambda: integers(column.dictionary, scale))
    return spread(units, column, 0), spread(valid, column, False)

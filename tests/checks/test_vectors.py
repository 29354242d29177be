"""Columns of text as vectors: dates, exact numbers, verdicts by distinct value, results shared within a table."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from pipelines.checks.vectors import (
    absent,
    dates,
    days,
    encoded,
    integers,
    is_date,
    numbers,
    on_values,
    once,
    sharing,
    spread,
)


def test_a_column_is_encoded_once() -> None:
    plain = encoded(pa.array(["a", "b", "a", None]))
    assert (plain.indices.to_pylist(), plain.dictionary.to_pylist()) == ([0, 1, 0, None], ["a", "b"])
    assert encoded(plain) is plain
    assert encoded(pa.chunked_array([["a"], ["b", "a"]], pa.string())).to_pylist() == ["a", "b", "a"]
    assert encoded(pa.array([1, 2])).to_pylist() == ["1", "2"]


def test_where_there_is_no_value() -> None:
    assert absent(pa.array(["a", None])).tolist() == [False, True]
    assert absent(pa.array(["a", "b"])).tolist() == [False, False]


def test_values_are_spread_over_the_rows() -> None:
    assert spread(np.array([7, 8]), encoded(pa.array(["a", "b", "a"])), -1).tolist() == [7, 8, 7]
    assert spread(np.array([7, 8]), encoded(pa.array(["a", None, "b"])), -1).tolist() == [7, -1, 8]


def test_verdicts_by_distinct_value() -> None:
    seen = []

    def short(texts: pa.Array) -> pa.Array:
        seen.append(texts.to_pylist())
        return pc.if_else(pc.equal(texts, "?"), None, pc.less(pc.utf8_length(texts), 2))

    assert on_values(pa.array(["a", "bb", "a", None, "?"]), short).tolist() == [True, False, True, True, False]
    assert on_values(pa.array(["a", "b", None]), short).tolist() == [True, True, True]
    assert on_values(pa.array([None, None], pa.string()), short).tolist() == [True, True]
    assert seen == [["a", "bb", "?"], ["a", "b"]]


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2026-02-28", "2026-02-28"),
        ("2024-02-29", "2024-02-29"),
        ("1900-01-01", "1900-01-01"),
        ("1969-12-31", "1969-12-31"),
        ("0001-01-01", "0001-01-01"),
        ("9999-12-31", "9999-12-31"),
        ("2026-12-01", "2026-12-01"),
        ("2026-02-29", None),
        ("2026-04-31", None),
        ("0000-01-01", None),
        ("2026-13-01", None),
        ("2026-00-01", None),
        ("2026-01-00", None),
        ("2026-01-32", None),
        ("2026-1-1", None),
        ("20260101", None),
        ("2026-01-01 ", None),
        ("", None),
    ],
)
def test_dates_of_the_calendar(text: str, day: str | None) -> None:
    found = dates(pa.array([text]))
    assert found.dtype == np.dtype("datetime64[D]")
    assert (None if np.isnat(found[0]) else str(found[0])) == day
    assert is_date(pa.array([text])).tolist() == [day is not None]


def test_no_text_is_no_date() -> None:
    assert np.isnat(dates(pa.array([None], pa.string()))).tolist() == [True]


def test_dates_at_the_rows() -> None:
    found = days(pa.array(["2026-02-28", None, "x", "2026-02-28"]))
    assert [None if np.isnat(day) else str(day) for day in found] == ["2026-02-28", None, None, "2026-02-28"]


@pytest.mark.parametrize(
    ("text", "scale", "units"),
    [
        ("1.50", 2, 150),
        ("1.5", 2, 150),
        ("1", 2, 100),
        ("-1.05", 2, -105),
        ("-0.05", 2, -5),
        ("007", 0, 7),
        ("9" * 18, 0, 10**18 - 1),
        ("9" * 16 + ".99", 2, 10**18 - 1),
        ("9" * 19, 0, None),
        ("9" * 17, 2, None),
        ("1.505", 2, None),
        ("1.0", 0, None),
        ("1.", 2, None),
        (".5", 2, None),
        ("1,5", 2, None),
        ("1e3", 2, None),
        ("+1", 2, None),
        ("", 2, None),
        ("1\n", 0, None),
    ],
)
def test_exact_numbers(text: str, scale: int, units: int | None) -> None:
    found, valid = integers(pa.array([text, None]), scale)
    assert valid.tolist() == [units is not None, False]
    assert found.tolist() == [units or 0, 0]


def test_numbers_at_the_rows() -> None:
    units, known = numbers(pa.array(["1.5", None, "x", "1.5"]), 1)
    assert (units.tolist(), known.tolist()) == ([15, 0, 0, 15], [True, False, False, True])


def test_results_are_shared_within_the_block_only() -> None:
    done: list[int] = []

    def work() -> int:
        done.append(1)
        return len(done)

    column = pa.array(["a"])
    assert [once("k", column, work), once("k", column, work)] == [1, 2]
    with sharing():
        assert [once("k", column, work), once("k", column, work), once("other", column, work)] == [3, 3, 4]
    with sharing():
        assert once("k", column, work) == 5
    assert once("k", column, work) == 6

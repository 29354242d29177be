"""Columns as numbers say the same as the columns: nothing equal is lost, nothing different is taken for equal."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.pump.mek.coded import alike, combined, constant, digits, encode, hashes, packed, plain, touched
from pipelines.pump.mek.conditions import meets

TEXTS = st.lists(
    st.one_of(st.none(), st.text("аб1", max_size=3), st.sampled_from(["0", "00", "7" * 18, "7" * 19])), min_size=1
)


def text(values: list[str | None]) -> pd.Series:
    return pd.Series(values, dtype="str")


@settings(deadline=None)  # the first call compiles
@given(TEXTS)
def test_an_encoded_column_is_the_column(values: list[str | None]) -> None:
    coded = encode(text(values))
    pd.testing.assert_series_equal(coded.decoded(), text(values), check_names=False)
    assert coded.values.dropna().is_unique
    assert coded.values.isna().iloc[-1]


@settings(deadline=None)  # the first call compiles
@given(TEXTS, TEXTS)
def test_equal_values_have_equal_hashes_in_any_frame(one: list[str | None], other: list[str | None]) -> None:
    both = hashes(text(one + other))
    apart = np.concatenate([hashes(text(one)), hashes(text([*one, *other]).iloc[len(one) :])])
    assert (both == apart).all()
    codes = pd.factorize(text(one + other))[0]
    for code in np.unique(codes):
        assert len(np.unique(both[codes == code])) == 1


@settings(deadline=None)  # the first call compiles
@given(TEXTS, st.data())
def test_what_is_repeated_and_what_is_touched_is_found(values: list[str | None], data: st.DataObject) -> None:
    numbers = pd.Series(data.draw(st.lists(st.integers(0, 2), min_size=len(values), max_size=len(values))))
    frame = pd.DataFrame({"text": text(values), "number": numbers})
    columns = [hashes(frame[name]) for name in frame]
    assert alike(columns)[frame.duplicated(keep=False)].all()
    by = np.array(data.draw(st.lists(st.booleans(), min_size=len(values), max_size=len(values))))
    wanted = frame.fillna("нет").apply(tuple, axis=1)
    assert touched(columns, by)[wanted.isin(set(wanted[by]))].all()


def test_few_rows_are_found_that_are_not_repeated() -> None:
    numbers = pd.Series(np.arange(100_000))
    assert alike([hashes(numbers)]).mean() < 0.15
    assert touched([hashes(numbers)], np.arange(100_000) < 1_000).mean() < 0.1


@settings(deadline=None)  # the first call compiles
@given(TEXTS)
def test_digits_are_equal_where_the_texts_are(values: list[str | None]) -> None:
    numbers = digits(plain(text(values)))
    assert ((numbers == -1) == text(values).isna()).all()
    pairs = set(zip(numbers.tolist(), text(values).fillna("нет").tolist(), strict=True))
    assert len(pairs) == len({number for number, _ in pairs}) == len({value for _, value in pairs})


@pytest.mark.parametrize("bound", [3, 1 << 20, 1 << 40])
def test_packed_numbers_are_equal_where_all_columns_are(bound: int) -> None:
    random = np.random.default_rng(bound)
    values = [np.concatenate([[-1, bound - 1], random.integers(-1, 3, 500)]) for _ in range(5)]
    key = packed([(one, bound) for one in values])
    rows = list(zip(*(one.tolist() for one in values), strict=True))
    pairs = set(zip(key.tolist(), rows, strict=True))
    assert len(pairs) == len(set(rows)) == len(set(key.tolist()))


def test_combinations_are_numbered_and_found_again() -> None:
    random = np.random.default_rng(1)
    frame = pd.DataFrame({name: text(random.choice(["а", "б", None], 300).tolist()) for name in "xyz"})
    codes, first = combined([encode(frame[name]) for name in frame] + [constant("всё", len(frame))])
    again = frame.iloc[first[codes]].reset_index(drop=True)
    pd.testing.assert_frame_equal(again, frame)
    assert len(first) == len(frame.drop_duplicates())


@pytest.mark.parametrize(
    "wanted",
    [
        ["1", "2"],
        {"not": ["1"]},
        {"prefix": ["1", "A06."]},
        {"rubric": ["C00-C97", "I20"]},
        {"from": 1},
        {"to": 1},
        {"empty": True},
        {"empty": False},
        {"not": ["1"], "empty": False},
    ],
)
def test_conditions_say_the_same_of_encoded_columns(wanted: object) -> None:
    column = text(["1", "2", None, "A06.1", "C15.0", "I20", "I20.8", "0.5", "1", None, ""])
    assert meets(encode(column), wanted).tolist() == meets(column, wanted).tolist()
    assert 0 < meets(column, wanted).sum() < len(column)

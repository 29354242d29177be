"""Look-ups on a date."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.nsi import Dictionaries, Dictionary

ROWS = [
    {"CODE": "1", "NAME": "а", "DATEBEG": "2020-01-01", "DATEEND": "2020-12-31"},
    {"CODE": "1", "NAME": "б", "DATEBEG": "2022-01-01", "DATEEND": None},
    {"CODE": "2", "NAME": "в", "DATEBEG": None, "DATEEND": "2019-05-05"},
    {"CODE": "3", "NAME": "г", "DATEBEG": "2025-01-01", "DATEEND": "2024-01-01"},
]


def made(rows: list[dict[str, str | None]]) -> Dictionary:
    return Dictionary.of("X", pa.table({name: pa.array([row[name] for row in rows], pa.string()) for name in rows[0]}))


def contains(code: str, on: date | None) -> bool:
    return bool(made(ROWS).contains("CODE", pa.array([code]), on)[0])


@pytest.mark.parametrize(
    ("code", "on", "there"),
    [
        ("1", date(2019, 12, 31), False),
        ("1", date(2020, 1, 1), True),
        ("1", date(2020, 12, 31), True),
        ("1", date(2021, 6, 1), False),
        ("1", date(2022, 1, 1), True),
        ("1", date(2999, 1, 1), True),
        ("2", date(1900, 1, 1), True),
        ("2", date(2019, 5, 6), False),
        ("3", date(2024, 6, 1), False),
        ("9", date(2020, 1, 1), False),
        ("1", None, True),
        ("9", None, False),
    ],
)
def test_both_days_are_included(code: str, on: date | None, there: bool) -> None:
    assert contains(code, on) is there


def test_each_value_has_its_own_day_and_a_missing_one_asks_for_any() -> None:
    days = np.array(["2020-06-01", "2021-06-01", "NaT", "NaT"], dtype="datetime64[D]")
    values = pa.array(["1", "1", "1", None])
    expected = [True, False, True, False]
    assert made(ROWS).contains("CODE", values, days).tolist() == expected
    assert made(ROWS).contains("CODE", values.dictionary_encode(), days).tolist() == expected
    assert made(ROWS).contains("CODE", pa.chunked_array([values]), days).tolist() == expected


DAY = st.integers(0, 60).map(lambda number: date(2020, 1, 1) + timedelta(number))
PERIODS = st.lists(st.tuples(st.sampled_from("abc"), st.none() | DAY, st.none() | DAY), min_size=1, max_size=12)


@given(periods=PERIODS, asked=st.lists(st.tuples(st.sampled_from("abcd"), DAY), min_size=1))
def test_overlapping_periods(periods: list[tuple[str, date | None, date | None]], asked: list[tuple[str, date]]) -> None:
    rows = [
        {"CODE": code, "DATEBEG": first and first.isoformat(), "DATEEND": last and last.isoformat()}
        for code, first, last in periods
    ]
    expected = [
        any(c == code and (first or date.min) <= on <= (last or date.max) for c, first, last in periods)
        for code, on in asked
    ]
    days = np.array([on for _, on in asked], dtype="datetime64[D]")
    assert made(rows).contains("CODE", pa.array([code for code, _ in asked]), days).tolist() == expected


def test_joined_fields() -> None:
    rows = [{"TER": "62", "KOD1": "401", "KOD2": "000", "DATEBEG": "2020-01-01"}]
    found = made(rows).contains("TER+KOD1+KOD2", pa.array(["62401000", "62401"]), date(2021, 1, 1))
    assert found.tolist() == [True, False]


def test_the_row_in_force() -> None:
    dictionary = made(ROWS)
    row = dictionary.get("CODE", "1", date(2023, 1, 1))
    assert row is not None
    assert row["NAME"] == "б"
    assert dictionary.get("CODE", "1", date(2021, 1, 1)) is None
    assert dictionary.get("CODE", "9") is None


def test_what_is_not_there_is_an_error() -> None:
    dictionaries = Dictionaries([made(ROWS)])
    with pytest.raises(LookupError, match="V006 is not loaded"):
        dictionaries.contains("V006", "IDUMP", pa.array(["1"]))
    with pytest.raises(LookupError, match="X has no field IDUMP"):
        dictionaries.contains("X", "IDUMP", pa.array(["1"]))
    with pytest.raises(ValueError, match="X: DATEBEG"):
        made([{"CODE": "1", "DATEBEG": "01.01.2020"}])


def test_a_folder_of_csv(tmp_path: Path) -> None:
    text = '\ufeffCODE;NAME;DATEBEG;DATEEND\n01;"a;b";2020-01-01;\n02;;;2020-01-01\n'
    (tmp_path / "V999.csv").write_text(text, encoding="utf-8")
    dictionaries = Dictionaries.from_folder(tmp_path)
    assert list(dictionaries) == ["V999"]
    assert dictionaries["V999"].rows.to_pylist()[0] == {
        "CODE": "01",
        "NAME": "a;b",
        "DATEBEG": "2020-01-01",
        "DATEEND": None,
    }
    assert dictionaries.contains("V999", "CODE", pa.array(["01", "02"]), date(2021, 1, 1)).tolist() == [True, False]

"""Functions of the rule language: check digits, dates, ordinals among equal rows, what a dictionary says of a code."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.checks.conditions import certain, holds
from pipelines.checks.frames import Bulk
from pipelines.checks.functions import listed, snils_right, subcodes
from pipelines.checks.relation import fields_of, parse
from pipelines.checks.russian import in_russian
from pipelines.checks.vectors import days
from pipelines.formats.layout import load
from pipelines.ground.identifiers import snils, snils_valid
from tests.checks.build import TODAY, dictionary, tables


@given(
    st.lists(st.one_of(st.none(), st.text("0123456789- ", max_size=16), st.integers(0, 999_999_999).map(snils)), min_size=1)
)
def test_snils_of_a_column_is_snils_of_each(values: list[str | None]) -> None:
    assert snils_right(pa.array(values, pa.string())).tolist() == [
        value is not None and snils_valid(value) for value in values
    ]


def true(text: str, types: dict[str, str], **columns: list[str | None]) -> list[bool]:
    arrays = {name: pa.array(values, pa.string()) for name, values in columns.items()}
    return list(map(bool, certain(parse(text), arrays, types)))


@pytest.mark.parametrize(
    ("begin", "months", "end"),
    [
        ("2026-01-31", 1, "2026-02-28"),
        ("2024-02-29", 12, "2025-02-28"),
        ("2026-12-15", 2, "2027-02-15"),
        ("2026-03-31", 0, "2026-03-31"),
    ],
)
def test_a_later_month(begin: str, months: int, end: str) -> None:
    assert true(f"addmonths(A, {months}) = B", {"A": "D", "B": "D"}, A=[begin], B=[end]) == [True]


def test_days_between_dates() -> None:
    days_apart = true(
        "days(A, B) = 28",
        {"A": "D", "B": "D"},
        A=["2026-02-01", "2026-02-01", None],
        B=["2026-03-01", "2026-02-28", "2026-03-01"],
    )
    assert days_apart == [True, False, False]


def test_an_absent_number_is_neither_right_nor_wrong() -> None:
    column = {"SNILS": pa.array([None, "112-233-445 95", "112-233-445 96"], pa.string())}
    assert certain(parse("snils(SNILS) = 1"), column, {"SNILS": "T"}).tolist() == [False, True, False]
    assert holds(parse("snils(SNILS) = 1"), column, {"SNILS": "T"}).tolist() == [True, True, False]


def test_ordinals_count_within_a_file() -> None:
    rows = {"ZAP": [{"N_ZAP": "1"}, {"N_ZAP": "2"}, {"N_ZAP": "1"}, {"N_ZAP": None}, {"N_ZAP": None}, {"N_ZAP": "1"}]}
    layout = load("H")
    bulk = Bulk([tables(layout, rows), tables(layout, rows)], TODAY)
    assert bulk.column("ZAP", "nth(N_ZAP)").to_pylist() == [1, 1, 2, 1, 2, 3] * 2


def test_ordinals_of_several_columns_and_of_lists() -> None:
    rows = {
        "ZAP": [{"ID_PAC": "a"}, {"ID_PAC": "a"}, {"ID_PAC": "a"}],
        "SL": [{"PRVS": "1", "_parent": 0}, {"PRVS": "2", "_parent": 1}, {"PRVS": "1", "_parent": 2}],
    }
    bulk = Bulk([tables(load("H"), rows)], TODAY)
    assert bulk.column("ZAP", "nth(ID_PAC, list(SL.PRVS))").to_pylist() == [1, 1, 2]


def test_ordinals_of_no_rows() -> None:
    assert Bulk([tables(load("H"), {})], TODAY).column("ZAP", "nth(N_ZAP)").to_pylist() == []


def test_the_greatest_of_the_rows_below() -> None:
    rows = {
        "ZAP": [{}, {}],
        "SANK": [{"S_SUM": "1.00", "_parent": 0}, {"S_SUM": "2.50", "_parent": 0}, {"S_SUM": "x", "_parent": 1}],
    }
    bulk = Bulk([tables(load("H"), rows)], TODAY)
    assert bulk.column("ZAP", "max(SANK.S_SUM)").to_pylist() == [250, None]


M001 = dictionary(
    "M001",
    [
        {"IDDS": "A09", "DATEBEG": "2006-01-01", "DATEEND": None},
        {"IDDS": "A09.0", "DATEBEG": "2015-01-01", "DATEEND": None},
        {"IDDS": "A09.9", "DATEBEG": "2015-01-01", "DATEEND": "2020-12-31"},
    ],
)
V019 = dictionary(
    "V019",
    [
        {"IDHM": "7", "DIAG": "A00;B01.1", "DATEBEG": "2020-01-01", "DATEEND": "2020-12-31"},
        {"IDHM": "7", "DIAG": "C34", "DATEBEG": "2021-01-01", "DATEEND": None},
    ],
)


def test_subheadings_in_force() -> None:
    on = days(pa.array(["2014-01-01", "2016-01-01", "2021-01-01", None, "2016-01-01"]))
    codes = pa.array(["A09", "A09", "A09", "A09", "A09.0"])
    assert subcodes(M001, "IDDS", codes, on).tolist() == [0, 2, 1, 2, 0]


def test_diagnoses_of_a_method_in_force() -> None:
    on = days(pa.array(["2020-06-01", "2020-06-01", "2020-06-01", "2021-06-01", "2021-06-01"]))
    diagnoses = pa.array(["A00.1", "B01.1", "B01.2", "A00.1", None])
    found = listed(V019, "IDHM", "DIAG", pa.array(["7"] * 5), diagnoses, on)
    np.testing.assert_array_equal(found, [True, True, False, False, False])


def test_dictionaries_of_a_relation() -> None:
    text = 'subcodes("M001", "IDDS", DS1, DATE_2) = 0 или count(SL, listed("V019", "A", "B", X, Y, Z) = 1) > 0'
    assert list(fields_of(parse(text))) == [("M001", "IDDS"), ("V019", "A"), ("V019", "B")]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("snils(SNILS) = 1", "СНИЛС SNILS верен"),
        ("enp(NPOLIS) = 0", "ЕНП NPOLIS неверен"),
        ("days(DR, DATE_Z_1) > 60", "дней от DR до DATE_Z_1 > 60"),
        ("addmonths(DR, 12) < DATE_Z_1", "DR + 12 мес. < DATE_Z_1"),
        ("nth(N_ZAP, ID_PAC) = 1", "номер среди строк файла с теми же N_ZAP, ID_PAC = 1"),
        ("SANK_IT = max(SANK.S_SUM)", "SANK_IT = наибольшее SANK.S_SUM"),
        ('subcodes("M001", "IDDS", DS1, DATE_2) = 0', "число подрубрик DS1 в M001 на DATE_2 = 0"),
        (
            'listed("V019", "IDHM", "DIAG", METOD_HMP, DS1, DATE_2) = 1',
            "DS1 в перечне DIAG справочника V019 для IDHM = METOD_HMP на DATE_2",
        ),
    ],
)
def test_functions_in_russian(text: str, words: str) -> None:
    assert in_russian(parse(text)) == words
    assert str(parse(str(parse(text)))) == str(parse(text))

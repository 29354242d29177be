"""The language of relations: what is read, and what it says about rows."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.checks.conditions import certain, holds
from pipelines.checks.relation import RelationError, fields_of, functions, lookups, parse, parse_reference, references
from pipelines.ground.identifiers import enp
from pipelines.nsi import Dictionaries
from tests.checks.build import dictionary

MONEY = st.decimals(min_value=-(10**15) + 1, max_value=10**15 - 1, places=2).map(str)


def judge(text: str, types: dict[str, str], nsi: Dictionaries | None = None, **columns: list[Any]) -> list[bool | None]:
    """True, False, or None where it is not known."""
    arrays = {name: pa.array(columns[name.replace(".", "_").replace("(", "_").replace(")", "")]) for name in types}
    condition = parse(text)
    not_false = holds(condition, arrays, types, nsi)
    true = certain(condition, arrays, types, nsi)
    return [True if t else None if h else False for t, h in zip(true, not_false, strict=True)]


@pytest.mark.parametrize(
    "text",
    [
        "SUMV = sum(SL.SUM_M)",
        "DATE_1 <= DATE_2 <= ZAP.DATE_Z_2",
        "DS1 <> list(DS2.DS2) и DS1 <> list(DS3.DS3)",
        "SANK_MEK = sum(SANK.S_SUM, S_TIP = {1, 10})",
        'DS1 < "C00.0" или (DS1 > "D09" и A = 1)',
        "SUMMAP = SUMMAV - (SANK_MEK + SANK_MEE + SANK_EKMP)",
        "years(DR_P, DR) >= 14",
        "SD_Z = count(Z_SL)",
        "DATA <= today()",
        'A = "1.2.3"',
        "nth(A, B.C, sum(D.E)) = 1",
        'A не найден в V000.CODE где B = C, D = "x" на ZAP.E',
        "A = B - (C - D) + last(E)",
        "times(ZAP.A) > 1 и (A отсутствует или B присутствует)",
    ],
)
def test_a_tree_prints_as_it_was_read(text: str) -> None:
    assert str(parse(text)) == text


@pytest.mark.parametrize(
    "text", ["", "Значение поля должно быть больше", "SUMV", "A = ", "A == B", "(A) = 1)", "sum(SUM_M)"]
)
def test_prose_is_no_relation(text: str) -> None:
    with pytest.raises(RelationError, match=f"not a relation: {re.escape(repr(text))}"):
        parse(text)


def test_references_are_found_from_left_to_right() -> None:
    found = [str(name) for name in references(parse("A + ZAP.B = sum(SL.C, D = 1) или year(E) < 2026"))]
    assert found == ["A", "ZAP.B", "sum(SL.C, D = 1)", "E"]
    assert str(parse_reference("list(DS2.DS2)")) == "list(DS2.DS2)"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("A найден в V001.X и (B = 1 или C не найден в V002.X)", ["V001", "V002"]),
        ("count(SL, A найден в V001.X) > count(USL, A найден в V002.X)", ["V001", "V002"]),
        ("count(SL, A найден в V001.X) присутствует", ["V001"]),
        ("A = sum(SL.B, C найден в V001.X) - sum(SL.B, C найден в V002.X)", ["V001", "V002"]),
        ("last(list(SL.B, C найден в V001.X)) = 1", ["V001"]),
        ("count(SL, count(USL, A присутствует) > 0) > 0", []),
    ],
)
def test_look_ups_are_found_wherever_they_stand(text: str, found: list[str]) -> None:
    assert [lookup.dictionary for lookup in lookups(parse(text))] == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("last(A) = 1 и year(B) > year(C)", ["last", "year", "year"]),
        ("years(addmonths(A, 1), B) > 1", ["years", "addmonths"]),
        ("count(SL, last(A) = 1) присутствует", ["last"]),
        ("year(A) - month(B) = 1 или last(C) = 1", ["year", "month", "last"]),
    ],
)
def test_functions_are_found_wherever_they_stand(text: str, found: list[str]) -> None:
    assert [function.name for function in functions(parse(text))] == found


def test_the_fields_that_functions_look_into() -> None:
    text = 'subcodes("M001", "IDDS", A, B) = 0 и last(A) = 1 и count(SL, listed("V019", "IDHM", "DIAG", A, C, B) = 1) > 0'
    assert list(fields_of(parse(text))) == [("M001", "IDDS"), ("V019", "IDHM"), ("V019", "DIAG")]


@given(left=MONEY, right=MONEY)
def test_sums_of_money_are_exact(left: str, right: str) -> None:
    total = str(Decimal(left) + Decimal(right))
    types = {"A": "N2", "B": "N2", "C": "N2"}
    assert judge("A + B = C", types, A=[left], B=[right], C=[total]) in ([True], [None])
    if len(total.lstrip("-").split(".")[0]) <= 16:
        assert judge("A + B = C", types, A=[left], B=[right], C=[total]) == [True]
    other = str(Decimal(total) + Decimal("0.01"))
    assert judge("A + B = C", types, A=[left], B=[right], C=[other]) != [True]


@given(st.lists(MONEY, min_size=2, max_size=2))
def test_numbers_compare_as_decimals(pair: list[str]) -> None:
    left, right = map(Decimal, pair)
    types = {"A": "N2", "B": "N2"}
    for sign, result in {"<": left < right, "<=": left <= right, "=": left == right, "<>": left != right}.items():
        assert judge(f"A {sign} B", types, A=[pair[0]], B=[pair[1]]) == [result]


def test_scales_are_brought_together() -> None:
    types = {"A": "N2", "B": "N5", "C": "N0"}
    assert judge("A = B и B > C", types, A=["1.5"], B=["1.50000"], C=["1"]) == [True]


def test_what_is_absent_or_no_number_is_not_known() -> None:
    types = {"A": "N2", "B": "N2"}
    assert judge("A < B", types, A=["1", None, "1,0", "1e3"], B=["2", "2", "2", "2"]) == [True, None, None, None]
    assert judge("A < B или B = 2", types, A=[None, None], B=["2", "3"]) == [True, None]
    assert judge("A < B и B = 2", types, A=[None, None], B=["2", "3"]) == [None, False]


def test_an_absent_term_of_a_sum_is_nothing() -> None:
    types = {"A": "N2", "B": "N2", "C": "N2"}
    assert judge("A = B - C", types, A=["5", "5", "5"], B=["5", "6", None], C=[None, "1.00", None]) == [True, True, None]


def test_dates() -> None:
    types = {"A": "D", "B": "D"}
    dates = {"A": ["2026-02-28", "2026-02-30", "2024-02-29"], "B": ["2026-03-01", "2026-03-01", "2024-02-29"]}
    assert judge("A < B", types, **dates) == [True, None, False]
    assert judge("year(A) = 2026 и month(A) = 2", types, **dates) == [True, None, False]
    born = {"A": ["2012-02-29", "2012-02-29", "2010-05-10"], "B": ["2026-02-28", "2026-03-01", "2024-05-10"]}
    assert judge("years(A, B) >= 14", types, **born) == [False, True, True]


def test_texts_compare_by_code_point() -> None:
    types = {"A": "T"}
    assert judge("C00.0 <= A < D10", types, A=["C00", "C00.0", "D09.9", "D10", None]) == [False, True, True, False, None]
    assert judge('A = {"0", C34}', types, A=["0", "00", "C34"]) == [True, False, True]
    assert judge("A <> {1, 2}", {"A": "N0"}, A=["01", "3"]) == [False, True]


def test_a_list_is_any_or_none() -> None:
    types = {"A": "T", "list(B.B)": "LT"}
    columns = {"A": ["x", "x", "x", None], "list_B.B".replace(".", "_"): [["y", "x"], ["y"], [], ["x"]]}
    assert judge("A = list(B.B)", types, **columns) == [True, False, False, None]
    assert judge("A <> list(B.B)", types, **columns) == [False, True, True, None]
    assert judge("list(B.B) = A", types, **columns) == [True, False, False, None]
    assert judge("A = list(B.B)", types, A=["x", "x"], list_B_B=[[None], [None, "x"]]) == [False, True]


def test_a_saturated_sum_equals_nothing_that_can_be_written() -> None:
    total = pa.array([np.iinfo(np.int64).max // 2], pa.int64())
    columns = {"A": pa.array(["9" * 15 + ".99"]), "sum(B.C)": total}
    types = {"A": "N2", "sum(B.C)": "N2"}
    assert holds(parse("A = sum(B.C)"), columns, types).tolist() == [False]
    assert holds(parse("A < sum(B.C)"), columns, types).tolist() == [True]


def test_there_and_not_there_are_known() -> None:
    assert judge("A присутствует", {"A": "T"}, A=["x", None]) == [True, False]
    assert judge("A отсутствует", {"A": "T"}, A=["x", None]) == [False, True]
    assert judge("A отсутствует или B = 1", {"A": "T", "B": "N0"}, A=["x", "x", None], B=["1", None, None]) == [
        True,
        None,
        True,
    ]


def test_texts_at_the_ends_of_a_range() -> None:
    assert judge("A <= D10", {"A": "T"}, A=["D10", "D10.0", "D09"]) == [True, False, True]
    assert judge("C00 < A", {"A": "T"}, A=["C00", "C00.0", "C"]) == [False, True, False]
    assert judge("A >= B", {"A": "T", "B": "T"}, A=["a", "b", "a", None], B=["b", "b", "a", "a"]) == [
        False,
        True,
        True,
        None,
    ]


def test_numbers_at_the_ends_of_a_range() -> None:
    assert judge("200 < A <= 2500", {"A": "N0"}, A=["200", "201", "2500", "2501"]) == [False, True, True, False]
    assert judge("5 > A", {"A": "N0"}, A=["4", "5", "6"]) == [True, False, False]
    assert judge("5 <= A", {"A": "N0"}, A=["4", "5", "6"]) == [False, True, True]
    assert judge("A >= 5 и 5 >= A", {"A": "N0"}, A=["4", "5", "6"]) == [False, True, False]


def test_eighteen_digits_are_compared_beside_texts() -> None:
    assert judge('A = 123456789012345678 и B = "x"', {"A": "N0", "B": "T"}, A=["123456789012345678"], B=["x"]) == [True]


def test_the_last_character_of_a_text() -> None:
    assert judge('last(A) = "3"', {"A": "T"}, A=["123", "3", "32", "я3", None]) == [True, True, False, True, None]
    with pytest.raises(TypeError, match="a text is expected"):
        judge("last(A) = 3", {"A": "N0"}, A=["3"])


def test_ages_beside_numbers_of_another_scale() -> None:
    types = {"A": "D", "B": "D", "C": "N2"}
    columns = {"A": ["2012-03-01", "2012-03-02", "2012-03-01", None], "B": ["2026-03-01", "2026-03-01", None, "2026-03-01"]}
    assert judge("years(A, B) >= 14 и C = 1.50", types, **columns, C=["1.5"] * 4) == [True, False, None, None]
    assert judge("C = years(A, B) + 5", types, **columns, C=["19", "18.00", "5", "5"]) == [True, True, True, True]
    assert judge("month(A) = 3 и year(A) = 2012 и C > 1", types, **columns, C=["2", "1", "2", "2"]) == [
        True,
        False,
        True,
        None,
    ]


def test_the_months_of_a_year() -> None:
    types = {"A": "D"}
    days = ["1969-12-31", "1970-01-01", "2026-11-30", "2026-12-01"]
    assert judge("month(A) = {11, 12}", types, A=days) == [True, False, True, True]
    assert judge("year(A) = 1969", types, A=days) == [True, False, False, False]


def test_sums_of_rows_below_beside_numbers_of_another_scale() -> None:
    types = {"A": "N5", "sum(B.C)": "N2", "sum(D.E)": "N2"}
    most = np.iinfo(np.int64).max // 2

    def sums(text: str, left: list[int | None], right: list[int | None], value: str | None = "1.5") -> list[bool | None]:
        columns = {"A": pa.array([value] * len(left)), "sum(B.C)": pa.array(left, pa.int64())}
        columns["sum(D.E)"] = pa.array(right, pa.int64())
        true, kept = certain(parse(text), columns, types), holds(parse(text), columns, types)
        return [True if t else None if h else False for t, h in zip(true, kept, strict=True)]

    assert sums("A = sum(B.C)", [150, 151, None], [0, 0, 0]) == [True, False, None]
    assert sums("A < sum(B.C)", [most, -most, 151], [0, 0, 0]) == [True, False, True]
    assert sums("A < sum(B.C) + sum(D.E)", [most, most], [most, -most]) == [True, False]
    assert sums("sum(B.C) = sum(D.E)", [4 * 10**15, 4 * 10**15], [4 * 10**15, 3 * 10**15]) == [True, False]
    plain = {"sum(B.C)": pa.array([4 * 10**18]), "sum(D.E)": pa.array([35 * 10**17])}
    assert holds(parse("sum(B.C) = sum(D.E)"), plain, {"sum(B.C)": "N2", "sum(D.E)": "N2"}).tolist() == [False]


def test_a_sum_with_a_part_that_is_no_number_is_not_known() -> None:
    types = {"A": "N2", "B": "N2", "C": "N2"}
    assert judge("A = B + C", types, A=["1", "1"], B=["x", "1"], C=["1", None]) == [None, True]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("A = B", "a text is expected"),
        ("C = A", "a number is expected"),
        ("C = 1x", "a number is expected"),
        ("B = C", "a date is expected"),
        ("years(A, B) > 1", "a date is expected"),
        ("D < A", "a list is compared with a text"),
        ("D = C", "a list is compared with a text"),
    ],
)
def test_kinds_that_cannot_be_compared(text: str, reason: str) -> None:
    columns = {"A": ["x"], "B": ["2026-01-01"], "C": ["1"]}
    arrays = {name: pa.array(values) for name, values in columns.items()} | {"D": pa.array([["x"]], pa.list_(pa.string()))}
    condition = parse(text.replace("1x", '"1x"'))
    with pytest.raises(TypeError, match=reason):
        holds(condition, arrays, {"A": "T", "B": "D", "C": "N0", "D": "LT"})


def test_the_heading_of_a_code() -> None:
    assert judge('rubric(A) = "C34"', {"A": "T"}, A=["C34", "C34.1", "C3", "xC34", None]) == [True, True, False, False, None]


def test_the_beginning_of_a_text() -> None:
    column = ["C40", "C40.1", "C41", "xC40", None]
    assert judge("A начинается с C40", {"A": "T"}, A=column) == [True, True, False, False, None]
    assert judge("A не начинается с C40", {"A": "T"}, A=column) == [False, False, True, True, None]
    assert judge("A начинается с {C40, C41}", {"A": "T"}, A=column) == [True, True, True, False, None]
    assert judge("A не начинается с {C40, C41}", {"A": "T"}, A=column) == [False, False, False, True, None]
    with pytest.raises(TypeError, match="the beginning of a text is expected"):
        judge("A начинается с 4", {"A": "N0"}, A=["4"])
    with pytest.raises(TypeError, match="the beginning of a text is expected"):
        judge("A начинается с A", {"A": "T"}, A=["4"])


def test_values_found_in_a_dictionary() -> None:
    period = {"DATEBEG": "2026-01-01", "DATEEND": "2026-01-31"}
    nsi = Dictionaries(
        [dictionary("V000", [{"CODE": "1.50", "A": "x", "B": "y"} | period, {"CODE": "2", "A": "x"} | period])]
    )
    types = {"A": "T", "B": "T", "D": "D", "N": "N2"}
    days = ["2026-01-31", "2026-02-01", "2026-01-01", None]
    assert judge("A найден в V000.CODE", {"A": "T"}, nsi, A=["1.5", "1.50", "2.0"]) == [False, True, False]
    assert judge("A найден в V000.CODE", {"A": "N2"}, nsi, A=["1.5", "1.50", "2.0"]) == [True, True, True]
    columns = {"A": ["2", "2", "3", None], "B": ["x", "z", "x", "x"], "D": days, "N": ["1.5", "2.00", "1", None]}
    found = {
        "A найден в V000.CODE": [True, True, False, None],
        "A не найден в V000.CODE": [False, False, True, None],
        "A найден в V000.CODE где A = B": [True, False, False, None],
        'A найден в V000.CODE где A = "x"': [True, True, False, None],
        'A найден в V000.CODE где A = "z"': [False, False, False, None],
        "A найден в V000.CODE на D": [True, False, False, None],
        "A не найден в V000.CODE где A = B на D": [False, True, True, None],
        'N найден в V000.CODE где A = "x", B = "y"': [True, False, False, None],
        "N найден в V000.CODE": [True, True, False, None],
        "last(A) найден в V000.CODE": [True, True, False, None],
        '"2" найден в V000.CODE на D': [True, False, True, True],
    }
    assert {text: judge(text, types, nsi, **columns) for text in found} == found
    assert judge("A найден в V000.CODE", types, None, **columns) == [None] * 4
    with pytest.raises(LookupError, match="V001"):
        judge("A найден в V001.CODE", types, nsi, **columns)
    with pytest.raises(TypeError, match="a value of the file is expected"):
        judge("years(D, D) найден в V000.CODE", types, nsi, **columns)
    with pytest.raises(TypeError, match="a value of the file is expected"):
        judge("N + 1 найден в V000.CODE", types, nsi, **columns)
    lists = {"A": pa.array(["x"]), "list(B.C)": pa.array([["2"]], pa.list_(pa.string()))}
    with pytest.raises(TypeError, match="a value of the file is expected"):
        holds(parse("list(B.C) найден в V000.CODE"), lists, {"A": "T", "list(B.C)": "LT"}, nsi)


def test_the_check_digit_of_a_policy() -> None:
    right = enp("99", date(1980, 1, 31), 1, 7)
    wrong = right[:-1] + str((int(right[-1]) + 1) % 10)
    assert judge("enp(A) = 1", {"A": "T"}, A=[right, wrong, "", None]) == [True, False, False, None]
    assert judge("enp(A) = 1 и B = 1.5", {"A": "T", "B": "N2"}, A=[right, wrong], B=["1.50"] * 2) == [True, False]
    assert judge("enp(A) = 0 и B = 1.5", {"A": "T", "B": "N2"}, A=[right, wrong], B=["1.50"] * 2) == [False, True]
    with pytest.raises(TypeError, match="a text is expected"):
        judge("enp(A) = 1", {"A": "N0"}, A=["3"])


def test_what_a_dictionary_says_of_a_code() -> None:
    period = {"DATEBEG": "2026-01-01", "DATEEND": "2026-01-31"}
    tree = [{"CODE": code} | period for code in ("C34", "C34.0", "C34.1", "C50")]
    nsi = Dictionaries([dictionary("V000", tree), dictionary("V001", [{"CODE": "1", "DS": "C34; C50.1"} | period])])
    types = {"A": "T", "B": "T", "D": "D", "N": "N2"}
    columns = {"A": ["C34", "C50", "C34", None], "B": ["1"] * 4, "D": ["2026-01-01", "2026-01-01", "2026-02-01", None]}
    columns["N"] = ["2.00", "0", "2", "1.50"]
    found = {
        'subcodes("V000", "CODE", A, D) = N': [True, True, False, None],
        'subcodes("V000", "CODE", A, D) = 0 и N < 5.5': [False, True, True, None],
        'listed("V001", "CODE", "DS", B, A, D) = 1 и N < 5.5': [True, False, False, None],
    }
    assert {text: judge(text, types, nsi, **columns) for text in found} == found
    assert judge('subcodes("V000", "CODE", A, D) = 0', types, None, **columns) == [None] * 4
    assert judge('subcodes("V000", "CODE", A, D) + N = 1.50', types, None, **columns) == [None, None, None, True]


def test_a_day_some_months_later() -> None:
    types = {"A": "D", "B": "D"}
    days = {"A": ["2026-01-31", "2026-01-31", None], "B": ["2026-02-28", "2026-03-01", "2026-03-01"]}
    assert judge("addmonths(A, 1) = B", types, **days) == [True, False, None]
    assert judge("days(A, B) = 28", types, **days) == [True, False, None]
    with pytest.raises(TypeError, match="a number of months is expected"):
        judge('addmonths(A, "x") = B', types, **days)
    with pytest.raises(TypeError, match="a number of months is expected"):
        judge("addmonths(A, A) = B", types, **days)

"""The language of relations: what is read, and what it says about rows."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.checks.conditions import certain, holds
from pipelines.checks.relation import RelationError, parse, parse_reference, references

MONEY = st.decimals(min_value=-(10**15) + 1, max_value=10**15 - 1, places=2).map(str)


def judge(text: str, types: dict[str, str], **columns: list[Any]) -> list[bool | None]:
    """True, False, or None where it is not known."""
    arrays = {name: pa.array(columns[name.replace(".", "_").replace("(", "_").replace(")", "")]) for name in types}
    condition = parse(text)
    not_false = holds(condition, arrays, types)
    true = certain(condition, arrays, types)
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
    ],
)
def test_a_tree_prints_as_it_was_read(text: str) -> None:
    assert str(parse(text)) == text


@pytest.mark.parametrize(
    "text", ["", "Значение поля должно быть больше", "SUMV", "A = ", "A == B", "(A) = 1)", "sum(SUM_M)"]
)
def test_prose_is_no_relation(text: str) -> None:
    with pytest.raises(RelationError):
        parse(text)


def test_references_are_found_from_left_to_right() -> None:
    found = [str(name) for name in references(parse("A + ZAP.B = sum(SL.C, D = 1) или year(E) < 2026"))]
    assert found == ["A", "ZAP.B", "sum(SL.C, D = 1)", "E"]
    assert str(parse_reference("list(DS2.DS2)")) == "list(DS2.DS2)"


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


def test_a_saturated_sum_equals_nothing_that_can_be_written() -> None:
    total = pa.array([np.iinfo(np.int64).max // 2], pa.int64())
    columns = {"A": pa.array(["9" * 15 + ".99"]), "sum(B.C)": total}
    types = {"A": "N2", "sum(B.C)": "N2"}
    assert holds(parse("A = sum(B.C)"), columns, types).tolist() == [False]
    assert holds(parse("A < sum(B.C)"), columns, types).tolist() == [True]

"""Cost by КСГ: exact, rounded once, the same row by row and in any order."""

from __future__ import annotations

from datetime import date
from decimal import ROUND_HALF_UP, Decimal, localcontext
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.pump.tariffs import CURRENT, METHODS, Exact, Method, explain, ksg_cost, method_on

QUICK = settings(max_examples=40, deadline=None)
FACTORS = ("KOEF_Z", "KOEF_UP", "KOEF_U", "KOEF_D", "K_ZP", "KOEF_PR")
MULTIPLIED = METHODS[1]


def reference(row: dict[str, Decimal | str | None], method: Method, scale: int) -> int:
    """The formula read aloud, in Decimal with more digits than any product has."""

    def number(name: str, missing: int) -> Decimal:
        value = row.get(name)
        return Decimal(missing) if value in (None, "") else Decimal(value)

    with localcontext() as context:
        context.prec = 300
        rate, share = Decimal(str(row["BZTSZ"])), number("KOEF_PR", 1)
        local = number("KOEF_UP", 1) * number("KOEF_U", 1) * number("KOEF_D", 1)
        salaries = number("K_ZP", 1)
        cost = rate * number("KOEF_Z", 1) * ((1 - salaries) + salaries * local)
        if method.kslp == "multiplied":
            factor = number("IT_SL", 0) or Decimal(1)
            return kopecks(cost * min(factor, method.cap or factor) * share, scale)
        added = rate * number("KOEF_D", 1) * number("IT_SL", 0) + rate * number("IT_SL_NO_KD", 0)
        paid = added * share if method.interrupted_kslp == "scaled" else added
        if method.rounding == "parts":
            return kopecks(cost * share, scale) + kopecks(paid, scale)
        return kopecks(cost * share + paid, scale)


def kopecks(roubles: Decimal, scale: int) -> int:
    return int(roubles.quantize(Decimal(1).scaleb(-scale), ROUND_HALF_UP) * 100)


def decimals(low: str, high: str, places: int) -> st.SearchStrategy[Decimal]:
    return st.decimals(low, high, places=places, allow_nan=False, allow_infinity=False)


coefficient = st.one_of(st.none(), st.just(""), decimals("0.00001", "99.99999", 5).map(lambda number: f"{number:f}"))
rows = st.fixed_dictionaries(
    {
        "BZTSZ": decimals("0", "999999.99", 2).map(lambda number: f"{number:f}"),
        **dict.fromkeys(FACTORS[:4], coefficient),
        "K_ZP": st.one_of(st.none(), decimals("0", "1", 4).map(str)),
        "KOEF_PR": st.one_of(st.none(), decimals("0", "1", 5).map(lambda number: f"{number:f}")),
        "IT_SL": st.one_of(st.none(), decimals("0", "9.99999", 5).map(lambda number: f"{number:f}")),
    }
)
methods = st.sampled_from(
    [
        *METHODS,
        Method("", date(2022, 1, 1), None, "", interrupted_kslp="full"),
        Method("", date(2022, 1, 1), None, "", rounding="parts", interrupted_kslp="full"),
    ]
)


@QUICK
@given(st.lists(rows, min_size=1, max_size=12), methods, st.sampled_from([0, 1, 2]))
def test_equals_the_formula_in_decimal(cases: list[dict[str, str | None]], method: Method, scale: int) -> None:
    costs = ksg_cost(pd.DataFrame(cases, dtype=object), method, scale=scale)
    assert costs.dtype == "int64"
    assert costs.tolist() == [reference(dict(case), method, scale) for case in cases]


@QUICK
@given(st.lists(rows, min_size=2, max_size=12), st.randoms(use_true_random=False))
def test_order_of_rows_changes_nothing(cases: list[dict[str, str | None]], random: Any) -> None:
    frame = pd.DataFrame(cases, dtype=object)
    shuffled = frame.sample(frac=1, random_state=random.randint(0, 2**31))
    assert ksg_cost(shuffled).sort_index().equals(ksg_cost(frame))


@QUICK
@given(rows, st.sampled_from([*FACTORS[:4], "KOEF_PR", "IT_SL"]), decimals("0", "9", 5))
def test_a_greater_coefficient_never_costs_less(case: dict[str, str | None], name: str, more: Decimal) -> None:
    now = Decimal(case[name] or ("0" if name == "IT_SL" else "1"))
    raised = {**case, name: f"{now + more:f}"}
    before, after = ksg_cost(pd.DataFrame([case, raised], dtype=object))
    assert after >= before


@QUICK
@given(st.integers(0, 10**15), st.integers(0, 12))
def test_halves_go_up(units: int, scale: int) -> None:
    value = Exact(np.array([units, -units], dtype=object), scale)
    expected = Decimal(units).scaleb(-scale).quantize(Decimal("0.01"), ROUND_HALF_UP)
    assert value.rounded(2).decimals() == [expected, -expected]


@QUICK
@given(st.integers(-(10**12), 10**12), st.integers(1, 10**6))
def test_quotient_is_rounded_half_up(numerator: int, denominator: int) -> None:
    quotient = Exact.of(numerator).divided(Exact.of(denominator), 2)
    with localcontext() as context:
        context.prec = 200
        assert quotient.decimals() == [(Decimal(numerator) / denominator).quantize(Decimal("0.01"), ROUND_HALF_UP)]


def test_half_a_kopeck_that_floats_lose() -> None:
    assert ksg_cost(pd.DataFrame({"BZTSZ": ["77498.625"]})).tolist() == [7749863]


def test_missing_columns_and_values_are_one_and_kslp_nothing() -> None:
    frame = pd.DataFrame({"BZTSZ": ["100.00", "100.00"], "KOEF_Z": ["2", None], "IT_SL": ["", "0.5"]}, index=[7, 3])
    assert ksg_cost(frame).to_dict() == {7: 20000, 3: 15000}


def test_kinds_of_input_agree() -> None:
    text = pd.DataFrame({"BZTSZ": ["34133.51"], "KOEF_Z": ["0.31"], "K_ZP": ["0.6731"], "KOEF_U": ["1.20000"]})
    decimal = text.map(Decimal)
    arrow = pa.table({name: pa.array(text[name], pa.string()) for name in text})
    typed = pa.table({name: pa.array(decimal[name].tolist(), pa.decimal128(12, 5)) for name in text})
    encoded = text.astype("category")
    for frame in (text, decimal, arrow, typed, encoded):
        assert ksg_cost(frame).tolist() == [1200585]
    assert ksg_cost(pd.DataFrame({"BZTSZ": [100], "KOEF_Z": [3]})).tolist() == [30000]


@pytest.mark.parametrize("value", [0.93, np.float64(0.93)])
def test_floats_are_refused(value: float) -> None:
    with pytest.raises(TypeError, match="KOEF_Z"):
        ksg_cost(pd.DataFrame({"BZTSZ": ["1"], "KOEF_Z": [value]}))


@pytest.mark.parametrize("value", ["1,15", "1_0", " 1", "1e3", "NaN", "١", "0x1"])
def test_text_that_is_no_number_is_refused_without_naming_it(value: str) -> None:
    with pytest.raises(ValueError, match="KOEF_Z") as caught:
        ksg_cost(pd.DataFrame({"BZTSZ": ["1"], "KOEF_Z": [value]}))
    assert value not in str(caught.value)


def test_the_rate_has_no_default() -> None:
    with pytest.raises(ValueError, match="BZTSZ"):
        ksg_cost(pd.DataFrame({"KOEF_Z": ["1"]}))
    with pytest.raises(ValueError, match="BZTSZ"):
        ksg_cost(pd.DataFrame({"BZTSZ": ["1", None]}))


def test_an_empty_frame_costs_nothing() -> None:
    assert ksg_cost(pd.DataFrame({"BZTSZ": []}, dtype="str")).dtype == "int64"
    assert len(ksg_cost(pd.DataFrame())) == 0


def test_the_method_is_that_of_the_day_the_case_ended() -> None:
    frame = pd.DataFrame(
        {"BZTSZ": ["100", "100", "100"], "IT_SL": ["2"] * 3, "DATE_Z_2": ["2020-12-31", "2021-12-31", "2022-01-01"]}
    )
    assert ksg_cost(frame).tolist() == [20000, 18000, 30000]
    dated = frame.assign(DATE_Z_2=pd.to_datetime(frame["DATE_Z_2"]))
    assert ksg_cost(dated).tolist() == [20000, 18000, 30000]
    assert method_on(date(2024, 2, 29)) is CURRENT
    with pytest.raises(LookupError):
        method_on(date(2018, 12, 31))


def test_older_methods_know_no_kslp_without_kd() -> None:
    with pytest.raises(ValueError, match="IT_SL_NO_KD"):
        ksg_cost(pd.DataFrame({"BZTSZ": ["1"], "IT_SL_NO_KD": ["0.1"]}), MULTIPLIED)


@QUICK
@given(rows, methods)
def test_the_explanation_ends_in_the_same_sum(case: dict[str, str | None], method: Method) -> None:
    told = explain(case, method)
    assert told.kopecks == ksg_cost(pd.DataFrame([case], dtype=object), method).iloc[0]
    assert {item.name for item in told.coefficients if item.given} == {name for name, value in case.items() if value}
    assert told.text.startswith(f"Стоимость = {told.formula}\n")


def test_the_explanation_reads_as_the_formula() -> None:
    told = explain(
        {"BZTSZ": "34133.51", "KOEF_Z": "0.31", "K_ZP": "0.6731", "KOEF_U": "1.2", "IT_SL_NO_KD": "0.17", "KOEF_PR": "0.8"},
        sources={"KOEF_Z": "V023, st19.182, с 01.01.2026"},
    )
    assert told.formula == "(БС × КЗ × ((1 − Дзп) + Дзп × КУС) + БС × КСЛП*) × КПР"
    assert "КЗ, коэффициент относительной затратоёмкости: 0,31 — V023, st19.182, с 01.01.2026" in told.text
    assert "Итого: 14246,84 руб." in told.text
    assert explain({"BZTSZ": "100", "IT_SL": "2"}, MULTIPLIED).formula == "БС × КЗ × min(КСЛП; 1.8)"

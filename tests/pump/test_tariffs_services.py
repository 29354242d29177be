"""КСЛП, single services, norms per head."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.pump.tariffs import (
    Published,
    age_bands,
    base_norm,
    capitation,
    complexity,
    diagnostics_cost,
    dialysis_costs,
    full_years,
    interterritorial_faults,
    kslp_misapplied,
    largest_remainder,
    load_terms,
    method_on,
    monthly,
    quantity_cost,
    result_part,
    screening_complete,
    structure_coefficient,
    unit_tariff,
    vmp_cost,
)
from pipelines.pump.tariffs.capitation import BANDS_BEFORE

TERMS = load_terms()


def test_kslp_add_up_and_those_without_kd_stand_apart() -> None:
    rows = [(0, "sl003", "0.20"), (0, "5", "0.60000"), (0, "sl015", "0.17"), (2, "1", "0.2")]
    koefs = pd.DataFrame(rows, columns=["_parent", "IDSL", "Z_SL"])
    total = complexity(koefs, 3, TERMS)
    assert total["IT_SL"].tolist() == [Decimal("0.80"), 0, Decimal("0.2")]
    assert total["IT_SL_NO_KD"].tolist() == [Decimal("0.17"), 0, 0]
    assert not total["EXCLUSIVE"].any()


def test_kslp_of_2021_multiply() -> None:
    koefs = pd.DataFrame({"_parent": [1, 1], "IDSL": ["3", "4"], "Z_SL": ["1.2", "1.2"]})
    total = complexity(koefs, 2, TERMS, method_on(date(2021, 5, 1)))
    assert total["IT_SL"].tolist() == [0, Decimal("1.4")]


def test_of_exclusive_kslp_the_greater_counts() -> None:
    koefs = pd.DataFrame({"_parent": [0, 0, 1], "IDSL": ["1", "2", "1"], "Z_SL": ["0.2", "0.6", "0.2"]})
    total = complexity(koefs, 2, TERMS)
    assert total["IT_SL"].tolist() == [Decimal("0.6"), Decimal("0.2")]
    assert total["EXCLUSIVE"].tolist() == [True, False]


def test_dialysis_groups_take_no_kslp() -> None:
    frame = pd.DataFrame({"N_KSG": ["st18.001", "st18.001", "st12.001"], "IT_SL": ["0.2", None, "0.2"]})
    assert kslp_misapplied(frame, TERMS).tolist() == [True, False, False]


def test_dialysis_is_added_by_service() -> None:
    services = pd.DataFrame(
        {
            "_parent": [0, 0, 1, 1],
            "CODE_USL": ["A18.05.002", "A18.30.001", "A16.01.001", None],
            "TARIF": ["6102.00", "100.55", "1", "1"],
            "KOL_USL": ["13", None, "1", "1"],
        }
    )
    assert dialysis_costs(services, 3).tolist() == [13 * 610200 + 10055, 0, 0]


def test_high_technology_care_takes_kd_by_its_share_only() -> None:
    frame = pd.DataFrame({"BZTSZ": ["158727"], "K_ZP": ["0.4"], "KOEF_D": ["1.105"], "KOEF_U": ["1.2"], "IT_SL": ["0.2"]})
    assert vmp_cost(frame).tolist() == [16539353]


def test_tariff_of_a_unit_and_its_quantity() -> None:
    frame = pd.DataFrame({"BASE": ["385.8", "385.8"], "KOEF_SPEC": ["1.15", None], "KOEF_U": ["1.1", None]})
    assert unit_tariff(frame).tolist() == [48804, 38580]
    assert quantity_cost(pd.DataFrame({"TARIF": ["488.04", "0.01"], "KOL_USL": ["2.50", "0.5"]})).tolist() == [122010, 1]


def test_a_screening_needs_85_percent() -> None:
    assert screening_complete(pd.Series(["17", "16", "0"]), pd.Series(["20", "20", "0"])).tolist() == [True, False, True]


def test_diagnostics_need_a_tariff_and_a_referral() -> None:
    tariffs = Published(
        pd.DataFrame({"code": ["A06.1", "A06.2"], "price": ["100.10", "7"], "DATEEND": ["2026-03-31", None]}),
        "code",
        "price",
    )
    services = pd.DataFrame(
        {
            "CODE_USL": ["A06.1", "A06.1", "A06.2", "A06.9"],
            "KOL_USL": ["2", "1", "1", "1"],
            "DATE_OUT": ["2026-03-31", "2026-04-01", "2026-04-01", "2026-03-01"],
            "NPR_MO": ["980001", "980001", "", "980001"],
            "NPR_DATE": ["2026-03-01"] * 4,
        }
    )
    result = diagnostics_cost(services, tariffs)
    assert result["FAULT"].tolist() == ["", "tariff", "referral", "tariff"]
    assert result["COST"].fillna(-1).tolist() == [20020, -1, -1, -1]


def test_published_tariffs_are_kept_as_printed() -> None:
    """Tyva 2024 prints 7 778,92 for 7 408,50 × 1,05 = 7 778,925: the agreement counts, not the arithmetic."""
    printed = Published(pd.DataFrame({"code": ["A"], "price": ["7778.92"]}), "code", "price")
    assert printed.lookup(pd.Series(["A"])).tolist() == [777892]
    assert unit_tariff(pd.DataFrame({"BASE": ["7408.50"], "KOEF_U": ["1.05"]})).tolist() == [777893]


def test_overlapping_periods_are_refused() -> None:
    rows = pd.DataFrame(
        {"code": ["A", "A"], "price": ["1", "2"], "DATEBEG": ["2026-01-01", "2026-02-01"], "DATEEND": ["2026-02-01", None]}
    )
    with pytest.raises(ValueError, match="overlap"):
        Published(rows, "code", "price")
    good = Published(rows.assign(DATEEND=["2026-01-31", None]), "code", "price")
    assert good.lookup(pd.Series(["A", "A"]), pd.Series(["2026-01-31", "2026-02-01"])).tolist() == [100, 200]


def test_other_territories_pay_by_unit() -> None:
    assert interterritorial_faults(pd.DataFrame({"IDSP": ["25", "29", "36", "33"]})).tolist() == [True, False, True, False]


def test_full_years_and_bands() -> None:
    born = pd.Series(["2000-02-29", "2000-02-29", "2025-03-02", "1961-03-01", "1961-03-02"])
    on = pd.Series(["2026-02-28", "2026-03-01", "2026-03-01", "2026-03-01", "2026-03-01"])
    years = full_years(born, on)
    assert years.tolist() == [25, 26, 0, 65, 64]
    assert age_bands(years, pd.Series(["1", "2", "1", "2", "1"])).tolist() == ["18-64", "18-64", "0", "65+", "18-64"]
    before = age_bands(pd.Series([54, 55, 59, 60]), pd.Series(["2", "2", "1", "1"]), BANDS_BEFORE)
    assert before.tolist() == ["18-59/54", "60/55+", "18-59/54", "60/55+"]


def test_norms_per_head_close_to_the_finance() -> None:
    base = base_norm(Decimal("120000000"), 50000, Decimal("1.05"))
    assert base == Decimal("2285.71")
    frame = pd.DataFrame(
        {"PEOPLE": ["30000", "20000"], "KD_PV": ["1.0123", "0.9876"], "KD_OT": ["1", "1.113"], "KOEF_D": ["1.05"] * 2}
    )
    result = capitation(frame, base, Decimal("120000000"))
    assert result.rows["NORM"].tolist() == [Decimal("2429.52"), Decimal("2638.07")]
    assert result.correction == Decimal("0.955057")
    assert result.rows["FACT"].tolist() == [Decimal("2320.33"), Decimal("2519.51")]
    assert result.rows["MONTH"].tolist() == [580082500, 419918333]
    closed = sum(fact * int(people) for fact, people in zip(result.rows["FACT"], frame["PEOPLE"], strict=True))
    assert abs(closed - 120000000) < 1000


def test_structure_of_the_attached() -> None:
    frame = pd.DataFrame({"COEF": ["10.2950", "1.5539", "1.6"], "PEOPLE": ["10", "100", "890"]})
    assert structure_coefficient(frame) == Decimal("1.6823")


def test_a_month_of_a_year() -> None:
    assert monthly(pd.Series(["892.73", "0.06"])).tolist() == [7439, 1]


def test_result_part_by_groups() -> None:
    frame = pd.DataFrame(
        {"POINTS": ["39", "40", "60", "61"], "MAX_POINTS": ["100"] * 4, "PEOPLE": ["1000", "1000", "1000", "2000"]}
    )
    result = result_part(frame, 1000001)
    assert result["GROUP"].tolist() == [1, 2, 2, 3]
    assert result["SUM"].tolist() == [0, 175000, 175000, 350001 + 300000]
    assert result["SUM"].sum() == 1000001
    nobody = result_part(frame.assign(POINTS=["0", "50", "50", "50"]), 1000)
    assert nobody["SUM"].tolist() == [0, 175, 175, 350]


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**15), st.lists(st.integers(0, 10**6), min_size=1, max_size=20))
def test_parts_equal_the_total_to_the_kopeck(total: int, weights: list[int]) -> None:
    parts = largest_remainder(total, np.array(weights, dtype=object))
    assert parts.sum() == (total if any(weights) else 0)
    for part, weight in zip(parts, weights, strict=True):
        assert abs(int(part) * sum(weights) - total * weight) <= sum(weights)


def test_parts_of_nothing_negative() -> None:
    with pytest.raises(ValueError, match="not negative"):
        largest_remainder(10, np.array([1, -1], dtype=object))

"""Registers as the generator bills them: priced to the kopeck, and the same by an independent calculation."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from pipelines.pump.month import Month
from pipelines.pump.pricing import Prices, price
from tests.pump.pricing.by_hand import Visit, price_case
from tests.pump.pricing.generated import month_of, reference, registers

CASES = 1000
"""In each of 22 registers."""


@pytest.fixture(scope="module")
def priced() -> tuple[Month, Prices]:
    month = month_of(registers(CASES))
    return month, price(month, reference())


def test_clean_registers_of_every_kind_are_priced_as_billed(priced: tuple[Month, Prices]) -> None:
    month, prices = priced
    assert prices.cases["due"].tolist() == month.cases["SUMV"].tolist()
    assert prices.visits["due"].tolist() == month.visits["SUM_M"].tolist()
    assert set(prices.visits["way"]) == {"ksg", "vmp", "unit", "examination", "ambulance"}
    assert month.cases["kind"].value_counts().to_dict() == {"H": 14000, "C": 2000, "T": 2000, "X": 4000}
    assert (prices.visits["ground"] > 0).sum() > 50
    assert set(prices.visits["PR_PR"].dropna()) == {0, 2, 6, 8}
    assert prices.visits["IT_SL"].notna().sum() > 100
    assert prices.visits["fault"].eq("").all()


def test_billed_groups_are_those_that_the_grouper_chooses(priced: tuple[Month, Prices]) -> None:
    month, prices = priced
    grouped = prices.visits["way"] == "ksg"
    assert (prices.visits.loc[grouped, "billed"] == "same").all()
    assert prices.visits.loc[grouped, "N_KSG"].tolist() == month.visits.loc[grouped, "N_KSG"].tolist()
    assert prices.visits.loc[grouped, "N_KSG"].nunique() > 30


def test_an_independent_calculation_gives_the_same(priced: tuple[Month, Prices]) -> None:
    month, prices = priced
    services, criteria, koefs, visits = (defaultdict(list) for _ in range(4))
    for row in month.services.to_dict("records"):
        services[row["visit"]].append(row)
    for visit, code in month.criteria.itertuples(index=False):
        criteria[visit].append(code)
    for visit, code, _ in month.complexity.itertuples(index=False):
        koefs[visit].append(code)
    cases = month.cases.to_dict("records")
    for row in month.visits.to_dict("records"):
        number = row["visit"]
        visits[row["case"]].append(Visit(cases[row["case"]], row, services[number], criteria[number], koefs[number]))
    expected = [amount for case in range(len(cases)) for amount in price_case(visits[case])]
    assert len(cases) >= 20_000
    assert prices.visits["due"].tolist() == expected


def test_a_raised_bill_differs_where_it_was_raised(priced: tuple[Month, Prices]) -> None:
    month, _ = priced
    raised = np.arange(0, len(month.cases), 97)
    cases = month.cases.assign(SUMV=month.cases["SUMV"] + np.isin(month.cases["case"], raised))
    again = price(replace(month, cases=cases), reference())
    assert np.flatnonzero(again.cases["due"].to_numpy(np.int64) != cases["SUMV"].to_numpy()).tolist() == raised.tolist()


def test_the_same_month_gives_the_same_prices(priced: tuple[Month, Prices]) -> None:
    month, prices = priced
    again = price(month, reference())
    pd.testing.assert_frame_equal(again.visits, prices.visits)
    pd.testing.assert_frame_equal(again.cases, prices.cases)

"""Positions: sums of SL that add up to their cases."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.pump.closing.model import Closed
from pipelines.pump.documents.parties import party
from pipelines.pump.documents.source import positions
from tests.pump import closing_made

SOURCES = (closing_made.usual, closing_made.busy, closing_made.empty)


@pytest.mark.parametrize("make", SOURCES)
def test_positions_add_up_to_cases(make) -> None:
    source = make()
    frame = source.positions
    sums = frame.groupby("case")[["presented", "refused", "payable"]].sum()
    decided = source.closed.decision.cases
    assert sums["presented"].tolist() == source.closed.month.cases["SUMV"].tolist()
    assert sums["refused"].tolist() == decided["SANK_IT"].tolist()
    assert sums["payable"].tolist() == decided["SUMP"].tolist()
    assert (frame[["presented", "refused", "payable"]] >= 0).all().all()


def test_a_refused_sl_is_refused_where_it_is() -> None:
    source = closing_made.busy()
    frame = source.positions.set_index("visit")
    sanctions = source.closed.decision.sanctions
    part = sanctions[~sanctions["whole"]]
    assert len(part) > 3
    assert (frame.loc[part["visit"], "refused"].to_numpy() == part["S_SUM"].to_numpy()).all()
    others = frame[~frame.index.isin(part["visit"]) & frame["case"].isin(part["case"])]
    assert (others["refused"] == 0).all()
    assert len(others)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(st.lists(st.integers(0, 900), max_size=4), st.integers(0, 900), st.integers(0, 100)), max_size=6))
def test_any_sums_are_divided_without_loss(listed: list[tuple[list[int], int, int]]) -> None:
    """SUM_M that do not add up, cases without SL, refusals of any part of a case."""
    template = closing_made.busy().closed
    sumv = np.array([total for _, total, _ in listed], np.int64)
    refused = sumv * np.array([share for *_, share in listed], np.int64) // 100
    owner = np.array([case for case, (parts, *_) in enumerate(listed) for _ in parts], np.int64)
    inner = [amount for parts, *_ in listed for amount in parts]
    month = template.month
    cases = month.cases.iloc[: len(listed)].assign(SUMV=sumv, USL_OK=None)
    visits = month.visits.iloc[: len(owner)].assign(case=owner, SUM_M=np.array(inner, np.int64))
    decided = pd.DataFrame({"case": range(len(listed)), "SANK_IT": refused, "SUMP": sumv - refused, "OPLATA": "1"})
    closed = replace(
        template,
        month=replace(month, cases=cases, visits=visits),
        decision=replace(template.decision, cases=decided, sanctions=template.decision.sanctions.iloc[:0]),
        payers=template.payers.iloc[: len(listed)],
        prices=template.prices.iloc[:0],
    )
    frame = positions(closed)
    assert _sums(frame, "presented", len(listed)) == sumv.tolist()
    assert _sums(frame, "refused", len(listed)) == refused.tolist()
    assert (frame["payable"] >= 0).all()
    assert set(frame["USL_OK"]) <= {"3"}


def _sums(frame: pd.DataFrame, name: str, size: int) -> list[int]:
    return frame.groupby("case")[name].sum().reindex(range(size)).tolist()


def test_more_than_a_case_is_not_refused() -> None:
    closed: Closed = closing_made.busy().closed
    decided = closed.decision.cases
    more = decided.assign(SANK_IT=closed.month.cases["SUMV"] + 1)
    with pytest.raises(ValueError, match="exceed"):
        positions(replace(closed, decision=replace(closed.decision, cases=more)))


def test_payers() -> None:
    source = closing_made.usual()
    assert source.payer_name("98002") == source.parties["98002"].NAME
    assert source.payer_name("45000") == "МТР: Москва"
    assert source.payer_name("99999") == "МТР: территория 99999"
    assert source.payer_name("") == "плательщик не определён"
    assert source.party("45000").CODE == "98"
    with pytest.raises(LookupError, match="980099"):
        party(source.parties, "980099")

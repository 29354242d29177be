"""Properties of the settlement: no kopeck is lost or made, organisations do not touch each other, a replay is equal."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.pump.pricing import price
from pipelines.pump.settlement import (
    ACCEPTED,
    DEDUCTIONS,
    NORMS,
    Terms,
    accepted,
    advances,
    budget,
    by_accounts,
    by_stages,
    by_volumes,
    deadlines,
    insurers,
    no_deductions,
    norms,
    settle,
)
from tests.pump.pricing.generated import REGION, month_of, reference, registers

TERMS = Terms.load(REGION.folder)
PERIOD = date(2026, 3, 1)
KEYS = ["payer", "CODE_MO"]
MONEY = st.integers(0, 10**9)
PAIR = st.tuples(st.sampled_from(["98001", "98002", "77"]), st.sampled_from(["980001", "980002", "980003"]))
SUMS = st.dictionaries(PAIR, st.lists(MONEY, min_size=4, max_size=4), max_size=9)
ITEMS = st.lists(st.tuples(PAIR, st.sampled_from(DEDUCTIONS), st.integers(1, 28), MONEY), max_size=12)


def frame(sums: dict[tuple[str, str], list[int]], names: tuple[str, ...]) -> pd.DataFrame:
    rows = [dict(zip((*KEYS, *names), (*pair, *amounts), strict=True)) for pair, amounts in sums.items()]
    made = pd.DataFrame(rows, columns=[*KEYS, *names])
    return made.astype({**dict.fromkeys(KEYS, "str"), **dict.fromkeys(names, "int64")})


def items(listed: list[tuple[tuple[str, str], str, int, int]]) -> pd.DataFrame:
    rows = [
        {"payer": pair[0], "CODE_MO": pair[1], "what": what, "act": f"№ {number}", "date": pd.Timestamp(2026, 2, day),
         "amount": amount}
        for number, (pair, what, day, amount) in enumerate(listed)
    ]  # fmt: skip
    return pd.DataFrame(rows) if rows else no_deductions()


@settings(max_examples=60, deadline=None)
@given(SUMS, SUMS, ITEMS)
def test_no_kopeck_is_lost_or_made(cases: dict, normed: dict, listed: list) -> None:
    settled = settle(frame(cases, ACCEPTED), frame(normed, NORMS), items(listed), TERMS)
    lines = settled.lines
    assert int(lines["gross"].sum()) == sum(map(sum, cases.values())) + sum(map(sum, normed.values()))
    withheld = int(lines[list(DEDUCTIONS)].sum().sum())
    assert int(lines["gross"].sum()) == int(lines["payable"].sum()) + withheld
    assert withheld + int(lines["carried"].sum()) == sum(amount for *_, amount in listed)
    assert int(settled.carried["amount"].sum()) == int(lines["carried"].sum())
    assert (lines["payable"] >= 0).all()
    assert (lines.loc[lines["payable"] > 0, "carried"] == 0).all()
    assert (settled.withheld[["withheld", "rest"]] >= 0).all().all()


@settings(max_examples=40, deadline=None)
@given(SUMS, SUMS, ITEMS, st.lists(MONEY, min_size=4, max_size=4), MONEY)
def test_another_organisation_changes_nothing(cases: dict, normed: dict, listed: list, added: list[int], fined: int) -> None:
    other = ("98001", "980009")
    before = settle(frame(cases, ACCEPTED), frame(normed, NORMS), items(listed), TERMS)
    with_other = items([*listed, (other, "fine", 3, fined)])
    after = settle(frame({**cases, other: added}, ACCEPTED), frame(normed, NORMS), with_other, TERMS)
    kept = after.lines[after.lines["CODE_MO"] != "980009"].reset_index(drop=True)
    pd.testing.assert_frame_equal(kept, before.lines)


@settings(max_examples=25, deadline=None)
@given(SUMS, SUMS, ITEMS, st.randoms())
def test_a_replay_in_any_order_is_equal(cases: dict, normed: dict, listed: list, random) -> None:
    deducted = items(listed)
    first = settle(frame(cases, ACCEPTED), frame(normed, NORMS), deducted, TERMS)
    shuffled = list(range(len(deducted)))
    random.shuffle(shuffled)
    pairs = list(cases.items())
    random.shuffle(pairs)
    again = settle(frame(dict(pairs), ACCEPTED), frame(normed, NORMS), deducted.iloc[shuffled], TERMS)
    pd.testing.assert_frame_equal(first.lines, again.lines)
    pd.testing.assert_frame_equal(first.carried, again.carried)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(MONEY, MONEY), min_size=2, max_size=6))
def test_debts_carried_from_month_to_month_are_withheld_once(months: list[tuple[int, int]]) -> None:
    """Over the months everything deducted is either withheld or still carried."""
    pair, carried, paid = ("98001", "980001"), no_deductions(), 0
    for number, (gross, sanction) in enumerate(months):
        new = items([(pair, "sanction", number + 1, sanction)])
        found = settle(frame({pair: [gross, 0, 0, 0]}, ACCEPTED), frame({}, NORMS), pd.concat([carried, new]), TERMS)
        carried, paid = found.carried, paid + int(found.lines["payable"].sum())
    total, deducted = sum(gross for gross, _ in months), sum(sanction for _, sanction in months)
    assert paid + deducted - int(carried["amount"].sum()) == total


def test_negative_sums_and_unknown_deductions_are_refused() -> None:
    pair = ("98001", "980001")
    with pytest.raises(ValueError, match="negative"):
        settle(frame({pair: [-1, 0, 0, 0]}, ACCEPTED), frame({}, NORMS), no_deductions(), TERMS)
    with pytest.raises(ValueError, match="gift"):
        settle(frame({}, ACCEPTED), frame({}, NORMS), items([(pair, "gift", 1, 5)]), TERMS)


def test_norms_of_the_demo_region_close_to_the_kopeck() -> None:
    found = norms(PERIOD, reference().dictionaries, TERMS)
    assert set(found["CODE_MO"]) == {"980001", "980002", "980003", "980004", "980005", "980007"}
    people = {"980003": 27431 + 15226}
    year, norm = people["980003"] * Decimal("2321.85"), found[found["CODE_MO"] == "980003"]
    whole = int((year / 12 * 100).quantize(Decimal(1), "ROUND_HALF_UP"))
    kept = int((whole * Decimal("0.05")).quantize(Decimal(1), "ROUND_HALF_UP"))
    assert int(norm["capita"].sum()) == whole - kept
    assert int(found["result"].sum()) > 0
    stations = int(found["stations"].sum())
    assert stations == sum(
        int((Decimal("1557.4") * 1000 * Decimal(coefficient) / 12 * 100).quantize(Decimal(1), "ROUND_HALF_UP"))
        for coefficient in ("1", "0.855")
    )
    assert (norms(date(2026, 4, 1), reference().dictionaries, TERMS)["result"] == 0).all()


def test_result_parts_of_a_quarter_are_what_was_kept() -> None:
    """Everything kept in the quarter is paid, as no group is left without receivers in the demo region."""
    dictionaries = reference().dictionaries
    full, kept = (TERMS, 0)
    for month in (1, 2, 3):
        with_share = norms(date(2026, month, 1), dictionaries, full)["capita"].sum()
        without = norms(date(2026, month, 1), dictionaries, Terms(**{**vars(TERMS), "result_share": Decimal(0)}))
        kept += int(without["capita"].sum() - with_share)
    assert int(norms(PERIOD, dictionaries, TERMS)["result"].sum()) == kept > 0


def test_insurers_limits_add_up_to_the_budget() -> None:
    dictionaries = reference().dictionaries
    money = budget(PERIOD, dictionaries)
    limits = insurers(PERIOD, dictionaries, money)
    assert int(limits["LIMIT"].sum()) == money == 26893650000
    assert limits["SMO"].tolist() == ["98001", "98002"]
    assert limits["NORM"].iloc[0] > limits["NORM"].iloc[1]  # more children and elderly
    odd = insurers(PERIOD, dictionaries, 1_000_001)
    assert int(odd["LIMIT"].sum()) == 1_000_001


def test_a_generated_month_is_settled_with_advances_and_norms() -> None:
    month = month_of(registers(60))
    prices = price(month, reference())
    decisions = pd.DataFrame({"OPLATA": 1, "SUMP": prices.cases["due"].astype("int64"), "SANK_IT": 0})
    payers = month.cases["SMO"].where(month.cases["SMO"].isin(["98001", "98002"]), "77")
    sums = accepted(month.cases, decisions, payers)
    assert int(sums[list(ACCEPTED)].sum().sum()) == int(month.cases["SUMV"].sum())
    dictionaries = reference().dictionaries
    settled = settle(sums, norms(PERIOD, dictionaries, TERMS), advances(PERIOD, dictionaries), TERMS)
    territory = settled.lines[settled.lines["payer"] == "77"]
    assert (territory[[*NORMS, *DEDUCTIONS, "carried"]] == 0).all().all()
    assert territory["payable"].tolist() == territory["gross"].tolist()
    assert (settled.lines["advance"] > 0).any()
    nobody = payers.mask(payers == "98001", "")
    with pytest.raises(ValueError, match="without payer"):
        accepted(month.cases, decisions, nobody)


def test_tables_of_stages_and_accounts_add_up() -> None:
    month = month_of(registers(40, payers=("98001",)))
    count = len(month.cases)
    amount = month.cases["SUMV"].to_numpy(np.int64)
    refused = pd.DataFrame({"case": [1, 2, 2], "stage": ["G", "K", "D"], "amount": [amount[1], 100, 50]})
    decisions = pd.DataFrame({"OPLATA": np.ones(count, np.int64), "SUMP": amount, "SANK_IT": 0})
    decisions.loc[1, ["OPLATA", "SUMP", "SANK_IT"]] = [2, 0, amount[1]]
    decisions.loc[2, ["OPLATA", "SUMP", "SANK_IT"]] = [3, amount[2] - 150, 150]
    intake = pd.DataFrame({"CODE_MO": ["980001", "980009"], "cases": [3, 1], "amount": [1000, 77]})
    table = by_stages(month, decisions, refused, intake).set_index(["CODE_MO", "title"])
    own = month.cases["CODE_MO"].iloc[1]
    assert own == "980001"
    assert table.loc[(own, "Отказано на МЭК: тарифы")].tolist()[1:] == [1, amount[1]]
    assert table.loc[(own, "Отказано на МЭК: объёмы")].tolist()[1:] == [0, 100]
    assert table.loc[("980009", "Предъявлено")].tolist()[1:] == [1, 77]
    whole = table.groupby("title")["amount"].sum()
    assert whole["Предъявлено"] == amount.sum() + 1077
    assert whole["Принято к оплате"] == decisions["SUMP"].sum()
    accounts = by_accounts(month, decisions, month.cases["SMO"])
    assert int(accounts["cases"].sum()) == count
    assert (accounts["SUMV"] == accounts["SUMP"] + accounts["SANK_IT"]).all()
    assert accounts[["paid", "partial", "refused"]].sum().tolist() == [count - 2, 1, 1]
    with pytest.raises(ValueError, match="add up"):
        by_stages(month, decisions, refused.iloc[:1], intake)


def test_volumes_against_the_plan() -> None:
    plan = pd.DataFrame({"CODE_MO": ["980001", "980001"], "UNIT": ["КС", "ДС"], "V": ["100", "10"], "VKM": ["20", "0"],
                         "VDM": ["5", "0"]})  # fmt: skip
    fact = pd.DataFrame({"CODE_MO": ["980001", "980002"], "UNIT": ["КС", "КС"], "quantity": ["110", "2.5"]})
    rows = by_volumes(plan, fact).set_index(["CODE_MO", "UNIT"])
    hospital = rows.loc[("980001", "КС")]
    assert hospital.tolist() == [80, 20, 5, 110, 105, 5, Decimal("100.00")]
    assert rows.loc[("980001", "ДС"), ["fact", "deviation", "percent"]].tolist() == [0, -10, 0]
    assert rows.loc[("980002", "КС"), ["approved", "percent"]].tolist() == [0, Decimal("250.00")]


def test_deadlines_follow_the_calendar() -> None:
    found = {deadline.name: deadline.day for deadline in deadlines(REGION.folder, date(2025, 12, 1))}
    assert found == {
        "advance_application": date(2025, 12, 10),
        "advance_payment": date(2025, 12, 15),
        "registers": date(2026, 1, 16),  # five working days after the holidays
        "control": date(2026, 1, 23),
        "final_application": date(2026, 1, 27),
        "final_payment": date(2026, 1, 26),  # the 25th is a Sunday
    }

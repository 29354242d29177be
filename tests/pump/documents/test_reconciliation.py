"""Reconciliation: balances go from month to month, turnovers are those of the settlement."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pandas as pd
import pytest

from pipelines.pump.documents import Source, Turnover, money, reconciliation
from pipelines.pump.documents.reconciliation import account
from pipelines.pump.settlement import no_deductions, settle
from tests.pump import closing_made
from tests.pump.documents.read import cells, column, kopecks, one, table, text

PAIR = ("98002", "980006")


def quarter() -> Source:
    """March after January, in which a fine was larger than what was due, and February; the rest of it is carried on."""
    fine = {"payer": "98001", "CODE_MO": "980003", "what": "fine", "act": "Акт № 3", "date": pd.Timestamp(2026, 1, 20)}
    items = pd.DataFrame([{**fine, "amount": 11_000_000_00}])
    january = closing_made.before(date(2026, 1, 1), items)
    february = closing_made.before(date(2026, 2, 1), january.settled.carried)
    source = closing_made.usual()
    settled = source.settled
    sums = settled.lines.drop(columns=["gross", "advance", "debt", "sanction", "fine", "payable", "carried"])
    normed = ["capita", "result", "stations", "ambulance"]
    own = settled.withheld.drop(columns=["withheld", "rest"])
    both = pd.concat([february.settled.carried, own], ignore_index=True)
    march = settle(sums.drop(columns=normed), sums[["payer", "CODE_MO", *normed]], both, closing_made.TERMS)
    return replace(source, closed=replace(source.closed, settled=march), earlier=(january, february))


def test_a_month_by_itself() -> None:
    source = closing_made.usual()
    made = account(source, [Turnover(source.period, source.settled)], *PAIR)
    line = source.settled.lines.set_index(["payer", "CODE_MO"]).loc[PAIR]
    items = source.settled.withheld
    own = items[(items["payer"] == PAIR[0]) & (items["CODE_MO"] == PAIR[1])]
    assert made.opening == 0
    assert made.credit == line["gross"] > 0
    assert made.debit == own["amount"].sum() + line["payable"]
    assert made.closing == -line["carried"] < 0


def test_all_pairs_close_on_what_is_carried() -> None:
    source = quarter()
    months = [*source.earlier, Turnover(source.period, source.settled)]
    for line in source.settled.lines.to_dict("records"):
        made = account(source, months, line["payer"], line["CODE_MO"])
        assert made.closing == -line["carried"]
        listed = (month.settled.lines.set_index(["payer", "CODE_MO"])["gross"] for month in months)
        assert made.credit == sum(int(gross.get((line["payer"], line["CODE_MO"]), 0)) for gross in listed)


def test_a_debt_of_the_quarter() -> None:
    source = quarter()
    months = [*source.earlier, Turnover(source.period, source.settled)]
    made = account(source, months, "98001", "980003")
    assert source.earlier[1].settled.withheld["what"].tolist() == ["debt"]
    assert sum(entry.text == "Штраф: Акт № 3" for entry in made.entries) == 1  # carried on, but charged once
    later = account(source, months[1:], "98001", "980003")
    assert later.opening == -int(source.earlier[0].settled.carried["amount"].sum()) < 0
    assert later.closing == made.closing


def test_a_break_between_months_is_our_fault() -> None:
    source = quarter()
    january, _ = source.earlier
    with pytest.raises(ValueError, match="month before"):
        account(source, [january, closing_made.before(date(2026, 2, 1), no_deductions())], "98001", "980003")


def test_documents_show_the_account() -> None:
    source = quarter()
    made = reconciliation(source, "98001", "980003")
    passed = account(source, [*source.earlier, Turnover(source.period, source.settled)], "98001", "980003")
    content = one(made, ".xlsx").content
    rows = table(content, "Акт сверки", "Операция, документ")
    assert kopecks(rows[0]["Сальдо, руб."]) == passed.opening
    total = rows[-1]
    assert [kopecks(total[name]) for name in ("Начислено, руб.", "Удержано и оплачено, руб.", "Сальдо, руб.")] == [
        passed.credit, passed.debit, passed.closing
    ]  # fmt: skip
    assert sum(kopecks(row["Начислено, руб."]) for row in rows[1:-1] if row["Начислено, руб."] != "") == passed.credit
    assert kopecks(rows[-2]["Сальдо, руб."]) == passed.closing
    listed = table(content, "Удержания по документам", "Документ")
    assert column(listed, "Удержано, руб.")[-1] == sum(column(listed[:-1], "Удержано, руб."))
    assert {row["Документ"] for row in listed[:-1]} == set(passed.withheld["act"])
    printed = text(one(made, ".pdf").content)
    assert "за январь 2026 года – март 2026 года" in printed
    for amount in (passed.credit, passed.debit):
        assert money(amount).replace("\u00a0", " ") in printed
    assert [document.recipient for document in made] == ["980003", "98001"] * 2


def test_who_owes() -> None:
    source = closing_made.usual()
    owed = reconciliation(source, *PAIR)
    assert "Задолженность медицинской организации перед плательщиком: Девять миллионов" in text(owed[0].content)
    even = reconciliation(source, "98001", "980001")
    assert "Задолженности сторон нет." in text(even[0].content)
    flat = [value for row in cells(one(even, ".xlsx").content, "Акт сверки") for value in row]
    assert "Задолженности сторон нет." in flat

"""Applications of the insurers."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pandas as pd
import pytest

from pipelines.pump.documents import advances, finals, in_words
from pipelines.pump.settlement import advance, budget, final, insurers
from tests.pump import closing_made
from tests.pump.documents.read import cells, column, one, table, text


def test_final_settlement() -> None:
    source = replace(closing_made.usual(), received=pd.DataFrame({"SMO": ["98001"], "amount": [12_345_67]}))
    limits = insurers(source.period, source.dictionaries, budget(source.period, source.dictionaries))
    expected = final(source.settled.lines, limits, source.received).set_index("SMO")
    made = list(finals(source))
    assert [document.recipient for document in made] == ["98001", "98001", "98002", "98002"]
    for insurer, row in expected.iterrows():
        own = [document for document in made if document.payer == insurer]
        rows = table(one(own, ".xlsx").content, "Заявка", "Показатель")
        names = ["gross", "withheld", "advance", "payable", "limit", "received", "amount", "reserve"]
        asked = int(row["amount"] + row["reserve"])
        assert column(rows, "Значение, руб.") == [*(int(row[name]) for name in names), asked]
        assert in_words(asked) in text(one(own, ".pdf").content)
    lines = source.settled.lines
    assert expected["gross"].sum() == lines.loc[lines["payer"].isin(["98001", "98002"]), "gross"].sum()


def test_what_is_beyond_the_limit_is_asked_from_the_reserve() -> None:
    source = closing_made.usual()
    lines = source.settled.lines.assign(payable=10**13)
    rich = replace(source, closed=replace(source.closed, settled=replace(source.settled, lines=lines)))
    assert "нормированного страхового запаса." in text(next(finals(rich)).content)


@pytest.mark.parametrize("months", [0, 3])
def test_advance_of_the_next_month(months: int) -> None:
    past = [date(2026, 3, 1), date(2026, 2, 1), date(2026, 1, 1)][:months]
    history = pd.DataFrame(
        {"payer": ["98001"] * months, "month": pd.to_datetime(past), "amount": [100_000_01, 200_000_02, 300_000_04][:months]}
    )
    source = replace(closing_made.usual(), history=history.astype({"payer": "str", "amount": "int64"}))
    period = date(2026, 4, 1)
    limits = insurers(period, source.dictionaries, budget(period, source.dictionaries))
    expected = advance(period, limits, source.history, closing_made.TERMS).set_index("SMO")
    made = list(advances(source))
    own = [document for document in made if document.payer == "98001"]
    assert own[0].title == "Заявка на авансирование оплаты медицинской помощи за апрель 2026 года"
    rows = table(one(own, ".xlsx").content, "Заявка", "Показатель")
    assert column(rows[-1:], "Значение, руб.") == [int(expected.loc["98001", "amount"])]
    basis = "среднемесячная сумма" if months else "1/12 годового плана"
    assert rows[0]["Показатель"] == f"Основа расчёта: {basis}"
    assert f"Основа расчёта: {basis}" in text(one(own, ".pdf").content)
    assert any("(проект)" in str(value) for row in cells(one(own, ".xlsx").content, "Заявка") for value in row)


def test_december_asks_for_january() -> None:
    source = closing_made.usual()
    header = replace(source.closed.closing, period=date(2025, 12, 1))
    moved = replace(source, closed=replace(source.closed, closing=header))
    assert next(advances(moved)).name == "ZAYAVKA_AVANS_2601_98001.pdf"

"""Bills: sums of the settlement's line, in figures and in words."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pipelines.pump.documents import bill, in_words, money
from tests.pump import closing_made
from tests.pump.documents.read import cells, column, one, table, text


@pytest.mark.parametrize("make", [closing_made.usual, closing_made.empty])
def test_sums_are_the_lines(make) -> None:
    source = make()
    lines = source.settled.lines
    for line in lines[lines["gross"] > 0].iloc[::3].to_dict("records"):
        made = bill(source, line["payer"], line["CODE_MO"])
        content = one(made, ".xlsx").content
        rows = table(content, "Счёт", "Наименование")
        assert column(rows, "Сумма, руб.")[-1] == line["gross"] == sum(column(rows[:-1], "Сумма, руб."))
        flat = [value for row in cells(content, "Счёт") for value in row]
        assert f"Всего по счёту: {in_words(line['gross'])}. Без НДС." in flat
        assert flat[flat.index("К перечислению") + 1] * 100 == pytest.approx(line["payable"], abs=0.01)
        printed = text(one(made, ".pdf").content)
        assert in_words(line["gross"]) in printed
        assert f"К перечислению {money(line['payable'])}".replace("\u00a0", " ") in printed
        for side in (source.party(line["payer"]), source.party(line["CODE_MO"])):
            assert all(value in printed for value in (side.RS, side.BIK, side.INN, side.KPP, side.KS))


def test_accounts_of_a_bill() -> None:
    source = closing_made.usual()
    content = one(bill(source, "98001", "980001"), ".xlsx").content
    own = source.accounts[(source.accounts["payer"] == "98001") & (source.accounts["CODE_MO"] == "980001")]
    rows = table(content, "Реестры счетов", "Номер счёта")
    assert [row["Номер счёта"] for row in rows[:-1]] == own["NSCHET"].tolist()
    assert column(rows, "Принято, руб.") == [*own["SUMP"], own["SUMP"].sum()]
    line = source.settled.lines.set_index(["payer", "CODE_MO"]).loc[("98001", "980001")]
    accepted = int(line[[f"accepted_{condition}" for condition in (1, 2, 3, 4)]].sum())
    assert column(rows, "Принято, руб.")[-1] == accepted


def test_number_by_the_region_and_recipients() -> None:
    source = closing_made.usual()
    made = bill(source, "98001", "980003")
    assert made[0].title == "Счёт на оплату медицинской помощи № 2603-980003-98001"
    assert [document.recipient for document in made] == ["98001", "98001"]
    other = replace(source, terms=replace(source.terms, bill_number="{period:%m/%Y} {code_mo}"))
    assert bill(other, "98001", "980003")[0].title.endswith("№ 03/2026 980003")
    foreign = bill(source, "45000", "980001")
    assert [document.recipient for document in foreign] == [None, None]
    assert "МТР: Москва" in text(foreign[0].content)


def test_without_a_line_there_is_no_bill() -> None:
    with pytest.raises(LookupError, match="no settlement"):
        bill(closing_made.usual(), "98001", "980099")


def test_a_side_without_requisites_is_named() -> None:
    source = closing_made.usual()
    known = {code: party for code, party in source.parties.items() if code != "980003"}
    with pytest.raises(LookupError, match="980003"):
        bill(replace(source, parties=known), "98001", "980003")

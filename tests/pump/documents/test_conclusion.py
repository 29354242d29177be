"""Conclusions of МЭК: their totals are the account's, every refused position is there."""

from __future__ import annotations

import io
import zipfile
from dataclasses import replace

import pandas as pd
import pytest

from pipelines.pump.documents import Source, conclusion, conclusions, money, register
from tests.pump import closing_made
from tests.pump.documents.read import Table, cells, column, one, sheets, table, text

SHEET, REFUSED, ALL = "Заключение", "Отклонённые позиции", "Все основания"
HEAD = "Условия оказания"
MADE = (closing_made.usual, closing_made.busy)


def expected(source: Source, package: int, payer: str) -> list[int]:
    """SUMV, SANK_IT and SUMP of an account's cases, counted anew."""
    month, decided = source.closed.month.cases, source.closed.decision.cases
    own = ((month["package"] == package) & (source.closed.payers.fillna("").to_numpy() == payer)).to_numpy()
    return [int(values[own].sum()) for values in (month["SUMV"], decided["SANK_IT"], decided["SUMP"])]


def part(rows: Table) -> tuple[Table, dict]:
    return rows[:-1], rows[-1]


@pytest.mark.parametrize("make", MADE)
def test_totals_are_the_accounts(make) -> None:
    source = make()
    keys = [(int(row.package), str(row.payer)) for row in source.accounts.itertuples()]
    assert len(keys) == len(set(keys))
    for package, payer in keys[::5]:
        made = conclusion(source, package, payer)
        content = one(made, ".xlsx").content
        rows, total = part(table(content, SHEET, HEAD))
        sums = expected(source, package, payer)
        names = ("Предоставлено к оплате, руб.", "Отказано, руб.", "Подлежит оплате, руб.")
        assert [column([total], name)[0] for name in names] == sums
        assert [sum(column(rows, name)) for name in names] == sums
        counts = ("Предоставлено к оплате, случаев", "Отказано, случаев", "Подлежит оплате, случаев")
        taken, refused, payable = (int(total[name]) for name in counts)
        assert taken == refused + payable == sum(int(row[counts[0]]) for row in rows)
        printed = text(one(made, ".pdf").content)
        for amount in sums:
            assert money(amount).replace("\u00a0", " ") in printed
        assert f"№ {source.closed.closing.act(package)} от {source.day:%d.%m.%Y}" in printed


@pytest.mark.parametrize("make", MADE)
def test_all_accounts_together_are_the_month(make) -> None:
    source = make()
    decided = source.closed.decision.cases
    totals = [0, 0]
    for document in conclusions(source):
        if document.name.endswith(".xlsx") and document.recipient == document.code_mo:
            total = table(document.content, SHEET, HEAD)[-1]
            totals[0] += column([total], "Отказано, руб.")[0]
            totals[1] += column([total], "Подлежит оплате, руб.")[0]
    assert totals == [int(decided["SANK_IT"].sum()), int(decided["SUMP"].sum())]


def test_refused_positions_and_all_hits() -> None:
    source = closing_made.busy()
    hits, cases = source.closed.hits, source.closed.month.cases
    key = source.cases.iloc[hits["case"]][["package", "payer"]].to_numpy()
    frame = hits.assign(package=key[:, 0], payer=key[:, 1])
    package, payer = frame[frame["applied"] > 0].groupby(["package", "payer"]).size().idxmax()
    own = frame[(frame["package"] == package) & (frame["payer"] == payer)]
    content = one(conclusion(source, package, payer), ".xlsx").content
    rows, total = part(table(content, REFUSED, "IDCASE"))
    applied = own[own["applied"] > 0]
    assert len(rows) == len(applied) > 2
    assert sorted(column(rows, "Сумма отказа, руб.")) == sorted(applied["applied"])
    assert column([total], "Сумма отказа, руб.") == [int(applied["applied"].sum())]
    assert {row["IDCASE"] for row in rows} == set(cases["IDCASE"].iloc[applied["case"]])
    assert {row["Основание"] for row in rows} == set(applied["osn"])
    assert {row["Код F014"] for row in rows} == set(applied["code"])
    assert all(row["Содержание основания"] and row["Причина отказа"] for row in rows)
    found, _ = part(table(content, ALL, "IDCASE"))
    assert len(found) == len(own) > len(applied)
    assert sum(row["Применено"] == "да" for row in found) == len(applied)
    assert {row["Правило"] for row in found} == set(own["rule"])


def test_a_refused_sl_is_named_a_whole_case_is_not() -> None:
    source = closing_made.busy()
    named = set(source.closed.month.visits["SL_ID"])
    seen = set()
    for document in conclusions(source):
        if document.name.endswith(".xlsx") and document.recipient == document.code_mo:
            seen |= {row["SL_ID"] for row in table(document.content, REFUSED, "IDCASE")[:-1]}
    assert "случай целиком" in seen
    assert seen - {"случай целиком"} <= named
    assert len(seen) > 3


def test_many_refusals_are_cut_in_print_only() -> None:
    source = closing_made.busy()
    account = source.accounts.sort_values("SANK_IT").iloc[-1]
    key = (int(account["package"]), str(account["payer"]))
    refused = [hit for hit in source.account_hits[key] if hit.applied > 0]
    assert len(refused) > 1
    short = replace(source, terms=replace(source.terms, printed_refusals=1))
    whole, cut = conclusion(source, *key), conclusion(short, *key)
    assert one(whole, ".xlsx").content == one(cut, ".xlsx").content
    rest = money(sum(hit.applied for hit in refused[1:])).replace("\u00a0", " ")
    printed = text(one(cut, ".pdf").content)
    assert f"Показаны первые 1 отклонённых позиций. Ещё {len(refused) - 1} на сумму {rest} руб. – в файле XLSX" in printed
    assert "Показаны первые" not in text(one(whole, ".pdf").content)
    assert len(table(one(cut, ".xlsx").content, REFUSED, "IDCASE")) == len(refused) + 1


def test_who_gets_it() -> None:
    source = closing_made.busy()
    by_payer = {payer: package for package, payer in source.accounts[["package", "payer"]].itertuples(index=False)}
    assert set(by_payer) == {"98001", "98002", "45000", ""}
    for payer, package in by_payer.items():
        made = conclusion(source, package, payer)
        copy = payer if payer in {"98001", "98002"} else None
        assert [document.recipient for document in made] == [made[0].code_mo, copy] * 2
        printed = text(one(made, ".pdf").content)
        if payer == "45000":
            assert "ТФОМС по месту страхования МТР: Москва 45000" in printed
        if payer == "":
            assert "плательщик не определён" in printed
    with pytest.raises(LookupError, match="no case"):
        conclusion(source, 999, "98001")


def test_nothing_refused_and_everything_refused() -> None:
    month = closing_made.generated(2)
    source = closing_made.source(closing_made.closed(month, refused={1}))
    package = int(month.cases["package"].iloc[-1])
    clean = conclusion(source, package, "98001")
    assert "Отклонённых позиций нет." in text(one(clean, ".pdf").content)
    assert len(table(one(clean, ".xlsx").content, REFUSED, "IDCASE")) == 1
    refused = conclusion(source, 1, "98001")
    total = table(one(refused, ".xlsx").content, SHEET, HEAD)[-1]
    assert column([total], "Подлежит оплате, руб.") == [0]
    assert column([total], "Отказано, руб.") == [expected(source, 1, "98001")[0]]
    assert "сумма счёта не равна сумме реестра" in text(one(refused, ".pdf").content)


def test_register_lists_every_conclusion() -> None:
    source = closing_made.usual()
    document = register(source)
    assert document.recipient is None
    rows, total = part(table(document.content, "Реестр заключений", "Номер заключения"))
    decided, cases = source.closed.decision.cases, source.closed.month.cases
    assert len(rows) == len(source.accounts)
    for name, amount in (
        ("Предъявлено, руб.", cases["SUMV"].sum()),
        ("Отказано, руб.", decided["SANK_IT"].sum()),
        ("Подлежит оплате, руб.", decided["SUMP"].sum()),
    ):
        assert column([total], name) == [int(amount)] == [sum(column(rows, name))]
    assert int(total["Случаев"]) == len(cases)


def test_texts_of_a_register_are_no_formulas_and_no_markup() -> None:
    """What organisations write is shown as they wrote it."""
    source = closing_made.usual()
    closed = source.closed
    evil = '=HYPERLINK("http://x.example";"1")'
    cases = closed.month.cases.assign(NSCHET=evil, IDCASE="+1+1", N_ZAP="@SUM(A1)", ID_PAC="#strong[x]$y$<z>\x01")
    hits = closed.hits.assign(detail="-2+3 https://x.example #sys.inputs")
    spoilt = replace(source, closed=replace(closed, month=replace(closed.month, cases=cases), hits=hits))
    row = spoilt.accounts[spoilt.accounts["SANK_IT"] > 0].iloc[0]
    made = conclusion(spoilt, int(row["package"]), str(row["payer"]))
    content = one(made, ".xlsx").content
    position = table(content, REFUSED, "IDCASE")[0]
    assert (position["IDCASE"], position["N_ZAP"], position["ID_PAC"]) == ("+1+1", "@SUM(A1)", "#strong[x]$y$<z>\ufffd")
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        parts = [archive.read(name).decode() for name in archive.namelist() if name.startswith("xl/worksheets/")]
    assert not any("<f>" in part or "<hyperlink" in part for part in parts)
    printed = text(one(made, ".pdf").content)
    assert evil in printed
    assert "#strong[x]$y$<z>" in printed.replace(" ", "")


def test_long_identifiers_are_printed_whole() -> None:
    source = closing_made.busy()
    closed = source.closed
    cases = closed.month.cases.assign(ID_PAC="x" * 36, IDCASE="9" * 36, N_ZAP="8" * 36)
    visits = closed.month.visits.assign(SL_ID="s" * 36)
    spoilt = replace(source, closed=replace(closed, month=replace(closed.month, cases=cases, visits=visits)))
    key = next(key for key, hits in spoilt.account_hits.items() if any(hit.SL_ID == "s" * 36 for hit in hits if hit.applied))
    printed = text(one(conclusion(spoilt, *key), ".pdf").content).replace(" ", "")
    assert all(sign * 36 in printed for sign in "x98s")


def test_sheets() -> None:
    source = closing_made.usual()
    row = source.accounts.iloc[0]
    content = one(conclusion(source, int(row["package"]), str(row["payer"])), ".xlsx").content
    assert sheets(content) == [SHEET, REFUSED, ALL]
    assert cells(content, SHEET)[0][0] == "Заключение по результатам медико-экономического контроля"


def test_sums_that_do_not_agree_are_our_fault() -> None:
    source = closing_made.usual()
    hits = source.closed.hits.assign(applied=0)
    wrong = replace(source, closed=replace(source.closed, hits=hits))
    row = wrong.accounts[wrong.accounts["SANK_IT"] > 0].iloc[0]
    with pytest.raises(ValueError, match="refused positions"):
        conclusion(wrong, int(row["package"]), str(row["payer"]))
    assert isinstance(row["DSCHET"], pd.Timestamp)

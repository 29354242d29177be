"""Месяцы: sums of a closing as the tables hold them, for each role; documents to download."""

from __future__ import annotations

from typing import Any

import pytest
from lxml import html

from pipelines.pages import rendering
from tests.pages.site import Pages


def roubles(kopecks: int) -> str:
    """As the page shows them, with plain spaces."""
    return " ".join(rendering.roubles(kopecks).split())


def table(document: Any, caption: str) -> list[list[str]]:
    """Rows of the body of a table by the beginning of its caption."""
    (found,) = [one for one in document.xpath("//table") if one.xpath("string(caption)").startswith(caption)]
    return [[" ".join(cell.text_content().split()) for cell in row.xpath("th|td")] for row in found.xpath("tbody/tr")]


def test_a_month_shows_what_the_tables_hold(month: tuple[Pages, int]) -> None:
    pages, number = month
    assert f"/months/{number}" in pages.text("audit", "/months")
    document = html.fromstring(pages.text("audit", f"/months/{number}"))
    (sums,) = pages.world.rows("select count(*) n, sum(sumv) v, sum(sank_it) s, sum(sump) p from pump.decision")
    stages = {row[0]: row[1:] for row in table(document, "Этап")}
    assert stages["Принято на МЭК"][2:] == [f"{sums['n']}", roubles(int(sums["v"]))]
    assert stages["Принято к оплате"][3] == roubles(int(sums["p"]))
    payers = {row[0].split()[0]: row for row in table(document, "Начислено")}
    for line in pages.world.rows("select payer, sum(gross)::bigint g, sum(payable)::bigint p from pump.line group by 1"):
        assert (payers[line["payer"]][1], payers[line["payer"]][3]) == (roubles(line["g"]), roubles(line["p"]))
    accounts = table(document, "Счета")
    assert sum(int(row[4].replace("\xa0", "").replace(" ", "")) for row in accounts) == sums["n"]
    bases = table(document, "Основания")
    grounds = pages.world.rows("select osn, sum(applied)::bigint a from pump.hit where applied > 0 group by 1")
    assert {row[0]: row[4] for row in bases} == {row["osn"]: roubles(row["a"]) for row in grounds} != {}
    assert "главный бухгалтер" in document.text_content()
    assert "суммы сверены" in document.text_content()


def test_files_are_those_that_were_made(month: tuple[Pages, int]) -> None:
    pages, number = month
    rows = pages.world.rows("select * from pump.document where kind in ('MO_REGISTER', 'summaries')")
    assert len(rows) == 3
    for row in rows:
        answer = pages.get("oper", f"/months/{number}/files/{row['ordinal']}")
        assert answer.content == pages.world.exchange().store.get(row["sha256"])
        assert row["name"] in answer.headers["content-disposition"]
    assert pages.get("oper", f"/months/{number}/files/999999").status_code == 404
    assert pages.get("oper", "/months/999999").status_code == 404
    assert pages.get(None, f"/months/{number}").status_code == 401


def test_an_organisation_sees_its_own_accounts_and_files(month: tuple[Pages, int]) -> None:
    pages, number = month
    document = html.fromstring(pages.text("mo980001", f"/months/{number}"))
    (sums,) = pages.world.rows("select count(*) n from pump.decision where code_mo = '980001'")
    stages = {row[0]: row[1:] for row in table(document, "Этап")}
    assert stages["Принято на МЭК"][2] == f"{sums['n']}"
    assert {row[1] for row in table(document, "Взаиморасчёты")} == {"Краевая больница"}
    own, others = (
        pages.world.rows(f"select ordinal from pump.document where recipient {sign} '980001' order by 1 limit 1")
        for sign in ("=", "<>")
    )
    assert pages.get("mo980001", f"/months/{number}/files/{own[0]['ordinal']}").status_code == 200
    assert pages.get("mo980001", f"/months/{number}/files/{others[0]['ordinal']}").status_code == 404


def test_accounts_come_in_pages(month: tuple[Pages, int], monkeypatch: pytest.MonkeyPatch) -> None:
    pages, number = month
    whole = table(html.fromstring(pages.text("audit", f"/months/{number}")), "Счета")
    assert len(whole) > 2
    monkeypatch.setattr("pipelines.pages.views.months.CASES", 2)
    seen, address = [], f"/months/{number}"
    while address:
        document = html.fromstring(pages.text("audit", address))
        seen += table(document, "Счета")
        address = next(iter(document.xpath("//section[@aria-labelledby='accounts']//a[@rel='next']/@href")), "")
    assert seen == whole
    for wrong in ("x", "980001-x-98001", "980001-1"):
        assert pages.get("audit", f"/months/{number}?accounts_after={wrong}").status_code == 400

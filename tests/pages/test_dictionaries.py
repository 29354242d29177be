"""НСИ: dictionaries, rows of an edition on a date, differences between editions."""

from __future__ import annotations

from lxml import html

from pipelines import nsi
from pipelines.ground import database as db
from tests.pages.site import Pages

OLD = [
    {"CODE": "1", "NAME": "Первая", "DATEBEG": "2020-01-01", "DATEEND": ""},
    {"CODE": "2", "NAME": "Вторая", "DATEBEG": "2020-01-01", "DATEEND": "2025-12-31"},
    {"CODE": "3", "NAME": "100 % <b>", "DATEBEG": "2020-01-01", "DATEEND": ""},
]
NEW = [OLD[0] | {"NAME": "Первая, другая"}, OLD[1], {"CODE": "4", "NAME": "Новая", "DATEBEG": "2026-01-01", "DATEEND": ""}]


def editions(pages: Pages) -> tuple[int, int]:
    with db.transaction(pages.world.url) as connection:
        older = nsi.store_edition(connection, "X001", OLD, title="Пробный", version="1")
        return older, nsi.store_edition(connection, "X001", NEW, title="Пробный", version="2")


def codes(pages: Pages, query: str) -> list[str]:
    document = html.fromstring(pages.text("audit", f"/dictionaries/X001?{query}"))
    return [row.xpath("string(td[2])") for row in document.xpath("//div[@aria-label='Записи']//tbody/tr[count(td) > 1]")]


def test_all_dictionaries_are_listed(pages: Pages) -> None:
    document = html.fromstring(pages.text("audit", "/dictionaries"))
    shown = {row.xpath("string(th)"): row.xpath("string(td[5])") for row in document.xpath("//tbody/tr")}
    rows = pages.world.rows(
        "select dictionary, count(*) as n from nsi.edition e join nsi.entry r on r.edition = e.id group by 1"
    )
    assert {name: int(count.replace("\u00a0", "")) for name, count in shown.items()} == {
        row["dictionary"]: row["n"] for row in rows
    }


def test_rows_of_an_edition_on_a_date(empty: Pages) -> None:
    older, newer = editions(empty)
    assert codes(empty, "") == ["1", "2", "4"]
    assert codes(empty, f"edition={older}") == ["1", "2", "3"]
    assert codes(empty, "on=2025-12-31") == ["1", "2"]
    assert codes(empty, "on=2026-01-01") == ["1", "4"]
    assert codes(empty, "on=2019-12-31") == []
    assert codes(empty, "q=другая") == ["1"]
    assert codes(empty, f"edition={older}&q=%25") == ["3"]
    assert newer > older


def test_long_dictionaries_come_in_pages(pages: Pages) -> None:
    (row,) = pages.world.rows(
        "select dictionary, count(*) as n from nsi.edition e join nsi.entry r on r.edition = e.id "
        "group by 1 order by 2 desc limit 1"
    )
    seen, address = 0, f"/dictionaries/{row['dictionary']}"
    while address:
        document = html.fromstring(pages.text("audit", address))
        seen += len(document.xpath("//div[@aria-label='Записи']//tbody/tr"))
        address = next(iter(document.xpath("//a[@rel='next']/@href")), "")
    assert seen == row["n"] > 100


def test_differences_between_editions(empty: Pages) -> None:
    older, newer = editions(empty)
    document = html.fromstring(empty.text("audit", f"/dictionaries/X001/differences?older={older}&newer={newer}"))
    said = {row.xpath("string(th)"): row.xpath("normalize-space(td[1])") for row in document.xpath("//tbody/tr[th]")}
    assert said == {"1": "изменена", "3": "исключена", "4": "новая"}
    assert "Первая, другая" in document.text_content()
    assert (
        f"older={older}&newer={newer}"
        in html.fromstring(empty.text("audit", "/dictionaries/X001")).xpath("//td/a/@href")[-1]
    )


def test_editions_of_others_are_not_compared(empty: Pages) -> None:
    older, _ = editions(empty)
    (other,) = empty.world.rows("select id from nsi.edition where dictionary = 'F002'")
    assert empty.get("audit", f"/dictionaries/X001/differences?older={older}&newer={other['id']}").status_code == 404
    assert empty.get("audit", "/dictionaries/NONE").status_code == 404


def test_records_are_told_apart_by_the_declared_key(empty: Pages) -> None:
    """The code of a МО repeats in T_AVANS: with the payer's it is one record, and its sum has changed."""
    rows = [
        {"MCOD": "980001", "SMO": smo, "SUM": total, "DATEBEG": "2026-01-01", "DATEEND": ""}
        for smo, total in (("98001", "10.00"), ("98002", "20.00"))
    ]
    with db.transaction(empty.world.url) as connection:
        older, newer = (
            nsi.store_edition(connection, "T_AVANS", [rows[0], rows[1] | {"SUM": total}]) for total in ("20.00", "30.00")
        )
    document = html.fromstring(empty.text("audit", f"/dictionaries/T_AVANS/differences?older={older}&newer={newer}"))
    assert "Авансы организациям. Записи сравниваются по SMO, MCOD и первому дню." in document.text_content()
    (row,) = document.xpath("//tbody/tr")
    assert [cell.text_content() for cell in row] == ["98002 / 980001", "изменена", "SUM", "20.00", "30.00"]
    shown = html.fromstring(empty.text("audit", "/dictionaries/T_AVANS"))
    assert [head.text_content() for head in shown.xpath("//div[@aria-label='Записи']//th")][1:4] == ["SMO", "MCOD", "SUM"]
    titles = html.fromstring(empty.text("audit", "/dictionaries")).xpath("//tr[th='T_AVANS']/td[1]/text()")
    assert titles == ["Авансы организациям"]

"""Журнал обмена: filters, search, sums, paging, live part, exports."""

from __future__ import annotations

import csv
import io
from datetime import datetime, time, timedelta
from typing import Any

import openpyxl
import pytest
from lxml import html
from sqlalchemy import text

from pipelines.exchange import daily
from pipelines.exchange.protocol import LOCAL
from pipelines.exchange.totals import close_days
from pipelines.ground import database as db
from pipelines.pages.filters import local_today
from pipelines.pages.rendering import number, roubles
from pipelines.pages.views import journal
from tests.pages.rough import put
from tests.pages.site import Pages

TODAY = local_today()


def noon(days_ago: int, minutes: int = 0) -> datetime:
    return datetime.combine(TODAY - timedelta(days=days_ago), time(12), LOCAL) + timedelta(minutes=minutes)


def listed(pages: Pages, address: str, user: str = "audit") -> list[int]:
    """Numbers of the packages of a page of the journal, in its order."""
    document = html.fromstring(pages.text(user, address))
    return [int(link.rpartition("/")[2]) for link in document.xpath("//tbody/tr/@data-href")]


def figures(pages: Pages, address: str, user: str = "audit") -> dict[str, str]:
    """What the filter comes to, by title."""
    document = html.fromstring(pages.text(user, address))
    cells = document.xpath("//dl[@class='figures']/div")
    return {cell.xpath("normalize-space(dt)"): cell.xpath("normalize-space(dd)") for cell in cells}


def count(pages: Pages, condition: str = "true") -> dict[str, Any]:
    (row,) = pages.world.rows(
        "select count(*) as packages, coalesce(sum(accepted), 0) as accepted, coalesce(sum(findings), 0) as findings, "
        f"coalesce(sum((sums ->> 'SUMV')::bigint), 0)::bigint as kopecks from exchange.package where {condition}"
    )
    return row


@pytest.mark.parametrize(
    ("query", "condition"),
    [
        ("", "true"),
        ("sender=980001", "sender = '980001'"),
        ("sender=-", "sender is null"),
        ("kind=PUMP_C", "kind = 'PUMP_C'"),
        ("kind=ERZ_PR", "kind = 'ERZ_PR'"),
        ("channel=folder", "channel = 'folder'"),
        ("channel=mail", "channel = 'mail'"),
        ("result=ACCEPTED", "result = 'ACCEPTED'"),
        ("result=DUPLICATE", "result = 'DUPLICATE'"),
        ("result=REJECTED&sender=980006&kind=PUMP_H", "result = 'REJECTED' and sender = '980006' and kind = 'PUMP_H'"),
        ("result=FAILED", "state = 'FAILED'"),
        ("q=HM980001", "name like 'HM980001%'"),
        ("q=hm980001", "name like 'HM980001%'"),
        ("q=HM980001&result=REJECTED", "name like 'HM980001%' and result = 'REJECTED'"),
        ("q=980001S98002", "name like '%980001S98002%'"),
        ("q=80001s98", "name like '%80001S98%'"),
        ("q=m9", "name like 'M9%'"),
        ("q=_2610", "name like '%\\_2610%'"),
        ("q=3", "id = 3"),
        ("q=nothing", "false"),
    ],
)
def test_a_filter_lists_and_counts_the_same(pages: Pages, query: str, condition: str) -> None:
    expected = [
        row["id"]
        for row in pages.world.rows(f"select id from exchange.package where {condition} order by received_at desc, id desc")
    ]
    assert listed(pages, f"/journal?{query}") == expected[: journal.PAGE]
    shown, truth = figures(pages, f"/journal?{query}"), count(pages, condition)
    assert shown["Пакетов"] == number(truth["packages"])
    assert shown["Принято"] == number(truth["accepted"])
    assert shown["Замечаний"] == number(truth["findings"])
    assert shown["Сумма принятых, руб."] == roubles(truth["kopecks"])


def test_a_hash_finds_its_package(pages: Pages) -> None:
    (row,) = pages.world.rows("select id, sha256 from exchange.package where result = 'ACCEPTED' order by id limit 1")
    for asked in (row["sha256"], row["sha256"][:12], row["sha256"].upper()):
        assert row["id"] in listed(pages, f"/journal?q={asked}")


def test_a_search_goes_past_the_usual_period(empty: Pages) -> None:
    old = put(empty.world.url, "OLD.zip", noon(400))
    assert listed(empty, "/journal") == []
    assert listed(empty, "/journal?q=OLD") == [old]
    first, last = TODAY - timedelta(days=500), TODAY - timedelta(days=300)
    assert listed(empty, f"/journal?since={first}&until={last}") == [old]
    assert listed(empty, f"/journal?q=OLD&since={TODAY}") == []


def test_pages_follow_each_other_without_gap_or_repetition(empty: Pages) -> None:
    url = empty.world.url
    same = noon(2)  # many of one moment: the number decides
    numbers = [put(url, f"P{n}.zip", same if n % 3 else noon(3, n)) for n in range(2 * journal.PAGE + 7)]
    seen: list[int] = []
    address = "/journal"
    for _ in range(5):
        document = html.fromstring(empty.text("audit", address))
        seen += [int(link.rpartition("/")[2]) for link in document.xpath("//tbody/tr/@data-href")]
        following = document.xpath("//a[@rel='next']/@href")
        if not following:
            break
        address = following[0]
    rows = empty.world.rows("select id from exchange.package order by received_at desc, id desc")
    assert seen == [row["id"] for row in rows]
    assert sorted(seen) == sorted(numbers)


def test_closed_days_count_as_open_ones_do(empty: Pages) -> None:
    url = empty.world.url
    for day in range(6):
        put(url, f"A{day}.zip", noon(day))
        put(url, f"B{day}.zip", noon(day, 1), result="REJECTED", accepted=0, findings=4, sums="{}", sender="980002")
        put(url, f"C{day}.zip", noon(day, 2), result="QUARANTINED", sender=None, kind=None, sums="{}")
    put(url, "W.zip", noon(4, 3), result=None)
    put(url, "F.zip", noon(0, 3), result=None, state="FAILED")
    queries = [
        "",
        "sender=980001",
        "sender=-",
        "result=REJECTED",
        "result=FAILED",
        "result=RECEIVED",
        "kind=PUMP_H",
        "channel=sftp",
    ]
    queries += [
        f"since={TODAY - timedelta(days=5)}&until={TODAY - timedelta(days=3)}",
        f"since={TODAY - timedelta(days=4)}&sender=980002",
    ]
    before = {query: figures(empty, f"/journal?{query}") for query in queries}
    with db.transaction(url) as connection:
        assert close_days(connection, TODAY) == 3
        assert connection.execute(text("select count(*) from exchange.day_packages")).scalar_one() == 9
    assert {query: figures(empty, f"/journal?{query}") for query in queries} == before
    assert before[""]["Пакетов"] == "20"
    assert figures(empty, "/journal", "mo980001")["Пакетов"] == "8"


def test_long_counts_of_a_search_stop(empty: Pages, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal, "COUNTED", 3)
    for n in range(5):
        put(empty.world.url, f"P{n}.zip", noon(1, n))
    assert figures(empty, "/journal?q=P")["Пакетов"] == "более 3"
    assert figures(empty, "/journal?q=P1")["Пакетов"] == "1"


def test_the_first_page_refreshes_itself(pages: Pages) -> None:
    document = html.fromstring(pages.text("audit", "/journal?sender=980001"))
    (part,) = document.xpath("//*[@data-refresh]")
    again = html.fromstring(pages.text("audit", part.get("hx-get")))
    assert again.get_element_by_id("found").text_content() == part.text_content()
    assert "sender=980001" in part.get("hx-get")


def test_exports_hold_the_filter_in_the_columns_of_the_daily_journal(pages: Pages) -> None:
    titles = [title for _, title, _ in daily.COLUMNS]
    for query, condition in (("", "true"), ("sender=980001", "sender = '980001'"), ("result=PARTIAL", "result = 'PARTIAL'")):
        rows = pages.world.rows(
            f"select id, name from exchange.package where {condition} order by received_at desc, id desc"
        )
        content = pages.get("audit", f"/journal/export.csv?{query}").content
        assert content.startswith("\ufeff".encode())
        lines = list(csv.reader(io.StringIO(content.decode("utf-8-sig")), delimiter=";"))
        assert lines[0] == titles
        assert [(line[0], line[5]) for line in lines[1:]] == [(str(row["id"]), row["name"]) for row in rows]
        answer = pages.get("audit", f"/journal/export.xlsx?{query}")
        sheet = openpyxl.load_workbook(io.BytesIO(answer.content)).active
        cells = list(sheet.iter_rows(values_only=True))
        assert list(cells[0]) == titles
        assert [(line[0], line[5]) for line in cells[1:]] == [(row["id"], row["name"]) for row in rows]
        assert ".xlsx" in answer.headers["Content-Disposition"]


def test_long_exports_are_cut_and_say_so(empty: Pages, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipelines.pages.exports.MOST", 5)
    monkeypatch.setattr("pipelines.pages.exports.STEP", 2)
    for n in range(7):
        put(empty.world.url, f"P{n}.zip", noon(1, n))
    lines = empty.get("audit", "/journal/export.csv").content.decode("utf-8-sig").splitlines()
    assert len(lines) == 1 + 5 + 1
    assert "сузьте фильтр" in lines[-1]
    book = openpyxl.load_workbook(io.BytesIO(empty.get("audit", "/journal/export.xlsx").content))
    assert [row[0].value for row in book.active.iter_rows(min_row=2)][-1] == lines[-1]

"""Организации и сроки: silence, error rate, standing with the registers of a month."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

import pytest
from lxml import html

from pipelines.exchange.protocol import LOCAL
from pipelines.pages.views import organisations
from pipelines.pages.views.organisations import WATCHED, error_rate, expected_today
from tests.pages.rough import put
from tests.pages.site import Pages

MONDAY = date(2026, 10, 19)


def working(count: int, before: date = MONDAY) -> list[date]:
    """Working days before a day, the last first."""
    days, day = [], before
    while len(days) < count:
        day -= timedelta(days=1)
        if day.weekday() < 5:
            days.append(day)
    return days


def test_who_comes_every_other_working_day_is_expected() -> None:
    watched = working(WATCHED)
    came = {
        "often": watched[::2],
        "seldom": watched[::2][:-1],
        "early": working(2 * WATCHED)[WATCHED:],
        "much on one day": [watched[0]] * WATCHED,
    }
    assert expected_today(came, MONDAY, []) == {"often"}


def test_nobody_is_expected_on_a_day_off() -> None:
    came = {"often": working(WATCHED)}
    for off in (date(2026, 10, 17), date(2026, 10, 18)):
        assert expected_today(came, off, []) == set()
    assert expected_today(came, MONDAY, [MONDAY]) == set()


def test_holidays_are_not_watched() -> None:
    holidays = working(5)
    watched = working(WATCHED + 5)[5:]
    assert expected_today({"often": watched[: WATCHED // 2]}, MONDAY, holidays) == {"often"}
    assert expected_today({"often": holidays + watched[: WATCHED // 2 - 1]}, MONDAY, holidays) == set()


def test_the_error_rate_counts_refusals_in_whole_or_part() -> None:
    day = {"day": MONDAY, "packages": 1}
    results = {"ACCEPTED": 5, "DUPLICATE": 1, "PARTIAL": 1, "REJECTED": 2, "QUARANTINED": 1}
    chart = error_rate(
        [day | {"result": name, "packages": count} for name, count in results.items()], MONDAY, MONDAY + timedelta(1)
    )
    assert [bar["values"] for bar in chart["bars"]] == [[6, 0], [4, 0]]
    assert chart["line"]["values"] == [40.0, None]
    assert chart["labels"] == ["19.10", "20.10"]


def test_a_silent_organisation_is_told(empty: Pages, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(organisations, "local_today", lambda: MONDAY)
    for sender in ("980001", "980002"):
        for day in working(WATCHED):
            put(empty.world.url, f"{sender} {day}.zip", datetime.combine(day, time(12), LOCAL), sender=sender)
    put(empty.world.url, "today.zip", datetime.combine(MONDAY, time(9), LOCAL), sender="980002")
    document = html.fromstring(empty.text("audit", "/organisations"))
    said = {row.xpath("string(td[1])"): row.xpath("normalize-space(td[3])") for row in document.xpath("//tbody/tr")}
    assert said["980001"] == "молчит"
    assert said["980002"] == "в порядке"
    assert said["980003"] == "в порядке"
    assert said["980008"] == "не участвует"


def test_the_page_of_an_organisation(pages: Pages) -> None:
    text = pages.text("audit", "/organisations/980001")
    for said in ("reestr@kkb.zarechye.example", "mo980001", "smotrit.kkb", "PUMP_H", "SFTP, почта"):
        assert said in text
    document = html.fromstring(text)
    mine = pages.world.rows("select count(*) as n from exchange.package where sender = '980001'")[0]["n"]
    assert len(document.xpath("//tr[@data-href]")) == min(mine, 20)
    assert document.xpath("//canvas/@data-chart")


MONTH = date(2026, 9, 1)
"""Its registers are due by the fifth working day of October: the 7th."""


def standing(pages: Pages, today: date, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    monkeypatch.setattr(organisations, "local_today", lambda: today)
    document = html.fromstring(pages.text("audit", f"/deadlines?period={MONTH:%Y-%m}"))
    table = document.xpath("//section[@aria-labelledby='sent']//tbody/tr")
    return {row.xpath("string(th)"): row.xpath("normalize-space(td[1])") for row in table}


def test_how_organisations_stand_with_their_registers(empty: Pages, monkeypatch: pytest.MonkeyPatch) -> None:
    url = empty.world.url
    due = date(2026, 10, 7)
    put(url, "in time.zip", datetime.combine(due, time(23, 59), LOCAL), sender="980001", period=MONTH)
    put(
        url,
        "late.zip",
        datetime.combine(due + timedelta(1), time(0, 1), LOCAL),
        sender="980002",
        period=MONTH,
        result="PARTIAL",
    )
    put(url, "no.zip", datetime.combine(due, time(9), LOCAL), sender="980003", period=MONTH, result="REJECTED")
    put(url, "other.zip", datetime.combine(due, time(9), LOCAL), sender="980004", period=date(2026, 8, 1))
    said = standing(empty, due, monkeypatch)
    assert said["Краевая больница"] == "прислан в срок"
    assert said["Поликлиника № 1"] == "ожидается"
    assert said["Клиника Берег"] == "не участвует"
    said = standing(empty, due + timedelta(1), monkeypatch)
    assert said["Детская больница"] == "прислан позже срока"
    assert said["Поликлиника № 1"] == said["Поликлиника № 2"] == "не прислан, срок прошёл"


def test_the_calendar_is_that_of_the_region(pages: Pages) -> None:
    document = html.fromstring(pages.text("audit", "/deadlines?period=2026-10"))
    steps = {
        row.xpath("string(th)"): row.xpath("string(td[1])")
        for row in document.xpath("//section[@aria-labelledby='steps']//tbody/tr")
    }
    assert steps["Приём реестров счетов"] == "09.11.2026"
    assert steps["Окончательный расчёт с организациями"] == "25.11.2026"
    assert {"?period=2026-09", "?period=2026-11"} <= {
        href.rpartition("/deadlines")[2] for href in document.xpath("//a/@href")
    }

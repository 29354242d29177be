"""Сводки: every registered panel, its charts and numbers."""

from __future__ import annotations

import json
from datetime import datetime, time, timedelta
from typing import Any

import pytest
from lxml import html

from pipelines.exchange.protocol import LOCAL
from pipelines.pages import panels
from pipelines.pages.filters import local_today
from pipelines.pages.panels import Panel, by_day
from pipelines.pages.periods import Period
from pipelines.pages.visitor import Role, Visitor, reading
from tests.pages.rough import find_fault, put
from tests.pages.site import Pages

TODAY = local_today()
AUDITOR = Visitor("audit", Role.AUDITOR)


def noon(days_ago: int) -> datetime:
    return datetime.combine(TODAY - timedelta(days=days_ago), time(12), LOCAL)


def given(pages: Pages, days: int) -> Any:
    with reading(pages.world.url, AUDITOR) as connection:
        return by_day(connection, Period(TODAY - timedelta(days=days - 1), TODAY))


def test_days_by_result(empty: Pages) -> None:
    for day, result in ((0, "ACCEPTED"), (0, "REJECTED"), (2, "PARTIAL"), (2, "PARTIAL"), (9, "ACCEPTED")):
        put(
            empty.world.url,
            f"{day} {result}.zip",
            noon(day) + timedelta(seconds=len(empty.world.rows("select from exchange.package"))),
            result=result,
            accepted=7,
        )
    shown = given(empty, 3)
    bars = {bar["label"]: bar["values"] for bar in shown["packages"]["bars"]}
    assert bars == {"принят": [0, 0, 1], "принят частично": [2, 0, 0], "отклонён": [0, 0, 1]}
    assert shown["cases"]["bars"][0]["values"] == [14, 0, 14]
    assert shown["money"]["bars"][0]["values"] == [0, 0, 0]  # 246.90 roubles are no thousand
    assert [line[0] for line in shown["table"]] == [TODAY, TODAY - timedelta(days=2)]
    assert shown["table"][1][2:] == (14, 24690)


def test_long_periods_have_bars_of_several_days(empty: Pages) -> None:
    put(empty.world.url, "A.zip", noon(0))
    put(empty.world.url, "B.zip", noon(399))
    shown = given(empty, 400)
    assert shown["step"] == 5
    assert len(shown["packages"]["labels"]) == 80
    assert sum(shown["packages"]["bars"][0]["values"]) == 2


def test_rules_with_most_findings(empty: Pages) -> None:
    package = put(empty.world.url, "A.zip", noon(0), result="PARTIAL", findings=3)
    for ordinal, rule in enumerate(("R.1", "R.2", "R.2"), start=1):
        find_fault(empty.world.url, package, ordinal, rule, "x")
    document = html.fromstring(empty.text("audit", "/summaries"))
    table = document.xpath("//section[@aria-labelledby='panel-rules']//tbody/tr")
    assert [(row.xpath("string(th)"), row.xpath("string(td[3])")) for row in table] == [("R.2", "2"), ("R.1", "1")]


def test_charts_are_data_that_reads_back(pages: Pages) -> None:
    document = html.fromstring(pages.text("audit", "/summaries"))
    charts = [json.loads(canvas) for canvas in document.xpath("//canvas/@data-chart")]
    assert len(charts) == 4
    for chart in charts:
        for bar in chart["bars"]:
            assert len(bar["values"]) == len(chart["labels"])
    taken = pages.world.rows("select count(*) as n from exchange.package")[0]["n"]
    assert sum(sum(bar["values"]) for bar in charts[0]["bars"]) == taken
    assert all(document.xpath("//canvas/@aria-label"))


def test_a_panel_of_the_fund_is_not_for_organisations(pages: Pages, monkeypatch: pytest.MonkeyPatch) -> None:
    inner = Panel("money", "Деньги фонда", "days", by_day, for_organisations=False)
    monkeypatch.setattr("pipelines.pages.views.summaries.PANELS", (*panels.PANELS, inner))
    assert "Деньги фонда" in pages.text("audit", "/summaries")
    assert "Деньги фонда" not in pages.text("mo980001", "/summaries")

"""Пакет: its way, findings, files, answers to keep, sending again and processing again."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from lxml import html
from sqlalchemy import text

from pipelines.exchange.runs import CURRENT, Run
from pipelines.ground import database as db
from pipelines.pages.application import create_app
from pipelines.pages.errors import Told
from pipelines.pages.rendering import number
from tests.pages.rough import put
from tests.pages.site import Pages, admit


def partial(pages: Pages) -> dict[str, Any]:
    (row,) = pages.world.rows("select * from exchange.package where result = 'PARTIAL' order by findings desc limit 1")
    return row


def test_the_way_is_the_events_with_their_times(pages: Pages) -> None:
    row = partial(pages)
    document = html.fromstring(pages.text("audit", f"/packages/{row['id']}"))
    titles = document.xpath("//ol[@class='way']/li/b/text()")
    assert titles[:5] == ["Получен", "Открыт", "Проверен", "Загружен", "Ответ готов"]
    assert set(titles[5:]) == {"Доставлен файл ответа"}
    assert len(document.xpath("//ol[@class='way']//*[@class='after']")) == len(titles) - 1
    assert f"принято {number(row['accepted'])} из {number(row['records'])}" in document.text_content()
    assert row["sha256"] in document.text_content()
    assert "Файлов подписи в пакете нет" in pages.text("audit", f"/packages/{row['id']}/signatures")


def test_findings_by_rule_add_up(pages: Pages) -> None:
    row = partial(pages)
    document = html.fromstring(pages.text("audit", f"/packages/{row['id']}"))
    links = document.xpath("//section[@aria-labelledby='findings']//td[@class='num']/a")
    assert sum(int(link.text.replace("\u00a0", "")) for link in links) == row["findings"]
    for link in links[:3]:
        listed = html.fromstring(pages.text("audit", link.get("href")))
        assert len(listed.xpath("//tbody/tr")) == int(link.text)
    for address in document.xpath("//section[@aria-labelledby='findings']//tbody/tr/th/a/@href")[:5]:
        assert pages.get("audit", address).status_code == 200


def test_many_findings_come_in_pages(empty: Pages, monkeypatch: pytest.MonkeyPatch) -> None:
    from tests.pages.rough import find_fault

    monkeypatch.setattr("pipelines.pages.views.package.FINDINGS", 4)
    package = put(empty.world.url, "P.zip", datetime.now(UTC))
    for ordinal in range(1, 11):
        find_fault(empty.world.url, package, ordinal, "R.1" if ordinal % 2 else "R.2", str(ordinal))
    seen: list[str] = []
    address: str | None = f"/packages/{package}/findings?rule=R.1&member=H"
    while address:
        document = html.fromstring(empty.text("audit", address))
        seen += document.xpath("//tbody/tr/td[1]/text()")
        address = next(iter(document.xpath("//a[@rel='next']/@href")), None)
    assert seen == ["1", "3", "5", "7", "9"]


def test_answers_are_the_bytes_that_were_sent(pages: Pages) -> None:
    row = partial(pages)
    sent = pages.world.answers(row["sender"])
    document = html.fromstring(pages.text("mo" + row["sender"], f"/packages/{row['id']}"))
    links = document.xpath("//section[@aria-labelledby='answers']//tbody//th/a")
    assert links
    for link in links:
        got = pages.get("audit", link.get("href"))
        assert got.content == sent[link.text]
        assert link.text in got.headers["Content-Disposition"]


def test_an_answer_that_left_the_store_says_so(empty: Pages) -> None:
    from tests.pages.rough import answer

    package = put(empty.world.url, "P.zip", datetime.now(UTC))
    store = empty.app.state.site.exchange.store
    file = answer(empty.world.url, store, package, "V.XML", b"x")
    store.remove(empty.world.rows("select sha256 from exchange.outgoing")[0]["sha256"])
    got = empty.get("audit", f"/packages/{package}/answers/{file}")
    assert got.status_code == 410
    assert "нет файла" in got.text


def test_a_repetition_leads_to_the_first(pages: Pages) -> None:
    (row,) = pages.world.rows("select id, duplicate_of from exchange.package where result = 'DUPLICATE' limit 1")
    text_ = pages.text("audit", f"/packages/{row['id']}")
    assert f'href="/packages/{row["duplicate_of"]}"' in text_
    assert f'href="/packages/{row["id"]}"' in pages.text("audit", f"/packages/{row['duplicate_of']}")


def test_the_operator_sends_the_same_answer_again(pages: Pages) -> None:
    (row,) = pages.world.rows("select id, sender from exchange.package where result = 'REJECTED' order by id desc limit 1")
    address = f"/packages/{row['id']}"
    before = pages.world.answers(row["sender"])
    given = {"token": pages.token("oper", address), "reason": "не дошёл"}
    done = pages.client("oper").post(f"{address}/resend", data=given)
    assert (done.status_code, done.headers["Location"]) == (303, f"{address}?done=resent")
    assert pages.started[-1] == ("deliver", {})
    shown = pages.text("oper", done.headers["Location"])
    assert "Ответ поставлен в очередь" in shown
    assert "ждёт отправки" in shown
    assert pages.world.exchange().deliver().sent >= 2
    assert pages.world.answers(row["sender"]) == before
    step = html.fromstring(pages.text("audit", address)).xpath("//li[@class='person']")[-1].text_content()
    for said in ("Ответ отправлен ещё раз", "oper", "не дошёл"):
        assert said in step


def test_an_answer_goes_again_with_the_schedule_where_its_delivery_cannot_be_started(pages: Pages) -> None:
    def start(*_: object) -> str:
        raise Told(409, "Airflow не знает процесса deliver")

    alone = Pages(create_app(replace(pages.app.state.site, start=start), admit), pages.world)
    address = f"/packages/{partial(pages)['id']}"
    given = {"token": alone.token("oper", address), "reason": "просили"}
    assert alone.client("oper").post(f"{address}/resend", data=given).headers["Location"] == f"{address}?done=resent"
    assert pages.world.exchange().deliver().sent >= 2


def test_an_action_without_a_reason_is_refused_in_words(pages: Pages) -> None:
    row = partial(pages)
    address = f"/packages/{row['id']}"
    token = pages.token("oper", address)
    for act, reason, said in (("resend", "  ", "Не указана причина"), ("again", "x", "уже дан ответ")):
        answer = pages.client("oper").post(f"{address}/{act}", data={"token": token, "reason": reason})
        assert answer.status_code == 409
        assert said in answer.text


def test_a_failed_package_is_tried_again(empty: Pages) -> None:
    late = datetime(2100, 1, 1, tzinfo=UTC)
    package = put(
        empty.world.url,
        "HM980001S98001_26101.zip",
        datetime.now(UTC),
        result=None,
        state="FAILED",
        due_at=late,
        attempts=8,
        error="OSError (store.py:1)",
    )
    address = f"/packages/{package}"
    assert "OSError (store.py:1)" in empty.text("oper", address)
    assert "Отправить тот же ответ" not in empty.text("oper", address)
    given = {"token": empty.token("oper", address), "reason": "место освобождено"}
    done = empty.client("oper").post(f"{address}/again", data=given)
    assert done.headers["Location"] == f"{address}?done=again"
    assert empty.started == [("receive", {})]
    assert list(empty.world.exchange().pending("pump")) == [package]
    (event,) = empty.world.rows("select actor, details from exchange.event where name = 'AGAIN'")
    assert (event["actor"], event["details"]) == ("oper", {"reason": "место освобождено"})


def test_the_task_that_took_it_is_a_link(pages: Pages) -> None:
    row = partial(pages)
    assert "Обработан в Airflow" not in pages.text("audit", f"/packages/{row['id']}")
    run = {"dag": "pump_intake", "run": "manual__2026-11-01T00:00:00+00:00", "task": "process", "index": 3}
    with db.transaction(pages.world.url) as connection:
        given = {"run": json.dumps(run), "id": row["id"]}
        connection.execute(text("update exchange.package set run = cast(:run as jsonb) where id = :id"), given)
    link = "/dags/pump_intake/runs/manual__2026-11-01T00%3A00%3A00%2B00%3A00"
    shown = pages.text("audit", f"/packages/{row['id']}")
    assert f'href="{link}"' in shown
    assert f'href="{link}/tasks/process/mapped/3"' in shown
    assert "Обработан в Airflow" not in pages.text("mo" + row["sender"], f"/packages/{row['id']}")


def test_processing_notes_the_task_at_work(empty: Pages) -> None:
    world = empty.world
    world.drop("980001", "HM980001S98001_26101.zip", b"no archive")
    token = CURRENT.set(Run("pump_intake", "r", "process", 0))
    try:
        world.run(together=True)
    finally:
        CURRENT.reset(token)
    assert world.rows("select run from exchange.package") == [
        {"run": {"dag": "pump_intake", "run": "r", "task": "process", "index": 0}}
    ]

"""What operators see and are told by a running Airflow: links to packages, letters on faults, deadlines and days."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from email.message import EmailMessage

import httpx
import pytest
from sqlalchemy import text

from pipelines.demo.config import Stand
from pipelines.demo.run import month_before
from pipelines.demo.send import Senders
from pipelines.demo.stand import running
from pipelines.ground import database as db
from tests.demo.test_pump_month import came, logged_in, send, until
from tests.demo.test_rule_impact import client
from tests.demo.test_stand import environment  # noqa: F401

pytestmark = [pytest.mark.airflow, pytest.mark.timeout(1500)]

WRONG = {"action": "off", "rule": "999F.99.9999", "since": "2026-01-01", "months": 1}


def body(letter: EmailMessage) -> str:
    part = letter.get_body(("plain",))
    assert part is not None
    return str(part.get_content())


def titled(senders: Senders, beginning: str) -> list[EmailMessage]:
    return [letter for letter in senders.to_operators() if str(letter["Subject"]).startswith(beginning)]


def arrived(senders: Senders, beginning: str, count: int, seconds: float = 420) -> list[EmailMessage]:
    subjects = lambda: [str(letter["Subject"]) for letter in senders.to_operators()]  # noqa: E731
    until(subjects, lambda: len(titled(senders, beginning)) >= count, seconds)
    return titled(senders, beginning)


def failed(api: httpx.Client, run: str) -> Callable[[], bool]:
    address = f"/api/v2/dags/rule_impact/dagRuns/{run}/taskInstances/plan"
    return lambda: api.get(address).raise_for_status().json()["state"] == "failed"


def test_airflow_tells_and_leads(environment):  # noqa: F811
    stand = Stand.from_environment()
    with running(stand, lambda told: None) as up, closing(Senders(stand, up.sftp_host_key)) as senders:
        send(stand, senders, month_before(datetime.now(UTC).date()))
        operator, api = logged_in(stand, "oper"), client(stand, "oper")

        mapped_tasks_lead_to_their_packages(stand, api)

        for run in [operator.trigger("rule_impact", WRONG) for _ in range(2)]:
            until(lambda: "", failed(api, run))
        (letter,) = arrived(senders, "Сбой", 1)
        assert letter["Subject"] == "Сбой: Изменение правил контроля, «Что меняется»"
        assert letter["To"] == "dezhurny@tfoms.zarechye.example"
        assert "**Если задача красная.** Причина — в её журнале: нет такого правила" in body(letter)
        assert f"{stand.url}/dags/rule_impact/runs/" in body(letter)

        late = operator.trigger("pump_month", {"period": "2025-01"})
        letters = arrived(senders, "Просрочено: ", 2)
        assert {str(letter["Subject"]) for letter in letters} == {
            "Просрочено: Медико-экономический контроль за 01.2025",
            "Просрочено: Окончательный расчёт с организациями за 01.2025",
        }
        assert all("Состояние: состав не зафиксирован." in body(letter) for letter in letters)
        assert all(f"/dags/pump_month/runs/{late}".replace(":", "%3A").replace("+", "%2B") in body(one) for one in letters)

        day = month_before(datetime.now(UTC).date()).replace(day=28)
        for _ in range(2):
            came(operator, operator.trigger("calendar_daily", {"day": f"{day}"}), "remind", "success", "calendar_daily")
        (letter,) = titled(senders, f"Сроки на {day:%d.%m.%Y}")  # a run of the schedule, near its hour, mails its own day
        previous = f"{month_before(day):%m.%Y}"
        assert f"Приём реестров счетов за {previous}: последний день" in body(letter)
        assert "реестров нет от 7: 980001 Краевая больница, 980002 Детская больница" in body(letter)
        assert f"Медико-экономический контроль за {previous}: последний день" in body(letter)
        with db.transaction(stand.database_url) as connection:
            query = "select count(*) from exchange.event where name = 'CALENDAR_MAILED' and details ->> 'day' = :day"
            assert connection.execute(text(query), {"day": f"{day}"}).scalar_one() == 1
        time.sleep(2)
        assert len(titled(senders, "Сбой")) == 1
        db.engine(stand.database_url).dispose()


def mapped_tasks_lead_to_their_packages(stand: Stand, api: httpx.Client) -> None:
    """The link of every mapped task opens the page of the packages that its label in the grid names."""
    found = api.get("/api/v2/dags/pump_intake/dagRuns/~/taskInstances").raise_for_status().json()["task_instances"]
    batches = [one for one in found if one["task_id"] == "process" and one["map_index"] >= 0]
    assert batches
    opened = []
    for batch in batches:
        run, index = batch["dag_run_id"], batch["map_index"]
        address = f"/api/v2/dags/pump_intake/dagRuns/{run}/taskInstances/process/links"
        links = api.get(address, params={"map_index": index}).raise_for_status().json()["extra_links"]
        assert list(links) == ["Пакеты на страницах обмена"]
        page = api.get(links["Пакеты на страницах обмена"], follow_redirects=True).raise_for_status()
        names = batch["rendered_map_index"].split(", ")
        assert all(name in page.text for name in names)
        if len(names) == 1:
            assert page.url.path.startswith("/oms/packages/")
        opened += names
    with db.transaction(stand.database_url) as connection:
        expected = connection.execute(text("select name from exchange.package order by name")).scalars().all()
    assert sorted(opened) == list(expected)
    (first,) = [one for one in found if one["task_id"] == "waiting"][:1]
    address = f"/api/v2/dags/pump_intake/dagRuns/{first['dag_run_id']}/taskInstances/waiting/links"
    assert api.get(address).raise_for_status().json()["extra_links"] == {}

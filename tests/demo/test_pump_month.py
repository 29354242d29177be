"""A month closed through real Airflow: control of a day, rejection and approval by persons, files delivered, replay."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import closing
from datetime import UTC, date, datetime

import httpx
import pytest

from pipelines.demo.airflow_api import AirflowApi
from pipelines.demo.config import USERS, Stand
from pipelines.demo.month import DAG, Delivered, compared
from pipelines.demo.run import month_before
from pipelines.demo.send import Senders
from pipelines.demo.stand import running
from pipelines.demo.watch import Track
from pipelines.erz import load_persons
from pipelines.exchange.model import Result
from pipelines.ground import database as db
from pipelines.ground.sql import statement
from pipelines.ground.store import digest
from pipelines.orchestration.month import APPROVE, REJECT
from pipelines.pump.closing import freeze
from pipelines.synthetic.insured import insured_of
from pipelines.synthetic.packages import package
from pipelines.synthetic.registers import generate_register
from pipelines.synthetic.traffic import Shipment
from tests.demo.test_rule_impact import client
from tests.demo.test_stand import environment  # noqa: F401
from tests.exchange.world import REGION

pytestmark = [pytest.mark.airflow, pytest.mark.timeout(1500)]

SENT = (("980001", "98001", 60), ("980003", "98002", 40))
"""Organisation, payer, cases."""
LOGINS = ("mo980001", "mo980003", "smo98001", "smo98002")


def until(told: Callable[[], object], condition: Callable[[], bool], seconds: float = 420) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, told()
        time.sleep(0.5)


def send(stand: Stand, senders: Senders, month: date) -> None:
    """Send the month's registers and wait for their answers."""
    registers = [generate_register(REGION, mo, payer, month, cases, 1) for mo, payer, cases in SENT]
    with db.transaction(stand.database_url) as connection:
        load_persons(connection, insured_of(REGION, registers, 1).persons)
    for register in registers:
        shipment = Shipment("", register.organisation, "sftp", *package(register), Result.ACCEPTED)
        senders.send(Track(shipment, senders.address(shipment)))

    def answered() -> list[tuple[str, str]]:
        with db.transaction(stand.database_url) as connection:
            return [tuple(row) for row in connection.exec_driver_sql("select state, result from exchange.package")]

    until(answered, lambda: answered() == [("ANSWERED", "ACCEPTED")] * len(SENT))


def logged_in(stand: Stand, user: str) -> AirflowApi:
    api = AirflowApi(stand.url, user, USERS[user])
    api.log_in()
    return api


def state(api: AirflowApi, run: str, task: str, dag: str = DAG) -> str | None:
    states = {one.id: one.state for one in api.tasks(dag, run)}
    assert "failed" not in states.values(), states
    return states.get(task)


def came(api: AirflowApi, run: str, task: str, wanted: str, dag: str = DAG) -> None:
    until(lambda: api.tasks(dag, run), lambda: state(api, run, task, dag) == wanted)


def asked(api: AirflowApi, month: date) -> str:
    """A run that waits for its answer."""
    run = api.trigger(DAG, {"period": f"{month:%Y-%m}"})
    came(api, run, "decision", "awaiting_input")
    time.sleep(3)  # a script may be quicker than the scheduler notices that the task has parked
    return run


def month_files(stand: Stand, closing_id: int) -> Sequence[tuple[str, str, str]]:
    """Address, name, digest of what a closing sends to those who take part here; norms pay for others too."""
    with db.transaction(stand.database_url) as connection:
        rows = connection.execute(statement("demo/month_files"), {"closing": closing_id}).all()
    return [(row.address, row.name, row.sha256) for row in rows if row.address in LOGINS]


def out(senders: Senders) -> dict[tuple[str, str], bytes]:
    return {(login, name): read() for login in LOGINS for name, read in senders.delivered("sftp", login).items()}


def names(senders: Senders) -> set[tuple[str, str]]:
    return {(login, name) for login in LOGINS for name in senders.delivered("sftp", login)}


def test_a_month_is_closed_in_airflow(environment):  # noqa: F811
    stand = Stand.from_environment()
    month = month_before(datetime.now(UTC).date())
    with running(stand, lambda told: None) as up, closing(Senders(stand, up.sftp_host_key)) as senders:
        send(stand, senders, month)
        operator, auditor = logged_in(stand, "oper"), logged_in(stand, "audit")

        day = operator.trigger("pump_daily", {})
        came(operator, day, "control", "success", "pump_daily")
        until(lambda: names(senders), lambda: len({one for one in names(senders) if one[1].startswith("PRE_")}) >= 4)
        early = {(login, name) for login, name in names(senders) if name.startswith("PRE_")}
        assert {login for login, _ in early} >= {"mo980001", "mo980003", "smo98001", "smo98002"}

        rejected = asked(operator, month)
        question = operator.question(DAG, rejected, "decision")
        assert "| Плательщик | Начислено | Удержано | К оплате | Переходит |\n|---|---:|---:|---:|---:|" in question
        (letter,) = [one for one in senders.to_operators() if str(one["Subject"]).startswith("Ждёт решения")]
        assert letter["Subject"] == "Ждёт решения: ПУМП: закрытие месяца"
        told = letter.get_body(("plain",)).get_content().replace("\r\n", "\n")
        assert question in told
        assert f"{stand.url}/dags/{DAG}/runs/" in told
        with db.transaction(stand.database_url) as connection:
            number = freeze.of_period(connection, month).id
        assert f"/oms/months/{number})" in question
        assert link(stand, rejected, "pack") == {"Закрытие на страницах обмена": f"/oms/months/{number}"}
        with pytest.raises(httpx.HTTPStatusError) as refused:
            auditor.answer(DAG, rejected, "decision", APPROVE, {"reason": "я тоже могу"})
        assert refused.value.response.status_code == 403
        operator.answer(DAG, rejected, "decision", REJECT, {"reason": "нет акта сверки"})
        came(operator, rejected, "decide", "skipped")
        with db.transaction(stand.database_url) as connection:
            assert freeze.of_period(connection, month) is None
        assert names(senders) & {(login, name) for login in LOGINS for name in packed(stand)} == set()

        approved = asked(operator, month)
        operator.answer(DAG, approved, "decision", APPROVE, {"reason": "приказ 12"})
        came(operator, approved, "send", "success")
        with db.transaction(stand.database_url) as connection:
            found = freeze.of_period(connection, month)
            assert found is not None
            lines = connection.execute(statement("demo/month_lines"), {"closing": found.id}).all()
        expected = month_files(stand, found.id)
        assert {address for address, *_ in expected} >= {"mo980001", "mo980003", "smo98001", "smo98002"}
        until(lambda: names(senders), lambda: {(address, name) for address, name, _ in expected} <= names(senders))
        there = out(senders)
        assert {(address, name): digest(there[address, name]) for address, name, _ in expected} == {
            (address, name): sha256 for address, name, sha256 in expected
        }
        files = [Delivered("", "sftp", address, name, there[address, name]) for address, name, _ in expected]
        assert compared(files, lines) == []
        assert compared(files[1:], lines) != []

        again = operator.trigger(DAG, {"period": f"{month:%Y-%m}"})
        came(operator, again, "replay", "success")
        assert "пересчёт совпал" in said(stand, again)
        until(lambda: operator.tasks(DAG, again), lambda: operator.run_state(DAG, again) == "success")
        assert state(operator, again, "decision") == "skipped"
        assert names(senders) == set(there)

        with db.transaction(stand.database_url) as connection:
            events = connection.exec_driver_sql(
                "select name, actor, details ->> 'reason' from exchange.event "
                "where name in ('MONTH_REJECTED', 'MONTH_APPROVED') order by seq"
            ).all()
        assert [tuple(event) for event in events] == [
            ("MONTH_REJECTED", "oper", "нет акта сверки"),
            ("MONTH_APPROVED", "oper", "приказ 12"),
        ]
        db.engine(stand.database_url).dispose()


def link(stand: Stand, run: str, task: str) -> object:
    """Links of a task of a run."""
    with closing(client(stand, "oper")) as api:
        return (
            api.get(f"/api/v2/dags/{DAG}/dagRuns/{run}/taskInstances/{task}/links").raise_for_status().json()["extra_links"]
        )


def said(stand: Stand, run: str) -> str:
    """What the replay of a run returned."""
    path = f"/api/v2/dags/{DAG}/dagRuns/{run}/taskInstances/replay/xcomEntries/return_value"
    with closing(client(stand, "oper")) as api:
        return str(api.get(path).raise_for_status().json()["value"])


def packed(stand: Stand) -> Sequence[str]:
    """Names of the files of the closings of months so far."""
    query = "select name from pump.document join pump.closing on id = closing where pump.closing.kind = 'month'"
    with db.transaction(stand.database_url) as connection:
        found = connection.exec_driver_sql(query).scalars().all()
    assert found
    return found

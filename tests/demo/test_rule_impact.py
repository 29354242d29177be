"""A change of the rules through real Airflow: replay, the answer of a person by the API, the rule switched in their name."""

from __future__ import annotations

import time
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from pipelines.checks import rulebook
from pipelines.demo.config import USERS, Stand
from pipelines.demo.run import month_before
from pipelines.demo.stand import running
from pipelines.exchange.channels.folder import FolderChannel
from pipelines.ground import database as db
from pipelines.synthetic.packages import package
from pipelines.synthetic.registers import generate_register
from pipelines.systems import open_exchange
from tests.demo.test_stand import environment  # noqa: F401
from tests.exchange.world import REGION

pytestmark = [pytest.mark.airflow, pytest.mark.timeout(1500)]

RULE = "001F.00.0270"
RUNS = "/api/v2/dags/rule_impact/dagRuns"


def process_a_register(stand: Stand, folder: Path, month: date) -> None:
    register = generate_register(REGION, "980001", "98001", month, 50, 5, {"profil": 0.1})
    name, content = package(register)
    (folder / "mo980001" / "in").mkdir(parents=True)
    (folder / "mo980001" / "in" / name).write_bytes(content)
    exchange = open_exchange(stand.settings, {"folder": FolderChannel("folder", folder, ["mo980001"])})
    exchange.look()
    time.sleep(1.05)
    exchange.receive()
    (waiting,) = exchange.pending("pump") or [None]
    if waiting is not None:  # the stand's own reception may have been quicker
        exchange.process(waiting)


def client(stand: Stand, user: str) -> httpx.Client:
    found = httpx.Client(base_url=stand.url, timeout=30.0)
    token = found.post("/auth/token", json={"username": user, "password": USERS[user]}).raise_for_status().json()
    found.headers["Authorization"] = f"Bearer {token['access_token']}"
    return found


def states(api: httpx.Client, run: str) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for task in api.get(f"{RUNS}/{run}/taskInstances").raise_for_status().json()["task_instances"]:
        found.setdefault(task["task_id"], set()).add(task["state"])
    return found


def until(api: httpx.Client, run: str, task: str, state: str) -> None:
    deadline = time.monotonic() + 420
    while (now := states(api, run)).get(task) != {state}:
        assert time.monotonic() < deadline, now
        assert "failed" not in set().union(*now.values()), now
        time.sleep(0.5)


def asked(api: httpx.Client, month: date, action: str) -> tuple[str, dict[str, Any]]:
    """Trigger the DAG and wait for its question."""
    conf = {"action": action, "rule": RULE, "since": f"{month:%Y-%m-%d}", "months": 2}
    run = api.post(RUNS, json={"logical_date": None, "conf": conf}).raise_for_status().json()["dag_run_id"]
    until(api, run, "decision", "awaiting_input")
    time.sleep(3)  # a script may be quicker than the scheduler notices that the task has parked
    detail = api.get(f"{RUNS}/{run}/taskInstances/decision/-1/hitlDetails").raise_for_status().json()
    return run, detail


def answer(api: httpx.Client, run: str, option: str, reason: str) -> httpx.Response:
    body = {"chosen_options": [option], "params_input": {"reason": reason}}
    return api.patch(f"{RUNS}/{run}/taskInstances/decision/-1/hitlDetails", json=body)


def unexplained(api: httpx.Client, run: str) -> None:
    """An answer without a reason does nothing; «Clear» asks the question again."""
    answer(api, run, "Ввести в действие", " ").raise_for_status()
    deadline = time.monotonic() + 420
    while states(api, run)["decide"] != {"failed"}:
        assert time.monotonic() < deadline, states(api, run)
        time.sleep(0.5)
    cleared = {
        "dry_run": False,
        "dag_run_id": run,
        "task_ids": ["decision"],
        "include_downstream": True,
        "only_failed": False,
    }
    api.post("/api/v2/dags/rule_impact/clearTaskInstances", json=cleared).raise_for_status()
    until(api, run, "decision", "awaiting_input")
    time.sleep(3)


def test_a_person_decides_in_airflow(environment, tmp_path):  # noqa: F811
    stand = Stand.from_environment()
    month = month_before(datetime.now(UTC).date())
    with running(stand, lambda told: None):
        process_a_register(stand, tmp_path, month)
        operator, auditor = client(stand, "oper"), client(stand, "audit")

        run, question = asked(operator, month, "off")
        assert question["options"] == ["Ввести в действие", "Отклонить"]
        assert "| **Будет принято** | 5 | " in question["body"]
        assert answer(auditor, run, "Ввести в действие", "приказ 5").status_code == 403
        unexplained(operator, run)
        answer(operator, run, "Отклонить", "слишком много").raise_for_status()
        until(operator, run, "decide", "skipped")

        run, _ = asked(operator, month, "warning")
        answer(operator, run, "Ввести в действие", "приказ 5").raise_for_status()
        until(operator, run, "decide", "success")

        with db.transaction(stand.database_url) as connection:
            switches = [switch for switch in rulebook.switches(connection) if switch.rule == RULE]
            assert [(switch.severity, switch.since) for switch in switches] == [("warning", month)]
            events = connection.exec_driver_sql(
                "select name, actor, details ->> 'reason' as reason from exchange.event "
                "where name in ('RULE_IMPACT_APPROVED', 'RULE_IMPACT_REJECTED') order by seq"
            ).all()
        assert [tuple(event) for event in events] == [
            ("RULE_IMPACT_REJECTED", "oper", "слишком много"),
            ("RULE_IMPACT_APPROVED", "oper", "приказ 5"),
        ]
        db.engine(stand.database_url).dispose()
    assert len(list((stand.var / "journal").rglob("impact_*"))) == 4

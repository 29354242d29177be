"""Integrity of the DAGs. The list below is the catalogue: a file that is added or lost fails here."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from datetime import timedelta

import pytest

from pipelines.ground.settings import ROOT

DAGS = {
    "receive": ("обмен", "по событию"),
    "pump_intake": ("ПУМП", "по событию"),
    "erz_changes": ("ЕРЗ", "по событию"),
    "nsi_update": ("НСИ", "по событию"),
    "deliver": ("обмен", "по событию"),
    "journal_daily": ("обмен", "ежедневно"),
    "flk_documents": ("обмен", "ежедневно"),
    "housekeeping": ("обмен", "ежедневно"),
    "rule_impact": ("правила", "вручную"),
    "pump_month": ("ПУМП", "ежемесячно"),
    "pump_daily": ("ПУМП", "ежедневно"),
    "calendar_daily": ("ПУМП", "ежедневно"),
}
"""DAG (and file) -> its system and cadence."""
HEAVY = ("pandas", "pyarrow", "numpy", "numba", "great_expectations", "lxml", "paramiko", "pipelines.exchange.service")


def test_every_file_is_read_and_gives_one_dag(dagbag):
    assert dagbag.import_errors == {}
    assert {path.stem for path in (ROOT / "dags").glob("*.py")} == set(DAGS)
    assert set(dagbag.dags) == set(DAGS)
    assert all(ROOT / "dags" / f"{name}.py" == ROOT / dag.fileloc for name, dag in dagbag.dags.items())
    assert len(dagbag.dags) == 12


@pytest.mark.parametrize("name", DAGS)
def test_operators_find_what_they_need(dagbag, name):
    dag = dagbag.dags[name]
    assert dag.doc_md, "the operator's manual"
    assert dag.doc_md.startswith("### ")
    for part in ("Если", "Повторный запуск безопасен"):
        assert part in dag.doc_md
    assert set(DAGS[name]) == set(dag.tags)
    assert dag.dag_display_name != name
    assert dag.is_paused_upon_creation is False
    assert dag.max_active_runs == 1 or name in ("rule_impact", "pump_month")  # which wait for people
    assert dag.catchup is False


@pytest.mark.parametrize("name", DAGS)
def test_tasks_retry_and_end(dagbag, name):
    tasks = dagbag.dags[name].tasks
    assert tasks
    for task in tasks:
        assert task.retries >= 2
        assert task.retry_exponential_backoff >= 2
        assert task.max_retry_delay <= timedelta(minutes=10)
        assert timedelta() < task.execution_timeout <= timedelta(hours=2)
        assert task.task_display_name != task.task_id
        assert not getattr(task, "multiple_outputs", False), "results are one value, not an XCom for each key"


@pytest.mark.parametrize(
    ("name", "task_id", "pool"),
    [
        ("receive", "claim", "oms_channel"),
        ("deliver", "send", "oms_channel"),
        ("pump_intake", "process", "oms_intake"),
        ("erz_changes", "process", "oms_intake"),
        ("rule_impact", "replay", "oms_impact"),
        ("nsi_update", "process", "oms_intake"),
        ("pump_month", "control", "oms_month"),
        ("pump_daily", "control", "oms_month"),
    ],
)
def test_work_outside_is_bounded_by_pools(dagbag, name, task_id, pool):
    from pipelines.orchestration.policy import POOLS

    assert dagbag.dags[name].get_task(task_id).pool == pool
    assert pool in POOLS


def test_everything_consumed_is_produced(dagbag):
    from airflow.sdk import Asset, AssetAlias

    from pipelines.orchestration import assets
    from pipelines.orchestration.watcher import INBOX, InboxTrigger

    consumed: dict[str, set[str]] = {}
    produced: set[str] = set()
    for name, dag in dagbag.dags.items():
        condition = getattr(dag.timetable, "asset_condition", None)
        consumed[name] = {asset.uri for asset in condition.objects} if condition else set()
        for task in dag.tasks:
            for outlet in task.outlets:
                if isinstance(outlet, Asset):
                    produced.add(outlet.uri)
                elif outlet == assets.ANNOUNCED:
                    produced |= {assets.received(subsystem).uri for subsystem in assets.SUBSYSTEMS}
                else:
                    assert not isinstance(outlet, AssetAlias)
    watched = {INBOX.uri}
    assert isinstance(INBOX.watchers[0].trigger, InboxTrigger)
    assert set().union(*consumed.values()) <= produced | watched
    assert consumed == {
        "receive": {"oms://exchange/inbox"},
        "pump_intake": {"oms://exchange/received/pump"},
        "erz_changes": {"oms://exchange/received/erz"},
        "nsi_update": {"oms://exchange/received/nsi"},
        "deliver": {"oms://exchange/answered"},
        "journal_daily": set(),
        "flk_documents": set(),
        "housekeeping": set(),
        "rule_impact": set(),
        "pump_month": set(),
        "pump_daily": set(),
        "calendar_daily": set(),
    }
    assert {assets.received(subsystem).uri for subsystem in assets.SUBSYSTEMS} <= set().union(*consumed.values())


def test_a_change_of_rules_waits_for_a_person_before_it_holds(dagbag):
    from airflow.providers.standard.operators.hitl import HITLOperator

    dag = dagbag.dags["rule_impact"]
    assert dag.schedule is None
    decision = dag.get_task("decision")
    assert isinstance(decision, HITLOperator)
    assert decision.options == ["Ввести в действие", "Отклонить"]
    assert decision.defaults == ["Отклонить"]
    assert decision.response_timeout == timedelta(days=14)
    assert list(decision.params) == ["reason"]
    assert dag.get_task("decide").upstream_task_ids == {"report", "decision"}
    assert decision.upstream_task_ids == {"report"}
    assert dag.get_task("report").upstream_task_ids == {"plan", "replay"}
    assert dag.get_task("replay").is_mapped
    assert dag.max_active_runs > 1


def test_events_have_a_safety_net_in_time(dagbag):
    from airflow.sdk import AssetOrTimeSchedule

    for name in ("receive", "deliver"):
        timetable = dagbag.dags[name].timetable
        assert isinstance(timetable, AssetOrTimeSchedule)
        assert timetable.timetable.expression.startswith("*/")


def test_parsing_loads_nothing_heavy_and_is_quick():
    """In a process of its own, since this one has everything loaded."""
    program = """
import importlib.util, json, sys, time
import airflow.sdk, airflow.triggers.base, airflow.exceptions
before = set(sys.modules)
took = {}
for path in sys.argv[1:]:
    started = time.perf_counter()
    spec = importlib.util.spec_from_file_location("dag_under_test", path)
    spec.loader.exec_module(importlib.util.module_from_spec(spec))
    took[path.rsplit("/", 1)[1]] = time.perf_counter() - started
print(json.dumps({"took": took, "loaded": sorted(set(sys.modules) - before)}))
"""
    files = sorted(map(str, (ROOT / "dags").glob("*.py")))
    assert len(files) == len(DAGS)
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    started = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-c", program, *files], env=environment, capture_output=True, text=True, check=True, timeout=120
    )
    answer = json.loads(done.stdout.splitlines()[-1])
    print(f"\nразбор DAG: {sum(answer['took'].values()):.3f} с всего, процесс {time.perf_counter() - started:.1f} с")
    for name, seconds in answer["took"].items():
        print(f"  {name}: {seconds:.3f} с")
    assert not set(HEAVY) & set(answer["loaded"])
    assert sum(answer["took"].values()) < 5.0


LINKS = {
    "receive": {"claim": "Пакеты на страницах обмена"},
    "pump_intake": {"process": "Пакеты на страницах обмена"},
    "erz_changes": {"process": "Пакеты на страницах обмена"},
    "nsi_update": {"process": "Пакеты на страницах обмена"},
    "pump_month": dict.fromkeys(
        ("freeze", "way", "gather", "control", "settle", "pack", "decision", "decide", "send", "replay"),
        "Закрытие на страницах обмена",
    ),
    "rule_impact": dict.fromkeys(("plan", "report", "decision", "decide"), "Правило на страницах обмена"),
}


@pytest.mark.parametrize("name", DAGS)
def test_tasks_lead_to_the_pages_of_the_exchange(dagbag, name):
    """As the API server sees them: the DAG serialized and read again, with the plugin's links."""
    from airflow.serialization.serialized_objects import DagSerialization

    dag = DagSerialization.from_dict(DagSerialization.to_dict(dagbag.dags[name]))
    found = {task.task_id: task.extra_links for task in dag.tasks if task.extra_links}
    assert found == {task_id: [title] for task_id, title in LINKS.get(name, {}).items()}

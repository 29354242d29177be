"""Integrity of the DAGs. The list below is the catalogue: a file that is added or lost fails here."""

from __future__ import annotations

import json
import os
import re
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
SYSTEMS = ("обмен", "ПУМП", "ЕРЗ", "НСИ", "правила")
CADENCES = ("по событию", "ежедневно", "ежемесячно", "вручную")
RUSSIAN = re.compile("[А-Яа-яЁё]{3}")
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
    title, what = dag.doc_md.split("\n\n")[:2]
    assert title.startswith("### ")
    assert RUSSIAN.search(title)
    assert len(what) > 60, "what it does, and when"
    assert re.search(r"^\*\*Если (задача|пачка) красная\.\*\* ", dag.doc_md, re.MULTILINE)
    assert re.search(r"^\*\*Повторный запуск безопасен\*\*", dag.doc_md, re.MULTILINE)
    system, cadence = DAGS[name]
    assert system in SYSTEMS
    assert cadence in CADENCES
    assert dag.tags == {system, cadence}
    assert RUSSIAN.search(dag.dag_display_name)
    assert dag.owner == "Отдел информационного обмена"
    assert dag.is_paused_upon_creation is False
    assert dag.max_active_runs == 1 or name in ("rule_impact", "pump_month")  # which wait for people
    assert dag.catchup is False
    for title in (param.schema.get("title") for _, param in dag.params.items()):
        assert RUSSIAN.search(title), "params are a form"


@pytest.mark.parametrize("name", DAGS)
def test_the_schedule_is_what_the_cadence_says(dagbag, name):
    from airflow.sdk import CronTriggerTimetable

    dag, cadence = dagbag.dags[name], DAGS[name][1]
    if cadence == "по событию":
        assert dag.timetable.asset_condition
    elif cadence == "ежедневно":
        expression = dag.timetable.expression if isinstance(dag.timetable, CronTriggerTimetable) else dag.schedule
        assert re.fullmatch(r"\d+ \d+ \* \* \*", expression)
    else:
        assert dag.schedule is None


@pytest.mark.parametrize("name", DAGS)
def test_operators_are_told_when_a_task_has_failed_for_good(dagbag, name):
    from pipelines.orchestration.notifiers import FailedTask

    for task in dagbag.dags[name].tasks:
        told = task.partial_kwargs["on_failure_callback"] if task.is_mapped else task.on_failure_callback
        assert [type(one) for one in (told if isinstance(told, list) else [told])] == [FailedTask], task.task_id
        assert not (task.partial_kwargs.get("on_retry_callback") if task.is_mapped else task.on_retry_callback)


@pytest.mark.parametrize("name", DAGS)
def test_tasks_retry_and_end(dagbag, name):
    tasks = dagbag.dags[name].tasks
    assert tasks
    for task in tasks:
        assert task.retries >= 2
        assert task.retry_exponential_backoff >= 2
        assert task.max_retry_delay <= timedelta(minutes=10)
        assert timedelta() < task.execution_timeout <= timedelta(hours=2)
        assert RUSSIAN.search(task.task_display_name)
        assert bool(task.is_mapped) == bool(task.map_index_template), "a row of the grid says what it is about"
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


def test_the_graph_of_assets_tells_the_way_of_a_package(dagbag):
    """What leads where: an asset to the DAGs that it starts or that read it, a DAG to what it makes."""
    from airflow.sdk import AssetAlias

    from pipelines.orchestration import assets
    from pipelines.orchestration.watcher import INBOX

    announced = [assets.ANSWERED, *map(assets.received, assets.SUBSYSTEMS)]
    edges: dict[str, set[str]] = {}
    known = {INBOX.uri: INBOX}
    for name, dag in dagbag.dags.items():
        condition = getattr(dag.timetable, "asset_condition", None)
        incoming = [*condition.objects] if condition else []
        outgoing = []
        for task in dag.tasks:
            incoming += task.inlets
            for outlet in task.outlets:
                outgoing += announced if isinstance(outlet, AssetAlias) else [outlet]
        for asset in incoming:
            edges.setdefault(asset.uri, set()).add(name)
        edges[name] = {asset.uri for asset in outgoing}
        known |= {asset.uri: asset for asset in (*incoming, *outgoing)}
    assert {uri: asset.name for uri, asset in known.items()} == {
        "oms://exchange/inbox": "Входящие пакеты",
        "oms://exchange/received/pump": "Принятые пакеты: ПУМП",
        "oms://exchange/received/erz": "Принятые пакеты: ЕРЗ",
        "oms://exchange/received/nsi": "Принятые пакеты: НСИ",
        "oms://exchange/checked/pump": "Проверенные пакеты: ПУМП",
        "oms://exchange/checked/erz": "Проверенные пакеты: ЕРЗ",
        "oms://exchange/checked/nsi": "Проверенные пакеты: НСИ",
        "oms://exchange/answered": "Ответы готовы",
        "oms://exchange/delivered": "Ответы доставлены",
        "oms://exchange/journal": "Журнал за день",
        "oms://pump/month": "Месяц закрыт",
    }
    assert {asset.group for asset in (*known.values(), assets.ANNOUNCED)} == {"Обмен"}
    reached, left = set(), [INBOX.uri]
    while left:
        if (place := left.pop()) not in reached:
            reached.add(place)
            left += edges.get(place, ())
    assert reached >= set(known)
    assert reached - set(known) == {
        *("receive", "pump_intake", "erz_changes", "nsi_update", "deliver", "journal_daily", "pump_daily", "pump_month")
    }


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

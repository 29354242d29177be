"""Metrics: every name and label that the dashboard and the alerts ask for is really emitted."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
import tempfile
import threading
import time
from datetime import date
from pathlib import Path

import httpx
import pytest
import yaml

from pipelines.exchange.metrics import Metric, openmetrics, server
from pipelines.exchange.totals import close_days
from pipelines.ground import database as db
from pipelines.ground.settings import ROOT, Settings
from pipelines.synthetic.packages import package
from pipelines.systems import metrics
from tests.exchange.world import World
from tests.pump.closing.closed import NOW, PERIOD, closed, received, registers_of

FOLDER = ROOT / "include" / "metrics"
PANELS = json.loads((FOLDER / "dashboard.json").read_text(encoding="utf-8"))["panels"]
ASKED = [target["expr"] for panel in PANELS for target in panel["targets"]]
ASKED += [rule["expr"] for group in yaml.safe_load((FOLDER / "alerts.yml").read_text())["groups"] for rule in group["rules"]]
LABELS = re.compile(r"by \(([a-z, ]+)\)|\{([a-z]+)=")
Found = dict[str, set[str]]
"""Names of series with the labels they have."""


@pytest.fixture(scope="module")
def world(module_database: str, tmp_path_factory: pytest.TempPathFactory) -> World:
    """A closed month, an answer that does not get out, a package that failed and one that waits."""
    root = tmp_path_factory.mktemp("metrics")
    (register,) = registers_of(PERIOD, 5, (("H", "980007", "98002", 40),))
    world = received(module_database, root, [register])
    closed(world)
    world.clock = lambda: NOW  # a day that stays open among closed ones
    world.drop("980001", "HM980001S98001_26081.zip", b"no archive")
    world.receive(world.exchange())
    world.drop("980003", "HM980003S98001_26081.zip", package(register)[1])
    world.receive(world.exchange())
    with db.transaction(module_database) as connection:
        connection.exec_driver_sql("update exchange.package set state = 'FAILED' where sender = '980001'")
        connection.exec_driver_sql(
            "insert into exchange.outgoing (package, channel, address, name, sha256, size, subject, body,"
            " created_at, attempts, due_at) select min(id), 'sftp', 'x', 'V.XML', repeat('0', 64), 1, '', '',"
            " now(), 2, now() from exchange.package"
        )
    return world


def settings_of(world: World) -> Settings:
    return world.exchange().settings


def series(text: str) -> Found:
    found: Found = {}
    for line in text.splitlines():
        if not line.startswith("#"):
            name, _, rest = line.partition(" ")[0].partition("{")
            found.setdefault(name, set()).update(re.findall(r'(\w+)="', line if rest else ""))
    return found


def by_name(found: list[Metric]) -> dict[str, dict[tuple[str, ...], float]]:
    return {one.name: {tuple(labels.values()): value for labels, value in one.samples} for one in found}


def test_figures_are_those_of_the_journal(world: World) -> None:
    found = by_name(metrics(settings_of(world)))
    results = world.rows("select kind, result, count(*) n from exchange.package where state = 'ANSWERED' group by 1, 2")
    assert found["oms_packages"] == {(row["kind"], row["result"]): row["n"] for row in results}
    assert found["oms_packages_waiting"] == {("pump", "FAILED"): 1, ("pump", "RECEIVED"): 1}
    assert found["oms_files_failing"][("sftp",)] == 1
    assert found["oms_closings"] == {("month", "DELIVERED"): 1}
    (head,) = world.rows("select max(seq) n from exchange.event")
    assert found["oms_events"] == {(): head["n"]}
    assert found["oms_packages_oldest_seconds"][()] > 0


def test_counters_do_not_fall_when_days_are_closed(world: World) -> None:
    before = by_name(metrics(settings_of(world)))["oms_packages"]
    with db.transaction(world.url) as connection:
        assert close_days(connection, date(2026, 10, 1)) > 20
    assert before
    assert by_name(metrics(settings_of(world)))["oms_packages"] == before


def test_nothing_of_people_or_organisations(world: World) -> None:
    text = openmetrics(metrics(settings_of(world)))
    assert not re.search(r"98000\d|HM98", text)
    assert text.endswith("# EOF\n")


def test_reading_writes_nothing(world: World) -> None:
    before = world.snapshot()
    metrics(settings_of(world))
    assert world.snapshot() == before


def test_what_the_dashboard_asks_of_the_exchange_is_emitted(world: World) -> None:
    with db.transaction(world.url) as connection:  # an answer of this hour
        connection.exec_driver_sql("update exchange.package set received_at = now() - interval '1 minute' where id = 1")
    scraped = server("127.0.0.1", 0, lambda: openmetrics(metrics(settings_of(world))))
    threading.Thread(target=scraped.serve_forever, daemon=True).start()
    try:
        answer = httpx.get(f"http://127.0.0.1:{scraped.server_port}/metrics")
        assert httpx.get(f"http://127.0.0.1:{scraped.server_port}/else").status_code == 404
    finally:
        scraped.shutdown()
        scraped.server_close()
    assert answer.headers["content-type"].startswith("application/openmetrics-text")
    check(series(answer.text), "oms_")


def test_a_database_that_is_away_is_told() -> None:
    def broken() -> str:
        raise OSError

    scraped = server("127.0.0.1", 0, broken)
    threading.Thread(target=scraped.serve_forever, daemon=True).start()
    try:
        assert httpx.get(f"http://127.0.0.1:{scraped.server_port}/metrics").status_code == 503
    finally:
        scraped.shutdown()
        scraped.server_close()


def check(found: Found, prefix: str) -> None:
    """Every series of a prefix that is asked for is there with the labels it is asked by."""
    asked = 0
    for expression in ASKED:
        for name in re.findall(rf"\b{prefix}\w+", expression):
            labels = {label.strip() for groups in LABELS.findall(expression) for part in groups for label in part.split(",")}
            assert name in found, name
            assert labels - {""} <= found[name], expression
            asked += 1
    assert asked >= 3
    legends = {(target["expr"], target["legendFormat"]) for panel in PANELS for target in panel["targets"]}
    for expression, legend in legends:
        for name in re.findall(rf"\b{prefix}\w+", expression):
            assert set(re.findall(r"\{\{(\w+)\}\}", legend)) <= found[name], (expression, legend)


def test_what_the_dashboard_asks_of_airflow_is_emitted() -> None:
    """A real scheduler, its StatsD switched on by the environment alone."""
    home = Path(tempfile.mkdtemp(prefix="oms-statsd-"))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listener:
        listener.bind(("127.0.0.1", 0))
        listener.settimeout(1)
        variables = os.environ | {
            "AIRFLOW_HOME": str(ROOT), "AIRFLOW_CONFIG": str(ROOT / "airflow.cfg"), "OMS_VAR": str(home),
            "PYTHONPATH": str(ROOT), "AIRFLOW__CORE__FERNET_KEY": "",
            "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{home}/airflow.db",
            "AIRFLOW__API_AUTH__JWT_SECRET": "jwt-secret-of-the-tests-long-enough-to-sign",
            "AIRFLOW__METRICS__STATSD_ON": "True", "AIRFLOW__METRICS__STATSD_HOST": "127.0.0.1",
            "AIRFLOW__METRICS__STATSD_PORT": str(listener.getsockname()[1]),
            "AIRFLOW__SCHEDULER__POOL_METRICS_INTERVAL": "1",
        }  # fmt: skip
        airflow = [sys.executable, "-m", "airflow"]
        subprocess.run([*airflow, "db", "migrate"], env=variables, check=True, capture_output=True, timeout=240)
        with (
            (home / "scheduler.log").open("wb") as told,
            subprocess.Popen([*airflow, "scheduler"], env=variables, stdout=told, stderr=told) as scheduler,
        ):
            wanted = {name for expression in ASKED for name in re.findall(r"\bairflow_\w+", expression)}
            found: Found = {}
            deadline = time.monotonic() + 400
            while not wanted <= found.keys() and time.monotonic() < deadline and scheduler.poll() is None:
                try:
                    packet = listener.recv(65_536).decode()
                except TimeoutError:
                    continue
                for line in packet.splitlines():
                    name, labels = mapped(line.partition(":")[0])
                    found.setdefault(name, set()).update(labels)
            scheduler.terminate()
    check(found, "airflow_")


def mapped(name: str) -> tuple[str, set[str]]:
    """Name and labels that statsd_exporter gives a StatsD name by the mapping."""
    for one in yaml.safe_load((FOLDER / "statsd.yml").read_text(encoding="utf-8"))["mappings"]:
        if re.fullmatch(re.escape(one["match"]).replace(r"\*", "[^.]+"), name):
            return one["name"], set(one["labels"])
    return re.sub(r"[^a-zA-Z0-9_]", "_", name), set()


def test_off_by_default() -> None:
    config = (ROOT / "airflow.cfg").read_text(encoding="utf-8")
    assert re.search(r"(?m)^statsd_on = False$", config)

"""The stand: its processes, its ports, and that nothing stays behind."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil
import pytest

from pipelines.demo.children import ChildDiedError, Children, alive_stand, clear_up
from pipelines.demo.config import PORTS, Stand
from pipelines.demo.servers.ports import free_port
from pipelines.ground.settings import ROOT

FAMILY = """
import os, subprocess, sys, time
subprocess.Popen([sys.executable, "-c", "import os, time; os.setpgid(0, 0); time.sleep(300)"])
print("started", flush=True)
time.sleep(300)
"""
"""A process with a child in a process group of its own, as Airflow's workers start their tasks."""


def start_family(folder: Path) -> Children:
    children = Children(folder / "stand.json", os.environ, folder)
    child = children.start("family", [sys.executable, "-c", FAMILY], folder / "family.log")
    wait_until(lambda: len(living(child.session)) == 2 and "started" in child.log.read_text())
    return children


def living(session: int) -> list[int]:
    found = []
    for process in psutil.process_iter():
        try:
            if os.getsid(process.pid) == session and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process.pid)
        except (psutil.NoSuchProcess, ProcessLookupError):
            continue
    return found


def wait_until(condition, seconds: float = 120.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.05)


@pytest.fixture
def environment(monkeypatch):
    """Variables of a stand of its own: folder and ports."""
    place = Path(tempfile.mkdtemp(prefix="oms-test-stand-"))  # other sessions of pytest close pytest's own folder
    place.chmod(0o755)  # PostgreSQL runs under another account when tests run as root
    folder = place / "var"
    variables = {"OMS_VAR": str(folder)} | {f"OMS_PORT_{name.upper()}": str(free_port()) for name in PORTS}
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("OMS_DATABASE_URL", raising=False)
    yield os.environ | {"PYTHONPATH": str(ROOT)}
    shutil.rmtree(place, ignore_errors=True)


def test_stopping_leaves_nothing_of_a_family(tmp_path):
    children = start_family(tmp_path)
    session = children.running[0].session
    children.stop()
    assert living(session) == []
    assert not (tmp_path / "stand.json").exists()


def test_what_a_killed_stand_left_is_cleared_up(tmp_path):
    program = f"""
import sys; sys.path.insert(0, {str(ROOT)!r})
from pathlib import Path
from tests.demo.test_stand import start_family
print(start_family(Path({str(tmp_path)!r})).running[0].session, flush=True)
import time; time.sleep(300)
"""
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True, cwd=ROOT) as stand:
        session = int(stand.stdout.readline())
        assert alive_stand(tmp_path / "stand.json") == stand.pid
        stand.kill()
        stand.wait()
    assert alive_stand(tmp_path / "stand.json") is None
    assert len(living(session)) == 2
    assert clear_up(tmp_path / "stand.json") == 2
    assert living(session) == []


def test_other_processes_with_a_recycled_id_are_left_alone(tmp_path):
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(300)"], start_new_session=True) as stranger:
        record = tmp_path / "stand.json"
        record.write_text(json.dumps({"stand": [2**22 - 1, 1.0], "sessions": [[stranger.pid, 12345.0]]}))
        assert clear_up(record) == 0
        assert stranger.poll() is None
        stranger.kill()


def test_a_process_that_ends_is_noticed(tmp_path):
    children = Children(tmp_path / "stand.json", os.environ, tmp_path)
    children.start("служба", [sys.executable, "-c", "raise SystemExit(3)"], tmp_path / "log" / "service.log")
    with pytest.raises(ChildDiedError, match=r"служба: процесс завершился \(код 3\), см\. .*service\.log"):
        wait_until(children.check)
    children.stop()


def test_secrets_are_made_once_and_kept_private(environment):
    first, second = Stand.from_environment(), Stand.from_environment()
    assert first.secrets == second.secrets
    path = first.var / "secrets.json"
    assert path.stat().st_mode & 0o077 == 0
    assert len(set(first.secrets.values())) == len(first.secrets)
    assert min(map(len, first.secrets.values())) >= 24
    assert not any(secret in (ROOT / "airflow.cfg").read_text() for secret in first.secrets.values())


def test_an_external_database_is_used_with_airflow_beside(environment, monkeypatch):
    monkeypatch.setenv("OMS_DATABASE_URL", "postgresql://u:p@db.example:5433/exchange")
    stand = Stand.from_environment()
    assert stand.settings.database_url == "postgresql://u:p@db.example:5433/exchange"
    assert stand.metadata_url == "postgresql://u:p@db.example:5433/exchange_airflow"


@pytest.mark.parametrize("name", PORTS)
def test_a_busy_port_is_told_before_anything_is_started(environment, name):
    port = int(environment[f"OMS_PORT_{name.upper()}"])
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", port))
        holder.listen()
        done = subprocess.run(
            [sys.executable, "-m", "pipelines.demo", "run", "--once"],
            env=environment,
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=180,
            check=False,
        )
    assert done.returncode == 2
    told = " ".join(done.stdout.split())
    assert f"Порт {port}" in told
    assert f"OMS_PORT_{name.upper()}" in told
    folder = Path(environment["OMS_VAR"])
    assert not (folder / "log").exists()
    assert not (folder / "postgres").exists()

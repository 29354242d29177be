"""A whole stand with real processes, started twice over one folder."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import httpx
import psutil
import pytest

from pipelines.ground.settings import ROOT
from tests.demo.test_stand import environment, wait_until  # noqa: F401

pytestmark = pytest.mark.airflow

PROGRAM = """
import sys, time
from pipelines.demo.config import Stand
from pipelines.demo.stand import running
with running(Stand.from_environment(), lambda told: None) as up:
    print("up", sorted(name for name, paused in up.api.dags().items() if not paused), flush=True)
    time.sleep(600)
"""


def processes_of(folder: Path) -> list[str]:
    """Command lines of all processes whose environment or command names the stand's folder."""
    found = []
    for process in psutil.process_iter():
        try:
            if str(folder) in process.environ().get("OMS_VAR", "") or str(folder) in " ".join(process.cmdline()):
                found.append(" ".join(process.cmdline()))
        except (psutil.NoSuchProcess, psutil.AccessDenied, psutil.ZombieProcess):
            continue
    return found


def bring_up(variables) -> tuple[subprocess.Popen[str], float]:
    started = time.monotonic()
    stand = subprocess.Popen([sys.executable, "-c", PROGRAM], env=variables, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    line = stand.stdout.readline()
    assert line.startswith("up"), line
    names = (
        "deliver",
        "erz_changes",
        "flk_documents",
        "housekeeping",
        "journal_daily",
        "nsi_update",
        "pump_intake",
        "receive",
    )
    for name in names:
        assert name in line
    return stand, time.monotonic() - started


def test_comes_up_twice_and_leaves_no_process(environment):  # noqa: F811
    variables = {name: value for name, value in environment.items() if name not in ("OMS_VAR",)}
    folder = Path(environment["OMS_VAR"])
    variables["OMS_VAR"] = str(folder)
    stand, first = bring_up(variables)
    health = httpx.get(f"http://127.0.0.1:{variables['OMS_PORT_AIRFLOW']}/api/v2/monitor/health").json()
    assert {part["status"] for part in health.values()} == {"healthy"}
    stand.send_signal(signal.SIGINT)
    stand.wait(180)
    wait_until(lambda: not leftovers(folder))

    stand, second = bring_up(variables)
    print(f"\nпервый запуск {first:.1f} с, второй {second:.1f} с")
    stand.kill()  # the worst case: nobody is left to clear up
    stand.wait(180)
    assert leftovers(folder)
    done = subprocess.run(
        [sys.executable, "-m", "pipelines.demo", "stop"],
        env=variables,
        cwd=ROOT,
        check=False,
        timeout=180,
        capture_output=True,
    )
    assert done.returncode == 0, done.stderr
    wait_until(lambda: not leftovers(folder))


def leftovers(folder: Path) -> list[str]:
    return [line for line in processes_of(folder) if str(os.getpid()) not in line and "pytest" not in line]

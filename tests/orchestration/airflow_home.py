"""Airflow for tests: a home of its own with SQLite; import this before anything of Airflow."""

from __future__ import annotations

import atexit
import os
import shutil
import sys
import tempfile
from pathlib import Path

from pipelines.ground.settings import ROOT

if "airflow" in sys.modules:
    raise RuntimeError("airflow was imported before its test home was set")

HOME = Path(tempfile.mkdtemp(prefix="oms-airflow-"))
atexit.register(shutil.rmtree, HOME, ignore_errors=True)
os.environ.update(
    AIRFLOW_HOME=str(ROOT),
    AIRFLOW_CONFIG=str(ROOT / "airflow.cfg"),
    OMS_VAR=str(HOME),
    AIRFLOW__DATABASE__SQL_ALCHEMY_CONN=f"sqlite:///{HOME}/airflow.db",
    AIRFLOW__CORE__FERNET_KEY="",
    AIRFLOW__LOGGING__LOGGING_LEVEL="INFO",
)

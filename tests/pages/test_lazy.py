"""The application that is built at the first request; the plugin that costs nothing where no page is shown."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from pipelines.ground.settings import ROOT
from pipelines.pages.lazy import LazyApplication


def application() -> FastAPI:
    app = FastAPI()
    app.add_api_route("/", lambda: "here", methods=["GET"])
    return app


def test_it_is_built_once() -> None:
    built: list[int] = []

    def build() -> Any:
        built.append(1)
        return application()

    client = TestClient(LazyApplication(build))
    assert built == []
    assert [client.get("/").json() for _ in range(3)] == ["here"] * 3
    assert built == [1]


def test_a_failure_is_not_for_ever() -> None:
    tries: list[int] = []

    def build() -> Any:
        tries.append(1)
        if len(tries) == 1:
            raise RuntimeError("the database is away")
        return application()

    client = TestClient(LazyApplication(build))
    with pytest.raises(RuntimeError):
        client.get("/")
    assert client.get("/").json() == "here"


def test_the_plugin_itself_imports_nothing_heavy() -> None:
    program = (
        "import sys; sys.path.insert(0, 'plugins'); import airflow.plugins_manager;"
        "import airflow.providers.standard.decorators.python; before = set(sys.modules); import oms;"
        "heavy = {'pandas', 'fastapi', 'jinja2', 'pipelines.exchange.notices', 'pipelines.exchange.service'};"
        "print(sorted(heavy & (set(sys.modules) - before)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin", "_AIRFLOW__AS_LIBRARY": "1"},
    )
    assert done.stdout.strip().splitlines()[-1] == "[]"

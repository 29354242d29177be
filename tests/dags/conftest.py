"""The DAGs as Airflow reads them, with the project's own airflow.cfg on SQLite."""

from __future__ import annotations

import tests.orchestration.airflow_home  # noqa: F401  isort: skip  (before airflow)

from typing import TYPE_CHECKING

import pytest

from pipelines.ground.settings import ROOT

if TYPE_CHECKING:
    from airflow.dag_processing.dagbag import DagBag


@pytest.fixture(scope="session")
def dagbag() -> DagBag:
    from airflow.dag_processing.dagbag import DagBag
    from airflow.utils.db import initdb

    initdb()
    return DagBag(str(ROOT / "dags"))

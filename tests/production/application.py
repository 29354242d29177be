"""Airflow's real application under FAB with the roles of ``include/auth``, over the pages' world."""

from __future__ import annotations

import tests.orchestration.airflow_home  # noqa: F401  isort: skip  (before airflow)

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from pipelines.ground.settings import ROOT
from tests.pages.site import Pages


@contextmanager
def application(pages: Pages, prepare: Callable[[], None], **environment: str) -> Iterator[Any]:
    """The application; ``prepare`` fills Airflow's database, the environment chooses how one logs in."""
    settings = pages.app.state.site.settings()
    with pytest.MonkeyPatch.context() as patch:
        for name, value in {
            "OMS_DATABASE_URL": settings.database_url,
            "OMS_STORE_URL": settings.store_url,
            "OMS_JOURNAL_URL": settings.journal_url,
            "AIRFLOW__CORE__AUTH_MANAGER": "airflow.providers.fab.auth_manager.fab_auth_manager.FabAuthManager",
            "AIRFLOW__FAB__CONFIG_FILE": str(ROOT / "include" / "auth" / "webserver_config.py"),
            "AIRFLOW__API__SECRET_KEY": "secret-of-the-tests",
            "AIRFLOW__API_AUTH__JWT_SECRET": "jwt-secret-of-the-tests-long-enough-to-sign",
            **environment,
        }.items():
            patch.setenv(name, value)
        from airflow.api_fastapi.app import create_app, purge_cached_app
        from airflow.utils.db import initdb

        initdb()
        prepare()
        purge_cached_app()
        yield create_app(apps="core")
        purge_cached_app()


def dags() -> None:
    """The project's DAGs, as the processor of DAGs leaves them in the database."""
    from airflow.dag_processing.bundles.manager import DagBundlesManager
    from airflow.dag_processing.dagbag import DagBag, sync_bag_to_db

    DagBundlesManager().sync_bundles_to_db()
    bag = DagBag(str(ROOT / "dags"))
    assert not bag.import_errors
    sync_bag_to_db(bag, "dags-folder", None)

"""Airflow's login, permissions and runs, as the pages use them: the one module of theirs that imports Airflow.

What it takes of Airflow are parts of its core without a promise of stability; ``tests/pages/test_access.py`` shows that they
are as expected.
"""

from __future__ import annotations

from collections.abc import Mapping

from airflow.api.common.trigger_dag import trigger_dag
from airflow.api_fastapi.app import get_auth_manager
from airflow.api_fastapi.auth.managers.models.base_user import BaseUser
from airflow.api_fastapi.auth.managers.models.resource_details import AccessView, DagAccessEntity, DagDetails
from airflow.api_fastapi.core_api.security import GetUserDep, requires_access_view
from airflow.configuration import conf
from airflow.exceptions import DagNotFound
from airflow.utils.types import DagRunTriggeredByType
from fastapi import Depends, Request

from pipelines.exchange import region
from pipelines.ground import settings
from pipelines.pages.errors import Told
from pipelines.pages.visitor import Visitor, visitor

ACTING = "deliver"
"""Whoever may start this DAG may act on the pages: to send again is to start it for one package."""


def admit(request: Request, user: GetUserDep, _: None = Depends(requires_access_view(AccessView.WEBSITE))) -> Visitor:
    """The visitor behind a request: 401 without a login, 403 for one that Airflow's own UI is closed to."""
    request.state.airflow_user = user
    return visitor(user.get_name(), _may_start(user, ACTING), region.load(settings.load().region_dir))


def start(request: Request, dag: str, given: Mapping[str, object]) -> str:
    """Start a DAG in the visitor's name, as its form in Airflow does; returns the id of the run.

    Raises ``Told`` 403 for one who may not start it, 409 for one that Airflow does not know.
    """
    user = request.state.airflow_user
    if not _may_start(user, dag):
        raise Told(403, f"Запускать процесс {dag} вам не разрешено.")
    try:
        run = trigger_dag(dag, triggered_by=DagRunTriggeredByType.UI, triggering_user_name=user.get_name(), conf=dict(given))
    except DagNotFound:
        run = None
    if run is None:
        raise Told(409, f"Airflow не знает процесса {dag}: DAG-файлы ещё не прочитаны.")
    return str(run.run_id)


def _may_start(user: BaseUser, dag: str) -> bool:
    allowed = get_auth_manager().is_authorized_dag(
        method="POST", access_entity=DagAccessEntity.RUN, details=DagDetails(id=dag), user=user
    )
    return bool(allowed)


def secret() -> str:
    """What signs the pages' forms: the secret of Airflow's API server, the same in all its workers."""
    return str(conf.get_mandatory_value("api", "secret_key"))


def login_address(back: str) -> str:
    """Airflow's login page, which leads back to an address."""
    return str(get_auth_manager().get_url_login(next_url=back))

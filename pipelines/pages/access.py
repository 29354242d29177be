"""Airflow's login and permissions, as the pages use them: the one module of theirs that imports Airflow.

What it takes of Airflow are parts of its core without a promise of stability; ``tests/pages/test_access.py`` shows that they
are as expected.
"""

from __future__ import annotations

from airflow.api_fastapi.app import get_auth_manager
from airflow.api_fastapi.auth.managers.models.resource_details import AccessView, DagAccessEntity, DagDetails
from airflow.api_fastapi.core_api.security import GetUserDep, requires_access_view
from airflow.configuration import conf
from fastapi import Depends

from pipelines.exchange import region
from pipelines.ground import settings
from pipelines.pages.visitor import Visitor, visitor

ACTING = "deliver"
"""Whoever may start this DAG may act on the pages: to send again is to start it for one package."""


def admit(user: GetUserDep, _: None = Depends(requires_access_view(AccessView.WEBSITE))) -> Visitor:
    """The visitor behind a request: 401 without a login, 403 for one that Airflow's own UI is closed to."""
    acts = get_auth_manager().is_authorized_dag(
        method="POST", access_entity=DagAccessEntity.RUN, details=DagDetails(id=ACTING), user=user
    )
    return visitor(user.get_name(), acts, region.load(settings.load().region_dir))


def secret() -> str:
    """What signs the pages' forms: the secret of Airflow's API server, the same in all its workers."""
    return str(conf.get_mandatory_value("api", "secret_key"))


def login_address(back: str) -> str:
    """Airflow's login page, which leads back to an address."""
    return str(get_auth_manager().get_url_login(next_url=back))

"""Logins of production: Airflow's real application under FAB with the roles of ``include/auth``; who may do what."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from pipelines.ground.settings import ROOT
from tests.pages.site import Pages
from tests.production.application import application, dags

USERS = {
    "glavny": "Admin",
    "smena": "oms_operator",
    "proverka": "oms_auditor",
    "mo980001": "oms_organisation",
    "postoronniy": "Public",
}
"""Who logs in, and the role; the auditor of the organisation has its login."""
ADMIN, OPERATOR, AUDITOR, ORGANISATION, STRANGER = USERS
Client = Callable[[str], TestClient]


@pytest.fixture(scope="module")
def airflow(pages: Pages) -> Iterator[Any]:
    """The application with DAGs, roles and people in its database."""
    with application(pages, _fill) as found:
        yield found


def _fill() -> None:
    _people()
    dags()


def _people() -> None:
    from airflow.providers.fab.auth_manager.cli_commands.utils import get_application_builder

    from pipelines.orchestration import roles

    with get_application_builder() as builder:
        wanted = roles.wanted(builder.sm)
        assert set(roles.sync(builder.sm, wanted)) == set(USERS.values()) - {"Admin", "Public"}
        assert set(roles.sync(builder.sm, wanted).values()) == {0}  # done again, it changes nothing
        for name, role in USERS.items():
            mail = f"{name}@fond.example"
            assert builder.sm.add_user(name, name, name, mail, builder.sm.find_role(role), f"{name}-password")


@pytest.fixture(scope="module")
def client(airflow: Any) -> Client:
    """A client of a person who has logged in with the password."""

    def logged_in(user: str) -> TestClient:
        found = TestClient(airflow, follow_redirects=False)
        answer = found.post("/auth/token", json={"username": user, "password": f"{user}-password"})
        assert answer.status_code == 201, answer.text
        found.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"
        return found

    return logged_in


def test_a_wrong_password_is_refused(airflow: Any) -> None:
    answer = TestClient(airflow).post("/auth/token", json={"username": OPERATOR, "password": "password"})
    assert answer.status_code == 401
    assert TestClient(airflow, follow_redirects=False).get("/oms/journal").status_code == 401


@pytest.mark.parametrize(
    ("user", "title"),
    [(ADMIN, "оператор"), (OPERATOR, "оператор"), (AUDITOR, "аудитор"), (ORGANISATION, "аудитор организации")],
)
def test_pages_know_the_role(client: Client, user: str, title: str) -> None:
    answer = client(user).get("/oms/journal")
    assert answer.status_code == 200
    assert f"<b>{user}</b>, {title}" in answer.text


def test_who_has_no_role_sees_nothing(client: Client) -> None:
    assert client(STRANGER).get("/oms/journal").status_code == 403
    assert client(STRANGER).get("/api/v2/dags").status_code == 403


def test_an_organisation_sees_its_own_packages_only(client: Client, pages: Pages) -> None:
    own, other = (
        pages.world.rows(f"select id from exchange.package where sender {sign} '980001' order by id limit 1")[0]["id"]
        for sign in ("=", "<>")
    )
    found = client(ORGANISATION)
    assert found.get(f"/oms/packages/{own}").status_code == 200
    assert found.get(f"/oms/packages/{other}").status_code == 404
    assert client(AUDITOR).get(f"/oms/packages/{other}").status_code == 200


@pytest.mark.parametrize(("user", "status"), [(ADMIN, 303), (OPERATOR, 303), (AUDITOR, 403), (ORGANISATION, 403)])
def test_who_may_act_on_the_pages(client: Client, pages: Pages, user: str, status: int) -> None:
    (row,) = pages.world.rows(
        "select id from exchange.package where sender = '980001' and result = 'ACCEPTED' order by id limit 1"
    )
    found = client(user)
    page = found.get(f"/oms/packages/{row['id']}").text
    token = page.partition('name="token" value="')[2].partition('"')[0]
    sent = {"token": token, "reason": "просили по телефону"}
    assert found.post(f"/oms/packages/{row['id']}/resend", data=sent).status_code == status


def test_a_process_is_started_from_a_page_in_the_visitor_s_name(client: Client) -> None:
    address, rule = (
        "/oms/rules/001F.00.0270",
        {"rule": "001F.00.0270", "action": "off", "since": "2027-01-01", "months": "1"},
    )
    token = client(OPERATOR).get(address).text.partition('name="token" value="')[2].partition('"')[0]
    for user in (AUDITOR, ORGANISATION):
        assert client(user).post("/oms/rules/impact", data=rule | {"token": token}).status_code == 403
    runs = "/api/v2/dags/rule_impact/dagRuns"
    assert client(ADMIN).get(runs).json()["dag_runs"] == []
    answer = client(OPERATOR).post("/oms/rules/impact", data=rule | {"token": token})
    assert (answer.status_code, answer.headers["location"]) == (303, f"{address}?done=asked"), answer.text
    (run,) = client(ADMIN).get(runs).json()["dag_runs"]
    assert (run["triggering_user_name"], run["triggered_by"], run["state"]) == (OPERATOR, "ui", "queued")
    assert run["conf"] == {"rule": "001F.00.0270", "action": "off", "since": "2027-01-01", "months": 1}
    assert run["dag_run_id"].replace(":", "%3A").replace("+", "%2B") in client(AUDITOR).get(address).text


READ = {
    "/api/v2/dags": (ADMIN, OPERATOR, AUDITOR),
    "/api/v2/dags/pump_month/dagRuns": (ADMIN, OPERATOR, AUDITOR),
    "/ui/grid/runs/pump_month": (ADMIN, OPERATOR, AUDITOR),
    "/ui/grid/structure/pump_month": (ADMIN, OPERATOR, AUDITOR),
    "/api/v2/dags/pump_month/dagRuns/x/taskInstances/decision/logs/1": (ADMIN, OPERATOR, AUDITOR),
    "/api/v2/dags/~/dagRuns/~/hitlDetails": (ADMIN, OPERATOR, AUDITOR),
    "/api/v2/eventLogs": (ADMIN, OPERATOR, AUDITOR),
    "/api/v2/connections": (ADMIN,),
    "/api/v2/variables": (ADMIN,),
    "/api/v2/dagSources/pump_month": (ADMIN, OPERATOR, AUDITOR),
}
"""Addresses of Airflow, and who may read them."""


@pytest.mark.parametrize("address", READ)
def test_who_may_read_airflow(client: Client, address: str) -> None:
    statuses = {user: client(user).get(address).status_code for user in USERS}
    assert {user for user, status in statuses.items() if status != 403} == set(READ[address]), statuses
    assert set(statuses.values()) <= {200, 404, 403}  # 404: a run that is not there


@pytest.mark.parametrize("dag", ["deliver", "pump_month", "rule_impact", "journal_daily"])
def test_who_may_start_processes(client: Client, dag: str) -> None:
    asked = {"logical_date": None, "conf": {"period": "2026-10"} if dag == "pump_month" else {}}
    statuses = {}
    for user in (AUDITOR, ORGANISATION, STRANGER, OPERATOR, ADMIN):
        statuses[user] = client(user).post(f"/api/v2/dags/{dag}/dagRuns", json=asked).status_code
    assert {user for user, status in statuses.items() if status == 403} == {AUDITOR, ORGANISATION, STRANGER}
    assert {statuses[ADMIN], statuses[OPERATOR]} <= {200, 400}  # 400: the form wants more
    if dag in ("deliver", "pump_month"):
        assert statuses[OPERATOR] == statuses[ADMIN] == 200


def test_who_may_answer_a_question(client: Client) -> None:
    run = client(OPERATOR).post("/api/v2/dags/pump_month/dagRuns", json={"logical_date": None, "dag_run_id": "question"})
    assert run.status_code == 200, run.text
    _ask("question")
    address = "/api/v2/dags/pump_month/dagRuns/question/taskInstances/decision/-1/hitlDetails"
    answer = {"chosen_options": ["Отклонить"], "params_input": {"reason": "суммы не сверены"}}
    for user in (AUDITOR, ORGANISATION, STRANGER):
        assert client(user).patch(address, json=answer).status_code == 403
    done = client(OPERATOR).patch(address, json=answer)
    assert done.status_code == 200, done.text
    assert done.json()["responded_by"]["name"] == OPERATOR


def _ask(run: str) -> None:
    """The question of the month's decision waits, as the operator of the DAG leaves it."""
    from airflow.models.hitl import HITLDetail
    from airflow.models.taskinstance import TaskInstance
    from airflow.utils.session import create_session
    from sqlalchemy import select

    from pipelines.orchestration import month

    with create_session() as session:
        waiting = session.scalars(
            select(TaskInstance).where(TaskInstance.run_id == run, TaskInstance.task_id == "decision")
        ).one()
        waiting.state = "deferred"
        session.add(
            HITLDetail(
                ti_id=waiting.id, options=[month.APPROVE, month.REJECT], subject="?", body="", defaults=None,
                multiple=False, params={"reason": {"value": "", "schema": {"type": "string"}}}, assignees=None,
            )
        )  # fmt: skip


@pytest.mark.parametrize("user", [OPERATOR, AUDITOR, ORGANISATION])
def test_nobody_but_the_administrator_manages_people(client: Client, user: str) -> None:
    assert client(user).get("/auth/fab/v1/users").status_code == 403
    assert client(ADMIN).get("/auth/fab/v1/users").status_code == 200


@pytest.mark.parametrize("kind", ["ldap", "oidc"])
def test_the_directory_is_chosen_by_the_environment(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LDAP_SERVER", "LDAP_SEARCH", "LDAP_BIND_USER", "LDAP_BIND_PASSWORD", "OIDC_CLIENT", "OIDC_SECRET"):
        monkeypatch.setenv(f"OMS_{name}", name.lower())
    monkeypatch.setenv("OMS_OIDC_ISSUER", "https://login.fond.example/realms/oms/")
    monkeypatch.setenv("OMS_OIDC_SCOPE", "groups")
    monkeypatch.setenv("OMS_LDAP_GROUPS", "ou=groups,dc=fond,dc=example")
    monkeypatch.setenv("OMS_AUTH", kind)
    found: dict[str, Any] = {}
    path = Path(ROOT / "include" / "auth" / "webserver_config.py")
    exec(compile(path.read_text(encoding="utf-8"), path.name, "exec"), found)
    groups = found["AUTH_ROLES_MAPPING"]
    if kind == "ldap":
        assert (found["AUTH_TYPE"], found["AUTH_LDAP_SERVER"]) == (2, "ldap_server")
        assert groups["cn=oms-operators,ou=groups,dc=fond,dc=example"] == ["oms_operator"]
    else:
        assert found["AUTH_TYPE"] == 4
        (provider,) = found["OAUTH_PROVIDERS"]
        assert provider["remote_app"]["server_metadata_url"].startswith("https://login.fond.example/realms/oms/.well-known")
        assert provider["remote_app"]["client_kwargs"] == {"scope": "openid email profile groups"}
        assert groups["oms-organisations"] == ["oms_organisation"]
    assert (found["AUTH_USER_REGISTRATION_ROLE"], found["AUTH_ROLES_SYNC_AT_LOGIN"]) == ("Public", True)

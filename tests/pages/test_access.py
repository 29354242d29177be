"""Airflow's real application with the plugin in it: its login, its roles, and what the pages make of them."""

from __future__ import annotations

import tests.orchestration.airflow_home  # noqa: F401  isort: skip  (before airflow)

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from tests.pages.site import Pages, routes

ROLES = {"admin": "admin", "oper": "op", "clerk": "user", "audit": "viewer", "mo980001": "viewer"}


@pytest.fixture(scope="module")
def airflow(pages: Pages) -> Iterator[Any]:
    """Airflow's API server in this process, on the pages' world."""
    settings = pages.app.state.site.settings()
    passwords = Path(os.environ["OMS_VAR"]) / "airflow" / "passwords.json"
    passwords.parent.mkdir(parents=True, exist_ok=True)
    passwords.write_text(json.dumps({name: f"{name}-password" for name in ROLES}), encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OMS_DATABASE_URL", settings.database_url)
        patch.setenv("OMS_STORE_URL", settings.store_url)
        patch.setenv("OMS_JOURNAL_URL", settings.journal_url)
        patch.setenv("AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS", ",".join(f"{name}:{role}" for name, role in ROLES.items()))
        patch.setenv("AIRFLOW__API__SECRET_KEY", "secret-of-the-tests")
        patch.setenv("AIRFLOW__API_AUTH__JWT_SECRET", "jwt-secret-of-the-tests-long-enough-to-sign")
        from airflow.api_fastapi.app import create_app, purge_cached_app
        from airflow.utils.db import initdb

        initdb()
        yield create_app(apps="core")
        purge_cached_app()


def client(airflow: Any, user: str | None, how: str = "cookie") -> TestClient:
    """A client that has logged in; the token goes as Airflow's UI sends it (cookie) or as a program does (header)."""
    found = TestClient(airflow, follow_redirects=False)
    if user is None:
        return found
    answer = found.post("/auth/token", json={"username": user, "password": f"{user}-password"})
    assert answer.status_code == 201, answer.text
    token = answer.json()["access_token"]
    if how == "cookie":
        found.cookies.set("_token", token)
    else:
        found.headers["Authorization"] = f"Bearer {token}"
    return found


@pytest.mark.parametrize("address", ["/oms/", "/oms/journal", "/oms/packages/1", "/oms/static/oms.css", "/oms/audit"])
def test_nothing_without_a_login(airflow: Any, address: str) -> None:
    answer = client(airflow, None).get(address)
    assert answer.status_code == 401
    assert "Нужен вход" in answer.text
    assert "/auth/login" in answer.text


def test_a_false_token_is_refused(airflow: Any) -> None:
    found = client(airflow, None)
    found.cookies.set("_token", "eyJhbGciOiJIUzUxMiJ9.e30.c2lnbmF0dXJl")
    assert found.get("/oms/journal").status_code in (401, 403)


@pytest.mark.parametrize("how", ["cookie", "header"])
@pytest.mark.parametrize(
    ("user", "title"),
    [
        ("admin", "оператор"),
        ("oper", "оператор"),
        ("clerk", "оператор"),  # Airflow lets this role start DAGs
        ("audit", "аудитор"),
        ("mo980001", "аудитор организации"),
    ],
)
def test_roles(airflow: Any, user: str, title: str, how: str) -> None:
    answer = client(airflow, user, how).get("/oms/journal")
    assert answer.status_code == 200, answer.text
    assert f"<b>{user}</b>, {title}" in answer.text


def test_every_route_asks_for_the_login(airflow: Any, pages: Pages) -> None:
    found = client(airflow, None)
    asked = routes(pages)
    assert len(asked) >= 25
    for method, address in asked:
        assert found.request(method, f"/oms{address}").status_code == 401, (method, address)


def test_the_menu_has_the_pages(airflow: Any) -> None:
    plugins = client(airflow, "admin", "header").get("/api/v2/plugins").json()["plugins"]
    (ours,) = [plugin for plugin in plugins if plugin["name"] == "oms"]
    assert [app["url_prefix"] for app in ours["fastapi_apps"]] == ["/oms"]
    (view,) = ours["external_views"]
    assert (view["href"], view["destination"], view["url_route"]) == ("/oms/journal", "nav", "oms")
    assert client(airflow, "admin").get(view["icon"]).status_code == 200


def test_an_operator_acts_through_airflow(airflow: Any, pages: Pages) -> None:
    found = client(airflow, "oper")
    (row,) = pages.world.rows("select id from exchange.package where result = 'ACCEPTED' order by id limit 1")
    text = found.get(f"/oms/packages/{row['id']}").text
    token = text.partition('name="token" value="')[2].partition('"')[0]
    answer = found.post(f"/oms/packages/{row['id']}/resend", data={"token": token, "reason": "просили по телефону"})
    assert answer.status_code == 303
    assert answer.headers["location"] == f"/oms/packages/{row['id']}?done=resent"
    (event,) = pages.world.rows(
        "select details from exchange.event where name = 'RESENT' and package = :id and actor = 'oper'", id=row["id"]
    )
    assert event["details"]["reason"] == "просили по телефону"
    pages.world.exchange().deliver()

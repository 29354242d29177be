"""Airflow's connections become endpoints and channels."""

from __future__ import annotations

import json

import pytest

from pipelines.ground.settings import ROOT, Settings

SETTINGS = Settings("postgresql://u@h/d", (ROOT / "var" / "store").as_uri(), (ROOT / "var" / "journal").as_uri(), "demo")
SFTP = {
    "conn_type": "sftp",
    "host": "sftp.example",
    "port": 2222,
    "login": "fund",
    "password": "very-secret",
    "extra": {"host_key": "ssh-ed25519 AAAA", "strict": True},
}
MAILBOX = {"host": "mail.example", "port": 993, "login": "fund@example", "password": "very-secret"}


@pytest.fixture
def connect(monkeypatch):
    """Give Airflow connections by id; it has no others."""
    for name in ("SFTP", "IMAP", "SMTP", "FOLDER"):
        monkeypatch.delenv(f"AIRFLOW_CONN_OMS_{name}", raising=False)
    monkeypatch.setattr("airflow.sdk.definitions.connection.Connection.get", from_environment)

    def put(**connections):
        for name, value in connections.items():
            monkeypatch.setenv(f"AIRFLOW_CONN_OMS_{name.upper()}", json.dumps(value))

    return put


def from_environment(connection_id):
    """As in a task, less the metadata database."""
    import os

    from airflow.sdk import Connection
    from airflow.sdk.exceptions import AirflowNotFoundException

    value = os.environ.get(f"AIRFLOW_CONN_{connection_id.upper()}")
    if value is None:
        raise AirflowNotFoundException(connection_id)
    return Connection.from_json(value, conn_id=connection_id)


def test_endpoint_takes_everything_over_and_hides_the_secrets(connect):
    from pipelines.orchestration.connections import endpoint

    connect(sftp=SFTP)
    found = endpoint("oms_sftp")
    assert (found.scheme, found.host, found.port, found.login, found.password) == (
        "sftp",
        "sftp.example",
        2222,
        "fund",
        "very-secret",
    )
    assert found.options == {"host_key": "ssh-ed25519 AAAA", "strict": "true"}
    assert "very-secret" not in repr(found)


def test_a_connection_that_is_not_there_is_no_endpoint(connect):
    from pipelines.orchestration.connections import endpoint

    assert endpoint("oms_sftp") is None


def test_channels_are_those_that_have_connections(connect, tmp_path):
    from pipelines.orchestration.connections import channels

    connect(sftp=SFTP)
    assert set(channels(SETTINGS)) == {"sftp"}
    connect(imap=MAILBOX | {"conn_type": "imap", "extra": {"authentication_results_host": "mx.example"}})
    assert set(channels(SETTINGS)) == {"sftp"}, "a mailbox alone cannot answer"
    connect(smtp=MAILBOX | {"conn_type": "smtp"}, folder={"conn_type": "fs", "extra": {"path": str(tmp_path)}})
    found = channels(SETTINGS)
    assert set(found) == {"sftp", "mail", "folder"}
    assert {code: channel.code for code, channel in found.items()} == {code: code for code in found}
    assert found["mail"].authentication_results_host == "mx.example"
    assert found["mail"].sender == "exchange@tfoms.zarechye.example"


def test_an_exchange_without_channels_is_a_mistake(connect):
    from airflow.sdk.exceptions import AirflowException

    from pipelines.orchestration.connections import channels

    with pytest.raises(AirflowException, match="oms_sftp"):
        channels(SETTINGS)


def test_packages_are_noted_as_taken_by_the_task_at_work(connect, monkeypatch, tmp_path):
    from types import SimpleNamespace

    from pipelines.exchange import runs
    from pipelines.orchestration import connections

    connect(folder={"conn_type": "fs", "extra": {"path": str(tmp_path)}})
    monkeypatch.setenv("OMS_DATABASE_URL", SETTINGS.database_url)
    connections.exchange()
    assert runs.current() is None
    task = SimpleNamespace(dag_id="pump_intake", run_id="r", task_id="process", map_index=3)
    monkeypatch.setattr(connections, "get_current_context", lambda: {"ti": task})
    connections.exchange()
    try:
        assert json.loads(runs.current()) == {"dag": "pump_intake", "run": "r", "task": "process", "index": 3}
    finally:
        runs.CURRENT.set(None)

"""Bodies of the tasks over a fake exchange."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from types import SimpleNamespace

import pytest


@dataclass
class FakeExchange:
    received: dict[str, list[int]] = field(default_factory=dict)
    waiting: dict[str, list[int]] = field(default_factory=dict)
    report: tuple[int, int] = (0, 0)
    days: list[date] = field(default_factory=list)

    def receive(self) -> dict[str, list[int]]:
        return self.received

    def pending(self, subsystem: str) -> list[int]:
        return self.waiting.get(subsystem, [])

    def deliver(self) -> SimpleNamespace:
        return SimpleNamespace(sent=self.report[0], failed=self.report[1])

    def daily_journal(self, day: date) -> list[str]:
        self.days.append(day)
        return ["journal.xlsx"]

    def housekeeping(self, today: date) -> str:
        self.days.append(today)
        return "удалено: 0"


class FakeEvents(dict):
    """Notes what is added to an alias, as Airflow's accessor does."""

    def __missing__(self, alias):
        self[alias] = SimpleNamespace(added=[], add=lambda asset, extra: self[alias].added.append((asset.uri, extra)))
        return self[alias]


@pytest.fixture
def use(monkeypatch):
    def put(exchange: FakeExchange) -> FakeExchange:
        monkeypatch.setattr("pipelines.orchestration.duties.exchange", lambda: exchange)
        return exchange

    return put


def announced(exchange: FakeExchange) -> list[tuple[str, dict[str, int]]]:
    from pipelines.orchestration import duties
    from pipelines.orchestration.assets import ANNOUNCED

    events = FakeEvents()
    duties.receive(events)
    return events[ANNOUNCED].added


def test_reception_announces_only_who_has_something_to_do(use):
    exchange = use(FakeExchange(received={"pump": [1, 2]}, waiting={"pump": [1, 2]}))
    assert announced(exchange) == [("oms://exchange/received/pump", {"packages": 2})]


def test_reception_announces_what_waited_before(use):
    exchange = use(FakeExchange(waiting={"erz": [7]}))
    assert announced(exchange) == [("oms://exchange/received/erz", {"packages": 1})]


def test_what_was_answered_at_once_goes_to_delivery(use):
    exchange = use(FakeExchange(received={"": [3]}))
    assert announced(exchange) == [("oms://exchange/answered", {"packages": 1})]


def test_an_empty_reception_announces_nothing(use):
    assert announced(use(FakeExchange())) == []


@pytest.mark.parametrize("report", [(0, 0), (5, 0), (5, 2)])
def test_delivery_is_red_only_when_nothing_went(use, report):
    from pipelines.orchestration import duties

    use(FakeExchange(report=report))
    assert duties.deliver() == {"sent": report[0], "failed": report[1]}


def test_delivery_that_sends_nothing_is_red(use):
    from airflow.sdk.exceptions import AirflowException

    from pipelines.orchestration import duties

    use(FakeExchange(report=(0, 3)))
    with pytest.raises(AirflowException, match="ни один ответ из 3"):
        duties.deliver()


def test_the_journal_is_of_the_day_before_where_the_fund_is(use):
    from pipelines.orchestration import duties

    exchange = use(FakeExchange())
    duties.daily_journal(None, datetime(2026, 10, 31, 21, 30, tzinfo=UTC))  # 1 November, 00:30 in Moscow
    duties.daily_journal("2026-02-28", datetime(2026, 10, 31, 21, 30, tzinfo=UTC))
    duties.forget_expired(datetime(2026, 10, 31, 21, 30, tzinfo=UTC))
    assert exchange.days == [date(2026, 10, 31), date(2026, 2, 28), date(2026, 11, 1)]


def test_cleaning_gets_the_address_that_tasks_are_not_given(monkeypatch):
    from pipelines.orchestration import duties

    monkeypatch.setenv("AIRFLOW_CONN_OMS_METADATA", "postgresql://oms:secret@127.0.0.1:15432/oms_airflow")
    monkeypatch.setenv("AIRFLOW__DATABASE__SQL_ALCHEMY_CONN", "airflow-db-not-allowed:///")
    called = {}

    def run(command, *, env, **_):
        called.update(command=command, url=env["AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"])
        return SimpleNamespace(returncode=called.get("code", 0), stdout="disk full")

    monkeypatch.setattr(duties.subprocess, "run", run)
    duties.clean_metadata(datetime(2026, 11, 1, tzinfo=UTC))
    assert called["url"] == "postgresql+psycopg2://oms:secret@127.0.0.1:15432/oms_airflow"
    assert called["command"][1:5] == ["-m", "airflow", "db", "clean"]
    assert "2026-08-03T00:00:00+00:00" in called["command"]

    called["code"] = 1
    from airflow.sdk.exceptions import AirflowException

    with pytest.raises(AirflowException, match="disk full"):
        duties.clean_metadata(datetime(2026, 11, 1, tzinfo=UTC))


class FakeDocuments(FakeExchange):
    made: list[int]

    def documents(self, package_id: int) -> list[str]:
        if package_id == 13:
            raise ValueError("Иванов")
        self.made = [*getattr(self, "made", []), package_id]
        return []

    def documents_wanted(self, day: date, limit: int) -> list[int]:
        self.days.append(day)
        return self.waiting["documents"][:limit]


def test_the_night_makes_documents_of_the_day_before_and_passes_over_what_fails(use, caplog):
    from pipelines.orchestration import duties

    exchange = use(FakeDocuments(waiting={"documents": [11, 13, 17]}))
    assert duties.flk_documents(None, datetime(2026, 10, 31, 22, 30, tzinfo=UTC)) == {"made": 2, "failed": 1}
    assert (exchange.made, exchange.days) == ([11, 17], [date(2026, 10, 31)])
    assert "Иванов" not in caplog.text


def test_a_night_is_bounded(use):
    from pipelines.orchestration import duties

    exchange = use(FakeDocuments(waiting={"documents": list(range(100, 1000))}))
    duties.flk_documents(None, datetime(2026, 10, 31, tzinfo=UTC))
    assert len(exchange.made) == duties.DOCUMENTS_A_NIGHT


def test_documents_of_the_package_that_was_asked_for(use):
    from airflow.sdk.exceptions import AirflowException

    from pipelines.orchestration import duties

    exchange = use(FakeDocuments())
    assert duties.flk_documents(5, datetime(2026, 10, 31, tzinfo=UTC)) == {"made": 1, "failed": 0}
    assert (exchange.made, exchange.days) == ([5], [])
    with pytest.raises(AirflowException, match="ни одного пакета из 1"):
        duties.flk_documents(13, datetime(2026, 10, 31, tzinfo=UTC))

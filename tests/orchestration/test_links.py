"""Addresses that tasks lead to, and which tasks lead there."""

from __future__ import annotations

from types import SimpleNamespace
from urllib.parse import parse_qs, urlsplit

import pytest

from pipelines.orchestration import links

KEY = SimpleNamespace(dag_id="pump_intake", run_id="manual__2026-11-01T00:00:00+00:00", task_id="process", map_index=3)


def test_a_run_is_quoted() -> None:
    link = urlsplit(links.PackagesLink().get_link(None, ti_key=KEY))
    assert link.path == "/oms/runs"
    assert "+" not in link.query
    assert parse_qs(link.query) == {
        "dag": ["pump_intake"],
        "run": ["manual__2026-11-01T00:00:00+00:00"],
        "task": ["process"],
        "index": ["3"],
    }


def test_pages_lie_below_the_address_of_airflow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW__API__BASE_URL", "https://oms.example/airflow/")
    assert links.closing_page(7) == "/airflow/oms/months/7"


@pytest.mark.parametrize(
    ("link", "result", "address"),
    [
        (links.ClosingLink, 7, "/oms/months/7"),
        (links.ClosingLink, None, ""),
        (links.RuleLink, [{"request": {"rule": "001F.00.0270"}}], "/oms/rules/001F.00.0270"),
        (links.RuleLink, [{"request": {"rule": None}}], "/oms/rules"),
        (links.RuleLink, None, "/oms/rules"),
    ],
)
def test_links_by_a_result_of_the_run(
    monkeypatch: pytest.MonkeyPatch, link: type[links.ClosingLink], result: object, address: str
) -> None:
    monkeypatch.setattr(links, "_result", lambda key, task: result)
    assert link().get_link(None, ti_key=KEY) == address

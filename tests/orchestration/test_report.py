"""What may stand in a log."""

from __future__ import annotations

import traceback

import pytest


class OwnError(Exception):
    """As if of the project."""


OwnError.__module__ = "pipelines.exchange.anything"


def caught(error):
    try:
        raise error
    except type(error) as raised:
        return raised


def test_trail_tells_the_place_but_not_the_values():
    from pipelines.orchestration.report import trail

    told = trail(caught(ValueError("ENP 7752320279000012")))
    assert told.startswith("ValueError (test_report.py:")
    assert "7752320279000012" not in told


@pytest.mark.parametrize("error", [ConnectionRefusedError("порт 2222"), OwnError("порт 2222"), ImportError("порт 2222")])
def test_trail_quotes_what_cannot_hold_values(error):
    from pipelines.orchestration.report import trail

    assert trail(caught(error)).endswith(": порт 2222")


def test_tasks_raise_nothing_that_quotes_values():
    from airflow.sdk.exceptions import AirflowException

    from pipelines.orchestration.report import without_values

    with pytest.raises(AirflowException, match="KeyError") as raised, without_values():
        raise KeyError("Иванов")
    assert "Иванов" not in "".join(traceback.format_exception(raised.value))

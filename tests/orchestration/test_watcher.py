"""The watcher of the channels over a fake look."""

from __future__ import annotations

import asyncio
import json

import pytest


async def events(trigger, count):
    """The first events of a trigger, and the pauses it made."""
    found = []
    async for event in trigger.run():
        found.append(event)
        if len(found) == count:
            return found
    return found


@pytest.fixture
def watcher(monkeypatch):
    """A trigger whose polls give what the script says; and the pauses between them."""
    from pipelines.orchestration.watcher import InboxTrigger

    trigger = InboxTrigger(interval=2.0, rest=6.0, longest=10.0)
    pauses: list[float] = []
    real_sleep = asyncio.sleep

    async def sleep(seconds: float) -> None:
        pauses.append(seconds)
        await real_sleep(0)

    def play(script):
        steps = iter(script)

        def look() -> int:
            step = next(steps)
            if isinstance(step, Exception):
                raise step
            return step

        monkeypatch.setattr(trigger, "look", look)
        monkeypatch.setattr("pipelines.orchestration.watcher.asyncio.sleep", sleep)
        return trigger, pauses

    return play


def test_fires_when_something_is_ready_and_then_rests(watcher):
    trigger, pauses = watcher([0, 0, 3, 1])
    found = asyncio.run(events(trigger, 2))
    assert [event.payload for event in found] == [{"ready": 3}, {"ready": 1}]
    assert pauses == [2.0, 2.0, 6.0]


def test_survives_errors_with_growing_pauses(watcher, caplog):
    trigger, pauses = watcher([OSError("нет связи"), ValueError("Иванов"), RuntimeError(), RuntimeError(), 0, 1])
    trigger._exchange = object()
    asyncio.run(events(trigger, 1))
    assert pauses == [4.0, 8.0, 10.0, 10.0, 2.0]
    assert trigger._exchange is None, "reopened, with the connections as they are now"
    assert "нет связи" in caplog.text
    assert "Иванов" not in caplog.text


def test_event_holds_a_number_only(watcher):
    trigger, _ = watcher([7])
    (event,) = asyncio.run(events(trigger, 1))
    assert json.loads(json.dumps(event.payload)) == {"ready": 7}


def test_is_restored_from_what_airflow_stores():
    from airflow.sdk.module_loading import import_string

    from pipelines.orchestration.watcher import InboxTrigger

    path, arguments = InboxTrigger(interval=1.5).serialize()
    restored = import_string(path)(**arguments)
    assert isinstance(restored, InboxTrigger)
    assert restored.serialize() == (path, arguments)


def test_opens_the_exchange_once(monkeypatch):
    from pipelines.orchestration import connections
    from pipelines.orchestration.watcher import InboxTrigger

    class FakeExchange:
        opened = 0

        def __init__(self) -> None:
            FakeExchange.opened += 1

        def look(self) -> int:
            return 2

    monkeypatch.setattr(connections, "exchange", FakeExchange)
    trigger = InboxTrigger()
    assert [trigger.look(), trigger.look()] == [2, 2]
    assert FakeExchange.opened == 1

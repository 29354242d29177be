"""What a person may ask for a package: who, why and what came of it; what is refused."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from pipelines.exchange import journal, manual
from pipelines.ground import database as db
from tests.exchange.world import World

NAME = "HM980001S98001_26101.zip"


@pytest.fixture
def world(database: str, tmp_path: Path) -> World:
    """A world in which one package, no archive at all, was answered and its answer delivered."""
    world = World(database, tmp_path).set_up()
    world.drop("980001", NAME, b"no archive")
    world.run()
    return world


def ask(world: World, act: Any, number: int = 1, by: str = "Иванова", reason: str = "просили") -> Any:
    with db.transaction(world.url) as connection:
        return act(connection, number, by, reason)


def events(world: World, name: str) -> list[dict[str, Any]]:
    return world.rows("select actor, details from exchange.event where name = :name order by seq", name=name)


def intact(world: World) -> bool:
    with db.transaction(world.url) as connection:
        return not list(journal.verify(connection, world.exchange().store))


def fail(world: World) -> int:
    """Make a package that has failed eight times, as the intake leaves it."""
    world.drop("980001", "HM980001S98001_26102.zip", b"no archive either")
    world.receive(world.exchange())
    (row,) = world.rows("select id from exchange.package where state = 'RECEIVED'")
    with db.transaction(world.url) as connection:
        late = {"id": row["id"], "due": datetime(2100, 1, 1, tzinfo=UTC)}
        connection.execute(
            text(
                "update exchange.package set state = 'FAILED', attempts = 8, due_at = :due, last_error = 'x' where id = :id"
            ),
            late,
        )
    return int(row["id"])


def test_the_same_answer_goes_out_again(world: World) -> None:
    first = world.answers("980001")
    for path in (world.folders / "mo980001" / "out").iterdir():
        path.unlink()
    assert ask(world, manual.resend, reason="  потеряли \n файл ") == len(first) == 2
    assert world.exchange().deliver().sent == 2
    assert world.answers("980001") == first
    (event,) = events(world, manual.RESENT)
    assert (event["actor"], event["details"]["reason"]) == ("Иванова", "потеряли файл")
    assert set(event["details"]["files"]) == set(first)
    assert len(events(world, "DELIVERED")) == 4
    assert len(world.rows("select from exchange.outgoing")) == 2
    assert intact(world)


def test_a_failed_package_is_processed_once_more(world: World) -> None:
    number = fail(world)
    exchange = world.exchange()
    assert exchange.pending("pump") == {}
    ask(world, manual.again, number, reason="починили диск")
    assert list(exchange.pending("pump")) == [number]
    assert exchange.process(number).result == "REJECTED"
    (event,) = events(world, manual.AGAIN)
    assert (event["actor"], event["details"]) == ("Иванова", {"reason": "починили диск"})
    assert intact(world)


def test_an_answered_package_is_never_loaded_twice(world: World) -> None:
    with pytest.raises(manual.Refused, match="уже дан ответ"):
        ask(world, manual.again)
    assert not events(world, manual.AGAIN)


@pytest.mark.parametrize(
    ("act", "number", "by", "reason", "said"),
    [
        (manual.resend, 99, "И", "x", "в журнале нет"),
        (manual.again, 99, "И", "x", "в журнале нет"),
        (manual.resend, 1, " ", "x", "кто просит"),
        (manual.resend, 1, "И", " \x00\n ", "причина"),
        (manual.resend, 1, "И", "x" * 501, "длиннее 500"),
    ],
)
def test_what_is_refused(world: World, act: Any, number: int, by: str, reason: str, said: str) -> None:
    with pytest.raises(manual.Refused, match=said):
        ask(world, act, number, by, reason)
    assert not events(world, manual.RESENT) + events(world, manual.AGAIN)


def test_what_waits_has_nothing_to_send_or_repeat(world: World) -> None:
    number = fail(world)
    with db.transaction(world.url) as connection:
        connection.execute(text("update exchange.package set state = 'RECEIVED' where id = :id"), {"id": number})
    with pytest.raises(manual.Refused, match="ещё не обработан"):
        ask(world, manual.resend, number)
    with pytest.raises(manual.Refused, match="и так ждёт"):
        ask(world, manual.again, number)


def test_strangers_get_no_answer_again(world: World) -> None:
    with db.transaction(world.url) as connection:
        connection.execute(text("delete from exchange.outgoing"))
    with pytest.raises(manual.Refused, match="без ответа"):
        ask(world, manual.resend)

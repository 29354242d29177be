"""Verification as a person starts it: counted, watched, noted in the chain, one at a time."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest
from sqlalchemy import text

from pipelines.exchange.verification import AlreadyRunning, verify
from pipelines.ground import database as db
from tests.exchange.world import World


@pytest.fixture
def world(database: str, tmp_path: Path) -> World:
    world = World(database, tmp_path).set_up()
    for number in range(3):
        world.drop("980001", f"HM980001S98001_2610{number}.zip", f"no archive {number}".encode())
    world.run()
    return world


def test_what_it_says_and_notes(world: World) -> None:
    parts: list[str] = []
    found = verify(world.url, world.exchange().store, "Петрова", lambda part, done: parts.append(part))
    assert (found.packages, found.problems) == (3, ())
    assert list(dict.fromkeys(parts)) == ["цепочка событий", "сверка пакетов с событиями", "файлы в хранилище"]
    (event,) = world.rows("select seq, actor, details from exchange.event where name = 'VERIFIED'")
    assert event["actor"] == "Петрова"
    assert event["seq"] == found.events + 1
    assert (event["details"]["head"], event["details"]["problems"]) == (found.head, 0)
    assert verify(world.url, world.exchange().store).events == event["seq"]
    assert len(world.rows("select from exchange.event where name = 'VERIFIED'")) == 1


def test_what_is_wrong_is_kept_with_the_event(world: World) -> None:
    with psycopg.connect(world.url, autocommit=True) as connection:
        connection.execute(
            "set session_replication_role = replica; update exchange.event set actor = 'x' where seq = 2;"
            "update exchange.package set name = 'other.zip' where id = 1"
        )
    found = verify(world.url, world.exchange().store, "Петрова")
    assert {problem.place for problem in found.problems} == {"событие 2", "пакет 1"}
    (event,) = world.rows("select details from exchange.event where name = 'VERIFIED'")
    assert event["details"]["problems"] == 2
    assert ["событие 2", "событие изменено: хеш не совпадает"] in event["details"]["shown"]


def test_one_at_a_time(world: World) -> None:
    with db.transaction(world.url) as connection:
        connection.execute(text("select pg_advisory_xact_lock(hashtext('exchange.verify'))"))
        with pytest.raises(AlreadyRunning):
            verify(world.url, world.exchange().store)

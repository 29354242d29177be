"""The journal's events: appended in a hash chain by the database, verified here from first to last."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Row

from pipelines.ground.sql import statement
from pipelines.ground.store import Store, StoreError

GENESIS = "0" * 64
PAGE = 10_000
SYSTEM = "система"

Watch = Callable[[str, int], None]
"""Told of the part of a verification under way (Russian) and how many of its things are done."""


@dataclass(frozen=True)
class Event:
    """Something that happened to a package (or to the exchange); ``details`` hold no personal data."""

    name: str
    at: datetime
    details: Mapping[str, object]


def append(connection: Connection, package: int | None, event: Event, actor: str = SYSTEM) -> None:
    """Append an event inside the connection's transaction. Holds the chain until its end: append last."""
    connection.execute(
        statement("exchange/event_insert"),
        {
            "package": package,
            "at": event.at,
            "name": event.name,
            "actor": actor,
            "details": json.dumps(event.details, ensure_ascii=False, sort_keys=True, default=str),
        },
    )


@dataclass(frozen=True)
class Problem:
    """What ``verify`` found: a place in Russian and what is wrong there."""

    place: str
    text: str


def verify(connection: Connection, store: Store, watch: Watch = lambda part, done: None) -> Iterator[Problem]:
    """Recompute the chain of events, compare packages with their events, and every stored file with its address.

    ``watch`` is told of the part under way and how many of its things are done.
    """
    yield from _verify_chain(connection, watch)
    watch("сверка пакетов с событиями", 0)
    yield from _verify_packages(connection)
    yield from _verify_files(connection, store, watch)


def head(connection: Connection) -> tuple[int, str]:
    """Number and hash of the newest event; (0, zeros) for an empty journal."""
    row = connection.execute(statement("exchange/event_head")).first()
    return (row.seq, row.hash) if row else (0, GENESIS)


def _verify_chain(connection: Connection, watch: Watch) -> Iterator[Problem]:
    previous, expected = GENESIS, 1
    watch("цепочка событий", 0)
    while rows := connection.execute(statement("exchange/events"), {"after": expected - 1, "limit": PAGE}).all():
        for row in rows:
            place = f"событие {row.seq}"
            if row.seq != expected:
                yield Problem(place, f"пропущены события с {expected}")
            if row.previous != previous:
                yield Problem(place, "цепочка прервана: хеш предыдущего события не совпадает")
            if _hash(row) != row.hash:
                yield Problem(place, "событие изменено: хеш не совпадает")
            previous, expected = row.hash, row.seq + 1
        watch("цепочка событий", expected - 1)


def _hash(row: Row[tuple[object, ...]]) -> str:
    package = "" if row.package is None else str(row.package)
    parts = [row.previous, str(row.seq), package, row.at, row.name, row.actor, row.details]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def _verify_packages(connection: Connection) -> Iterator[Problem]:
    for row in connection.execute(statement("exchange/verify_packages")):
        yield Problem(f"пакет {row.id}", row.problem)


def _verify_files(connection: Connection, store: Store, watch: Watch) -> Iterator[Problem]:
    for done, row in enumerate(connection.execute(statement("exchange/verify_files"))):
        if done % 100 == 0:
            watch("файлы в хранилище", done)
        try:
            store.get(row.sha256)
        except StoreError as error:
            yield Problem(f"пакет {row.package}, файл {row.place}", str(error))

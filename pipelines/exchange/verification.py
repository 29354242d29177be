"""Verification of the journal from first to last, as a person starts it: what was looked at, and what is wrong."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Connection, text

from pipelines.exchange import journal
from pipelines.ground import database
from pipelines.ground.store import Store

VERIFIED = "VERIFIED"
SHOWN = 100
"""Problems that the event keeps; all of them count."""


class AlreadyRunning(RuntimeError):  # noqa: N818
    """Another verification of this database is under way."""


@dataclass(frozen=True)
class Verification:
    """``events`` and ``head`` of the chain, ``packages`` in the journal, problems found, wall ``seconds``."""

    events: int
    head: str
    packages: int
    problems: tuple[journal.Problem, ...]
    seconds: float

    @property
    def summary(self) -> str:
        """One line in Russian."""
        return f"Событий {self.events}, пакетов {self.packages}, расхождений {len(self.problems)}"


Verifier = Callable[[Connection, Store], Iterator[journal.Problem]]
"""What a subsystem compares with the events that sealed it."""


def verify(
    url: str,
    store: Store,
    by: str | None = None,
    watch: journal.Watch = lambda part, done: None,
    also: Iterable[Verifier] = (),
) -> Verification:
    """Verify the whole journal (``journal.verify``), and what subsystems ``also`` seal in it.

    ``by``: note it in the chain in that name.
    Raises ``AlreadyRunning`` while another one is under way: it reads everything that there is.
    """
    started = time.monotonic()
    with database.transaction(url) as connection:
        if not connection.execute(text("select pg_try_advisory_xact_lock(hashtext('exchange.verify'))")).scalar_one():
            raise AlreadyRunning("Проверка уже идёт")
        parts = [journal.verify(connection, store, watch), *(one(connection, store) for one in also)]
        problems = tuple(itertools.chain.from_iterable(parts))
        events, head = journal.head(connection)
        packages = connection.execute(text("select count(*) from exchange.package")).scalar_one()
        found = Verification(events, head, packages, problems, time.monotonic() - started)
    if by is not None:
        _note(url, found, by)
    return found


def _note(url: str, found: Verification, by: str) -> None:
    """In a transaction of its own: the chain's lock must not be held while everything is read."""
    details = {
        "events": found.events,
        "head": found.head,
        "packages": found.packages,
        "problems": len(found.problems),
        "seconds": round(found.seconds, 1),
        "shown": [[problem.place, problem.text] for problem in found.problems[:SHOWN]],
    }
    with database.transaction(url) as connection:
        journal.append(connection, None, journal.Event(VERIFIED, datetime.now(UTC), details), actor=by)

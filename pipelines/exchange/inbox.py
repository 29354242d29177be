"""Receiving: what lies in the channels, when it is ready, and its claim into the journal.

Contract of a drop folder: a file is taken when its name is final, its size and time held still over two polls, and an
archive has its end. One that never gets there is taken as incomplete after the set time and answered so. Nothing is read
in place: the claim is an atomic rename, then comes the journal's row, then the claimed file is removed; a run that dies in
between is continued by the next, because the claimed file keeps its unique name.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from pipelines.exchange import journal, runs
from pipelines.exchange.channels.base import Channel, Item, Session, Taken, TooLargeError
from pipelines.exchange.kinds import Catalogue
from pipelines.exchange.steps import Clock, Step, no_step, utc_now
from pipelines.exchange.subscribers import Subscribers
from pipelines.ground import database
from pipelines.ground.sql import statement
from pipelines.ground.store import Store

log = logging.getLogger(__name__)

TEMPORARY_SUFFIXES = (".part", ".filepart", ".tmp", ".partial", ".crdownload", "~")
TEMPORARY_PREFIXES = (".", "~$", "_tmp")


@dataclass(frozen=True)
class Readiness:
    """When a file is ready: polls and time that it must hold still, time after which it is taken as incomplete."""

    polls: int = 2
    still: timedelta = timedelta(seconds=1)
    incomplete_after: timedelta = timedelta(minutes=15)


@dataclass(frozen=True)
class Ready:
    """An item to claim, and whether it is taken as incomplete."""

    item: Item
    incomplete: bool


def temporary(name: str) -> bool:
    """Whether a name says that the upload goes on."""
    lower = name.lower()
    return lower.endswith(TEMPORARY_SUFFIXES) or lower.startswith(TEMPORARY_PREFIXES) or ".sftpgo-upload." in lower


def survey(url: str, channel: str, session: Session, readiness: Readiness, now: datetime) -> Iterator[Ready]:
    """Note what lies in a channel, forget what does not any more, and yield what is ready."""
    items = list(session.items())
    with database.transaction(url) as connection:
        keys = [item.key for item in items]
        connection.execute(statement("exchange/sighting_forget"), {"channel": channel, "keys": keys})
    for item in items:
        if item.marks is None:
            yield Ready(item, incomplete=False)
        elif item.claimed:
            yield Ready(item, incomplete=temporary(item.name) or not session.looks_whole(item))
        else:
            with database.transaction(url) as connection:
                sighting = connection.execute(
                    statement("exchange/sighting_note"),
                    {"channel": channel, "key": item.key, "marks": item.marks, "now": now},
                ).one()
            if sighting.polls < readiness.polls or now - sighting.since < readiness.still:
                continue
            whole = not temporary(item.name) and session.looks_whole(item)
            if whole or now - sighting.since >= readiness.incomplete_after:
                yield Ready(item, incomplete=not whole)
    for problem in session.problems:
        log.warning("Канал %s: %s", channel, problem)


@dataclass(frozen=True)
class Receiver:
    """Takes ready items of a channel into the journal."""

    url: str
    store: Store
    catalogue: Catalogue
    subscribers: Subscribers
    readiness: Readiness
    step: Step = no_step
    clock: Clock = utc_now

    def look(self, channel: Channel) -> int:
        """Number of items that are ready; claims nothing."""
        with channel.session() as session:
            return sum(1 for _ in survey(self.url, channel.code, session, self.readiness, datetime.now(UTC)))

    def receive(self, channel: Channel, limit: int) -> Iterator[int]:
        """Claim at most ``limit`` ready items; yields the ids of their packages, each after its commit."""
        with channel.session() as session:
            ready = survey(self.url, channel.code, session, self.readiness, datetime.now(UTC))
            for taken_so_far, found in enumerate(list(ready)):
                if taken_so_far >= limit:
                    log.info("Канал %s: предел приёма за один проход, остальное — в следующий", channel.code)
                    return
                try:
                    claimed = session.claim(found.item)
                except FileNotFoundError:
                    continue  # another run was quicker, or the sender took the file back
                self.step("claimed")
                package = self._register(channel.code, session, claimed, found.incomplete)
                self.step("registered")
                session.release(claimed)
                self.step("released")
                if package is not None:
                    yield package

    def _register(self, channel: str, session: Session, claimed: Item, incomplete: bool) -> int | None:
        """Row and first event of a package in one transaction; None when an earlier run already made them.

        Of a file above the channel's limit only the size is kept: the answer says that it was too large.
        """
        try:
            taken = session.read(claimed)
            size = len(taken.content)
        except TooLargeError as error:
            taken, size = Taken(claimed.key, claimed.name, claimed.address, b""), error.size
        except FileNotFoundError:
            return None
        sha256 = self.store.put(taken.content)
        self.step("stored")
        sender = self.subscribers.sender(taken.address)
        identified = self.catalogue.identify(taken.name) if sender and taken.attached else None
        kind, match = identified or (None, None)
        now = self.clock()
        with database.transaction(self.url) as connection:
            package = connection.execute(
                statement("exchange/package_insert"),
                {
                    "channel": channel,
                    "source_key": taken.key,
                    "sender": sender,
                    "address": taken.address,
                    "name": taken.name,
                    "reference": taken.reference,
                    "attached": taken.attached,
                    "incomplete": incomplete,
                    "sha256": sha256,
                    "size": size,
                    "received_at": now,
                    "kind": kind.code if kind else None,
                    "subsystem": kind.subsystem if kind else "",
                    "number": kind.number(match) if kind and match else None,
                    "reception": runs.current(),
                },
            ).scalar()
            if package is None:
                return None
            details = {
                "channel": channel,
                "sender": sender or "",
                "name": taken.name,
                "sha256": sha256,
                "size": size,
                "incomplete": incomplete,
            }
            journal.append(connection, package, journal.Event("RECEIVED", now, details))
        return int(package)

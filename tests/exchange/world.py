"""A small world for tests: drop folders, a store, a database, and the exchange between them."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import text

from pipelines.demo.servers.postgres import Postgres
from pipelines.exchange.channels.folder import FolderChannel
from pipelines.exchange.processing import Outcome
from pipelines.exchange.region import load
from pipelines.exchange.service import Exchange
from pipelines.exchange.steps import Clock, Step, no_step, utc_now
from pipelines.ground import database as db
from pipelines.ground.settings import ROOT, Settings
from pipelines.systems import KINDS
from tests.databases import fresh

REGION = load(ROOT / "include" / "region" / "demo")
TIMES = ("received_at", "answered_at", "created_at", "sent_at", "due_at", "at", "purged_at", "attempts", "source_key")
CHAIN = ("seq", "previous", "hash")
NUMBERS = {("exchange.package", "id"), ("exchange.package", "duplicate_of"), ("erz.attachment", "ended_by")}


@dataclass
class World:
    """Folders of all organisations under ``root``, one exchange over them; ``region`` is its profile's folder."""

    url: str
    root: Path
    clock: Clock = utc_now
    region: str = "demo"

    @property
    def folders(self) -> Path:
        return self.root / "folders"

    def set_up(self) -> World:
        for organisation in REGION.organisations:
            for name in ("in", "out"):
                (self.folders / organisation.login / name).mkdir(parents=True, exist_ok=True)
        self.exchange().set_up()
        return self

    @contextmanager
    def copied(self, postgres: Postgres, root: Path) -> Iterator[World]:
        """The world once more, under another folder: what is done to the copy is not done to this one."""
        shutil.copytree(self.root, root)
        with fresh(postgres, self.url) as url:
            yield replace(self, url=url, root=root)

    def exchange(self, step: Step = no_step) -> Exchange:
        logins = [organisation.login for organisation in REGION.organisations]
        channels = {"folder": FolderChannel("folder", self.folders, logins)}
        return Exchange(
            Settings(self.url, (self.root / "store").as_uri(), (self.root / "journal").as_uri(), self.region),
            channels,
            KINDS,
            step,
            self.clock,
            still=timedelta(0),
        )

    def drop(self, organisation: str, name: str, content: bytes) -> None:
        found = REGION.by_code(organisation)
        assert found is not None
        (self.folders / found.login / "in" / name).write_bytes(content)

    def answers(self, organisation: str) -> dict[str, bytes]:
        found = REGION.by_code(organisation)
        assert found is not None
        return {path.name: path.read_bytes() for path in sorted((self.folders / found.login / "out").iterdir())}

    def receive(self, exchange: Exchange) -> None:
        """Claim everything that lies in the folders."""
        exchange.look()  # a file is taken when it is seen for the second time
        exchange.receive()

    def run(
        self, exchange: Exchange | None = None, around: Callable[[int], None] = lambda _: None, *, together: bool = False
    ) -> list[Outcome]:
        """Receive, process, deliver until nothing is left; ``around`` is told each package before its processing.

        ``together`` prepares packages in bulk, as the intake does.
        """
        exchange = exchange or self.exchange()
        self.receive(exchange)
        outcomes = []
        for subsystem in sorted({kind.subsystem for kind in KINDS}):
            pending = exchange.pending(subsystem)
            bulk = exchange.bulk(pending if together else [])
            for package in pending:
                around(package)
                outcomes.append(exchange.process(package, bulk.take(package)))
        exchange.deliver()
        return outcomes

    def let_leases_end(self) -> None:
        """Minutes pass: what a run that died held for delivery is due again."""
        with db.transaction(self.url) as connection:
            connection.execute(text("update exchange.outgoing set due_at = now() where sent_at is null"))

    def rows(self, query: str, **parameters: object) -> list[dict[str, Any]]:
        with db.transaction(self.url) as connection:
            return [dict(row) for row in connection.execute(text(query), parameters).mappings()]

    def snapshot(self) -> dict[str, list[str]]:
        """Everything the database holds and everything in the out/ folders; without times, the chain and notes of polls."""
        tables = self.rows(
            "select n.nspname || '.' || c.relname as name from pg_class c join pg_namespace n on n.oid = c.relnamespace "
            "where n.nspname in ('exchange', 'pump', 'erz', 'checks') and c.relkind in ('r', 'p') and not c.relispartition "
            "and c.relname <> 'sighting'"
        )
        held = {row["name"]: self._table(row["name"]) for row in tables}
        held["out"] = [
            f"{path.relative_to(self.folders)} {path.read_bytes()!r}" for path in sorted(self.folders.glob("*/out/*"))
        ]
        held["in"] = [str(path) for path in sorted(self.folders.glob("*/in/*"))]
        return held

    def _table(self, name: str) -> list[str]:
        ignored: Iterable[str] = TIMES + (CHAIN if name == "exchange.event" else ())
        if name == "exchange.outgoing":
            ignored = (*ignored, "id")
        numbers = self._package_names()
        return sorted(
            str(
                {
                    key: numbers.get(value, value) if (name, key) in NUMBERS or key == "package" else value
                    for key, value in row.items()
                    if key not in ignored
                }
            )
            for row in self.rows(f"select * from {name}")
        )

    def _package_names(self) -> dict[int, str]:
        """A package's number depends on the attempts before it; its name here does not."""
        return {row["id"]: f"{row['sender']}/{row['name']}" for row in self.rows("select * from exchange.package")}

"""Many small packages at once: opened, and their suites run in one vectorised pass, before each has its own transaction.

Nothing is decided here. What was prepared is used by the package's transaction if it is still of that package, and its
findings if suites and dictionaries are still the same; otherwise the transaction does the work anew. So whatever happens
here can cost time, never correctness.
"""

from __future__ import annotations

import logging
from collections import defaultdict, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from sqlalchemy import Connection

from pipelines.checks.runner import run_bulk
from pipelines.exchange import runs
from pipelines.exchange.control import Ahead, terms
from pipelines.exchange.kinds import Catalogue, Opened, PackageKind
from pipelines.exchange.model import Package
from pipelines.exchange.opening import WatchedMember, open_package
from pipelines.exchange.steps import Step
from pipelines.formats.archive import ArchiveLimits
from pipelines.formats.tables import FileFault
from pipelines.ground import database
from pipelines.ground.sql import statement
from pipelines.ground.store import Store
from pipelines.nsi import Dictionaries

log = logging.getLogger(__name__)

SMALL = 1 << 20
"""Bytes of an archive up to which a package is prepared with others: about 10 000 cases, whose own work exceeds the fixed
cost of a pass many times."""
BULK = 96 << 20
"""Bytes of unpacked files after which a bulk is full: their tables take up to three times as much, and what is prepared is
held until it is processed. The last package of a bulk may exceed it by what the limits let ``SMALL`` bytes unpack to."""


@dataclass(frozen=True)
class Prepared:
    """An opened package of a kind, and the findings of its suites if they were made with those of others."""

    kind: str
    opened: Opened
    members: Sequence[WatchedMember]
    ahead: Ahead | None = None

    def of(self, package: Package, kind: PackageKind) -> bool:
        """Whether this is that package (the same row, so the same bytes) as that kind."""
        return self.opened.package == package and self.kind == kind.code


@dataclass(frozen=True)
class Bulk:
    """Prepares packages, a bulk at a time, when the first of the bulk is asked for.

    Only first attempts take part, and taking part is noted as one before anything is opened: a package whose run died is
    left to its own transaction the next time, so that it can hurt no other again.
    """

    url: str
    store: Store
    catalogue: Catalogue
    limits: ArchiveLimits
    dictionaries: Callable[[Connection], Dictionaries]
    step: Step
    left: deque[int]
    """Packages that nobody asked for yet, in the order of their processing."""
    ready: dict[int, Prepared] = field(default_factory=dict)

    def take(self, package_id: int) -> Prepared | None:
        """What could be prepared of a package, given once; None where all is left to its own transaction."""
        if package_id in self.left:
            self._fill()
        return self.ready.pop(package_id, None)

    def _fill(self) -> None:
        """Open packages until the bulk is full, and run the suites of those that go together."""
        together: dict[tuple[str, date], list[int]] = defaultdict(list)
        size = 0
        while self.left and size < BULK:
            package_id = self.left.popleft()
            found = self._open(package_id)
            if found is not None:
                kind, prepared = found
                self.ready[package_id] = prepared
                together[kind.code, prepared.opened.package.received_at.date()].append(package_id)
                size += sum(file.size for file in prepared.members)
        self.step("bulk opened")
        for (code, _), packages in together.items():
            kind = self.catalogue.by_code[code]
            if len(packages) > 1 and any(member.suites for member in kind.members):
                try:
                    self._run(kind, packages)
                except Exception as error:  # whatever it is, the packages meet it in their own transactions, or do not
                    log.warning("Совместный контроль пакетов не удался (%s): %s", code, type(error).__name__)
        self.step("bulk checked")

    def _open(self, package_id: int) -> tuple[PackageKind, Prepared] | None:
        """The opened package; None when it is no matter for a bulk or cannot be opened."""
        with database.transaction(self.url) as connection:
            asked = {"id": package_id, "most": SMALL, "run": runs.current()}
            row = connection.execute(statement("exchange/package_ahead"), asked).first()
        if row is None:
            return None
        package = Package(**row._mapping)
        identified = self.catalogue.identify(package.name)
        if identified is None:
            return None
        kind, match = identified
        try:
            content = self.store.get(package.sha256)
            return kind, Prepared(kind.code, *open_package(package, content, kind, match, self.limits))
        except FileFault:
            return None  # the answer of its own transaction
        except Exception as error:
            log.warning("Пакет № %d не удалось открыть заранее: %s", package_id, type(error).__name__)
            return None

    def _run(self, kind: PackageKind, packages: Sequence[int]) -> None:
        """Findings of packages of one kind that were received on one day."""
        opened = [self.ready[package_id].opened for package_id in packages]
        with database.transaction(self.url) as connection:
            dictionaries = self.dictionaries(connection)
            of_each = [terms(connection, kind, one, dictionaries) for one in opened]
        first = of_each[0]
        days = [one.on for one in of_each]
        frames = run_bulk([one.tables for one in opened], first.suites, dictionaries, days, first.today)
        for package_id, findings, own in zip(packages, frames, of_each, strict=True):
            self.ready[package_id] = replace(self.ready[package_id], ahead=Ahead(findings, own))

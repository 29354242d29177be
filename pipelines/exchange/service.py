"""The exchange of one installation, as the DAGs and the command line use it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property
from typing import TypeVar

from sqlalchemy import Connection

from pipelines import nsi
from pipelines.checks.compiler import by_exchange
from pipelines.exchange import daily, region, subscribers
from pipelines.exchange.bulk import SMALL, Bulk, Prepared
from pipelines.exchange.channels.base import Channel
from pipelines.exchange.control import check_adopted
from pipelines.exchange.documents import Document, Maker
from pipelines.exchange.inbox import Readiness, Receiver
from pipelines.exchange.kinds import Catalogue, PackageKind, adopting
from pipelines.exchange.outbox import DeliveryReport, Outbox
from pipelines.exchange.processing import Outcome, ProcessingFailed, Processor, Rules
from pipelines.exchange.protocol import LOCAL
from pipelines.exchange.retention import HousekeepingReport, keep_house
from pipelines.exchange.steps import Clock, Step, no_step, utc_now
from pipelines.exchange.subscribers import Subscribers
from pipelines.exchange.totals import close_days
from pipelines.exchange.verification import Verifier
from pipelines.formats.archive import ArchiveLimits
from pipelines.ground import database
from pipelines.ground.settings import Settings
from pipelines.ground.sql import statement
from pipelines.ground.store import Store

log = logging.getLogger(__name__)

RECEIVE_LIMIT = 500
"""Files taken from one channel in one run: the rest waits in the channel, where it is safe."""
PENDING_LIMIT = 4096
Answer = TypeVar("Answer")
ATTEMPTS = 8
"""Tries of a package that fails through our fault before an operator must look at it."""


@dataclass(frozen=True)
class Exchange:
    """Everything that one run needs, opened once: settings, profile, kinds, channels.

    ``still`` is how long a file in a drop folder must not change before it is taken.
    """

    settings: Settings
    channels: Mapping[str, Channel]
    kinds: Sequence[PackageKind]
    step: Step = no_step
    clock: Clock = utc_now
    verifiers: Sequence[Verifier] = ()
    still: timedelta = Readiness.still

    @cached_property
    def region(self) -> region.Region:
        return region.load(self.settings.region_dir)

    @cached_property
    def store(self) -> Store:
        return Store(self.settings.store_url)

    @cached_property
    def catalogue(self) -> Catalogue:
        return Catalogue(adopting(self.kinds, self.region.rules_regions["Q022"]))

    @cached_property
    def subscribers(self) -> Subscribers:
        with database.transaction(self.settings.database_url) as connection:
            return subscribers.read(connection)

    def set_up(self) -> None:
        """Load the region's organisations and dictionaries into the database; repeating it changes nothing.

        Raises ``RegionError`` for a profile that adopts rules whose dictionaries the region does not have.
        """
        with database.transaction(self.settings.database_url) as connection:
            subscribers.load_region(connection, self.region)
            nsi.store_folder(connection, self.settings.region_dir / "nsi")
            check_adopted(self.catalogue.kinds, self._dictionaries(connection))

    def look(self) -> int:
        """Number of files that are ready in all channels; one that fails is logged, and raises only if all do."""
        return sum(self._each_channel(self.receiver.look))

    def receive(self) -> Mapping[str, list[int]]:
        """Claim what is ready; subsystem to ids of packages; "" holds those that no subsystem takes, answered at once."""
        received: dict[str, list[int]] = {}
        for found in self._each_channel(lambda channel: list(self.receiver.receive(channel, RECEIVE_LIMIT))):
            for package_id, subsystem in self._subsystems(found):
                received.setdefault(subsystem, []).append(package_id)
        for package_id in self.pending(""):
            try:
                log.info("Пакет № %d: %s", package_id, self.process(package_id).summary)
            except ProcessingFailed as error:
                log.error("Сбой обработки: %s", error)
        return received

    def pending(self, subsystem: str) -> dict[int, int]:
        """Packages of a subsystem that wait (received, or failed and due again), with their bytes; small ones first."""
        asked = {"subsystem": subsystem, "attempts": ATTEMPTS, "small": SMALL, "limit": PENDING_LIMIT}
        with database.transaction(self.settings.database_url) as connection:
            rows = connection.execute(statement("exchange/package_waiting"), asked | {"now": datetime.now(UTC)})
            return {row.id: row.size for row in rows}

    def newcomer(self, subsystem: str, after: int, named: Collection[int]) -> int | None:
        """The first small package of a subsystem that was received after a package and waits, other than those named."""
        asked = {"subsystem": subsystem, "after": after, "small": SMALL, "named": list(named)}
        with database.transaction(self.settings.database_url) as connection:
            return connection.execute(statement("exchange/package_newcomer"), asked).scalar()

    def name_of(self, package_id: int) -> str:
        """Name of a package as it arrived."""
        with database.transaction(self.settings.database_url) as connection:
            return str(connection.execute(statement("exchange/package_name"), {"id": package_id}).scalar_one())

    def bulk(self, package_ids: Sequence[int]) -> Bulk:
        """Preparation of packages that are to be processed in this order; see ``exchange.bulk``."""
        return self.processor.bulk(package_ids)

    def process(self, package_id: int, prepared: Prepared | None = None) -> Outcome:
        """Process one package; see ``Processor.process``."""
        return self.processor.process(package_id, prepared)

    def deliver(self) -> DeliveryReport:
        """Send what the outbox holds."""
        return Outbox(self.settings.database_url, self.store, self.channels, self.step).deliver()

    def daily_journal(self, day: date) -> list[str]:
        """Make the day's journal (XLSX, CSV) in the auditors' folder and the store; returns the paths of the files."""
        with database.transaction(self.settings.database_url) as connection:
            return daily.make(connection, self.store, self.settings.journal_url, day)

    def documents(self, package_id: int) -> list[Document]:
        """Documents of a package, made if there are none yet; see ``documents.Maker.make``."""
        maker = Maker(self.store, self.catalogue, self.processor.rules.limits, self._dictionaries)
        with database.transaction(self.settings.database_url) as connection:
            return maker.make(connection, package_id)

    def documents_wanted(self, day: date, limit: int) -> list[int]:
        """Packages answered on a local day that have findings and no documents: the first ``limit`` of them."""
        since = datetime.combine(day, time.min, LOCAL)
        bounds = {"since": since, "until": since + timedelta(days=1), "limit": limit}
        with database.transaction(self.settings.database_url) as connection:
            return list(connection.execute(statement("exchange/documents_wanted"), bounds).scalars())

    def housekeeping(self, today: date) -> HousekeepingReport:
        """Retention of the store by the region's terms; totals of the days that are closed."""
        with database.transaction(self.settings.database_url) as connection:
            close_days(connection, today)
            return keep_house(connection, self.store, self.region.settings.retention_days, today)

    @cached_property
    def receiver(self) -> Receiver:
        patience = timedelta(seconds=self.region.settings.incomplete_after)
        return Receiver(
            self.settings.database_url,
            self.store,
            self.catalogue,
            self.subscribers,
            Readiness(still=self.still, incomplete_after=patience),
            self.step,
            self.clock,
        )

    @cached_property
    def processor(self) -> Processor:
        terms = self.region.settings
        limits = terms.limits
        return Processor(
            url=self.settings.database_url,
            store=self.store,
            catalogue=self.catalogue,
            subscribers=self.subscribers,
            organisations={organisation.code: organisation.short for organisation in self.region.organisations},
            rules=Rules(
                limits=ArchiveLimits(
                    package_bytes=limits.package_bytes,
                    members=limits.members,
                    inflated_bytes=limits.inflated_bytes,
                    ratio=limits.ratio,
                ),
                policies=terms.policies,
                findings_sample=terms.findings_sample,
                incomplete_minutes=max(1, terms.incomplete_after // 60),
                rule_pages=terms.rule_pages,
                executed=by_exchange(self.region.rules_regions),
            ),
            dictionaries=self._dictionaries,
            step=self.step,
        )

    def _each_channel(self, act: Callable[[Channel], Answer]) -> list[Answer]:
        results: list[Answer] = []
        failures: list[Exception] = []
        for channel in self.channels.values():
            try:
                results.append(act(channel))
            except Exception as error:  # one host that is away must not stop the others
                log.warning("Канал %s недоступен: %s", channel.code, type(error).__name__)
                failures.append(error)
        if failures and not results:
            raise failures[0]
        return results

    def _subsystems(self, package_ids: list[int]) -> list[tuple[int, str]]:
        with database.transaction(self.settings.database_url) as connection:
            rows = connection.execute(statement("exchange/package_subsystems"), {"ids": package_ids})
            return [(row.id, row.subsystem) for row in rows]

    @staticmethod
    def _dictionaries(connection: Connection) -> nsi.Dictionaries:
        return nsi.load(connection)

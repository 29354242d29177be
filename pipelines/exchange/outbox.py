"""Delivery of what the outbox holds: at least once, under deterministic names, so that a repetition changes nothing."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import Row

from pipelines.exchange import journal
from pipelines.exchange.channels.base import Channel, Session
from pipelines.exchange.steps import Step, no_step
from pipelines.ground import database
from pipelines.ground.sql import statement
from pipelines.ground.store import Store

log = logging.getLogger(__name__)

LEASE = timedelta(minutes=5)
BATCH = 200
FAILURES = 3
"""Failed sessions in a row after which a channel is left alone until the next run."""


@dataclass
class DeliveryReport:
    """Files sent and files that must be tried again."""

    sent: int = 0
    failed: int = 0


@dataclass(frozen=True)
class Outbox:
    """Sends the files that packages left for their senders."""

    url: str
    store: Store
    channels: Mapping[str, Channel]
    step: Step = no_step

    def deliver(self) -> DeliveryReport:
        """Send everything that is due, one session a channel. A channel that fails does not hold up the others."""
        report = DeliveryReport()
        with database.transaction(self.url) as connection:
            due = connection.execute(statement("exchange/outgoing_channels"), {"now": datetime.now(UTC)}).scalars().all()
        for code in due:
            channel = self.channels.get(code)
            if channel is None:
                log.error("Канал %s не настроен: его исходящие файлы ждут", code)
                continue
            failures = 0
            while failures < FAILURES and (batch := self._take(code)):
                failures = 0 if self._send_batch(channel, batch, report) else failures + 1
        return report

    def _take(self, channel: str) -> list[Row[tuple[object, ...]]]:
        now = datetime.now(UTC)
        with database.transaction(self.url) as connection:
            taken = connection.execute(
                statement("exchange/outgoing_take"),
                {"channel": channel, "now": now, "lease": now + LEASE, "limit": BATCH},
            ).all()
        return sorted(taken, key=lambda row: row.id)

    def _send_batch(self, channel: Channel, batch: list[Row[tuple[object, ...]]], report: DeliveryReport) -> bool:
        """Send until something fails: that file waits for its pause, the rest is due again at once. True: all sent."""
        left = list(batch)
        try:
            with channel.session() as session:
                while left:
                    self._send(session, left[0])
                    left.pop(0)
                    report.sent += 1
        except Exception as error:
            report.failed += 1
            log.warning("Канал %s: доставка прервана (%s)", channel.code, type(error).__name__)
            now = datetime.now(UTC)
            pauses = [
                min(timedelta(seconds=15 * 2 ** left[0].attempts), timedelta(hours=1)),
                *[timedelta(0)] * (len(left) - 1),
            ]
            with database.transaction(self.url) as connection:
                for row, pause in zip(left, pauses, strict=True):
                    connection.execute(statement("exchange/outgoing_later"), {"id": row.id, "due_at": now + pause})
            return False
        return True

    def _send(self, session: Session, row: Row[tuple[object, ...]]) -> None:
        session.send(
            row.address,
            row.name,
            self.store.get(row.sha256),
            subject=row.subject,
            body=row.body,
            reference=row.reference,
        )
        self.step("sent")
        now = datetime.now(UTC)
        with database.transaction(self.url) as connection:
            connection.execute(statement("exchange/outgoing_sent"), {"id": row.id, "now": now})
            details = {"name": row.name, "sha256": row.sha256, "channel": row.channel}
            journal.append(connection, row.package, journal.Event("DELIVERED", now, details))
        self.step("delivery noted")

"""Retention: bytes of packages whose term is over leave the store; the journal keeps their names and hashes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from sqlalchemy import Connection

from pipelines.exchange import journal
from pipelines.ground.sql import statement
from pipelines.ground.store import Store


@dataclass(frozen=True)
class HousekeepingReport:
    """What was cleared: packages whose bytes left the store."""

    purged: int


def keep_house(connection: Connection, store: Store, retention_days: Mapping[str, int], today: date) -> HousekeepingReport:
    """Remove bytes of received packages after ``retention_days["packages"]`` days; each removal is an event."""
    before = datetime.combine(today, datetime.min.time(), UTC) - timedelta(days=retention_days["packages"])
    due = connection.execute(statement("exchange/purge_due"), {"before": before}).all()
    now = datetime.now(UTC)
    for row in due:
        connection.execute(statement("exchange/purge_mark"), {"id": row.id, "now": now})
        journal.append(connection, row.id, journal.Event("PURGED", now, {"sha256": row.sha256}))
        store.remove(row.sha256)
    return HousekeepingReport(len(due))

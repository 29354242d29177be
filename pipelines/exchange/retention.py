"""Retention: bytes of packages and documents whose term is over leave the store; the journal keeps names and hashes."""

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
    """What was cleared: packages whose bytes left the store, and documents."""

    purged: int
    documents: int


def keep_house(connection: Connection, store: Store, retention_days: Mapping[str, int], today: date) -> HousekeepingReport:
    """Remove bytes of received packages after ``retention_days["packages"]`` days, and of documents after ``["documents"]``.

    Each removal is an event.
    """
    now = datetime.now(UTC)
    before = {name: {"before": _before(today, retention_days[name])} for name in ("packages", "documents")}
    due = connection.execute(statement("exchange/purge_due"), before["packages"]).all()
    for row in due:
        connection.execute(statement("exchange/purge_mark"), {"id": row.id, "now": now})
        journal.append(connection, row.id, journal.Event("PURGED", now, {"sha256": row.sha256}))
        store.remove(row.sha256)
    old = connection.execute(statement("exchange/documents_due"), before["documents"]).all()
    for row in old:
        connection.execute(statement("exchange/document_purged"), {"id": row.id, "now": now})
        details = {"name": row.name, "sha256": row.sha256}
        journal.append(connection, row.package, journal.Event("DOCUMENT_PURGED", now, details))
        store.remove(row.sha256)
    return HousekeepingReport(len(due), len(old))


def _before(today: date, days: int) -> datetime:
    return datetime.combine(today, datetime.min.time(), UTC) - timedelta(days=days)

"""Packages written past the exchange: names and values that nobody sends by accident, many of them, any day and result."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import text

from pipelines.ground import database as db
from pipelines.ground.store import Store, digest

PACKAGE = text("""
    insert into exchange.package (channel, source_key, sender, address, name, sha256, size, received_at, kind, subsystem,
        number, state, result, records, accepted, findings, sums, answered_at, period, due_at, attempts, last_error)
    values (:channel, :key, :sender, 'x', :name, :sha256, :size, :received_at, :kind, 'pump',
        upper(:name), :state, :result, :records, :accepted, :findings, cast(:sums as jsonb), :answered_at, :period, :due_at,
        :attempts, :error)
    returning id
""")
FINDING = text("""
    insert into exchange.finding (package, ordinal, member, rule, severity, element, base, value, message)
    values (:package, :ordinal, 'H', :rule, 'error', 'ZAP/N_ZAP', 'ZAP', :value, :message)
""")
OUTGOING = text("""
    insert into exchange.outgoing (package, channel, address, name, sha256, size, subject, body, created_at, sent_at, due_at)
    values (:package, 'folder', 'x', :name, :sha256, :size, '', '', now(), now(), now()) returning id
""")


def put(url: str, name: str, received_at: datetime, **given: Any) -> int:
    """A package; by default an accepted one of 980001. Keywords are columns."""
    result = given.get("result", "ACCEPTED")
    values = {
        "channel": "folder",
        "key": f"{name} {received_at.isoformat()}",
        "sender": "980001",
        "name": name,
        "sha256": digest(name.encode()),
        "size": 100,
        "received_at": received_at,
        "kind": "PUMP_H",
        "state": "ANSWERED" if result else "RECEIVED",
        "result": result,
        "records": 2 if result else None,
        "accepted": 1 if result else None,
        "findings": 0 if result else None,
        "sums": '{"SUMV": 12345}' if result else "{}",
        "answered_at": received_at if result else None,
        "period": None,
        "due_at": None,
        "attempts": 0,
        "error": None,
    }
    with db.transaction(url) as connection:
        return int(connection.execute(PACKAGE, values | given).scalar_one())


def find_fault(url: str, package: int, ordinal: int, rule: str, value: str, message: str = "не так") -> None:
    with db.transaction(url) as connection:
        row = {"package": package, "ordinal": ordinal, "rule": rule, "value": value, "message": message}
        connection.execute(FINDING, row)


def answer(url: str, store: Store, package: int, name: str, content: bytes) -> int:
    with db.transaction(url) as connection:
        row = {"package": package, "name": name, "sha256": store.put(content), "size": len(content)}
        return int(connection.execute(OUTGOING, row).scalar_one())

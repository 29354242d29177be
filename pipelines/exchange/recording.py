"""What processing leaves of a package in the database: findings, names of the answer's files, its row and its events."""

from __future__ import annotations

import itertools
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pandas as pd
import pyarrow as pa
from sqlalchemy import Connection, text

from pipelines.exchange import journal, protocol
from pipelines.exchange.kinds import Applied, PackageKind
from pipelines.exchange.model import Outgoing, Package, Result
from pipelines.exchange.opening import WatchedMember
from pipelines.ground import database
from pipelines.ground.sql import statement


@dataclass
class Decided:
    """What is decided about a package while it is processed."""

    result: Result
    findings: pd.DataFrame
    applied: Applied = field(default_factory=lambda: Applied(0, 0))
    members: Sequence[WatchedMember] = ()
    extra: Sequence[Outgoing] = ()
    kind: PackageKind | None = None
    way: Sequence[journal.Event] = ()


def copy_findings(connection: Connection, package: int, findings: pd.DataFrame) -> None:
    """Write the findings in their order."""
    if not len(findings):
        return
    rows = pd.DataFrame(
        {
            "package": package,
            "ordinal": range(1, len(findings) + 1),
            **{name: findings[name] for name in ("member", "rule", "severity", "element")},
            "base": findings["parent"],
            **{name: findings[name] for name in protocol.LOCATED},
            "value": findings["value"].str.replace("\x00", "\ufffd"),
            "message": findings["message"],
            "byte_offset": findings["offset"],
        }
    )
    database.copy_table(connection, "exchange.finding", pa.Table.from_pandas(rows, preserve_index=False))


def free_suffix(connection: Connection, package: Package, names: Sequence[str]) -> str:
    """Suffix that keeps an answer from replacing another package's answer of the same name: "" or _2, _3, …"""
    rows = connection.execute(
        statement("exchange/outgoing_names"), {"channel": package.channel, "address": package.address}
    ).scalars()
    taken = set(rows)
    suffixes = itertools.chain([""], (f"_{number}" for number in itertools.count(2)))
    return next(suffix for suffix in suffixes if taken.isdisjoint(suffixed(name, suffix) for name in names))


def suffixed(name: str, suffix: str) -> str:
    """The name with a suffix before its extension."""
    base, _, extension = name.rpartition(".")
    return f"{base}{suffix}.{extension}"


def finish(connection: Connection, package: Package, verdict: Decided, duplicate_of: int | None = None) -> None:
    """The package's row and the events of its way; appended last, because the chain is held until the commit."""
    now = datetime.now(UTC)
    applied = verdict.applied
    facts = {
        "result": str(verdict.result),
        "records": applied.records,
        "accepted": applied.accepted,
        "findings": len(verdict.findings),
    }
    connection.execute(
        statement("exchange/package_answered"),
        facts
        | {
            "id": package.id,
            "duplicate_of": duplicate_of,
            "period": applied.period,
            "sums": json.dumps(applied.sums, sort_keys=True),
            "answered_at": now,
        },
    )
    sealed = connection.execute(statement("exchange/findings_digest"), {"package": package.id}).scalar_one()
    outgoing = connection.execute(
        text("select name, sha256 from exchange.outgoing where package = :package order by id"), {"package": package.id}
    ).all()
    details = facts | {
        "kind": verdict.kind.code if verdict.kind else "",
        "members": {member.name: member.sha256 for member in verdict.members},
        "sums": applied.sums,
        "findings_sha256": sealed,
        "outgoing": [[row.name, row.sha256] for row in outgoing],
    }
    for event in (*verdict.way, journal.Event("ANSWERED", now, details)):
        journal.append(connection, package.id, event)

"""The impact of a proposed change on an installation: plan, replay by month, report, decision."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime

from sqlalchemy import text

from pipelines.exchange import journal
from pipelines.exchange.daily import publish
from pipelines.exchange.impact.figures import Impact, joined
from pipelines.exchange.impact.proposal import Proposal, Request, enable, propose
from pipelines.exchange.impact.replay import ImpactError, replay
from pipelines.exchange.impact.report import briefly, page, totals, workbook
from pipelines.exchange.impact.tables import Names
from pipelines.exchange.service import Exchange
from pipelines.ground import database
from pipelines.ground.sql import statement

ASKED = "RULE_IMPACT_ASKED"
REPORTED = "RULE_IMPACT"
APPROVED = "RULE_IMPACT_APPROVED"
REJECTED = "RULE_IMPACT_REJECTED"


@dataclass(frozen=True)
class Report:
    """A report that was made: text for the one who decides, addresses in the store by file name, paths for the auditors."""

    brief: str
    files: Mapping[str, str]
    paths: Sequence[str]


def ask(exchange: Exchange, request: Request, by: str, start: Callable[[Mapping[str, object]], str]) -> str:
    """Have a change replayed in somebody's name: ``start`` starts the DAG with a configuration and returns its run.

    Raises ``ImpactError``, before anything is started, for a change that cannot be made.
    """
    with database.transaction(exchange.settings.database_url) as connection:
        propose(connection, request)
        values = request.to_json()
        run = start({name: value for name, value in values.items() if name != "until" and value not in ("", None)})
        details = {"request": values, "run": run}
        journal.append(connection, None, journal.Event(ASKED, datetime.now(UTC), details), actor=by)
    return run


def plan(exchange: Exchange, request: Request) -> str:
    """Digest of the proposal (``Proposal.digest``), which the steps after it are given; raises ``ImpactError``."""
    return _proposal(exchange, request).digest


def replay_months(exchange: Exchange, request: Request, digest: str, since: date, until: date) -> str:
    """Replay the packages of some report months; returns the address of the figures in the store."""
    proposal = _same(exchange, request, digest)
    impact = replay(exchange.processor, proposal.difference, since, until)
    return exchange.store.put(impact.to_bytes())


def report(exchange: Exchange, request: Request, digest: str, parts: Sequence[str]) -> Report:
    """Make the report of the parts' figures: into the store, the auditors' folder, and as an event of the journal."""
    proposal = _same(exchange, request, digest)
    impact = joined(Impact.from_bytes(exchange.store.get(part)) for part in parts)
    kinds = {kind.code: kind.title for kind in exchange.kinds}
    names = Names(kinds, {organisation.code: organisation.short for organisation in exchange.region.organisations})
    stem = f"impact_{_code(request)}_{request.since:%Y%m%d}_{request.until:%Y%m}"
    contents = {
        f"{stem}.xlsx": workbook(proposal.subject, impact, names),
        f"{stem}.html": page(proposal.subject, impact, names),
    }
    files = {name: exchange.store.put(content) for name, content in contents.items()}
    details = {"request": request.to_json(), "digest": digest, "files": files, "totals": totals(impact)}
    with database.transaction(exchange.settings.database_url) as connection:
        journal.append(connection, None, journal.Event(REPORTED, datetime.now(UTC), details))
    folder = f"{exchange.settings.journal_url}/{request.until:%Y}"
    paths = [publish(f"{folder}/{name}", content) for name, content in contents.items()]
    return Report(briefly(proposal.subject, impact), files, paths)


def approve(exchange: Exchange, request: Request, digest: str, files: Mapping[str, str], by: str, reason: str) -> int:
    """Put the change in force in the name of the one who approved it; returns the id of the edition.

    Raises ``ImpactError`` when the rules are no longer those that were replayed. Approved again, it changes nothing.
    """
    with database.transaction(exchange.settings.database_url) as connection:
        connection.execute(text("select pg_advisory_xact_lock(hashtext('impact'))"))
        done = connection.execute(statement("exchange/impact_approved"), {"name": APPROVED, "digest": digest}).scalar()
        try:
            proposal = propose(connection, request)
        except ImpactError:
            if done is None:
                raise
            return int(done)  # a run that died after its commit
        _check(proposal, digest)
        edition = enable(connection, proposal, by, reason)
        details = {
            "request": request.to_json(),
            "digest": digest,
            "files": dict(files),
            "reason": reason,
            "edition": edition,
        }
        journal.append(connection, None, journal.Event(APPROVED, datetime.now(UTC), details), actor=by)
        return edition


def reject(exchange: Exchange, request: Request, digest: str, files: Mapping[str, str], by: str, reason: str) -> None:
    """Note that the change was turned down; the report stays."""
    details = {"request": request.to_json(), "digest": digest, "files": dict(files), "reason": reason}
    with database.transaction(exchange.settings.database_url) as connection:
        journal.append(connection, None, journal.Event(REJECTED, datetime.now(UTC), details), actor=by)


def _proposal(exchange: Exchange, request: Request) -> Proposal:
    with database.transaction(exchange.settings.database_url) as connection:
        return propose(connection, request)


def _same(exchange: Exchange, request: Request, digest: str) -> Proposal:
    proposal = _proposal(exchange, request)
    _check(proposal, digest)
    return proposal


def _check(proposal: Proposal, digest: str) -> None:
    if proposal.digest != digest:
        raise ImpactError("правила изменились после пересчёта: повторите его")


def _code(request: Request) -> str:
    """What is proposed as a part of a file name."""
    what = (
        f"edition{request.edition}" if request.edition is not None else "_".join(filter(None, (request.rule, request.kind)))
    )
    return re.sub(r"[^0-9A-Za-z.]+", "_", f"{what}_{request.action}")

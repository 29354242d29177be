"""A package's way: one transaction from the lock on its row to its answer in the outbox.

Loaded rows, findings, the journal's events and the files to send commit together or not at all. A run that dies anywhere
leaves the package as it was, and the next run does the same work with the same result; bytes put into the store before the
commit are addressed by their content, so doing it again changes nothing.
"""

from __future__ import annotations

import logging
import re
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pandas as pd
from sqlalchemy import Connection, Row, text

from pipelines.checks import findings as found
from pipelines.checks.locate import locate
from pipelines.exchange import journal, messages, protocol, runs
from pipelines.exchange.bulk import Bulk, Prepared
from pipelines.exchange.control import control, suites_of
from pipelines.exchange.kinds import Applied, Catalogue, PackageKind, Policy
from pipelines.exchange.model import RESULT_TITLES, Outgoing, Package, Result
from pipelines.exchange.opening import check_arrival, check_rights, open_package
from pipelines.exchange.recording import Decided, copy_findings, finish, free_suffix, suffixed
from pipelines.exchange.steps import Step, no_step
from pipelines.exchange.subscribers import Subscribers
from pipelines.formats.archive import ArchiveLimits
from pipelines.formats.tables import FileFault
from pipelines.ground import database
from pipelines.ground.sql import statement
from pipelines.ground.store import Store
from pipelines.nsi import Dictionaries

log = logging.getLogger(__name__)


class ProcessingFailed(RuntimeError):  # noqa: N818
    """A fault of ours while processing a package; the package is FAILED and will be retried."""


@dataclass(frozen=True)
class Outcome:
    """What one run came to. ``result`` is None when the package waits for an earlier one or is in other hands."""

    package_id: int
    name: str
    result: Result | None
    findings: int
    seconds: float

    @property
    def summary(self) -> str:
        """What it came to, in Russian, without the name: strangers name their files as they like."""
        if self.result is None:
            return "отложен, в работе или ждёт более ранний"
        return f"{RESULT_TITLES[self.result]}, замечаний {self.findings}, {self.seconds:.1f} с"


@dataclass(frozen=True)
class Rules:
    """Settings of processing that come from the region's profile.

    ``rule_pages`` is the address before a page's name; ``executed``: by finding of the exchange the rules of the adopted
    dictionaries that it executes.
    """

    limits: ArchiveLimits
    policies: Mapping[str, Policy]
    findings_sample: int
    incomplete_minutes: int
    executed: Mapping[str, Sequence[str]]
    rule_pages: str | None = None


@dataclass(frozen=True)
class Processor:
    """Processes packages of one installation."""

    url: str
    store: Store
    catalogue: Catalogue
    subscribers: Subscribers
    organisations: Mapping[str, str]
    rules: Rules
    dictionaries: Callable[[Connection], Dictionaries]
    step: Step = no_step

    def bulk(self, package_ids: Sequence[int]) -> Bulk:
        """Preparation of packages that are to be processed in this order."""
        return Bulk(
            self.url, self.store, self.catalogue, self.rules.limits, self.dictionaries, self.step, deque(package_ids)
        )

    def process(self, package_id: int, prepared: Prepared | None = None) -> Outcome:
        """Process one package, with what was ``prepared`` of it where that still holds.

        Bad input is an answer; raises ``ProcessingFailed`` for faults of ours, after noting them.
        """
        started = time.monotonic()
        if prepared is None:  # a prepared one has its attempt noted already
            with database.transaction(self.url) as connection:
                connection.execute(statement("exchange/package_attempt"), {"id": package_id, "run": runs.current()})
            self.step("attempt noted")
        try:
            with database.transaction(self.url) as connection:
                outcome = self._process(connection, package_id, prepared, started)
                self.step("before commit")
            self.step("committed")
        except Exception as error:
            self._note_failure(package_id, error)
            raise ProcessingFailed(f"пакет {package_id}: {_describe(error)}") from None
        return outcome

    def _process(self, connection: Connection, package_id: int, prepared: Prepared | None, started: float) -> Outcome:
        row = connection.execute(statement("exchange/package_lock"), {"id": package_id}).first()
        if row is None:
            name = connection.execute(statement("exchange/package_name"), {"id": package_id}).scalar_one()
            return Outcome(package_id, name, None, 0, 0.0)
        self.step("locked")
        package = package_of(row)
        _serialise(connection, package, row.number)
        if package.sender is None:
            return self._close(connection, package, self._stranger(), started)
        first = connection.execute(
            statement("exchange/package_same"),
            {"id": package.id, "attached": package.attached, "incomplete": package.incomplete}
            | {name: getattr(package, name) for name in ("sender", "name", "sha256", "size")},
        ).first()
        if first is not None:
            if first.state != "ANSWERED":
                return Outcome(package.id, package.name, None, 0, 0.0)
            return self._repeat(connection, package, first.id, started)
        verdict = self._judge(connection, package, row, prepared)
        if verdict is None:
            return Outcome(package.id, package.name, None, 0, 0.0)
        return self._close(connection, package, verdict, started)

    def _judge(
        self, connection: Connection, package: Package, row: Row[tuple[object, ...]], prepared: Prepared | None
    ) -> Decided | None:
        """Open, control and apply; None when an earlier package with the same number is still under way."""
        kind: PackageKind | None = None
        try:
            check_arrival(package, self.rules.limits)
            kind, match = self.identify(package.name)
            check_rights(package, kind, match, self.subscribers.by_code[str(package.sender)])
            taken = connection.execute(
                statement("exchange/package_number_taken"),
                {"sender": package.sender, "kind": kind.code, "number": row.number, "id": package.id},
            ).first()
            if taken is not None and taken.state != "ANSWERED":
                return None
            if taken is not None:
                raise FileFault("PKG.110", date=f"{taken.received_at.astimezone(protocol.LOCAL):%d.%m.%Y}")
            return self._apply(connection, package, kind, match, prepared)
        except FileFault as fault:
            return Decided(Result.REJECTED, self._fault(fault), kind=kind)

    def identify(self, name: str) -> tuple[PackageKind, re.Match[str]]:
        """Kind of a package by its name, with the region's policy, and the match; ``FileFault`` for an unknown name."""
        identified = self.catalogue.identify(name)
        if identified is None:
            raise self._misnamed(name)
        kind, match = identified
        return replace(kind, policy=self.rules.policies.get(kind.code, kind.policy)), match

    def _apply(
        self,
        connection: Connection,
        package: Package,
        kind: PackageKind,
        match: re.Match[str],
        prepared: Prepared | None,
    ) -> Decided:
        if prepared is None or not prepared.of(package, kind):
            content = self.store.get(package.sha256)
            prepared = Prepared(kind.code, *open_package(package, content, kind, match, self.rules.limits))
            del content
        opened, members = prepared.opened, prepared.members
        sizes = {member.name: member.size for member in members}
        way = [journal.Event("OPENED", datetime.now(UTC), {"kind": kind.code, "members": sizes})]
        self.step("opened")
        looked_into = any(member.suites for member in kind.members)
        dictionaries = self.dictionaries(connection) if looked_into else Dictionaries(())
        verified = control(connection, kind, opened, dictionaries, prepared.ahead)
        counts = {name: int((verified.findings["severity"] == name).sum()) for name in found.SEVERITIES}
        way.append(journal.Event("CHECKED", datetime.now(UTC), counts))
        self.step("checked")
        records, accepted = len(verified.accepted), int(verified.accepted.sum())
        if accepted:
            applied = kind.apply(connection, opened, verified.accepted)
        else:
            applied = Applied(records, 0, period=kind.report_date(opened))
        if kind.sums is not None:
            applied = replace(applied, sums=kind.sums(opened, verified.accepted))
        loaded = {"records": applied.records, "accepted": applied.accepted, "sums": applied.sums}
        way.append(journal.Event("APPLIED", datetime.now(UTC), loaded))
        self.step("applied")
        stands = not (verified.findings["severity"] != "warning").any()
        result = Result.ACCEPTED if stands else Result.PARTIAL if accepted else Result.REJECTED
        extra = kind.answers(connection, opened, verified.findings) if kind.answers and accepted else ()
        return Decided(result, verified.findings, applied, members, extra, kind, way)

    def _stranger(self) -> Decided:
        return Decided(Result.QUARANTINED, self._fault(FileFault("PKG.140")))

    def _misnamed(self, name: str) -> FileFault:
        kin = next((kind for kind in self.catalogue.kinds if kind.family.match(name)), None)
        if kin is None:
            return FileFault("PKG.020", name=name)
        return FileFault("PKG.010", name=name, kind=kin.title)

    def _fault(self, fault: FileFault) -> pd.DataFrame:
        parameters = {"minutes": self.rules.incomplete_minutes} | dict(fault.parameters)
        role = str(parameters.get("member", "")) if not fault.code.startswith("PKG") else ""
        return locate(found.frame([messages.finding(fault.code, role=role, **parameters)]), {})

    def _close(self, connection: Connection, package: Package, verdict: Decided, started: float) -> Outcome:
        """Write findings, members, answers, the package's row and, last, its events."""
        for member in verdict.members:
            connection.execute(
                statement("exchange/member_insert"),
                {"package": package.id, "role": member.role, "name": member.name, "size": member.size}
                | {"sha256": member.sha256},
            )
        copy_findings(connection, package.id, verdict.findings)
        self.step("findings written")
        if verdict.result is not Result.QUARANTINED:
            self._answer(connection, package, verdict)
        self.step("answers written")
        outcome = Outcome(package.id, package.name, verdict.result, len(verdict.findings), time.monotonic() - started)
        finish(connection, package, verdict)
        return outcome

    def _answer(self, connection: Connection, package: Package, verdict: Decided) -> None:
        told = protocol.Verdict(
            package=package,
            kind_title=verdict.kind.title if verdict.kind else "",
            sender_name=self.organisations.get(package.sender or "", package.sender or ""),
            result=verdict.result,
            records=verdict.applied.records,
            accepted=verdict.applied.accepted,
            findings=verdict.findings,
            pages=self._pages(connection, verdict),
            executed=self.rules.executed,
        )
        stem = protocol.answer_stem(package.name)
        files = [
            Outgoing(f"{stem}.XML", protocol.flk_p(told, stem)),
            Outgoing(f"{stem}.XLSX", protocol.workbook(told, self.rules.findings_sample)),
            *verdict.extra,
        ]
        suffix = free_suffix(connection, package, [file.name for file in files])
        for file in files:
            connection.execute(
                statement("exchange/outgoing_insert"),
                {
                    "package": package.id,
                    "channel": package.channel,
                    "address": package.address,
                    "name": suffixed(file.name, suffix),
                    "sha256": self.store.put(file.content),
                    "size": len(file.content),
                    "subject": f"Протокол обработки пакета {package.name}",
                    "body": f"Пакет {package.name}: {RESULT_TITLES[verdict.result]}. Протокол во вложении.",
                    "reference": package.reference,
                    "created_at": datetime.now(UTC),
                },
            )

    def _pages(self, connection: Connection, verdict: Decided) -> dict[str, str]:
        """Addresses of the pages of the suites' rules that were broken; none where the region publishes no pages."""
        if self.rules.rule_pages is None or verdict.kind is None:
            return {}
        of_role = suites_of(connection, verdict.kind)
        rules = {check.rule for suites in of_role.values() for suite in suites for check in suite.checks}
        return {rule: f"{self.rules.rule_pages}{rule}.md" for rule in sorted(rules & set(verdict.findings["rule"]))}

    def _repeat(self, connection: Connection, package: Package, first: int, started: float) -> Outcome:
        """The same bytes again: the same answer, byte for byte, and no second load."""
        connection.execute(
            statement("exchange/outgoing_again"),
            {
                "package": package.id,
                "first": first,
                "channel": package.channel,
                "address": package.address,
                "reference": package.reference,
                "created_at": datetime.now(UTC),
            },
        )
        verdict = Decided(Result.DUPLICATE, found.frame())
        finish(connection, package, verdict, duplicate_of=first)
        return Outcome(package.id, package.name, Result.DUPLICATE, 0, time.monotonic() - started)

    def _note_failure(self, package_id: int, error: Exception) -> None:
        """Mark the package FAILED, due again after a growing pause; says what broke, never with what values."""
        described = _describe(error)
        now = datetime.now(UTC)
        try:
            with database.transaction(self.url) as connection:
                attempts = connection.execute(
                    text("select attempts from exchange.package where id = :id"), {"id": package_id}
                ).scalar_one()
                due_at = now + min(timedelta(minutes=2**attempts), timedelta(hours=1))
                connection.execute(
                    statement("exchange/package_failed"), {"id": package_id, "error": described, "due_at": due_at}
                )
                journal.append(connection, package_id, journal.Event("FAILED", now, {"error": described}))
        except Exception:  # the database itself is away: the package stays RECEIVED and is taken again
            log.exception("Пакет %s: сбой не удалось записать в журнал", package_id)


def package_of(row: Row[tuple[object, ...]]) -> Package:
    """The package of a row that has its columns."""
    names = Package.__dataclass_fields__
    return Package(**{name: getattr(row, name) for name in names})


def _serialise(connection: Connection, package: Package, number: str | None) -> None:
    """Wait for other runs that hold a package of the same sender and name, or the same number."""
    for key in sorted({f"name:{package.sender}:{package.name}", f"number:{package.sender}:{number or package.name}"}):
        connection.execute(text("select pg_advisory_xact_lock(hashtextextended(:key, 0))"), {"key": key})


def _describe(error: BaseException) -> str:
    """Type of an error and where it arose: its text may hold values of the file."""
    trace = error.__traceback__
    while trace and trace.tb_next:
        trace = trace.tb_next
    place = f"{Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}" if trace else "?"
    return f"{type(error).__name__} ({place})"

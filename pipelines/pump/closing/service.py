"""Closings of an installation, step by step. Each step is a transaction that is done once: repeated, it changes nothing.

FROZEN → GATHERED → CONTROLLED → SETTLED → PACKED → APPROVED → DELIVERED, or REJECTED, which opens the month again. The
control of a day goes from PACKED to DELIVERED by itself and has no settlement.
"""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

from sqlalchemy import Connection, Row

from pipelines import nsi
from pipelines.exchange import journal
from pipelines.exchange.service import Exchange
from pipelines.ground import database
from pipelines.ground.sql import statement
from pipelines.ground.store import digest
from pipelines.pump import month as months
from pipelines.pump.closing import deliver, freeze, gather, outcome
from pipelines.pump.closing.control import controlled
from pipelines.pump.closing.model import Closing, Document
from pipelines.pump.closing.pack import documents
from pipelines.pump.closing.settle import settled
from pipelines.pump.mek import load_terms

STATES = ("FROZEN", "GATHERED", "CONTROLLED", "SETTLED", "PACKED", "APPROVED", "DELIVERED")
"""States of a closing in their order; REJECTED ends one that was not approved."""
TITLES = {
    "FROZEN": "зафиксирован состав",
    "GATHERED": "собраны сведения",
    "CONTROLLED": "проведён МЭК",
    "SETTLED": "рассчитан",
    "PACKED": "документы готовы, ждёт решения",
    "APPROVED": "утверждён",
    "DELIVERED": "документы отправлены",
    "REJECTED": "отклонён",
}


class Unfit(RuntimeError):  # noqa: N818
    """A step that the closing is not ready for; the Russian text says why."""


class _Undone(Exception):  # noqa: N818
    """Ends a transaction that must leave nothing behind."""


@dataclass(frozen=True)
class Replayed:
    """What a replay found: Russian texts of differences, none where every kopeck and byte is the same."""

    closing: Closing
    cases: int
    documents: int
    differences: Sequence[str]


@dataclass(frozen=True)
class Closings:
    """Closings of one installation."""

    exchange: Exchange

    def freeze_month(self, period: date, now: datetime | None = None) -> Closing:
        """The closing of a month, made now if there is none; raises ``NotReady``."""
        with self._transaction() as connection:
            return freeze.freeze_month(
                connection, self.exchange.store, self.exchange.region, period, now or datetime.now(UTC)
            )

    def freeze_days(self, now: datetime | None = None) -> list[Closing]:
        """Controls of a day for every open month that has registers nobody answered; with those that did not end."""
        moment = now or datetime.now(UTC)
        with self._transaction() as connection:
            found = [freeze.read(connection, row) for row in connection.execute(statement("pump/days_under_way")).scalars()]
            for period in freeze.open_periods(connection):
                if all(one.period != period for one in found):
                    made = freeze.freeze_day(connection, self.exchange.store, self.exchange.region, period, moment)
                    found += [] if made is None else [made]
        return found

    def read(self, closing: int) -> Closing:
        """Header of a closing; raises ``LookupError``."""
        with self._transaction() as connection:
            return freeze.read(connection, closing)

    def gather(self, closing: int) -> None:
        """Ask who the persons are and who pays, run the suites of МЭК, collect what is to be withheld."""
        with self._step(closing, "FROZEN", "GATHERED") as (connection, found):
            if found is None:
                return
            month = months.read(connection, found.period, found.packages)
            terms = load_terms(self.terms(found))
            answers = gather.identified(connection, month.cases, terms)
            dictionaries = nsi.load_pinned(connection, found.editions)
            dues = gather.deductions(connection, found, dictionaries) if found.kind == "month" else None
            gather.keep(connection, found, month, answers, dues)
            for package, findings in gather.suite_findings(connection, self.exchange, found):
                gather.keep_findings(connection, found, package, findings)

    def control(self, closing: int) -> None:
        """Price the cases and control them; the decisions are sealed in the journal."""
        with self._step(closing, "GATHERED", "CONTROLLED") as (connection, found):
            if found is not None:
                self._control(connection, found)
                self._seal(connection, found, "MONTH_CONTROLLED")

    def settle(self, closing: int) -> None:
        """Settle a month; a control of a day has nothing to settle."""
        with self._step(closing, "CONTROLLED", "SETTLED") as (connection, found):
            if found is not None and found.kind == "month":
                self._settle(connection, found)
                self._seal(connection, found, "MONTH_SETTLED")

    def pack(self, closing: int) -> None:
        """Make the documents and payment packages and keep them in the store."""
        with self._step(closing, "SETTLED", "PACKED") as (connection, found):
            if found is None:
                return
            listed = []
            for ordinal, document in enumerate(self._documents(connection, found), start=1):
                sha256 = self.exchange.store.put(document.content)
                listed.append([document.recipient, document.name, sha256])
                connection.execute(statement("pump/document_insert"), _row(document, found, ordinal) | {"sha256": sha256})
            details = {"closing": found.id, "documents": len(listed), "documents_sha256": of_list(listed)}
            journal.append(connection, None, journal.Event("MONTH_PACKED", datetime.now(UTC), details))

    def decide(self, closing: int, approved: bool, who: str, reason: str) -> Closing:
        """Approve a month or reject it, with who and why; the same decision again changes nothing.

        Raises ``Unfit`` for a closing that has no documents yet, or that is decided otherwise.
        """
        state = "APPROVED" if approved else "REJECTED"
        with self._transaction() as connection:
            now_in = connection.execute(statement("pump/closing_lock"), {"id": closing}).scalar_one()
            found = freeze.read(connection, closing)
            if now_in == state or (approved and now_in == "DELIVERED"):
                return found
            if now_in != "PACKED":
                raise Unfit(f"Закрытие № {closing}: {TITLES[now_in]}; решение о нём сейчас не принимается")
            now = datetime.now(UTC)
            decided = {"id": closing, "state": state, "who": who, "at": now, "reason": reason}
            connection.execute(statement("pump/closing_decided"), decided)
            details = {"closing": closing, "period": found.period, "reason": reason}
            journal.append(connection, None, journal.Event(f"MONTH_{state}", now, details), actor=who)
            return freeze.read(connection, closing)

    def deliver(self, closing: int) -> int:
        """Hand the files over to the outbox; returns how many there are. A month must be approved."""
        with self._transaction() as connection:
            state = connection.execute(statement("pump/closing_lock"), {"id": closing}).scalar_one()
            found = freeze.read(connection, closing)
            if state == "DELIVERED":
                return 0
            if state != ("APPROVED" if found.kind == "month" else "PACKED"):
                raise Unfit(f"Закрытие № {closing}: {TITLES[state]}; отправлять нечего")
            now = datetime.now(UTC)
            sent = deliver.send(connection, self.exchange.region, closing, frozenset(self.exchange.channels), now)
            connection.execute(statement("pump/closing_state"), {"id": closing, "state": "DELIVERED"})
            details = {"closing": closing, "period": found.period, "files": sent}
            journal.append(connection, None, journal.Event("MONTH_DELIVERED", now, details))
            return sent

    def replay(self, closing: int) -> Replayed:
        """Control, settle and pack a closing once more from what was gathered, and compare; leaves nothing behind."""
        differences: list[str] = []
        with self._undone() as connection:
            found = freeze.read(connection, closing)
            before = outcome.sealed(connection, found)
            kept = {(row.recipient, row.name): row.sha256 for row in _listed(connection, found)}
            outcome.forget(connection, found)
            cases = self._control(connection, found)
            if found.kind == "month" and before[1] is not None:
                self._settle(connection, found)
            titles = ("решения", "расчёт")
            differences += [
                f"{title}: хеш {new} вместо {old}"
                for title, old, new in zip(titles, before, outcome.sealed(connection, found), strict=True)
                if old != new
            ]
            again = {}
            if kept:
                for document in self._documents(connection, found):
                    again[document.recipient, document.name] = digest(document.content)
            differences += [
                f"{name}: {'нет' if new is None else 'другие байты' if old else 'лишний'}"
                for (recipient, name) in sorted(kept.keys() | again.keys(), key=str)
                if (old := kept.get((recipient, name))) != (new := again.get((recipient, name)))
            ]
        return Replayed(found, cases, len(kept), differences)

    def terms(self, closing: Closing) -> Path:
        """Folder with the region's ``month.yaml`` as it was frozen."""
        folder = self.exchange.region.folder
        if digest((folder / "month.yaml").read_bytes()) == closing.terms_sha256:
            return folder
        kept = Path(tempfile.gettempdir()) / f"oms-terms-{closing.terms_sha256}"
        kept.mkdir(mode=0o700, exist_ok=True)
        (kept / "month.yaml").write_bytes(self.exchange.store.get(closing.terms_sha256))
        return kept

    def _control(self, connection: Connection, closing: Closing) -> int:
        closed = controlled(connection, self.exchange.region, self.terms(closing), closing)
        outcome.keep(connection, closing, outcome.tables(closed))
        return len(closed.month.cases)

    def _settle(self, connection: Connection, closing: Closing) -> None:
        lines = settled(connection, self.terms(closing), closing)
        outcome.keep(connection, closing, outcome.lines(lines))
        outcome.keep_withheld(connection, closing, lines)

    def _documents(self, connection: Connection, closing: Closing) -> Iterator[Document]:
        return documents(connection, self.exchange, self.terms(closing), outcome.read(connection, closing))

    def _seal(self, connection: Connection, closing: Closing, event: str) -> None:
        decisions, lines = outcome.sealed(connection, closing)
        connection.execute(statement("pump/closing_seal"), {"id": closing.id, "decisions": decisions, "lines": lines})
        details = {"closing": closing.id, "period": closing.period, "decisions_sha256": decisions, "lines_sha256": lines}
        journal.append(connection, None, journal.Event(event, datetime.now(UTC), details))

    @contextmanager
    def _transaction(self) -> Iterator[Connection]:
        with database.transaction(self.exchange.settings.database_url) as connection:
            yield connection

    @contextmanager
    def _step(self, closing: int, before: str, after: str) -> Iterator[tuple[Connection, Closing | None]]:
        """A step from one state to the next; gives None for the closing where the step is done already."""
        with self._transaction() as connection:
            state = connection.execute(statement("pump/closing_lock"), {"id": closing}).scalar_one()
            if state not in STATES or STATES.index(state) < STATES.index(before):
                raise Unfit(f"Закрытие № {closing}: {TITLES[state]}; этот шаг сейчас невозможен")
            if STATES.index(state) >= STATES.index(after):
                yield connection, None
                return
            yield connection, freeze.read(connection, closing)
            connection.execute(statement("pump/closing_state"), {"id": closing, "state": after})

    @contextmanager
    def _undone(self) -> Iterator[Connection]:
        try:
            with self._transaction() as connection:
                yield connection
                raise _Undone
        except _Undone:
            return


def _listed(connection: Connection, closing: Closing) -> Sequence[Row[tuple[object, ...]]]:
    return connection.execute(statement("pump/documents"), {"closing": closing.id}).all()


def _row(document: Document, closing: Closing, ordinal: int) -> dict[str, object]:
    names = ("kind", "recipient", "payer", "code_mo", "name", "title")
    return {name: getattr(document, name) for name in names} | {
        "closing": closing.id,
        "ordinal": ordinal,
        "size": len(document.content),
    }


def of_list(listed: Sequence[Sequence[str | None]]) -> str:
    """SHA-256 of a list of files."""
    return hashlib.sha256(json.dumps(listed, ensure_ascii=False).encode()).hexdigest()

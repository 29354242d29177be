"""Documents of a package, made after its answer: results of Great Expectations as JSON and Data Docs as a ZIP of HTML.

The stored bytes are opened again and the suites in force on the report date are validated by stock Great Expectations;
its counts are compared with the protocol's findings. What a document holds of the package: numbers of failing rows, and of
each rule at most ``gx.SAMPLE`` values of the judged element, which the protocol shows as well.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Row

from pipelines.checks.frames import frame
from pipelines.checks.runner import bulks_of
from pipelines.exchange import journal
from pipelines.exchange.control import suites_of, terms
from pipelines.exchange.kinds import Catalogue, Opened, PackageKind
from pipelines.exchange.model import Package
from pipelines.exchange.opening import open_package
from pipelines.formats.archive import ArchiveLimits
from pipelines.ground.sql import statement
from pipelines.ground.store import Store
from pipelines.nsi import Dictionaries

RESULTS = "RESULTS"
DATA_DOCS = "DATA_DOCS"
TITLES = {RESULTS: "Результаты проверок Great Expectations", DATA_DOCS: "Data Docs"}


class NoDocuments(ValueError):  # noqa: N818
    """A package that no documents can be made of; the Russian text says why."""


@dataclass(frozen=True)
class Document:
    """A document of a package; ``kind`` of ``TITLES``, ``size`` in bytes."""

    kind: str
    name: str
    sha256: str
    size: int
    made_at: datetime


@dataclass(frozen=True)
class Maker:
    """Makes documents of packages of one installation."""

    store: Store
    catalogue: Catalogue
    limits: ArchiveLimits
    dictionaries: Callable[[Connection], Dictionaries]

    def make(self, connection: Connection, package_id: int) -> list[Document]:
        """The package's documents: those that are kept, else made now, stored and noted in the chain.

        Raises ``NoDocuments`` for a package that was not opened, is a repetition or has left the store.
        """
        row = connection.execute(statement("exchange/document_package"), {"id": package_id}).first()
        package, kind, match = self._suited(connection, package_id, row)
        if kept := of_package(connection, package_id):
            return kept
        opened, _ = open_package(package, self.store.get(package.sha256), kind, match, self.limits)
        now = datetime.now(UTC)
        files, agreement = self._files(connection, kind, opened, now)
        made = []
        for document, content in files:
            made.append(replace(document, sha256=self.store.put(content), size=len(content)))
            connection.execute(statement("exchange/document_insert"), {"package": package_id, **asdict(made[-1])})
        details = {"files": {document.name: document.sha256 for document in made}, **agreement}
        journal.append(connection, package_id, journal.Event("DOCUMENTED", now, details))
        return made

    def _suited(
        self, connection: Connection, package_id: int, row: Row[tuple[object, ...]] | None
    ) -> tuple[Package, PackageKind, re.Match[str]]:
        if row is None:
            raise NoDocuments(f"Пакета № {package_id} в журнале нет")
        if row.state != "ANSWERED":
            raise NoDocuments(f"Пакет № {package_id} ещё не обработан")
        if row.duplicate_of is not None:
            raise NoDocuments(f"Пакет № {package_id} — повтор: документы есть у пакета № {row.duplicate_of}")
        if row.purged_at is not None:
            raise NoDocuments(f"Пакет № {package_id}: срок хранения файлов вышел")
        identified = self.catalogue.identify(row.name) if row.opened else None
        if identified is None or not suites_of(connection, identified[0]):
            raise NoDocuments(f"Пакет № {package_id} не открыт или проверяется без наборов правил: документов нет")
        return Package(**{name: getattr(row, name) for name in Package.__dataclass_fields__}), *identified

    def _files(
        self, connection: Connection, kind: PackageKind, opened: Opened, now: datetime
    ) -> tuple[list[tuple[Document, bytes]], dict[str, object]]:
        from pipelines.checks.gx import Documents  # imports Great Expectations: seconds

        package, now_in_force = opened.package, terms(connection, kind, opened, self.dictionaries(connection))
        dictionaries, on = now_in_force.dictionaries, now_in_force.on
        documents = Documents()
        counts: dict[tuple[str, str], int] = {}
        rules: set[tuple[str, str]] = set()
        bulks = bulks_of([opened.tables], now_in_force.today, dictionaries)
        for role, suites in now_in_force.suites.items():
            for suite in suites:
                rules |= {(role, check.rule) for check in suite.checks}
                if bulks[role].rows(suite.table):
                    found = documents.add(role, frame(bulks[role], suite), suite, dictionaries, on)
                    counts |= {(role, rule): counts.get((role, rule), 0) + count for rule, count in found.items()}
                    bulks[role].release(suite.table)
        agreement = _agreement(connection, package.id, counts, rules)
        results = {
            "package": {"id": package.id, "name": package.name, "sha256": package.sha256, "kind": kind.code},
            "report_date": on.isoformat(),
            "made_at": now.isoformat(),
            "protocol": agreement,
            "suites": documents.results(),
        }
        content = json.dumps(results, ensure_ascii=False, indent=1).encode()
        stem = f"package_{package.id}"
        return [
            (Document(RESULTS, f"{stem}_results.json", "", 0, now), content),
            (Document(DATA_DOCS, f"{stem}_data_docs.zip", "", 0, now), documents.site(stem, now)),
        ], {"agrees": agreement["agrees"]}


def of_package(connection: Connection, package_id: int) -> list[Document]:
    """Documents that are kept of a package."""
    rows = connection.execute(statement("exchange/documents"), {"package": package_id})
    return [Document(**row) for row in rows.mappings()]


def _agreement(
    connection: Connection, package_id: int, counts: dict[tuple[str, str], int], rules: set[tuple[str, str]]
) -> dict[str, Any]:
    """Whether the protocol has as many findings of each suite's rule as Great Expectations found rows; where it differs."""
    rows = connection.execute(statement("exchange/findings_by_rule"), {"package": package_id})
    protocol = {(row.member, row.rule): row.findings for row in rows if (row.member, row.rule) in rules}
    differences = [
        {"member": key[0], "rule": key[1], "great_expectations": counts.get(key, 0), "protocol": protocol.get(key, 0)}
        for key in sorted(counts.keys() | protocol.keys())
        if counts.get(key, 0) != protocol.get(key, 0)
    ]
    return {"agrees": not differences, "differences": differences}

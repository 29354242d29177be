"""Stored packages of some report months replayed under the rules before and after a change."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from datetime import date

from sqlalchemy import Row

from pipelines.checks.difference import Difference
from pipelines.checks.runner import required_dictionaries
from pipelines.exchange.impact.compare import compare
from pipelines.exchange.impact.figures import Impact, joined, missing, of_package
from pipelines.exchange.kinds import Opened, PackageKind
from pipelines.exchange.opening import open_package
from pipelines.exchange.processing import Processor, package_of
from pipelines.formats.tables import FileFault
from pipelines.ground import database
from pipelines.ground.sql import statement
from pipelines.ground.store import StoreError
from pipelines.nsi import Dictionaries

log = logging.getLogger(__name__)


class ImpactError(ValueError):
    """A change that cannot be replayed or enabled; the text says why, in Russian."""


def replay(processor: Processor, difference: Difference, since: date, until: date) -> Impact:
    """Figures of the packages whose report month is between ``since`` and ``until`` (first days of months, both included).

    One package is held in memory at a time, each in a transaction that is rolled back. Packages whose bytes are gone or
    cannot be opened any more are listed as missing. Raises ``ImpactError`` when a dictionary that the rules need is absent.
    """
    kinds = concerned(processor.catalogue.kinds, difference)
    with database.transaction(processor.url) as connection:
        parameters = {"kinds": [kind.code for kind in kinds], "since": since, "until": until}
        packages = connection.execute(statement("exchange/impact_packages"), parameters).all()
        _check_dictionaries(kinds, difference, processor.dictionaries(connection))
    return joined(_parts(processor, difference, packages))


def concerned(kinds: Sequence[PackageKind], difference: Difference) -> list[PackageKind]:
    """Kinds of packages with a file whose rules differ."""
    return [kind for kind in kinds if any(member.suites in difference.names for member in kind.members)]


def _parts(processor: Processor, difference: Difference, packages: Sequence[Row[tuple[object, ...]]]) -> Iterator[Impact]:
    for row in packages:
        place = {"kind": str(row.kind), "period": str(row.period), "organisation": str(row.sender)}
        try:
            if row.purged_at is not None:
                raise StoreError("файл удалён по сроку хранения")
            kind, opened = reopen(processor, row)
        except (StoreError, FileFault) as error:
            reason = str(error) if isinstance(error, StoreError) else f"пакет больше не открывается ({error.code})"
            yield missing(row.id, row.name, place, reason)
            continue
        with database.engine(processor.url).connect() as connection:  # closed without a commit: a replay changes nothing
            compared = compare(connection, kind, opened, difference, processor.dictionaries(connection))
        log.info("Пакет № %d воспроизведён, случаев %d", row.id, len(compared.kopecks))
        yield of_package(place, compared)


def reopen(processor: Processor, row: Row[tuple[object, ...]]) -> tuple[PackageKind, Opened]:
    """Open a stored package again; raises ``StoreError`` or ``FileFault`` when that cannot be done."""
    package = package_of(row)
    kind, match = processor.identify(package.name)
    opened, _ = open_package(package, processor.store.get(package.sha256), kind, match, processor.rules.limits)
    return kind, opened


def _check_dictionaries(kinds: Sequence[PackageKind], difference: Difference, dictionaries: Dictionaries) -> None:
    used = {member.suites for kind in kinds for member in kind.members if member.suites}
    for book in (difference.before, difference.after):
        absent = sorted(required_dictionaries({name: book[name] for name in used & book.keys()}) - set(dictionaries))
        if absent:
            raise ImpactError(f"правилам нужны справочники, которые не загружены: {', '.join(absent)}")

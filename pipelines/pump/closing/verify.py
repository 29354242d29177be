"""Closings beside the journal: what was decided, settled and made is what its events sealed."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Connection

from pipelines.exchange.journal import Problem
from pipelines.ground.sql import statement
from pipelines.ground.store import Store, StoreError
from pipelines.pump.closing import freeze, outcome
from pipelines.pump.closing.service import of_list


def verify(connection: Connection, store: Store) -> Iterator[Problem]:
    """Recompute the hashes of every closing's decisions, settlement and files, and compare with the events."""
    for row in connection.execute(statement("pump/seals")).all():
        closing = freeze.read(connection, row.id)
        place = f"закрытие {closing.id} ({closing.period:%m.%Y})"
        decisions, lines = outcome.sealed(connection, closing)
        if row.decisions_sha256 is not None and decisions != row.decisions_sha256:
            yield Problem(place, "решения по случаям изменены")
        if row.lines_sha256 is not None and lines != row.lines_sha256:
            yield Problem(place, "взаиморасчёты изменены")
        if row.documents_sha256 is None:
            continue
        documents = connection.execute(statement("pump/documents"), {"closing": closing.id}).all()
        if of_list([[one.recipient, one.name, one.sha256] for one in documents]) != row.documents_sha256:
            yield Problem(place, "перечень документов изменён")
        for document in documents:
            try:
                store.get(document.sha256)
            except StoreError as error:
                yield Problem(f"{place}, файл {document.name}", str(error))

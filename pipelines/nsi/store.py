"""Editions of dictionaries in PostgreSQL: schema ``nsi``."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
from sqlalchemy import Connection

from pipelines.ground.database import copy_table
from pipelines.ground.sql import statement
from pipelines.nsi.dictionaries import BEGIN, END, Dictionaries, Dictionary, read_csv

KEPT = 256
"""Editions kept in the memory of a process."""


@dataclass(frozen=True)
class Edition:
    """Header of a stored edition; ``version`` is empty and ``issued`` None for a dictionary of the region.

    ``source`` is the name of the package or file that it came in.
    """

    id: int
    dictionary: str
    sha256: str
    version: str
    issued: date | None
    loaded_at: datetime
    title: str
    source: str


def store_edition(
    connection: Connection,
    dictionary: str,
    rows: Iterable[Mapping[str, str | None]],
    *,
    title: str = "",
    source: str = "",
    version: str = "",
    issued: date | None = None,
    again: bool = False,
) -> int:
    """Store an edition and return its id; the same rows again give the id they had, and nothing is written.

    With ``again`` the rows of an edition before the last one are stored anew, so that they are in force again.

    ``rows`` hold the dictionary's own fields; DATEBEG and DATEEND are ISO dates or empty. Raises ``ValueError`` for others.
    ``version`` and ``issued`` are those of a published packet; equal rows under another version are another edition.
    """
    fields = [{name: value or None for name, value in row.items()} for row in rows]
    texts = [json.dumps(row, ensure_ascii=False, sort_keys=True) for row in fields]
    stamp = [f"{version} {issued}"] if version else []
    place = {"dictionary": dictionary, "sha256": _digest([*stamp, *texts])}
    header = {"title": title, "source": source, "version": version, "issued": issued}
    added = connection.execute(statement("nsi/add_edition"), place | header).scalar()
    if added is None:
        kept = int(connection.execute(statement("nsi/find_edition"), place).scalar_one())
        last = current(connection, dictionary)
        if not again or last is None or last.id == kept:
            return kept
        place["sha256"] = _digest([f"after {last.id}", *stamp, *texts])
        added = connection.execute(statement("nsi/add_edition"), place | header).scalar_one()
    entries = pa.table(
        {
            "edition": pa.array([added] * len(fields), pa.int64()),
            "row": pa.array(range(len(fields)), pa.int32()),
            "fields": pa.array(texts, pa.string()),
            "valid_from": pa.array([_day(row.get(BEGIN)) for row in fields], pa.date32()),
            "valid_to": pa.array([_day(row.get(END)) for row in fields], pa.date32()),
        }
    )
    copy_table(connection, "nsi.entry", entries)
    return int(added)


def _digest(texts: Iterable[str]) -> str:
    return hashlib.sha256("\n".join(texts).encode()).hexdigest()


def store_folder(connection: Connection, folder: Path) -> None:
    """Store every ``<dictionary>.csv`` of a region's folder as an edition of that dictionary (see ``read_csv``)."""
    for path in sorted(folder.glob("*.csv")):
        store_edition(connection, path.stem, read_csv(path).to_pylist(), source=path.name)


def load(connection: Connection) -> Dictionaries:
    """The last edition of every dictionary; an edition is read once per process."""
    current = connection.execute(statement("nsi/current_editions")).all()
    return Dictionaries(_cached(connection, row.dictionary, row.id, row.sha256) for row in current)


def pinned(connection: Connection) -> list[int]:
    """Ids of the editions that ``load`` gives now."""
    return sorted(row.id for row in connection.execute(statement("nsi/current_editions")))


def load_pinned(connection: Connection, editions: Sequence[int]) -> Dictionaries:
    """The dictionaries as they were when these editions were the last ones."""
    rows = connection.execute(statement("nsi/named_editions"), {"editions": list(editions)}).all()
    return Dictionaries(_cached(connection, row.dictionary, row.id, row.sha256) for row in rows)


def load_one(connection: Connection, dictionary: str) -> Dictionary | None:
    """The last edition of a dictionary; None when there is none."""
    row = current(connection, dictionary)
    return _cached(connection, row.dictionary, row.id, row.sha256) if row else None


def current(connection: Connection, dictionary: str) -> Edition | None:
    """The header of the last edition of a dictionary; None when there is none."""
    row = connection.execute(statement("nsi/current_edition"), {"dictionary": dictionary}).first()
    return Edition(*row) if row else None


def published(connection: Connection, dictionary: str) -> Edition | None:
    """The newest published edition of a dictionary that is kept, by its own date; None when there is none."""
    row = connection.execute(statement("nsi/published_edition"), {"dictionary": dictionary}).first()
    return Edition(*row) if row else None


def previous(connection: Connection, edition: Edition) -> Edition | None:
    """The edition of the dictionary stored before another; None when there is none."""
    place = {"dictionary": edition.dictionary, "id": edition.id}
    row = connection.execute(statement("nsi/previous_edition"), place).first()
    return Edition(*row) if row else None


def editions(connection: Connection, dictionary: str | None = None) -> list[tuple[Edition, int]]:
    """All editions (of a dictionary), by its name, oldest first, each with the number of its rows."""
    found = connection.execute(statement("nsi/editions"), {"dictionary": dictionary}).all()
    return [(Edition(*row[:-1]), row[-1]) for row in found]


def edition(connection: Connection, identifier: int) -> Edition:
    """The header of an edition; raises ``LookupError`` for one that is not there."""
    row = connection.execute(statement("nsi/edition"), {"id": identifier}).first()
    if row is None:
        raise LookupError(f"редакции № {identifier} нет")
    return Edition(*row)


def read(connection: Connection, edition: Edition) -> Dictionary:
    """An edition for look-ups, whether it is the last one or not."""
    return _cached(connection, edition.dictionary, edition.id, edition.sha256)


def entries(connection: Connection, edition: int) -> list[dict[str, str | None]]:
    """Rows of an edition as they were stored, in their order."""
    return [dict(row.fields) for row in connection.execute(statement("nsi/entries"), {"edition": edition})]


_read_before: dict[tuple[str, str], Dictionary] = {}


def _cached(connection: Connection, name: str, edition: int, sha256: str) -> Dictionary:
    key = (name, sha256)  # the content, not the id: ids begin anew in another database
    if key not in _read_before:
        while len(_read_before) >= KEPT:
            del _read_before[next(iter(_read_before))]
        _read_before[key] = _read(connection, name, edition)
    return _read_before[key]


def _read(connection: Connection, name: str, edition: int) -> Dictionary:
    entries = connection.execute(statement("nsi/entries"), {"edition": edition}).all()
    columns = sorted({column for entry in entries for column in entry.fields})
    rows = pa.table({column: pa.array([e.fields.get(column) for e in entries], pa.string()) for column in columns})
    first = np.array([e.valid_from or date.min for e in entries], dtype="datetime64[D]")
    last = np.array([e.valid_to or date.max for e in entries], dtype="datetime64[D]")
    return Dictionary(name, rows, first, last)


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None

"""Dictionaries as plain tables: a region's own CSV, the directories of АИС ОМС in DBF; one file or several in a ZIP."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache

import pandas as pd
import yaml
from sqlalchemy import Connection

from pipelines import nsi
from pipelines.checks import findings as found
from pipelines.checks import rulebook
from pipelines.exchange.kinds import Opened
from pipelines.formats.flat import flat_rows
from pipelines.formats.tables import Tables
from pipelines.ground.settings import ROOT
from pipelines.nsi.declared import declared
from pipelines.nsi.dictionaries import BEGIN, END
from pipelines.reference.edition import Edition, Findings, before, dated, day_of, faults, lock, order_faults, unchanged

VERSIONED = re.compile(r"(?P<dictionary>[A-ZА-Я][\w-]*?)_(?P<oid>\d+(?:\.\d+){4,})_(?P<version>\d+(?:\.\d+)*)")
"""File of a dictionary of the Ministry of Health: name, object identifier, version."""


@dataclass(frozen=True)
class Directory:
    """A directory of АИС ОМС: ``file`` a pattern of its file's name without the version, ``fields`` that must be there."""

    file: str
    fields: tuple[str, ...]


@cache
def directories() -> Mapping[str, Directory]:
    """Directories of АИС ОМС by name: ``include/reference/directories.yaml``."""
    raw = yaml.safe_load((ROOT / "include" / "reference" / "directories.yaml").read_text(encoding="utf-8"))
    return {name: Directory(one.get("file", name), tuple(one["fields"])) for name, one in raw.items()}


def directory_file() -> str:
    """Pattern of the name of a directory's file without extension; its last figures are the version."""
    return rf"(?:{'|'.join(one.file for one in directories().values())})\d{{1,3}}"


def csv_editions(opened: Opened) -> list[Edition]:
    """Editions of the CSV files of a package, by the names of the files."""
    return [_csv(role, tables) for role, tables in opened.tables.items()]


def dbf_editions(opened: Opened) -> list[Edition]:
    """Editions of the directories of a package; the number of the version is in the file's name, its day in the header."""
    return [_dbf(role, tables) for role, tables in opened.tables.items()]


def check_csv(connection: Connection, opened: Opened, so_far: pd.DataFrame) -> pd.DataFrame:
    """Columns, dates and periods of every CSV; rows that are those of the edition in force are told."""
    editions = csv_editions(opened)
    lock(connection, {edition.dictionary for edition in editions})
    rows: list[dict[str, object]] = [*_twice(editions)]
    for edition in editions:
        rows += [*_kept(connection, opened, edition), *faults(connection, edition), *_switches(edition)]
    return found.frame(rows)


def check_dbf(connection: Connection, opened: Opened, so_far: pd.DataFrame) -> pd.DataFrame:
    """Version, fields and keys of every directory; rows that are those of the edition in force are told."""
    editions = dbf_editions(opened)
    lock(connection, {edition.dictionary for edition in editions})
    rows: list[dict[str, object]] = [*_twice(editions)]
    for edition in editions:
        absent = list(_fields(edition))
        rows += [*_kept(connection, opened, edition), *absent]
        if not absent:
            rows += [*faults(connection, edition), *_empty(edition)]
    return found.frame(rows)


def _csv(role: str, tables: Tables) -> Edition:
    named = VERSIONED.fullmatch(role)
    dictionary, version = (named["dictionary"], named["version"]) if named else (role, "")
    return Edition(dictionary, dated(dictionary, flat_rows(tables)), role, tables.layout.record, version=version)


def _dbf(role: str, tables: Tables) -> Edition:
    name, version = re.fullmatch(r"(.*?)(\d+)", role).groups()  # type: ignore[union-attr]  # the mask of the members
    dictionary = next(code for code, one in directories().items() if re.fullmatch(one.file, name, re.IGNORECASE))
    rows, record = tuple(flat_rows(tables)), tables.layout.record
    return Edition(dictionary, rows, role, record, version=version, day=tables.dated, undated=True)


def _twice(editions: list[Edition]) -> Findings:
    seen: set[str] = set()
    for edition in editions:
        if edition.dictionary in seen:
            yield edition.finding("NSI.051", value=edition.dictionary, dictionary=edition.dictionary)
        seen.add(edition.dictionary)


def _kept(connection: Connection, opened: Opened, edition: Edition) -> Findings:
    """What the editions kept have to say: their order, their columns, their rows."""
    for code, names in order_faults(nsi.published(connection, edition.dictionary), edition):
        yield edition.finding(code, "", -1, edition.version, **names)
    earlier = before(connection, opened, edition.dictionary)
    if earlier.rows and edition.rows:
        yield from _columns(edition, list(earlier.rows[0]))
        yield from unchanged(earlier, edition)


def _columns(edition: Edition, known: list[str]) -> Findings:
    there = list(edition.rows[0])
    missing = [name for name in known if name not in there]
    added = [name for name in there if name not in known]
    if missing:
        yield edition.finding("NSI.110", dictionary=edition.dictionary, fields=", ".join(missing))
    if added:
        yield edition.finding("NSI.111", dictionary=edition.dictionary, fields=", ".join(added))


def _fields(edition: Edition) -> Findings:
    """Fields without which a directory is not one."""
    if not edition.rows:
        return
    needed = dict.fromkeys((*declared()[edition.dictionary].key.key, *directories()[edition.dictionary].fields))
    missing = [name for name in needed if name not in edition.rows[0]]
    if missing:
        yield edition.finding("NSI.112", dictionary=edition.dictionary, fields=", ".join(missing))


def _switches(edition: Edition) -> Findings:
    """The region's switches of rules that cannot be read: they would stop every package."""
    for number, row in enumerate(edition.rows if edition.dictionary == rulebook.POLICY else ()):
        try:
            rulebook.read_switches([row])
        except KeyError:
            yield edition.finding("NSI.112", dictionary=edition.dictionary, fields="RULE")
            return
        except ValueError:
            if not any(row.get(name) and day_of(row[name]) is None for name in (BEGIN, END)):  # which is told already
                yield edition.finding("NSI.094", "SEVERITY", number, row.get("SEVERITY"))


def _empty(edition: Edition) -> Iterator[dict[str, object]]:
    """Key fields without a value."""
    for number, row in enumerate(edition.rows):
        for name in edition.key.key:
            if not row[name]:
                yield edition.finding("NSI.077", name, number, field=name)

"""A packet of a federal dictionary as an edition: header, dated rows, and what is wrong with them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any

import pandas as pd
import yaml
from sqlalchemy import Connection, text

from pipelines import nsi
from pipelines.checks import findings as found
from pipelines.checks import rulebook
from pipelines.exchange import messages
from pipelines.exchange.kinds import Opened
from pipelines.exchange.protocol import LOCAL
from pipelines.formats import packet
from pipelines.ground.settings import ROOT
from pipelines.nsi import compare
from pipelines.nsi.dictionaries import BEGIN, END

ROLE = "NSI"

_PERIODS = {compare.UNDATED: "NSI.070", compare.REVERSED: "NSI.071", compare.OVERLAPPING: "NSI.072"}
_FIELD = {compare.UNDATED: BEGIN, compare.REVERSED: END, compare.OVERLAPPING: BEGIN}


@dataclass(frozen=True)
class Edition:
    """An edition as it arrived: ``day`` is the date of its header, ``rows`` are as published.

    DATEBEG and DATEEND are ISO dates; a text that is no date stays as it is.
    """

    dictionary: str
    type: str
    version: str
    day: str
    rows: tuple[Mapping[str, str], ...]

    @property
    def issued(self) -> date | None:
        """Day of the header; None for what is no date."""
        return _day(self.day)

    @property
    def title(self) -> str:
        """``Q015 2.2 от 12.02.2021``."""
        return f"{self.dictionary} {self.version} от {self.day}"


def edition_of(opened: Opened) -> Edition:
    """The edition that a package holds."""
    tables = opened.tables[ROLE]
    header = packet.header(tables)
    rows = tuple({**row, **{name: _iso(row[name]) for name in (BEGIN, END) if name in row}} for row in packet.rows(tables))
    return Edition(opened.match["dictionary"].upper(), header["type"], header["version"], header["date"], rows)


def check_edition(connection: Connection, opened: Opened, so_far: pd.DataFrame) -> pd.DataFrame:
    """Header, place among the editions kept, fields that the rules in force look into, periods of the rows."""
    edition = edition_of(opened)
    connection.execute(text("select pg_advisory_xact_lock(hashtextextended(:key, 0))"), {"key": f"nsi:{edition.dictionary}"})
    rows = [*_header(edition), *_order(connection, edition)]
    if not edition.rows:
        rows.append(_finding("NSI.050", packet.RECORD))
    else:
        rows += [*_fields(connection, edition), *_periods(edition)]
    return found.frame(rows)


def _header(edition: Edition) -> Iterator[dict[str, object]]:
    expected = types().get(edition.dictionary)
    if expected is not None and edition.type != expected:
        place = f"{packet.HEADER}/type"
        yield _finding("NSI.020", place, value=edition.type, dictionary=edition.dictionary, expected=expected)
    if version_number(edition.version) is None:
        yield _finding("NSI.021", f"{packet.HEADER}/version", value=edition.version)
    if edition.issued is None:
        yield _finding("NSI.022", f"{packet.HEADER}/date", value=edition.day)


def _order(connection: Connection, edition: Edition) -> Iterator[dict[str, object]]:
    kept = nsi.published(connection, edition.dictionary)
    number = version_number(edition.version)
    if kept is None or kept.issued is None or edition.issued is None or number is None:
        return
    place = f"{packet.HEADER}/version"
    names: dict[str, Any] = {
        "dictionary": edition.dictionary,
        "kept": f"{kept.version} от {kept.issued:%d.%m.%Y}",
    }
    if (edition.version, edition.issued) == (kept.version, kept.issued):
        loaded = f"{kept.loaded_at.astimezone(LOCAL):%d.%m.%Y}"
        yield _finding("NSI.030", place, value=edition.version, loaded=loaded, **names)
    elif (edition.issued, number) < (kept.issued, version_number(kept.version) or ()):
        yield _finding("NSI.040", place, value=f"{edition.version} от {edition.day}", **names)


def _fields(connection: Connection, edition: Edition) -> Iterator[dict[str, object]]:
    there = set(edition.rows[0])
    book = rulebook.in_force(connection)
    for (dictionary, name), rules in sorted(book.look_ups(book.suites).items()):
        if dictionary == edition.dictionary and name not in there:
            yield _finding("NSI.060", packet.RECORD, field=name, rules=", ".join(sorted(rules)[:5]))


def _periods(edition: Edition) -> Iterator[dict[str, object]]:
    wrong = False
    for number, row in enumerate(edition.rows):
        for name in (BEGIN, END):
            if row.get(name) and _iso_day(row[name]) is None:
                wrong = True
                yield _finding("NSI.080", f"{packet.RECORD}/{name}", number, row[name])
    if BEGIN not in edition.rows[0]:
        yield _finding("NSI.073", packet.RECORD)
    elif not wrong:
        key = compare.key_fields(edition.rows)
        for fault in compare.period_faults(edition.rows, key):
            row = edition.rows[fault.row]
            named = ", ".join(f"{name} {row.get(name) or '–'}" for name in key)
            field = _FIELD[fault.kind]
            code = _PERIODS[fault.kind]
            yield _finding(code, f"{packet.RECORD}/{field}", fault.row, row.get(field) or None, key=named[:200])


def _finding(code: str, element: str, row: int = -1, value: str | None = None, **names: object) -> dict[str, object]:
    """A finding in a record (``row`` from 0), in the header (its elements), or on the file as a whole."""
    header = element.startswith(f"{packet.HEADER}/")
    table = packet.RECORD if row >= 0 else packet.HEADER if header else ""
    return messages.finding(
        code, role=ROLE, table=table, row=0 if header else row, element=element, value=value or None, **names
    )


@cache
def types() -> Mapping[str, str]:
    """Type of the header by dictionary: ``include/reference/packets.yaml``."""
    return dict(yaml.safe_load((ROOT / "include" / "reference" / "packets.yaml").read_text(encoding="utf-8")))


def version_number(version: str) -> tuple[int, ...] | None:
    """Version as numbers that compare (3.11 is above 3.2); None for what is none."""
    return tuple(map(int, version.split("."))) if re.fullmatch(r"[0-9]{1,6}(\.[0-9]{1,6})*", version) else None


def _iso(written: str) -> str:
    day = _day(written)
    return day.isoformat() if day else written


def _day(written: str) -> date | None:
    match = re.fullmatch(r"([0-9]{2})\.([0-9]{2})\.([0-9]{4})", written)
    return _iso_day("-".join(reversed(match.groups()))) if match else _iso_day(written)


def _iso_day(written: str) -> date | None:
    try:
        return date.fromisoformat(written) if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", written) else None
    except ValueError:
        return None

"""Catalogue of package kinds: the one thing that a new exchange declares."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any, Literal, Protocol

import numpy as np
import numpy.typing as npt
import pandas as pd
from sqlalchemy import Connection

from pipelines.exchange.model import Outgoing, Package
from pipelines.formats.tables import Tables

Mask = npt.NDArray[np.bool_]
"""Which rows of a table stand."""
Format = Literal["xml", "dbf", "packet", "csv", "own_dbf", "workbook"]
"""packet, csv, own_dbf: dictionaries, whose layout is made of what the file holds; workbook: an XLSX of declared sheets."""
Policy = Literal["records", "package"]
"""records: faulty records are refused, the others loaded; package: one error refuses the whole."""


@dataclass(frozen=True)
class Member:
    """A file inside the package.

    ``role`` is its name in findings; ``name`` a regular expression in which ``{stem}`` and ``{group}`` stand for the whole
    package name and its named groups; ``suites`` the name of its suites under ``expectations/`` (``pump/H``) or None.
    ``regions``: those whose elements the file may have, and whose rules of the regional level (Q022) it is checked by.
    ``many``: one file or several; the role of each is its own name in capitals, without its extension.
    """

    role: str
    name: str
    format: Format
    layout: str
    suites: str | None = None
    regions: tuple[str, ...] = ()
    many: bool = False

    def pattern(self, match: re.Match[str]) -> re.Pattern[str]:
        """Mask of this file's name in the package whose name matched."""
        groups = {name: re.escape(value or "") for name, value in match.groupdict().items()}
        return re.compile(self.name.format(stem=re.escape(match.group()), **groups), re.IGNORECASE)


@dataclass(frozen=True)
class Opened:
    """A package that could be opened: the match of its name, and by role its files as tables and their names.

    ``notes`` is where the functions of its kind leave what they would otherwise make again for each other.
    """

    package: Package
    match: re.Match[str]
    tables: Mapping[str, Tables]
    file_names: Mapping[str, str]
    notes: dict[str, Any] = field(default_factory=dict, compare=False, repr=False)

    @property
    def main(self) -> str:
        """Role of the main file, whose records are accepted or refused."""
        return next(iter(self.tables))


@dataclass(frozen=True)
class Applied:
    """What applying a package came to: records in it, records loaded, report month; sums of its kind in kopecks by name."""

    records: int
    accepted: int
    period: date | None = None
    sums: Mapping[str, int] = field(default_factory=dict)


class Apply(Protocol):
    """Writes what was accepted, inside the package's transaction.

    ``accepted`` is a boolean mask over the rows of the main member's record table.
    """

    def __call__(self, connection: Connection, opened: Opened, accepted: Mask) -> Applied: ...


Check = Callable[[Connection, Opened, pd.DataFrame], pd.DataFrame]
"""A check across files or against the database: gets the findings so far, gives a frame of new ones."""

Answer = Callable[[Connection, Opened, pd.DataFrame], Sequence[Outgoing]]
"""Answers of the kind beside the protocols that every package gets; called after ``apply``, with all findings."""


Sums = Callable[[Opened, Mask], Mapping[str, int]]
"""Kopecks by name of what was accepted and of what was not, for the package's row in the journal."""


@dataclass(frozen=True)
class PackageKind:
    """A kind of package.

    ``name`` is a mask over the file's name without extension, with named groups (``number`` identifies the package among
    those of its sender; without it the whole name does); ``family`` tells a misnamed package of this kind from a
    stranger; ``members`` in the order in which findings are listed, the first
    being the main one whose records are accepted or refused; ``senders`` kinds of organisation that may send it;
    ``report_date`` the day whose rules hold (None: the day of receipt); ``bare`` the extensions with which the only member
    may come without an archive; ``numbered`` whether a name may be used once only; ``arrival`` checks that
    speak of the moment of processing only, such as an open month.
    """

    code: str
    title: str
    subsystem: str
    name: re.Pattern[str]
    family: re.Pattern[str]
    members: tuple[Member, ...]
    senders: frozenset[str]
    policy: Policy
    apply: Apply
    report_date: Callable[[Opened], date | None]
    checks: tuple[Check, ...] = ()
    arrival: tuple[Check, ...] = ()
    answers: Answer | None = None
    bare: tuple[str, ...] = ()
    numbered: bool = True
    sums: Sums | None = None

    def number(self, match: re.Match[str]) -> str | None:
        """What makes the package unique among those of its kind and sender, upper case; None when nothing has to."""
        return (match.groupdict().get("number") or match.group()).upper() if self.numbered else None


def adopting(kinds: Iterable[PackageKind], regions: tuple[str, ...]) -> list[PackageKind]:
    """The kinds as a fund has them that adopts the rules of these regions."""
    return [replace(kind, members=tuple(replace(one, regions=regions) for one in kind.members)) for kind in kinds]


class Catalogue:
    """The kinds that an installation knows, found by the name of the file."""

    def __init__(self, kinds: Sequence[PackageKind]) -> None:
        self.kinds = tuple(kinds)
        self.by_code = {kind.code: kind for kind in kinds}
        self._bare = {extension for kind in kinds for extension in kind.bare}

    def identify(self, file_name: str) -> tuple[PackageKind, re.Match[str]] | None:
        """Kind and name match of a file name; None for a name that no kind knows.

        Of kinds whose files may come without an archive only those count that take files with this extension.
        """
        stem, _, extension = file_name.rpartition(".") if "." in file_name else (file_name, "", "")
        plain = extension.lower() in self._bare
        for kind in self.kinds:
            if plain and kind.bare and extension.lower() not in kind.bare:
                continue
            if match := kind.name.fullmatch(stem):
                return kind, match
        return None

"""What a synthetic package is made of: files as tables, and the faults planted in them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date

import pyarrow as pa

from pipelines.formats.layout import Layout


@dataclass(frozen=True)
class Fault:
    """A fault planted on purpose: where it is and the rule of Q015 or the message that must find it.

    ``row`` is the row of ``table`` in the file as it is written, ``element`` the path below the root.
    """

    name: str
    role: str
    table: str
    row: int
    element: str
    rule: str


@dataclass(frozen=True)
class Markup:
    """A change of the bytes of one record: ``edit`` gets the bytes of record ``record`` and gives what stands instead."""

    record: int
    edit: Callable[[bytes], bytes]


@dataclass(frozen=True)
class RegisterFile:
    """A member of the package: its tables, and the changes to make in the written bytes, in the order of records."""

    role: str
    name: str
    layout: Layout
    tables: Mapping[str, pa.Table]
    markup: tuple[Markup, ...] = ()


@dataclass(frozen=True)
class Register:
    """A synthetic register: ``name`` of the package without extension, its files by role, the faults in it."""

    name: str
    organisation: str
    payer: str
    period: date
    files: Mapping[str, RegisterFile]
    faults: tuple[Fault, ...] = ()

"""DBF files for tests: a layout, files made by hand, clean values."""

from __future__ import annotations

import datetime as dt
import random
import struct
from decimal import Decimal
from typing import Any

import pyarrow as pa

from pipelines.formats.layout import Layout, parse
from pipelines.formats.tables import Tables

TODAY = dt.date(2026, 3, 14)


def layout(*elements: tuple[str, str]) -> Layout:
    declared = [[f"REC/{name}", kind, "У", name] for name, kind in elements]
    return parse(
        {
            "code": "TEST",
            "title": "Проба",
            "source": "тесты",
            "root": "TEST",
            "versions": [],
            "record": "REC",
            "elements": [["REC", "S", "ОМ", "Запись"], *declared],
        }
    )


LAYOUT = layout(("FAM", "T25"), ("SPOS", "T1"), ("LPU_ID", "N6"), ("SUMMA", "N6.2"), ("DATE_IN", "D"), ("NOTE", "T1000"))


def column(tables: Tables, name: str) -> list[Any]:
    values: list[Any] = tables.data["REC"].column(name).to_pylist()
    return values


def raw_dbf(
    fields: list[tuple[str, str, int, int]], records: list[bytes], *, language: int = 0x65, version: int = 3
) -> bytes:
    """A DBF made by hand: fields (name, type, width, decimals) and whole records with their marks."""
    described = b"".join(
        struct.pack("<11sc4xBB14x", name.encode(), kind.encode(), width, decimals) for name, kind, width, decimals in fields
    )
    record_size = len(records[0]) if records else 1 + sum(width for *_, width, _ in fields)
    head = struct.pack("<B3xIHH17xBxx", version, len(records), 33 + len(described), record_size, language)
    return head + described + b"\r" + b"".join(records) + b"\x1a"


LETTERS = "абвгдеёжзийклмнопрстуфхцчшщъыьэюяАБВГДЕЁЖЗИЙКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯ -№ABCxyz019"


def samples(seed: int, count: int) -> pa.Table:
    """Clean values for ``LAYOUT``, blanks among them."""
    chance = random.Random(seed)

    def maybe(value: str) -> str | None:
        return value.strip() or None if chance.random() > 0.15 else None  # the library dbf drops leading blanks

    def text(length: int) -> str:
        return "".join(chance.choices(LETTERS, k=chance.randint(1, length)))

    makers = {
        "FAM": lambda: text(25),
        "SPOS": lambda: chance.choice("12"),
        "LPU_ID": lambda: str(chance.randint(0, 999_999)),
        "SUMMA": lambda: str(Decimal(chance.randint(-999_999, 99_999_999)) / 100),
        "DATE_IN": lambda: str(dt.date(1900, 1, 1) + dt.timedelta(chance.randint(0, 60_000))),
        "NOTE": lambda: text(900),
    }
    return pa.table({name: pa.array([maybe(make()) for _ in range(count)], pa.string()) for name, make in makers.items()})

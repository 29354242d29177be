"""What is known of dictionaries by name: their titles, and what tells their records apart.

Kept in ``include/reference/dictionaries.yaml``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import yaml

from pipelines.ground.settings import ROOT
from pipelines.nsi.compare import Row, key_fields


@dataclass(frozen=True)
class Key:
    """``key`` fields that with the period tell records apart; ``order`` fields that only tell their order."""

    key: tuple[str, ...]
    order: tuple[str, ...] = ()


@dataclass(frozen=True)
class Declared:
    """A dictionary: ``title`` by which people know it; its ``key`` is empty where its first fields tell records apart."""

    title: str
    key: Key


@cache
def declared() -> Mapping[str, Declared]:
    """Dictionaries by name."""
    raw = yaml.safe_load((ROOT / "include" / "reference" / "dictionaries.yaml").read_text(encoding="utf-8"))
    keys = {name: Key(tuple(one.get("key", ())), tuple(one.get("order", ()))) for name, one in raw.items()}
    return {name: Declared(one["title"], keys[name]) for name, one in raw.items()}


def title_of(dictionary: str, own: str = "") -> str:
    """The declared title, otherwise the one that an edition says of itself (``own``)."""
    known = declared().get(dictionary)
    return known.title if known else own or "Справочник территории"


def key_of(dictionary: str, rows: Sequence[Row]) -> Key:
    """The declared key where the records have its fields, otherwise the fewest of their first fields that do."""
    known = declared().get(dictionary)
    if known is None:
        return Key(key_fields(rows))
    if known.key.key and rows and set(known.key.key) <= set(rows[0]):
        return known.key
    return Key(key_fields(rows), known.key.order)

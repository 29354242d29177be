"""What tells the records of a dictionary apart: ``include/reference/keys.yaml``."""

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


@cache
def declared() -> Mapping[str, Key]:
    """Keys by dictionary."""
    raw = yaml.safe_load((ROOT / "include" / "reference" / "keys.yaml").read_text(encoding="utf-8"))
    return {name: Key(tuple(one["key"]), tuple(one.get("order", ()))) for name, one in raw.items()}


def key_of(dictionary: str, rows: Sequence[Row]) -> Key:
    """The declared key where the records have its fields, otherwise the fewest of their first fields that do."""
    known = declared().get(dictionary)
    if known is not None and rows and set(known.key) <= set(rows[0]):
        return known
    return Key(key_fields(rows), known.order if known else ())

"""Terms of a year: the lists of groups and the regional choices that prices depend on, read from ``include/tariffs``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

import yaml

from pipelines.ground.settings import ROOT

Codes = frozenset[str]
DEFAULT = ROOT / "include" / "tariffs" / "2026.yaml"


@dataclass(frozen=True)
class Shares:
    """Shares of an interrupted case: up to ``short_stay`` days and longer, for operated patients and others."""

    grounds: frozenset[int]
    operated: tuple[Decimal, Decimal]
    others: tuple[Decimal, Decimal]


@dataclass(frozen=True)
class TwoGroups:
    """When a stay is paid by two groups: grounds in use, and the groups and days that they name.

    ``disease``: whether a new disease is of another class of МКБ-10 (``class``) or of another first letter (``letter``).
    """

    grounds: frozenset[int]
    disease: Literal["class", "letter"]
    transfusion: Codes
    pathology: Codes
    delivery: Codes
    pathology_days: int
    pathology_days_listed: int
    pathology_listed: Codes
    immunisation: Codes
    antimicrobial: Codes


@dataclass(frozen=True)
class Terms:
    """Lists of groups by code, day norms by group, grounds of interruption by RSLT and their shares, rules of КСЛП."""

    year: int
    surgical: Codes
    no_level: Codes
    short: Codes
    no_lowering: Codes
    no_raising: Codes
    no_specifics: Codes  # profiles: the part of a group's code before the point
    min_days: Mapping[str, int]
    reasons: Mapping[str, int]
    short_stay: int
    shares: tuple[Shares, ...]
    kslp_without_kd: frozenset[int]
    kslp_exclusive: tuple[frozenset[int], ...]
    kslp_not_for: Codes
    two_groups: TwoGroups


@lru_cache(maxsize=32)
def load_terms(path: Path = DEFAULT) -> Terms:
    """Terms from a YAML file; codes are written with blanks between them. Raises ``KeyError`` for a missing part."""
    data: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    lists = {name: codes(text) for name, text in data["lists"].items()}
    interruption, kslp, two = data["interruption"], data["kslp"], data["two_groups"]
    return Terms(
        year=data["year"],
        **lists,
        min_days={code: days for days, text in data["min_days"].items() for code in codes(text)},
        reasons={code: reason for reason, text in interruption["reasons"].items() for code in codes(text)},
        short_stay=interruption["short_stay"],
        shares=tuple(
            Shares(frozenset(item["grounds"]), _pair(item["operated"]), _pair(item["others"]))
            for item in interruption["shares"]
        ),
        kslp_without_kd=frozenset(kslp["without_kd"]),
        kslp_exclusive=tuple(frozenset(pair) for pair in kslp["exclusive"]),
        kslp_not_for=codes(kslp["not_for"]),
        two_groups=TwoGroups(
            grounds=frozenset(two["grounds"]),
            disease=two["disease"],
            pathology_days=two["pathology_days"],
            pathology_days_listed=two["pathology_days_listed"],
            **{
                name: codes(two[name])
                for name in ("transfusion", "pathology", "delivery", "pathology_listed", "immunisation", "antimicrobial")
            },
        ),
    )


def codes(text: str) -> Codes:
    """Codes of a list written with blanks between them."""
    return frozenset(text.split())


def _pair(values: list[str]) -> tuple[Decimal, Decimal]:
    short, longer = values
    return Decimal(short), Decimal(longer)

"""Section ``pricing`` of the region's ``month.yaml``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any, Literal

import yaml

from pipelines.ground.settings import ROOT
from pipelines.pump.grouper import Rules, load_rules
from pipelines.pump.tariffs import METHODS, Method, Terms, load_terms, method_on
from pipelines.pump.terms import section


@dataclass(frozen=True)
class Pricing:
    """What the tariff agreement leaves to the region; see the comments of ``month.yaml``.

    ``terms`` and ``grouping``: files under ``include/tariffs`` with the first day of each, by this day.
    """

    acts: Sequence[tuple[date, str]]
    terms: Sequence[tuple[date, Path]]
    grouping: Sequence[tuple[date, Path]]
    interrupted_kslp: Literal["scaled", "full"]
    rounding: Literal["once", "parts"]
    scale: int
    same_day: int
    diagnostics: frozenset[str]
    screening_share: str | None

    @classmethod
    def of(cls, declared: Mapping[str, Any]) -> Pricing:
        """From the section as YAML gives it; raises ``KeyError`` for a missing key, ``ValueError`` for an unknown one."""
        if unknown := declared.keys() - cls.__dataclass_fields__.keys():
            raise ValueError(f"pricing: unknown settings {', '.join(sorted(unknown))}")
        share = declared["screening_share"]
        return cls(
            acts=sorted((act["since"], act["title"]) for act in declared["acts"]),
            terms=_dated(declared["terms"]),
            grouping=_dated(declared["grouping"]),
            interrupted_kslp=declared["interrupted_kslp"],
            rounding=declared["rounding"],
            scale=declared["scale"],
            same_day=declared["same_day"],
            diagnostics=frozenset(declared["diagnostics"]),
            screening_share=None if share is None else str(share),
        )

    @classmethod
    def load(cls, folder: Path) -> Pricing:
        """From the region's folder."""
        return cls.of(section("pricing", folder))

    def act(self, day: date) -> str:
        """Title of the agreement in force on a day; empty before the first."""
        return next((title for since, title in reversed(self.acts) if since <= day), "")

    def terms_on(self, day: date) -> Terms:
        """Lists of groups on a day; before the first file, those of the first."""
        return load_terms(_on(self.terms, day))

    def rules_on(self, day: date) -> Rules:
        """Rules of grouping on a day; before the first file, those of the first."""
        return load_rules(_on(self.grouping, day))

    def method_on(self, day: date) -> Method:
        """The year's method with the region's choices; raises ``LookupError`` before 2019."""
        return replace(method_on(day), interrupted_kslp=self.interrupted_kslp, rounding=self.rounding, scale=self.scale)

    def changes(self) -> list[date]:
        """Days from which methods, terms or acts are others."""
        methods = [method.first for method in METHODS]
        return sorted({*methods, *(since for part in (self.acts, self.terms, self.grouping) for since, _ in part)})


def _dated(names: Sequence[str]) -> list[tuple[date, Path]]:
    paths = [ROOT / name for name in names]
    read = [(yaml.safe_load(path.read_text(encoding="utf-8")), path) for path in paths]
    return sorted((content.get("first") or date(content["year"], 1, 1), path) for content, path in read)


def _on(files: Sequence[tuple[date, Path]], day: date) -> Path:
    return next((path for since, path in reversed(files) if since <= day), files[0][1])

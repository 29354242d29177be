"""Choices of a region for its report months: ``month.yaml`` of the profile, a section for each part of the work."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml


@lru_cache(maxsize=32)
def section(name: str, folder: Path) -> Mapping[str, Any]:
    """A section of ``<folder>/month.yaml``; raises ``LookupError`` where the profile lacks it."""
    declared: dict[str, Any] = yaml.safe_load((folder / "month.yaml").read_text(encoding="utf-8"))
    if name not in declared:
        raise LookupError(f"{folder / 'month.yaml'} has no section {name}")
    found: Mapping[str, Any] = declared[name]
    return found

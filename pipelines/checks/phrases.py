"""From what the dictionaries write to the rule language: slips mended, other spellings and fixed phrases replaced."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from typing import Any

import yaml

from pipelines.ground.settings import ROOT

_GROUPS = ("slips", "foreign", "phrases")


def normalised(text: str) -> str:
    """The text after all replacements of ``include/rules/slips.yaml``; missing brackets at the end are closed."""
    for pattern, instead in _replacements():
        text = pattern.sub(instead, text)
    text = " ".join(text.split())
    return text + ")" * (text.count("(") - text.count(")"))


def path(text: str) -> str:
    """The path of an element with its root, as the structures have it (``paths`` of the same file)."""
    for pattern, instead in _paths():
        text = pattern.sub(instead, text)
    return text


@cache
def _paths() -> tuple[tuple[re.Pattern[str], str], ...]:
    return tuple((re.compile(pattern), instead) for pattern, instead, _ in _declared()["paths"])


@cache
def _declared() -> Mapping[str, Any]:
    return dict(yaml.safe_load((ROOT / "include" / "rules" / "slips.yaml").read_text(encoding="utf-8")))


@cache
def _replacements() -> tuple[tuple[re.Pattern[str], str], ...]:
    return tuple((re.compile(pattern), instead) for group in _GROUPS for pattern, instead, _ in _declared()[group])

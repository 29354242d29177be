"""From what the dictionaries write to the rule language: slips mended, other spellings and fixed phrases replaced."""

from __future__ import annotations

import re
from functools import cache

import yaml

from pipelines.ground.settings import ROOT

_GROUPS = ("slips", "foreign", "phrases")


def normalised(text: str) -> str:
    """The text after all replacements of ``include/rules/slips.yaml``; missing brackets at the end are closed."""
    for pattern, instead in _replacements():
        text = pattern.sub(instead, text)
    text = " ".join(text.split())
    return text + ")" * (text.count("(") - text.count(")"))


@cache
def _replacements() -> tuple[tuple[re.Pattern[str], str], ...]:
    declared = yaml.safe_load((ROOT / "include" / "rules" / "slips.yaml").read_text(encoding="utf-8"))
    return tuple((re.compile(pattern), instead) for group in _GROUPS for pattern, instead, _ in declared[group])

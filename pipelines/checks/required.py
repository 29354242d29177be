"""What checks need of НСИ: the dictionaries and fields that they look into."""

from __future__ import annotations

from collections.abc import Iterator

from pipelines.checks.relation import fields_of, lookups, parse
from pipelines.checks.suites import Check


def look_ups(check: Check) -> Iterator[tuple[str, str]]:
    """Dictionaries and fields that a check looks into: by its parameters, its mask, its relation and its condition.

    Of a look-up through a second dictionary the fields ``by`` may be those of either, and are left out.
    """
    stated = check.parameters
    if "dictionary" in stated:
        through = stated.get("through")
        by = () if through else stated["by"]
        yield from ((stated["dictionary"], part.strip()) for name in (*by, stated["field"]) for part in name.split("+"))
        if through:
            yield from ((stated["dictionary"], name) for name in through["match"])
            yield from ((through["dictionary"], name) for name in (*through["match"].values(), *through["where"]))
    if mask := stated.get("mask"):
        yield from ((mask["dictionary"], mask[part]) for part in ("key", "field"))
    for text in (stated.get("relation"), (stated.get("condition") or {}).get("relation")):
        for found in lookups(parse(text)) if text else ():
            yield from ((found.dictionary, name) for name in (found.field, *(name for name, _ in found.where)))
        yield from fields_of(parse(text)) if text else ()

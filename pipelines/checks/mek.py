"""МЭК: classes of the federal rules (Q016), reasons of refusal, and the suites of a region.

Suites: ``expectations/mek`` of Q016, ``expectations/mek-regional`` of Q023, ``expectations/pump-regional`` of Q022. Those of
the regional level hold the rules of every region that wrote any; a fund takes over those of the regions in its profile.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import yaml

from pipelines.checks.records import RuleRecord, region_of
from pipelines.checks.rulebook import RuleBook, shipped
from pipelines.checks.suites import Suite
from pipelines.ground.settings import ROOT

REGISTER = "register"


@dataclass(frozen=True)
class RuleClass:
    """What a rule of Q016 needs beside the register: ``name`` register, history, insured or none; why, in Russian; and the
    reason of refusal (OSN of F014) that its findings give, where the group has one."""

    name: str
    reason: str
    basis: str | None


def classes() -> Mapping[str, RuleClass]:
    """Class of every open rule of Q016 that has content, by id: ``include/rules/mek.yaml``."""
    return _classes()


def class_titles() -> Mapping[str, str]:
    """Classes in Russian, in the order in which they are shown."""
    return dict(_declared()["classes"])


def basis(rule: str) -> str | None:
    """Reason of refusal of a rule."""
    known = _classes().get(rule)
    return known.basis if known else None


def reserved(dictionary: str, record: RuleRecord) -> bool:
    """Whether the dictionary only keeps the number: what it names is checked elsewhere or not at all."""
    return str(_declared()["reserved"].get(dictionary)) == record.DESC_TEST


def mek_suites(layout: str, regions: Collection[str], book: RuleBook | None = None) -> tuple[Suite, ...]:
    """Suites of the МЭК of a file kind (``H``, or ``L`` of its persons), one a table: federal and the regions' own.

    ``book`` are the rules in force (the shipped ones by default). Empty for a kind that no rule speaks of.
    """
    federal = (book or shipped()).suites.get(f"mek/{layout}", ())
    return _joined([*federal, *regional_suites(f"mek-regional/{layout}", regions, book)])


def flk_suites(layout: str, regions: Collection[str], book: RuleBook | None = None) -> tuple[Suite, ...]:
    """Suites of the ФЛК of the regional level (Q022) of a file kind; see ``mek_suites``."""
    return regional_suites(f"pump-regional/{layout}", regions, book)


def regional_suites(name: str, regions: Collection[str], book: RuleBook | None = None) -> tuple[Suite, ...]:
    """Those checks of the suites of a name whose rule one of the regions wrote; suites left empty are dropped."""
    chosen = []
    for suite in (book or shipped()).suites.get(name, ()):
        checks = tuple(check for check in suite.checks if region_of(check.rule) in regions)
        if checks:
            chosen.append(replace(suite, checks=checks))
    return tuple(chosen)


def _joined(parts: Collection[Suite]) -> tuple[Suite, ...]:
    by_table: dict[str, Suite] = {}
    for suite in parts:
        known = by_table.get(suite.table)
        by_table[suite.table] = replace(known, checks=known.checks + suite.checks) if known else suite
    return tuple(by_table.values())


@cache
def _classes() -> Mapping[str, RuleClass]:
    return {
        rule: RuleClass(group["class"], group["reason"], group.get("basis"))
        for group in _declared()["rules"]
        for rule in group["ids"]
    }


@cache
def _declared() -> Mapping[str, Any]:
    return dict(yaml.safe_load((ROOT / "include" / "rules" / "mek.yaml").read_text(encoding="utf-8")))

"""Stage D: elements that do not go together. The rules are data: ``include/pump/consistency.yaml``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

import numpy as np
import pandas as pd
import yaml

from pipelines.ground.settings import ROOT
from pipelines.pump.mek import hits
from pipelines.pump.mek.conditions import Level, every
from pipelines.pump.mek.given import Given
from pipelines.pump.mek.hits import phrase


@dataclass(frozen=True)
class Rule:
    """Where ``when`` holds, ``must`` has to. ``level``: of what the objects are; ``text``: what was expected."""

    rule: str
    level: Literal["case", "visit", "service"]
    when: Mapping[str, Any]
    must: Mapping[str, Any]
    osn: str
    text: str

    @property
    def shown(self) -> Sequence[str]:
        """Elements whose values the message names."""
        return [field for field in dict.fromkeys([*self.must, *self.when]) if field != "CODES"]


@cache
def rules() -> Sequence[Rule]:
    """Rules of the file, in its order; raises ``KeyError`` for an incomplete one."""
    items = yaml.safe_load((ROOT / "include" / "pump" / "consistency.yaml").read_text(encoding="utf-8"))
    return [
        Rule(item["rule"], item["level"], item["when"], item["must"], item.get("osn", "1.4.4"), item["text"])
        for item in items
    ]


def consistency_hits(given: Given) -> pd.DataFrame:
    """Hits of all rules."""
    return hits.concat([_hits(given, rule) for rule in rules()])


def _hits(given: Given, rule: Rule) -> pd.DataFrame:
    facts = given.facts
    levels: Mapping[str, Level] = {"case": facts.cases, "visit": facts.visits, "service": facts.services}
    level = levels[rule.level]
    rows = np.flatnonzero(every(rule.when, level) & ~every(rule.must, level))
    if not len(rows):
        return hits.empty()
    template = ", ".join(f"{field} = {{{field}}}" for field in rule.shown) + f"; ожидается: {rule.text}"
    text = phrase(template, len(rows), **{field: level.column(field).iloc[rows] for field in rule.shown})
    of = {"case": facts.of_cases, "visit": facts.of_visits, "service": facts.of_services}
    return hits.make(given.bases, "D", rule.osn, rule.rule, text, of[rule.level](rows))

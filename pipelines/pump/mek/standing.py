"""What earlier stages left payable: a refused case neither keeps its copies out nor takes volume."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from pipelines.pump.mek.coded import Mask
from pipelines.pump.mek.facts import Facts

WEIGHED = ("case", "visit", "service", "code", "amount")
"""Columns of hits that tell what they refuse."""


@dataclass(frozen=True)
class Standing:
    """Masks of the month's cases and visits that nothing refuses as a whole."""

    cases: Mask
    visits: Mask

    @classmethod
    def after(cls, hits: pd.DataFrame, facts: Facts) -> Standing:
        """A visit falls by a hit of its own or of its case, a case by its own or when all its visits fall."""
        refusing = hits[(hits["code"] != "").to_numpy()]
        case, visit = refusing["case"].to_numpy(), refusing["visit"].to_numpy()
        whole, part = visit < 0, (visit >= 0) & (refusing["service"].to_numpy() < 0)
        amount = refusing["amount"].to_numpy()
        cases = np.ones(len(facts.sums), dtype=bool)
        cases[case[whole & (amount >= facts.sums[case])]] = False
        visits = cases[facts.visit_case]
        if len(visits):
            visits[visit[part & (amount >= facts.visit_sums[visit])]] = False
        left = np.bincount(facts.visit_case[visits], minlength=len(cases))
        has = np.bincount(facts.visit_case, minlength=len(cases))
        return cls(cases & ((left > 0) | (has == 0)), visits)

"""МЭК of a month: stages A to K in their order, then the decision. Pure: the same input gives the same hits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from pipelines.pump.mek import hits
from pipelines.pump.mek.account import account_hits
from pipelines.pump.mek.consistency import consistency_hits
from pipelines.pump.mek.crossings import crossing_hits
from pipelines.pump.mek.dates import date_hits
from pipelines.pump.mek.decide import Decision, applied, decide, decided
from pipelines.pump.mek.duplicates import duplicate_hits
from pipelines.pump.mek.examinations import examination_hits
from pipelines.pump.mek.given import Given
from pipelines.pump.mek.identity import identity_hits
from pipelines.pump.mek.inclusion import capita_hits, inclusion_hits
from pipelines.pump.mek.permits import licence_hits, programme_hits, worker_hits
from pipelines.pump.mek.standing import WEIGHED, Standing
from pipelines.pump.mek.tariffs import arithmetic_hits, price_hits
from pipelines.pump.mek.volumes import volume_hits

SINGLE = (
    account_hits,
    identity_hits,
    date_hits,
    consistency_hits,
    licence_hits,
    worker_hits,
    programme_hits,
    price_hits,
    arithmetic_hits,
)
"""Stages A to G, which look at each case by itself."""


@dataclass(frozen=True)
class Conclusion:
    """All hits, also those that are not applied, and the decision on them."""

    hits: pd.DataFrame
    decision: Decision


def control(given: Given, number: str, found: pd.DataFrame | None = None) -> Conclusion:
    """МЭК of a month; ``number`` is that of the act, ``found`` hits made elsewhere (``from_findings``).

    All stages look at all cases; only what keeps other cases out (H to K) leaves refused cases aside.
    """
    parts = [stage(given) for stage in SINGLE]
    if found is not None:
        parts.append(found)
    for stage in (duplicate_hits, examination_hits, crossing_hits, inclusion_hits):
        parts.append(stage(given, _standing(given, parts)))
    parts.append(capita_hits(given))
    before = hits.concat(parts)
    standing = Standing.after(before, given.facts)
    cases = decided(given.facts, applied(given.facts, before, given.bases))
    payable = cases["SUMP"].astype("Int64").where(standing.cases & (cases["OPLATA"] != "2").to_numpy())
    complete = hits.concat([before, volume_hits(given, payable)])
    return Conclusion(complete, decide(given.month, complete, given.bases, (given.on, number)))


def _standing(given: Given, parts: Sequence[pd.DataFrame]) -> Standing:
    return Standing.after(hits.concat([part[list(WEIGHED)] for part in parts]), given.facts)

"""The decision on a month: of all hits one ground for each object, sums refused, OPLATA and SUMP of every case."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd

from pipelines.pump.mek.bases import Bases
from pipelines.pump.mek.coded import Mask, Numbers
from pipelines.pump.mek.facts import Facts
from pipelines.pump.month import Month

SPACE = uuid.UUID("6f0c2f0e-6c39-5f0b-9a83-3c1a3f3b7c10")
"""Namespace of S_CODE."""
COMMENT = 250
"""Length of S_COM."""


@dataclass(frozen=True)
class Decision:
    """cases: ``case``, OPLATA (1 in full, 2 refused, 3 in part), SUMP, SANK_IT, a row for each case of the month.

    sanctions: ``case``, ``visit`` (the SL that SL_ID names; for a whole case its first), ``service`` (-1), ``whole`` (of
    the case), S_CODE, S_SUM, S_TIP, S_OSN, DATE_ACT, NUM_ACT, S_COM, S_IST, and ``hit``, the row of the hit applied.
    Kopecks int64, other elements text, DATE_ACT datetime64.
    """

    cases: pd.DataFrame
    sanctions: pd.DataFrame


def decide(month: Month, hits: pd.DataFrame, bases: Bases, act: tuple[date, str]) -> Decision:
    """Apply the hits: ``act`` is the day and the number of the conclusion.

    Of several grounds on one object the larger unpaid sum counts, then the larger Кшт, then the lower code; sums over one
    object are never added. Parts of a case (visits, services) add up to no more than the case. A ground on a larger object
    replaces those inside unless they refuse more. A case without a sum (per head) is paid in full: OPLATA 1, SUMP 0.
    """
    facts = Facts(month)
    chosen = applied(facts, hits, bases)
    return Decision(decided(facts, chosen), _sanctions(month, facts, chosen, act))


def applied(facts: Facts, hits: pd.DataFrame, bases: Bases) -> pd.DataFrame:
    """Hits that count, one for each object, with the sums that they refuse; ``hit`` is the row of each."""
    return _trimmed(_replaced(_best(hits, facts, bases), facts), facts)


def decided(facts: Facts, chosen: pd.DataFrame) -> pd.DataFrame:
    """``Decision.cases`` by the hits that count."""
    refused = np.zeros(len(facts.sums), dtype=np.int64)
    np.add.at(refused, chosen["case"].to_numpy(), chosen["amount"].to_numpy())
    paid = facts.sums - refused
    oplata = np.where(refused == 0, "1", np.where(paid == 0, "2", "3"))
    cases = pd.DataFrame({"case": np.arange(len(paid)), "OPLATA": pd.array(oplata, dtype="str")})
    return cases.assign(SUMP=paid, SANK_IT=refused)


def _best(hits: pd.DataFrame, facts: Facts, bases: Bases) -> pd.DataFrame:
    """One hit for each object, at most its worth; notes and hits without a sum are left out."""
    rows = hits.assign(hit=np.arange(len(hits)))[((hits["code"] != "") & (hits["amount"] > 0)).to_numpy()]
    case, visit, service = (rows[name].to_numpy(np.int64) for name in ("case", "visit", "service"))
    worth = facts.sums[case].copy()
    inner = visit >= 0
    worth[inner] = np.minimum(worth[inner], facts.visit_sums[visit[inner]])
    inner = service >= 0
    worth[inner] = np.minimum(worth[inner], facts.service_sums[service[inner]])
    amount = np.minimum(rows["amount"].to_numpy(np.int64), worth)
    fines = bases.rows.drop_duplicates("Kod").set_index("Kod")["K_SH"]
    fine = rows["code"].map(fines).fillna(0).to_numpy(np.int64)
    code = rows["code"].astype("int64").to_numpy()
    order = np.lexsort((rows["hit"].to_numpy(), code, -fine, -amount, service, visit, case))
    rows = rows.assign(amount=amount).iloc[order]
    best: pd.DataFrame = rows[rows["amount"] > 0].drop_duplicates(["case", "visit", "service"]).reset_index(drop=True)
    return best


def _replaced(best: pd.DataFrame, facts: Facts) -> pd.DataFrame:
    """Of a visit and its services, then of a case and its parts, what refuses more; the larger object, if equal."""
    case, visit, service, amount = (best[name].to_numpy(np.int64) for name in ("case", "visit", "service", "amount"))
    of_service, of_visit, of_case = service >= 0, (service < 0) & (visit >= 0), visit < 0
    own = np.zeros(len(facts.visit_sums), dtype=np.int64)
    own[visit[of_visit]] = amount[of_visit]
    parts = np.zeros_like(own)
    np.add.at(parts, visit[of_service], amount[of_service])
    parts = np.minimum(parts, facts.visit_sums)
    by_services = parts > own
    kept = of_case | (of_visit & ~by_services[visit]) | (of_service & by_services[visit])
    inside = np.zeros(len(facts.sums), dtype=np.int64)
    np.add.at(inside, facts.visit_case, np.maximum(own, parts))
    inside = np.minimum(inside, facts.sums)
    whole = np.zeros_like(inside)
    whole[case[of_case]] = amount[of_case]
    by_parts = inside > whole
    kept &= np.where(of_case, ~by_parts[case], by_parts[case])
    left: pd.DataFrame = best.loc[kept].reset_index(drop=True)
    return left


def _trimmed(chosen: pd.DataFrame, facts: Facts) -> pd.DataFrame:
    """Parts in order, each cut to what is left of its visit and of its case."""
    amount = chosen["amount"].to_numpy(np.int64)
    for name, limit in (("visit", facts.visit_sums), ("case", facts.sums)):
        owner = chosen[name].to_numpy(np.int64)
        mask = owner >= 0
        amount = amount.copy()
        amount[mask] = _cut(owner[mask], amount[mask], limit)
    left: pd.DataFrame = chosen.assign(amount=amount)[amount > 0].reset_index(drop=True)
    return left


def _cut(owner: Numbers, amount: Numbers, limit: Numbers) -> Numbers:
    """Amounts of each owner, in order, until its limit is reached."""
    before = pd.Series(amount).groupby(owner).cumsum().to_numpy() - amount
    cut: Numbers = np.clip(limit[owner] - before, 0, amount)
    return cut


def _sanctions(month: Month, facts: Facts, chosen: pd.DataFrame, act: tuple[date, str]) -> pd.DataFrame:
    case = chosen["case"].to_numpy(np.int64)
    whole: Mask = chosen["visit"].to_numpy() < 0
    visit = np.where(whole, facts.first_visit[case] if len(case) else -1, chosen["visit"].to_numpy())
    record = month.cases.iloc[case]
    named = visit >= 0
    row = np.where(whole, -1, -1)
    row[~whole & named] = month.visits["row"].to_numpy()[visit[~whole & named]]
    service = chosen["service"].to_numpy(np.int64)
    inner = service >= 0
    part = np.full(len(chosen), -1, dtype=np.int64)
    part[inner] = month.services["row"].to_numpy()[service[inner]]
    keys = zip(record["package"], record["row"], row, part, chosen["code"], strict=True)
    codes = [str(uuid.uuid5(SPACE, ":".join(map(str, (month.period, *key))))) for key in keys]
    frame = pd.DataFrame({"case": case, "visit": visit, "service": service, "whole": whole})
    frame = frame.assign(S_CODE=pd.array(codes, dtype="str"), S_SUM=chosen["amount"].to_numpy(np.int64))
    frame = frame.assign(S_TIP="1", S_OSN=chosen["code"], DATE_ACT=pd.Timestamp(act[0]), NUM_ACT=act[1])
    comment = (chosen["osn"] + " " + chosen["detail"]).str.slice(0, COMMENT)
    return frame.assign(S_COM=comment.astype("str"), S_IST="1", hit=chosen["hit"].to_numpy(np.int64))

"""Findings of rule suites (Q016, Q023) as hits: the ground by data of the region."""

from __future__ import annotations

import numpy as np
import pandas as pd

from pipelines.checks.mek import basis
from pipelines.pump.mek import hits
from pipelines.pump.mek.coded import Numbers
from pipelines.pump.mek.duplicates import REPEATED
from pipelines.pump.mek.facts import Objects
from pipelines.pump.mek.given import Given
from pipelines.pump.mek.hits import phrase

CASES, VISITS, SERVICES = ("ZAP", "Z_SL"), ("SL",), ("USL",)
ACCOUNT = ("SCHET", "ZGLV", "ZL_LIST", "")


def from_findings(given: Given, package: int, findings: pd.DataFrame, stage: str = "D") -> pd.DataFrame:
    """Hits from the findings (``checks.findings``) of one package, on the ground that the region or the rule itself names.

    Warnings are notes. So are copies (1.10.2): a rule names all of them, stage H leaves one to pay.

    A row of ZAP, SL or USL is the case, visit or service with that row in the month; the file as a whole and SCHET are all
    cases of the package. Findings of other tables (persons, diagnoses) have no object yet: raises ``LookupError``, since a
    finding must not be lost.
    """
    parts = []
    for (rule, severity, table), found in findings.groupby(["rule", "severity", "table"], sort=True):
        case, visit, service, place = _objects(given, package, str(table), found["row"].to_numpy(np.int64))
        osn = given.terms.findings.get(str(rule)) or basis(str(rule)) or given.terms.findings_default
        chosen = found.iloc[place]
        text = phrase(
            "{element} = {value}: {message}",
            len(chosen),
            element=chosen["element"],
            value=chosen["value"],
            message=chosen["message"],
        )
        objects = Objects(case, visit, service, _worth(given, case, visit, service))
        note = severity == "warning" or osn == REPEATED
        parts.append(hits.make(given.bases, stage, osn, str(rule), text, objects, note=note))
    return hits.concat(parts)


def _objects(given: Given, package: int, table: str, rows: Numbers) -> tuple[Numbers, Numbers, Numbers, Numbers]:
    """Case, visit, service of each object and the position of its finding; rows not in the month are passed over."""
    month, facts = given.month, given.facts
    if table in ACCOUNT:
        case = np.flatnonzero((month.cases["package"] == package).to_numpy())
        every = np.repeat(np.arange(len(rows)), len(case))
        cases = np.tile(case, len(rows))
        return cases, np.full(len(cases), -1), np.full(len(cases), -1), every
    frames = {**dict.fromkeys(CASES, month.cases), **dict.fromkeys(VISITS, month.visits)}
    frames |= dict.fromkeys(SERVICES, month.services)
    if table not in frames:
        raise LookupError(f"findings of table {table} have no object of МЭК")
    own = np.flatnonzero((frames[table]["package"] == package).to_numpy())
    known = frames[table]["row"].to_numpy(np.int64)[own]
    place = np.searchsorted(known, rows)
    found = place < len(known)
    found[found] = known[place[found]] == rows[found]
    objects, which = own[place[found]], np.flatnonzero(found)
    none = np.full(len(objects), -1, dtype=np.int64)
    if table in CASES:
        return objects, none, none, which
    if table in VISITS:
        return facts.visit_case[objects], objects, none, which
    return facts.service_case[objects], facts.service_visit[objects], objects, which


def _worth(given: Given, case: Numbers, visit: Numbers, service: Numbers) -> Numbers:
    facts = given.facts
    worth = facts.sums[case].copy()
    worth[visit >= 0] = facts.visit_sums[visit[visit >= 0]]
    worth[service >= 0] = facts.service_sums[service[service >= 0]]
    return worth

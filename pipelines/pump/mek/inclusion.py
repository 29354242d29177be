"""Stage J: what another tariff already pays – services of a stay or of a complex (1.10.3), the norm per head (1.10.4)."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow.compute as pc

from pipelines.pump.mek import hits
from pipelines.pump.mek.coded import Mask, Numbers, constant
from pipelines.pump.mek.conditions import CODES, every
from pipelines.pump.mek.duplicates import group_codes
from pipelines.pump.mek.facts import ABSENT
from pipelines.pump.mek.given import Given
from pipelines.pump.mek.hits import phrase
from pipelines.pump.mek.permits import known
from pipelines.pump.mek.standing import Standing
from pipelines.pump.mek.sweep import meeting


def inclusion_hits(given: Given, standing: Standing) -> pd.DataFrame:
    """T_INCLUDED: CODE_USL is paid by the stay (USL_OK) or by another service of the day (INTO). Nothing without it."""
    if "T_INCLUDED" not in given.nsi:
        return hits.empty()
    return hits.concat([_within_stay(given, standing), _within_service(given, standing)])


def _candidates(given: Given) -> tuple[Numbers, Numbers]:
    """Services billed apart, with a sum and a person, and the person of each."""
    person = given.persons[0][given.facts.service_case]
    mask = (given.facts.service_sums > 0) & (person >= 0) & (given.facts.days("services", "DATE_IN") != ABSENT)
    rows = np.flatnonzero(mask & every(given.terms.separate, given.facts.services))
    return rows, person[rows]


def _listed(given: Given, rows: Numbers, field: str, value: str) -> Mask:
    """Whether a code of the service is in the table with this value on the day of the service."""
    level, wanted = given.facts.services, constant(value, len(rows))
    day = level.days("DATE_IN")[rows]
    found = [known(given.nsi, "T_INCLUDED", ["CODE_USL", field], [level.coded(name)[rows], wanted], day) for name in CODES]
    listed: Mask = np.logical_or.reduce(found)
    return listed


def _within_stay(given: Given, standing: Standing) -> pd.DataFrame:
    rows, person = _candidates(given)
    day = given.facts.days("services", "DATE_IN")[rows]
    parts = []
    for usl_ok in ("1", "2"):
        chosen = _listed(given, rows, "USL_OK", usl_ok)
        mine, who, on = rows[chosen], person[chosen], day[chosen]
        cases = given.month.cases
        stay = np.flatnonzero(standing.cases & every({"USL_OK": [usl_ok]}, given.facts.cases) & (given.persons[0] >= 0))
        begin, end = (given.facts.days("cases", name)[stay] for name in ("DATE_Z_1", "DATE_Z_2"))
        found = meeting(who, on, on, given.persons[0][stay], begin, end)  # the first and the last day are free
        met = np.flatnonzero(found >= 0)
        other = stay[found[met]]
        text = phrase(
            "услуга {code} за {day}: входит в тариф случая {idcase} с {first} по {last}; отдельно не оплачивается",
            len(met),
            code=given.month.services["CODE_USL"].iloc[mine[met]],
            day=given.month.services["DATE_IN"].iloc[mine[met]],
            idcase=cases["IDCASE"].iloc[other],
            first=cases["DATE_Z_1"].iloc[other],
            last=cases["DATE_Z_2"].iloc[other],
        )
        parts.append(_hits(given, "MEK.J.1", mine[met], other, text))
    return hits.concat(parts)


def _within_service(given: Given, standing: Standing) -> pd.DataFrame:
    """The complex service of the same person, organisation and day, in a case that stands."""
    table = given.nsi["T_INCLUDED"]
    complexes = pc.unique(table.values("INTO").drop_null()).to_pylist()
    facts, services = given.facts, given.month.services
    whole = np.flatnonzero(every({"CODE_USL": complexes}, facts.services) & standing.cases[facts.service_case])
    rows, _ = _candidates(given)
    if not len(whole) or not len(rows):
        return hits.empty()
    person = given.persons[0][facts.service_case]
    parts = []
    for code in sorted(complexes):
        mine = rows[_listed(given, rows, "INTO", code)]
        theirs = whole[(services["CODE_USL"].iloc[whole] == code).to_numpy()]
        both = np.concatenate([theirs, mine])
        columns = [pd.Series(person[both]), facts.services.at("CODE_MO", both), facts.services.at("DATE_IN", both)]
        codes = group_codes(columns)
        holder = np.full(int(codes.max(initial=-1)) + 1, -1, dtype=np.int64)
        holder[codes[: len(theirs)][::-1]] = theirs[::-1]
        found = holder[codes[len(theirs) :]]
        met = np.flatnonzero((found >= 0) & (found != mine))
        text = phrase(
            "услуга {code} за {day}: входит в тариф услуги {into} того же дня; отдельно не оплачивается",
            len(met),
            code=services["CODE_USL"].iloc[mine[met]],
            day=services["DATE_IN"].iloc[mine[met]],
            into=code,
        )
        parts.append(_hits(given, "MEK.J.2", mine[met], facts.service_case[found[met]], text))
    return hits.concat(parts)


def _hits(given: Given, rule: str, service: Numbers, other: Numbers, text: pd.Series) -> pd.DataFrame:
    return hits.make(given.bases, "J", "1.10.3", rule, text, given.facts.of_services(service), other=other)


def capita_hits(given: Given) -> pd.DataFrame:
    """1.10.4: care of an attached person (MO_PR is the organisation) of a profile that the norm per head pays, with a sum.

    T_CAPITA: MCOD, PROFIL, in force on DATE_2; IDSP of the norm itself is left out. Nothing without T_CAPITA.
    """
    if "T_CAPITA" not in given.nsi:
        return hits.empty()
    facts, level = given.facts, given.facts.visits
    profile, mo, attached = level.coded("PROFIL"), level.coded("CODE_MO"), level.coded("MO_PR")
    own = np.append(pd.Index(mo.values[:-1]).get_indexer(pd.Index(attached.values[:-1])), -1)[attached.codes]
    mask = (own >= 0) & (own == mo.codes) & (facts.visit_sums > 0)
    mask &= every({"USL_OK": ["3"], "IDSP": {"not": list(given.terms.per_capita)}}, level)
    listed = known(given.nsi, "T_CAPITA", ["MCOD", "PROFIL"], [mo, profile], level.days("DATE_2"))
    visit = np.flatnonzero(mask & listed)
    text = phrase(
        "SL {id}: SUM_M = {sum}, MO_PR = {mo}, PROFIL = {profile}; прикреплённым платит подушевой норматив, ожидается 0",
        len(visit),
        id=given.month.visits["SL_ID"].iloc[visit],
        sum=hits.roubles(facts.visit_sums[visit]),
        mo=mo[visit].decoded(),
        profile=profile[visit].decoded(),
    )
    return hits.make(given.bases, "J", "1.10.4", "MEK.J.3", text, facts.of_visits(visit))

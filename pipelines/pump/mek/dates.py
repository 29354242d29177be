"""Stage C: days. Order of the days is 1.4.4, the month they fall into is 1.4.6."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from pipelines.pump.mek import hits
from pipelines.pump.mek.conditions import every
from pipelines.pump.mek.given import Given
from pipelines.pump.mek.hits import phrase


def date_hits(given: Given) -> pd.DataFrame:
    """Hits on cases, visits and services; an absent day is left to format control."""
    return hits.concat([_period(given), _cases(given), _visits(given), _services(given)])


def month_bounds(period: date, late: int) -> tuple[pd.Timestamp, pd.Timestamp]:
    """First day on which a case may end, ``late`` months before the report month, and the last day of the month."""
    first = pd.Timestamp(period).replace(day=1)
    return first - pd.DateOffset(months=late), first + pd.DateOffset(months=1, days=-1)


def _cases_hit(given: Given, wrong: np.ndarray, osn: str, rule: str, template: str, **texts: Any) -> pd.DataFrame:
    case = np.flatnonzero(wrong)
    rows = given.month.cases.iloc[case]
    text = phrase(template, len(case), begin=rows["DATE_Z_1"], end=rows["DATE_Z_2"], **texts)
    return hits.make(given.bases, "C", osn, rule, text, given.facts.of_cases(case))


def _period(given: Given) -> pd.DataFrame:
    cases = given.month.cases
    first, last = month_bounds(given.month.period, given.terms.late_months)
    late = (cases["DATE_Z_2"] < first).to_numpy()
    ahead = ((cases["DATE_Z_2"] > last) | (cases["DATE_Z_1"] > last)).to_numpy()
    expected = {"first": f"{first:%d.%m.%Y}", "last": f"{last:%d.%m.%Y}"}
    template = "DATE_Z_2 = {end} (DATE_Z_1 = {begin}); ожидается окончание случая с {first} по {last}"
    return hits.concat(
        [
            _cases_hit(given, late & ~ahead, "1.4.6", "MEK.C.1", template, **expected),
            _cases_hit(given, ahead, "1.4.6", "MEK.C.2", template, **expected),
        ]
    )


def _cases(given: Given) -> pd.DataFrame:
    cases = given.month.cases
    wrong = (cases["DATE_Z_1"] > cases["DATE_Z_2"]).to_numpy()
    return _cases_hit(given, wrong, "1.4.4", "MEK.C.3", "DATE_Z_1 = {begin} позже DATE_Z_2 = {end}; ожидается не позже")


def _visits(given: Given) -> pd.DataFrame:
    visits, level = given.month.visits, given.facts.visits
    begin, end = level.column("DATE_Z_1"), level.column("DATE_Z_2")
    wrong = (visits["DATE_1"] > visits["DATE_2"]) | (visits["DATE_1"] < begin) | (visits["DATE_2"] > end)
    visit = np.flatnonzero(wrong.to_numpy())
    rows = visits.iloc[visit]
    text = phrase(
        "SL {id}: DATE_1 = {first}, DATE_2 = {last}; ожидаются по порядку и внутри случая с {begin} по {end}",
        len(visit),
        id=rows["SL_ID"],
        first=rows["DATE_1"],
        last=rows["DATE_2"],
        begin=begin.iloc[visit],
        end=end.iloc[visit],
    )
    return hits.make(given.bases, "C", "1.4.4", "MEK.C.4", text, given.facts.of_visits(visit))


def _services(given: Given) -> pd.DataFrame:
    """Services of examinations may be done before the case and are not looked at."""
    services, level = given.month.services, given.facts.services
    begin, end = level.column("DATE_1"), level.column("DATE_2")
    outside = (services["DATE_IN"] < begin) | (services["DATE_OUT"] > end)
    wrong = (services["DATE_IN"] > services["DATE_OUT"]) | (outside & every({"kind": {"not": ["X"]}}, level))
    service = np.flatnonzero(wrong.to_numpy())
    rows = services.iloc[service]
    text = phrase(
        "услуга {id} ({code}): DATE_IN = {first}, DATE_OUT = {last}; ожидаются по порядку и внутри SL с {begin} по {end}",
        len(service),
        id=rows["IDSERV"],
        code=rows["CODE_USL"],
        first=rows["DATE_IN"],
        last=rows["DATE_OUT"],
        begin=begin.iloc[service],
        end=end.iloc[service],
    )
    return hits.make(given.bases, "C", "1.4.4", "MEK.C.5", text, given.facts.of_services(service))

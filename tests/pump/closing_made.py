"""Closed months made up without a database: control, decision and settlement over frames, and what documents need beside."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, date, datetime
from functools import cache
from typing import Any

import numpy as np
import pandas as pd

from pipelines.nsi.dictionaries import Dictionaries
from pipelines.pump.closing.model import Closed, Closing
from pipelines.pump.documents import DocumentTerms, Source, Turnover, parties
from pipelines.pump.mek import Decision, Given, consumption, control, decide, load_terms
from pipelines.pump.mek import hits as frames
from pipelines.pump.mek.facts import Facts
from pipelines.pump.month import Month
from pipelines.pump.pricing import price
from pipelines.pump.settlement import Settled, Terms, accepted, advances, no_deductions, norms, settle
from tests.pump.mek import made
from tests.pump.pricing.generated import REGION, month_of, reference, registers

PERIOD = date(2026, 3, 1)
TERMS = Terms.load(REGION.folder)
ELSEWHERE = "45000"
PARTS = ("cases", "visits", "services", "diagnoses", "criteria", "complexity")


def closing(period: date) -> Closing:
    """Header of a closing; the conclusions are of the middle of the next month."""
    day = (pd.Timestamp(period) + pd.offsets.MonthBegin(1) + pd.Timedelta(days=14)).date()
    frozen = datetime(day.year, day.month, day.day, tzinfo=UTC)
    return Closing(1, period, "month", "SETTLED", f"МЭК-{period:%y%m}", day, frozen, (), (), (), (), (), "")


def closed(
    month: Month,
    period: date = PERIOD,
    *,
    deductions: pd.DataFrame | None = None,
    refused: Iterable[int] | None = None,
    payers: pd.Series | None = None,
    stages: str = "ABCDEFGHIJK",
) -> Closed:
    """A month controlled, priced and settled: by ``stages`` of МЭК, or with nothing refused but whole packages."""
    header = closing(period)
    payers = payers_of(month) if payers is None else payers
    prices = price(month, reference()).visits if "CRIT" in month.criteria else _grouped(month)
    given = Given(month, reference().dictionaries, load_terms(REGION.folder), header.act_date)
    hits, decision = _controlled(given, header.act_number, stages) if refused is None else _refusing(given, refused)
    applied = np.zeros(len(hits), np.int64)
    np.add.at(applied, decision.sanctions["hit"].to_numpy(np.int64), decision.sanctions["S_SUM"].to_numpy(np.int64))
    answers = pd.DataFrame({"case": month.cases["case"], "payer": payers.to_numpy()})
    settled = _settled(month, decision, payers, period, deductions)
    volumes = _volumes(given, decision)
    return Closed(header, month, answers, prices, hits.assign(applied=applied), decision, payers, settled, volumes)


def generated(cases: int, period: date = PERIOD, seed: int = 5) -> Month:
    """Registers of all kinds as the generator bills them, numbered as the load tables number them."""
    month = month_of(registers(cases, period, seed), period)
    package = month.cases["package"].to_numpy()
    visits = month.visits.assign(package=package[month.visits["case"]], row=np.arange(len(month.visits)))
    services = month.services.assign(package=package[month.services["case"]], row=np.arange(len(month.services)))
    return replace(month, visits=visits, services=services)


def spoilt(month: Month) -> Month:
    """Some accounts whose sum is wrong, profiles without licence, dates of the next month, copied SL_ID."""
    cases, visits = month.cases.copy(), month.visits.copy()
    place = visits["case"].to_numpy() % 16
    cases.loc[cases["package"] % 6 == 1, "SUMMAV"] += 10_00
    visits.loc[place == 8, "PROFIL"] = "162"
    cases.loc[cases["case"] % 16 == 11, "DATE_Z_2"] = pd.Timestamp(2026, 4, 2)
    copied = (place == 13) & (visits["case"] > 0)
    visits.loc[copied, "SL_ID"] = visits["SL_ID"].shift(1)
    return replace(month, cases=cases, visits=visits)


def payers_of(month: Month) -> pd.Series:
    """Each seventh case is of another territory, each fifth of 98002."""
    place = np.arange(len(month.cases))
    return pd.Series(np.where(place % 7 == 6, ELSEWHERE, np.where(place % 5 == 4, "98002", "98001")), dtype="str")


def source(of: Closed, dictionaries: Dictionaries | None = None, **beside: Any) -> Source:
    """What the documents of a closed month are made of, in the demo region."""
    known = dictionaries or reference().dictionaries
    terms = DocumentTerms.load(REGION.folder)
    made_of = Source(of, REGION, known, parties(known, REGION, of.closing.act_date), terms, TERMS)
    return replace(made_of, **beside)


@cache
def usual() -> Source:
    """Registers of all kinds with faults; advances of the region, a sanction, and a fine larger than what is due."""
    pair = {"payer": "98002", "CODE_MO": "980006"}
    acts = [
        {**pair, "what": "fine", "act": "Акт № 7", "date": pd.Timestamp(2026, 3, 20), "amount": 9_000_000_00},
        {**pair, "what": "sanction", "act": "Акт № 5", "date": pd.Timestamp(2026, 3, 10), "amount": 1_234_56},
    ]
    own = pd.concat([advances(PERIOD, reference().dictionaries), pd.DataFrame(acts)], ignore_index=True)
    return source(closed(spoilt(generated(6)), deductions=own), intake=INTAKE)


INTAKE = pd.DataFrame({"CODE_MO": ["980001"], "cases": [2], "amount": [1_500_00]})


@cache
def busy() -> Source:
    """A month of duplicates, crossings and refused parts of cases; some cases are of nobody's and refused."""
    month = _one_sender(made.month(400, 3))
    payers = payers_of(month)
    of = closed(month, made.PERIOD, deductions=no_deductions(), payers=payers, stages="HIJ")
    nobody = (of.decision.cases["OPLATA"] == "2").to_numpy() & (np.arange(len(payers)) % 2 == 0)
    return source(replace(of, payers=payers.mask(nobody, "")))


@cache
def empty() -> Source:
    """A month without cases: sums by norms only."""
    month = generated(1)
    return source(closed(Month(PERIOD, *(getattr(month, name).iloc[:0] for name in PARTS)), refused=()))


def before(period: date, deductions: pd.DataFrame | None = None) -> Turnover:
    """A settled month of norms alone."""
    normed = norms(period, reference().dictionaries, TERMS)
    month = empty().closed.month
    none = accepted(month.cases, pd.DataFrame({"SUMP": np.array([], np.int64)}), pd.Series([], dtype="str"))
    return Turnover(period, settle(none, normed, no_deductions() if deductions is None else deductions, TERMS))


def _grouped(month: Month) -> pd.DataFrame:
    """Prices of a month made up as frames: stays have a group and no sum."""
    stay = month.cases["USL_OK"].isin(["1", "2"]).to_numpy()[month.visits["case"]]
    group = pd.Series(np.where(stay, "st12.009", None), dtype="str")
    due = pd.array([None] * len(stay), "Int64")
    return pd.DataFrame({"visit": month.visits["visit"], "way": "ksg", "due": due, "N_KSG": group, "fault": ""})


def _controlled(given: Given, number: str, stages: str) -> tuple[pd.DataFrame, Decision]:
    found = control(given, number).hits
    kept = found[found["stage"].isin(list(stages))]
    hits = frames.concat([kept, _in_part(given)]) if stages == "HIJ" else kept.reset_index(drop=True)
    return hits, decide(given.month, hits, given.bases, (given.on, number))


def _in_part(given: Given) -> pd.DataFrame:
    """Refusals of one SL of two, and of a third of a case."""
    facts, bases = given.facts, given.bases
    twice = np.flatnonzero(np.bincount(facts.visit_case, minlength=len(facts.sums)) == 2)
    single = facts.first_visit[twice[::2]] + 1
    visits = frames.make(bases, "H", "1.10.2", "MEK.H.2", "повтор SL", facts.of_visits(single))
    cases = frames.make(bases, "G", "1.7.2", "MEK.G.2", "сумма больше тарифа", facts.of_cases(twice[1::2]))
    return frames.concat([visits, cases.assign(amount=cases["amount"] // 3)])


def _one_sender(month: Month) -> Month:
    """The month with packages that are of one organisation each."""
    cases = month.cases
    package = cases["CODE_MO"].str[-1].astype("int64").to_numpy() * 10 + cases["package"].to_numpy() % 2
    renamed = cases.assign(package=package, NSCHET="10-" + pd.Series(package).astype("str"))
    visits = month.visits.assign(package=package[month.visits["case"]])
    return replace(
        month, cases=renamed, visits=visits, services=month.services.assign(package=package[month.services["case"]])
    )


def _refusing(given: Given, packages: Iterable[int]) -> tuple[pd.DataFrame, Decision]:
    rows = np.flatnonzero(given.month.cases["package"].isin(list(packages)).to_numpy())
    hits = frames.make(
        given.bases, "A", "1.4.2", "MEK.A.2", "сумма счёта не равна сумме реестра", given.facts.of_cases(rows)
    )
    return hits, decide(given.month, hits, given.bases, (given.on, "1"))


def _settled(month: Month, decision: Decision, payers: pd.Series, period: date, deductions: pd.DataFrame | None) -> Settled:
    items = advances(period, reference().dictionaries) if deductions is None else deductions
    normed = norms(period, reference().dictionaries, TERMS)
    return settle(accepted(month.cases, decision.cases, payers), normed, items, TERMS)


def _volumes(given: Given, decision: Decision) -> pd.DataFrame:
    """Accepted volumes; what is refused whole took none."""
    whole = consumption(given, Facts(given.month), decision.cases["SUMP"].to_numpy(np.int64))
    return whole.astype({"CODE_MO": "str", "UNIT": "str"})

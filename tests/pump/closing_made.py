"""Closed months made up without a database: control, decision and settlement over frames, and what documents need beside."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from functools import cache

import numpy as np
import pandas as pd

from pipelines.nsi.dictionaries import Dictionaries
from pipelines.pump.closing.model import Closed, Closing
from pipelines.pump.documents import DocumentTerms, Source, Turnover, parties
from pipelines.pump.mek import Decision, Given, consumption, control, load_terms
from pipelines.pump.mek.facts import Facts
from pipelines.pump.mek.given import _only
from pipelines.pump.month import Month
from pipelines.pump.pricing import price
from pipelines.pump.settlement import NORMS, Settled, Terms, accepted, advances, no_deductions, norms, settle
from pipelines.pump.settlement.norms import KEYS
from tests.pump.pricing.generated import REGION, month_of, reference, registers

PERIOD = date(2026, 3, 1)
ACT_DATE = date(2026, 4, 15)
TERMS = Terms.load(REGION.folder)
ELSEWHERE = "45000"


def closing(period: date = PERIOD, act_date: date = ACT_DATE) -> Closing:
    """Header of a closing of a month."""
    return Closing(
        1,
        period,
        "month",
        "SETTLED",
        f"МЭК-{period:%y%m}",
        act_date,
        datetime(2026, 4, 14, tzinfo=UTC),
        (),
        (),
        (),
        (),
        (),
        "",
    )


def closed(
    month: Month, period: date = PERIOD, deductions: pd.DataFrame | None = None, refused: set[int] | None = None
) -> Closed:
    """A month controlled, priced and settled. Payers: each seventh case goes to another territory, each fifth to 98002.

    ``refused``: packages of which everything is refused; none is when the set is empty; of None МЭК decides.
    """
    header = closing(period)
    dictionaries = reference().dictionaries
    payers = payers_of(month)
    answers = pd.DataFrame({"case": month.cases["case"], "person": pd.array([None] * len(payers), "Int64"), "payer": payers})
    prices = price(month, reference()).visits if len(month.visits) else empty_prices()
    given = Given(month, dictionaries, load_terms(REGION.folder), header.act_date, prices=prices[["visit", "due"]])
    conclusion = control(given, header.act_number)
    hits, decision = conclusion.hits, conclusion.decision
    if refused is not None:
        hits, decision = _refusing(given, refused)
    applied = np.zeros(len(hits), np.int64)
    np.add.at(applied, decision.sanctions["hit"].to_numpy(np.int64), decision.sanctions["S_SUM"].to_numpy(np.int64))
    payable = (decision.cases["OPLATA"] != "2").to_numpy()
    paid = decision.cases["SUMP"].to_numpy(np.int64)[payable]
    volumes = consumption(given, Facts(_only(month, payable)), paid)
    settled = settled_of(month, decision, payers, period, deductions)
    return Closed(header, month, answers, prices, hits.assign(applied=applied), decision, payers, settled, volumes)


def settled_of(
    month: Month, decision: Decision, payers: pd.Series, period: date, deductions: pd.DataFrame | None = None
) -> Settled:
    """Settlement with the demo region's norms and, where no deductions are given, its advances."""
    dictionaries = reference().dictionaries
    normed = norms(period, dictionaries, TERMS)
    items = advances(period, dictionaries) if deductions is None else deductions
    return settle(accepted(month, decision.cases, payers), normed, items, TERMS)


def generated(cases: int, period: date = PERIOD, seed: int = 5) -> Month:
    """Registers of all kinds as the generator bills them, numbered as the load tables number them."""
    month = month_of(registers(cases, period, seed), period)
    package = month.cases["package"].to_numpy()
    visits = month.visits.assign(package=package[month.visits["case"]], row=np.arange(len(month.visits)))
    services = month.services.assign(package=package[month.services["case"]], row=np.arange(len(month.services)))
    return replace(month, visits=visits, services=services)


def spoilt(month: Month) -> Month:
    """Some cases with a sum that is not the tariff's, a profile without licence, a date of the next month, a copied SL_ID."""
    cases, visits = month.cases.copy(), month.visits.copy()
    place = visits["case"].to_numpy() % 16
    wrong = place == 3
    visits.loc[wrong, "SUM_M"] += 10_00
    cases["SUMV"] += pd.Series(np.bincount(visits["case"], np.where(wrong, 10_00, 0), len(cases)).astype(np.int64))
    visits.loc[place == 8, "PROFIL"] = "162"
    cases.loc[cases["case"] % 16 == 11, "DATE_Z_2"] = pd.Timestamp(2026, 4, 2)
    first = visits["SL_ID"].shift(1)
    visits.loc[(place == 13) & (visits["case"] > 0), "SL_ID"] = first
    return replace(month, cases=cases, visits=visits)


def payers_of(month: Month) -> pd.Series:
    place = np.arange(len(month.cases))
    return pd.Series(np.where(place % 7 == 6, ELSEWHERE, np.where(place % 5 == 4, "98002", "98001")), dtype="str")


def empty_prices() -> pd.DataFrame:
    columns = {"visit": "int64", "way": "str", "due": "Int64", "N_KSG": "str", "fault": "str"}
    return pd.DataFrame({name: pd.Series(dtype=kind) for name, kind in columns.items()})


def source(of: Closed, dictionaries: Dictionaries | None = None, **beside: object) -> Source:
    """What the documents of a closed month are made of, in the demo region."""
    known = dictionaries or reference().dictionaries
    terms = DocumentTerms.load(REGION.folder)
    made = Source(of, REGION, known, parties(known, REGION, of.closing.act_date), terms, TERMS)
    return replace(made, **beside)  # type: ignore[arg-type]


@cache
def usual() -> Source:
    """Registers of all kinds as the generator bills them, with what МЭК finds in them; a fine larger than its line."""
    month = spoilt(generated(8))
    pair = {"payer": "98002", "CODE_MO": "980006"}
    fines = pd.DataFrame(
        [
            {**pair, "what": "fine", "act": "Акт № 7", "date": pd.Timestamp(2026, 3, 20), "amount": 9_000_000_00},
            {**pair, "what": "sanction", "act": "Акт № 5", "date": pd.Timestamp(2026, 3, 10), "amount": 1_234_56},
        ]
    )
    own = pd.concat([advances(PERIOD, reference().dictionaries), fines], ignore_index=True)
    return source(closed(month, deductions=own))


def empty() -> Source:
    """A month without cases: sums by norms only."""
    month = generated(1)
    nothing = Month(
        PERIOD,
        *(getattr(month, name).iloc[:0] for name in ("cases", "visits", "services", "diagnoses", "criteria", "complexity")),
    )
    return source(closed(nothing))


def earlier(period: date, carried: pd.DataFrame | None = None) -> Turnover:
    """A settled month before, of norms alone."""
    normed = norms(period, reference().dictionaries, TERMS)
    none = normed.iloc[:0][KEYS].assign(**{f"accepted_{n}": np.array([], np.int64) for n in (1, 2, 3, 4)})
    assert set(NORMS) <= set(normed)
    return Turnover(period, settle(none, normed, no_deductions() if carried is None else carried, TERMS))


def _refusing(given: Given, packages: set[int]) -> tuple[pd.DataFrame, Decision]:
    from pipelines.pump.mek import decide
    from pipelines.pump.mek import hits as frames

    rows = np.flatnonzero(given.month.cases["package"].isin(packages).to_numpy())
    hits = frames.make(
        given.bases, "A", "1.4.2", "MEK.A.2", "сумма счёта не равна сумме реестра", given.facts.of_cases(rows)
    )
    return hits, decide(given.month, hits, given.bases, (given.on, "1"))

"""What МЭК of a month works on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property

import numpy as np
import pandas as pd

from pipelines.nsi.dictionaries import Dictionaries
from pipelines.pump.mek.bases import Bases
from pipelines.pump.mek.coded import Mask, Numbers, hashes, touched
from pipelines.pump.mek.facts import Facts
from pipelines.pump.mek.people import people
from pipelines.pump.mek.terms import MekTerms
from pipelines.pump.month import Month


@dataclass(frozen=True)
class Given:
    """A month and all that is known beside it.

    on: day of the act, by which F014 is read. answers: identification, a row for each case (``case``, ``person``, ``found``,
    ``payer``, ``by``). prices: a row for each priced visit (``visit``, ``due`` Int64 kopecks). history: cases of earlier
    months as a ``Month`` whose cases also have OPLATA, SUMP and may have ``person``. refused: package -> kopecks of the
    records that format control refused, which an account's total still contains. earlier: (CODE_MO, NSCHET, year) of
    accounts of earlier months. consumed: ``CODE_MO``, ``UNIT``, ``QUANTITY`` (hundredths), ``MONEY`` (kopecks) accepted
    since the beginning of the quarter. attached: organisation of attachment on DATE_Z_2 of each
    case, null where it is not known. What is not given (None) is not checked.
    """

    month: Month
    nsi: Dictionaries
    terms: MekTerms
    on: date
    answers: pd.DataFrame | None = None
    prices: pd.DataFrame | None = None
    history: Month | None = None
    refused: Mapping[int, int] = field(default_factory=dict)
    earlier: frozenset[tuple[str, str, int]] = frozenset()
    consumed: pd.DataFrame | None = None
    attached: pd.Series | None = None

    @cached_property
    def bases(self) -> Bases:
        return Bases.on(self.nsi, self.on)

    @cached_property
    def facts(self) -> Facts:
        return Facts(self.month)

    @cached_property
    def paid(self) -> Facts | None:
        """The part of the history that was accepted and is not replaced by a later version of the record (PR_NOV = 1)."""
        if self.history is None:
            return None
        cases = self.history.cases
        money = cases["SUMP"].fillna(0) > 0 if self.terms.paid_needs_money else True
        taken = cases["OPLATA"].astype("str").isin(["1", "3"]) & money
        return Facts(only(self.history, taken.to_numpy(bool) & ~_replaced(cases)))

    @cached_property
    def persons(self) -> tuple[Numbers, Numbers]:
        """Person of each case of the month and of the paid history."""
        cases = self.month.cases
        if self.answers is not None:
            known = pd.Series(pd.NA, index=cases.index, dtype="Int64")
            known.iloc[self.answers["case"].to_numpy()] = self.answers["person"].astype("Int64").to_numpy()
            cases = cases.assign(person=known)
        return people(cases, None if self.paid is None else self.paid.month.cases)

    @cached_property
    def places(self) -> tuple[Numbers, Numbers]:
        """Organisation of each case of the month and of the paid history, by numbers that both have in common."""
        columns = [facts.coded("cases", "CODE_MO") for facts in (self.facts, self.paid) if facts is not None]
        common = pd.factorize(pd.concat([column.values for column in columns]))[0].astype(np.int64)
        split = np.split(common, [len(columns[0].values)])
        month, *paid = (numbers[column.codes] for numbers, column in zip(split, columns, strict=False))
        return month, paid[0] if paid else np.empty(0, dtype=np.int64)


def _replaced(cases: pd.DataFrame) -> Mask:
    """Records that a later one of the same organisation, number and patient corrects."""
    key = ["CODE_MO", "IDCASE", "ID_PAC", "N_ZAP"]
    corrected = (cases["PR_NOV"] == "1").to_numpy(bool)
    replaced = np.zeros(len(cases), dtype=bool)
    rows = np.flatnonzero(touched([hashes(cases[name]) for name in key], corrected))
    chain = cases[key].iloc[rows].assign(new=corrected[rows])[::-1]
    later = chain.groupby(key, dropna=False, sort=False)["new"].cumsum()[::-1].to_numpy()
    replaced[rows] = later - corrected[rows] > 0
    return replaced


def only(month: Month, kept: np.ndarray) -> Month:
    """Some cases of a month with what is under them, renumbered."""
    place = np.cumsum(kept) - 1
    visits = month.visits[kept[month.visits["case"].to_numpy()]]
    visit_place = np.full(len(month.visits), -1)
    visit_place[visits.index.to_numpy()] = np.arange(len(visits))
    services = month.services[kept[month.services["case"].to_numpy()]]
    cases = month.cases[kept].reset_index(drop=True)
    return Month(
        month.period,
        cases.assign(case=np.arange(len(cases))),
        visits.assign(visit=np.arange(len(visits)), case=place[visits["case"]]).reset_index(drop=True),
        services.assign(
            service=np.arange(len(services)), case=place[services["case"]], visit=visit_place[services["visit"]]
        ).reset_index(drop=True),
        month.diagnoses.iloc[:0],
        month.criteria.iloc[:0],
        month.complexity.iloc[:0],
    )

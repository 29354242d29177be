"""A month as МЭК looks at it: columns by case, visit or service, and what follows from several of them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pandas as pd

from pipelines.pump.mek.conditions import Mask
from pipelines.pump.month import Month

Numbers = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Objects:
    """What hits are about, one row each: ``visit`` and ``service`` are -1 for larger objects; ``worth`` in kopecks."""

    case: Numbers
    visit: Numbers
    service: Numbers
    worth: Numbers


@dataclass(frozen=True)
class Facts:
    """Columns of a month by level. ``month`` may also be the paid history: the same frames with OPLATA and SUMP in cases."""

    month: Month

    @cached_property
    def cases(self) -> Cases:
        return Cases(self)

    @cached_property
    def visits(self) -> Visits:
        return Visits(self)

    @cached_property
    def services(self) -> Services:
        return Services(self)

    @cached_property
    def visit_case(self) -> Numbers:
        """Case of each visit."""
        return self.month.visits["case"].to_numpy(np.int64)

    @cached_property
    def service_case(self) -> Numbers:
        """Case of each service."""
        return self.month.services["case"].to_numpy(np.int64)

    @cached_property
    def service_visit(self) -> Numbers:
        """Visit of each service."""
        return self.month.services["visit"].to_numpy(np.int64)

    @cached_property
    def first_visit(self) -> Numbers:
        """First visit of each case, -1 for none."""
        first = np.full(len(self.month.cases), -1, dtype=np.int64)
        first[self.visit_case[::-1]] = np.arange(len(self.visit_case))[::-1]
        return first

    def of_cases(self, rows: Numbers) -> Objects:
        """Whole cases."""
        none = np.full(len(rows), -1, dtype=np.int64)
        return Objects(rows, none, none, self.sums[rows])

    def of_visits(self, rows: Numbers, worth: Numbers | None = None) -> Objects:
        """Visits, or the part of their sums that is in question."""
        none = np.full(len(rows), -1, dtype=np.int64)
        return Objects(self.visit_case[rows], rows, none, self.visit_sums[rows] if worth is None else worth)

    def of_services(self, rows: Numbers) -> Objects:
        """Services."""
        return Objects(self.service_case[rows], self.service_visit[rows], rows, self.service_sums[rows])

    @cached_property
    def sums(self) -> Numbers:
        """SUMV of the cases, kopecks."""
        return amounts(self.month.cases["SUMV"])

    @cached_property
    def visit_sums(self) -> Numbers:
        """SUM_M of the visits, kopecks."""
        return amounts(self.month.visits["SUM_M"])

    @cached_property
    def service_sums(self) -> Numbers:
        """SUMV_USL of the services, kopecks."""
        return amounts(self.month.services["SUMV_USL"])


@dataclass(frozen=True)
class Cases:
    """Elements of the cases; what only visits have is taken from the first visit."""

    facts: Facts

    @property
    def rows(self) -> int:
        return len(self.facts.month.cases)

    def column(self, name: str) -> pd.Series:
        cases, visits = self.facts.month.cases, self.facts.month.visits
        if name == "DAYS":
            return span(cases["DATE_Z_1"], cases["DATE_Z_2"])
        if name == "AGE":
            return years(cases["DR"], cases["DATE_Z_1"])
        if name in cases:
            return cases[name]
        return _taken(visits[name], self.facts.first_visit)

    def having(self, services: Mask) -> Mask:
        return _marked(self.facts.service_case, services, self.rows)

    def service_column(self, name: str) -> pd.Series:
        return self.facts.month.services[name]


@dataclass(frozen=True)
class Visits:
    """Elements of the visits; what they lack is taken from their case. KD_OVER: days billed beyond the days there were."""

    facts: Facts

    @property
    def rows(self) -> int:
        return len(self.facts.month.visits)

    def column(self, name: str) -> pd.Series:
        cases, visits = self.facts.month.cases, self.facts.month.visits
        if name == "DAYS":
            return span(visits["DATE_1"], visits["DATE_2"])
        if name == "AGE":
            return years(self.column("DR"), visits["DATE_1"])
        if name == "KD_OVER":
            apart = span(visits["DATE_1"], visits["DATE_2"])
            daytime = (self.column("USL_OK") == "2").to_numpy()
            return visits["KD"].astype("Int64") - apart.clip(lower=1).mask(daytime, apart + 1)
        return visits[name] if name in visits else _taken(cases[name], self.facts.visit_case)

    def having(self, services: Mask) -> Mask:
        return _marked(self.facts.service_visit, services, self.rows)

    def service_column(self, name: str) -> pd.Series:
        return self.facts.month.services[name]


@dataclass(frozen=True)
class Services:
    """Elements of the services; what they lack is taken from their visit, then from their case."""

    facts: Facts

    @property
    def rows(self) -> int:
        return len(self.facts.month.services)

    def column(self, name: str) -> pd.Series:
        services = self.facts.month.services
        if name == "DAYS":
            return span(services["DATE_IN"], services["DATE_OUT"])
        if name in services:
            return services[name]
        if name in self.facts.month.visits:
            return _taken(self.facts.month.visits[name], self.facts.service_visit)
        return _taken(self.facts.cases.column(name), self.facts.service_case)

    def having(self, services: Mask) -> Mask:
        return services

    def service_column(self, name: str) -> pd.Series:
        return self.facts.month.services[name]


def amounts(values: pd.Series) -> Numbers:
    """Kopecks, an absent sum as 0."""
    return values.fillna(0).to_numpy(np.int64)


def days(values: pd.Series) -> Numbers:
    """Days since 1970 of dates; an absent date is the smallest number."""
    return values.to_numpy("datetime64[D]").astype(np.int64)


def span(first: pd.Series, last: pd.Series) -> pd.Series:
    """Days from the first to the last, ``Int64``; null where one is absent."""
    apart = pd.Series(days(last) - days(first), dtype="Int64")
    return apart.mask((first.isna() | last.isna()).to_numpy())


def years(born: pd.Series, on: pd.Series) -> pd.Series:
    """Full years of age on a day, ``Int64``; null where a date is absent. Born on 29 February: a year older on 1 March."""
    born, on = born.reset_index(drop=True), on.reset_index(drop=True)
    early = (on.dt.month * 100 + on.dt.day) < (born.dt.month * 100 + born.dt.day)
    age = (on.dt.year - born.dt.year - early.astype("int64")).astype("Int64")
    known: pd.Series = age.mask(born.isna() | on.isna())
    return known


def _taken(values: pd.Series, rows: Numbers) -> pd.Series:
    return pd.Series(values.array.take(rows, allow_fill=True), name=values.name)


def _marked(owner: Numbers, chosen: Mask, rows: int) -> Mask:
    mask = np.zeros(rows, dtype=bool)
    mask[owner[chosen]] = True
    return mask

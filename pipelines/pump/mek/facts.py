"""A month as МЭК looks at it: columns by case, visit or service, and what follows from several of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

import numpy as np
import pandas as pd

from pipelines.pump.mek.coded import Coded, Hashes, Mask, Numbers, encode, hashes
from pipelines.pump.month import Month

Home = Literal["cases", "visits", "services"]
"""Frame of a month that a column stands in."""


@dataclass(frozen=True)
class Objects:
    """What hits are about, one row each: ``visit`` and ``service`` are -1 for larger objects; ``worth`` in kopecks."""

    case: Numbers
    visit: Numbers
    service: Numbers
    worth: Numbers


@dataclass(frozen=True)
class Facts:
    """Columns of a month by level. ``month`` may also be the paid history: the same frames with OPLATA and SUMP in cases.

    Texts are encoded, days and hashes made once for all stages.
    """

    month: Month
    _coded: dict[tuple[Home, str], Coded] = field(default_factory=dict, repr=False, compare=False)
    _days: dict[tuple[Home, str], Numbers] = field(default_factory=dict, repr=False, compare=False)

    def frame(self, home: Home) -> pd.DataFrame:
        """The frame of that name."""
        found: pd.DataFrame = getattr(self.month, home)
        return found

    def coded(self, home: Home, name: str) -> Coded:
        """A column of texts by its distinct values."""
        if (home, name) not in self._coded:
            self._coded[home, name] = encode(self.frame(home)[name])
        return self._coded[home, name]

    def days(self, home: Home, name: str) -> Numbers:
        """Days since 1970 of a column of dates (``days``)."""
        if (home, name) not in self._days:
            self._days[home, name] = days(self.frame(home)[name])
        return self._days[home, name]

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
class Rows:
    """Rows of one level; elements that its frame lacks are taken from the frames around it."""

    facts: Facts

    @property
    def rows(self) -> int:
        raise NotImplementedError

    def place(self, name: str) -> tuple[Home, Numbers | None]:
        """Frame that has the element, and its row for each row of the level (-1 for none); None where rows are the same."""
        raise NotImplementedError

    def derived(self, name: str) -> pd.Series | None:
        """Elements that follow from others."""
        raise NotImplementedError

    def having(self, services: Mask) -> Mask:
        """Rows that have one of these services."""
        raise NotImplementedError

    def column(self, name: str) -> pd.Series:
        """Values of an element, one for each row."""
        found = self.derived(name)
        if found is not None:
            return found
        home, rows = self.place(name)
        values = self.facts.frame(home)[name]
        return values if rows is None else _taken(values, rows)

    def at(self, name: str, rows: Numbers) -> pd.Series:
        """Values of an element in some of the rows, numbered anew."""
        found = self.derived(name)
        if found is not None:
            return found.iloc[rows].reset_index(drop=True)
        home, places = self.place(name)
        return _taken(self.facts.frame(home)[name], rows if places is None else places[rows])

    def dtype(self, name: str) -> Any:
        """How an element is kept."""
        return self.facts.frame(self.place(name)[0])[name].dtype

    def known(self, name: str) -> Coded | pd.Series:
        """An element as conditions look at it: texts by their distinct values, numbers and dates as they are."""
        found = self.derived(name)
        if found is not None:
            return found
        home, rows = self.place(name)
        values = self.facts.frame(home)[name]
        if not isinstance(values.dtype, pd.StringDtype):
            return values if rows is None else _taken(values, rows)
        coded = self.facts.coded(home, name)
        return coded if rows is None else _coded_at(coded, rows)

    def coded(self, name: str) -> Coded:
        """An element that has few distinct values."""
        found = self.known(name)
        return found if isinstance(found, Coded) else encode(found)

    def days(self, name: str) -> Numbers:
        """An element that is a date, as ``days`` has it."""
        home, rows = self.place(name)
        known = self.facts.days(home, name)
        return known if rows is None else np.append(known, ABSENT)[rows]

    def hashes(self, name: str, rows: Numbers) -> Hashes:
        """Hashes of an element in some of the rows."""
        return hashes(self.at(name, rows))

    def service_known(self, name: str) -> Coded:
        """An element of the services by its distinct values."""
        return self.facts.coded("services", name)


@dataclass(frozen=True)
class Cases(Rows):
    """Elements of the cases; what only visits have is taken from the first visit."""

    @property
    def rows(self) -> int:
        return len(self.facts.month.cases)

    def place(self, name: str) -> tuple[Home, Numbers | None]:
        return ("cases", None) if name in self.facts.month.cases else ("visits", self.facts.first_visit)

    def derived(self, name: str) -> pd.Series | None:
        cases = self.facts.month.cases
        if name == "DAYS":
            return span(cases["DATE_Z_1"], cases["DATE_Z_2"])
        return years(cases["DR"], cases["DATE_Z_1"]) if name == "AGE" else None

    def having(self, services: Mask) -> Mask:
        return _marked(self.facts.service_case, services, self.rows)


@dataclass(frozen=True)
class Visits(Rows):
    """Elements of the visits; what they lack is taken from their case. KD_OVER: days billed beyond the days there were."""

    @property
    def rows(self) -> int:
        return len(self.facts.month.visits)

    def place(self, name: str) -> tuple[Home, Numbers | None]:
        return ("visits", None) if name in self.facts.month.visits else ("cases", self.facts.visit_case)

    def derived(self, name: str) -> pd.Series | None:
        visits = self.facts.month.visits
        if name == "DAYS":
            return span(visits["DATE_1"], visits["DATE_2"])
        if name == "AGE":
            return years(self.column("DR"), visits["DATE_1"])
        if name == "KD_OVER":
            apart = span(visits["DATE_1"], visits["DATE_2"])
            usl_ok = self.coded("USL_OK")
            daytime = usl_ok.of((usl_ok.values == "2").to_numpy(bool))
            return visits["KD"].astype("Int64") - apart.clip(lower=1).mask(daytime, apart + 1)
        return None

    def having(self, services: Mask) -> Mask:
        return _marked(self.facts.service_visit, services, self.rows)


@dataclass(frozen=True)
class Services(Rows):
    """Elements of the services; what they lack is taken from their visit, then from their case."""

    @property
    def rows(self) -> int:
        return len(self.facts.month.services)

    def place(self, name: str) -> tuple[Home, Numbers | None]:
        month = self.facts.month
        if name in month.services:
            return "services", None
        return ("visits", self.facts.service_visit) if name in month.visits else ("cases", self.facts.service_case)

    def derived(self, name: str) -> pd.Series | None:
        services = self.facts.month.services
        return span(services["DATE_IN"], services["DATE_OUT"]) if name == "DAYS" else None

    def having(self, services: Mask) -> Mask:
        return services


def amounts(values: pd.Series) -> Numbers:
    """Kopecks, an absent sum as 0."""
    return values.fillna(0).to_numpy(np.int64)


ABSENT = np.iinfo(np.int64).min
"""Number of a day that is absent."""


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


def _coded_at(coded: Coded, rows: Numbers) -> Coded:
    return Coded(np.append(coded.codes, np.int32(-1))[rows], coded.values)


def _marked(owner: Numbers, chosen: Mask, rows: int) -> Mask:
    mask = np.zeros(rows, dtype=bool)
    mask[owner[chosen]] = True
    return mask

"""What prices are made from: the region's dated dictionaries, its grouper and its terms."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.nsi.dictionaries import APART, Days, Dictionaries, Dictionary
from pipelines.pump.grouper import Grouper, Workbook
from pipelines.pump.pricing.settings import Pricing
from pipelines.pump.tariffs import Method, Terms

Ints = npt.NDArray[np.int64]

GROUPS, TABLE, LOCAL, SUBGROUPS = "V023", "T_GROUPER", "T_KSG", "T_KSG_PG"
DATED = (GROUPS, TABLE, LOCAL)
"""Dictionaries whose changes divide a month into periods of one grouper."""


@dataclass(frozen=True)
class Period:
    """Days ``first`` … ``last`` on which the grouper, the lists of groups and the method do not change.

    ``terms`` include the region's groups without КУС; ``specifics`` are КС by group.
    """

    first: date
    grouper: Grouper
    terms: Terms
    method: Method
    specifics: Mapping[str, str]
    act: str


@dataclass(frozen=True)
class Reference:
    """Dictionaries and settings of a region; ``okato`` tells its insurers (F002) from those of other territories.

    ``workbooks`` of ФФОМС stand for V023 and T_GROUPER where a region works by them.
    """

    dictionaries: Dictionaries
    settings: Pricing
    okato: str
    workbooks: tuple[Workbook, ...] = ()
    _periods: dict[int, Period] = field(default_factory=dict, repr=False)

    def find(self, name: str, keys: str, values: pd.DataFrame | pd.Series, on: Days) -> Found:
        """Rows of a dictionary in force, set-wise: ``keys`` as ``A|B`` for the columns of ``values``, one day for each."""
        dictionary = self.dictionaries[name]
        series = [values[column] for column in values] if isinstance(values, pd.DataFrame) else [values]
        texts = [pa.array(one.astype("str"), pa.string(), from_pandas=True) for one in series]
        joined = texts[0] if len(texts) == 1 else pc.binary_join_element_wise(*texts, APART)
        return Found(dictionary, dictionary.find(keys, joined, on))

    def own_insurers(self, insurers: pd.Series, on: Days) -> npt.NDArray[np.bool_]:
        """Whether each insurer is one of the region's on its day."""
        own = self.find("F002", "smocod", insurers, on).text("tf_okato") == self.okato
        return own.fillna(False).to_numpy(dtype=bool)

    def periods(self, days: Days) -> Iterator[tuple[Period, Ints]]:
        """Periods that the days fall into, each with the positions of its days; days that are absent fall into none."""
        number = np.searchsorted(self._changes, days, side="right") - 1
        for one in np.unique(number[~np.isnat(days)]).tolist():
            if one not in self._periods:
                self._periods[one] = self._period(self._changes[max(one, 0)].astype(object))
            yield self._periods[one], np.flatnonzero((number == one) & ~np.isnat(days))

    @cached_property
    def _changes(self) -> Days:
        first = [np.array(self.settings.changes(), dtype="datetime64[D]")]
        for name in DATED:
            if name in self.dictionaries:
                dictionary = self.dictionaries[name]
                first += [dictionary.first, dictionary.last[dictionary.last < np.datetime64("9999-12-31")] + 1]
        return np.unique(np.concatenate(first))

    def _period(self, day: date) -> Period:
        local = _on(self.dictionaries[LOCAL], day)
        terms = self.settings.terms_on(day)
        plain = frozenset(local.loc[local["KUS"] == "0", "K_KSG"])
        named = {name: getattr(terms, name) for name in terms.__dataclass_fields__}
        books = self.workbooks or self._books(day)
        return Period(
            first=day,
            grouper=Grouper(*books, rules=self.settings.rules_on(day)),
            terms=Terms(**{**named, "no_level": terms.no_level | plain}),
            method=self.settings.method_on(day),
            specifics=dict(zip(local["K_KSG"], local["KOEF_UP"], strict=True)),
            act=self.settings.act(day),
        )

    def _books(self, day: date) -> tuple[Workbook, ...]:
        groups = _on(self.dictionaries[GROUPS], day)
        listed = pd.DataFrame({"N_KSG": groups["K_KSG"], "TITLE": groups["N_KSG"], "KOEF_Z": groups["KOEF_Z"]})
        if "K_ZP" in groups:
            listed["K_ZP"] = groups["K_ZP"]
        table = _on(self.dictionaries[TABLE], day)
        known = table[table["N_KSG"].isin(listed["N_KSG"])]
        return Workbook.of(listed.drop_duplicates("N_KSG", keep="last"), known)


@dataclass(frozen=True)
class Found:
    """Rows found in a dictionary: ``rows`` their numbers, -1 for none."""

    dictionary: Dictionary
    rows: Ints

    @property
    def there(self) -> npt.NDArray[np.bool_]:
        """Where a row was found."""
        return self.rows >= 0

    def text(self, name: str) -> pd.Series:
        """A field of the rows found as text, null for none; a field that the dictionary does not have is null."""
        if name not in self.dictionary.rows.column_names:
            return pd.Series(None, index=range(len(self.rows)), dtype="str")
        numbers = pa.array(self.rows, mask=self.rows < 0)
        return pd.Series(self.dictionary.rows[name].combine_chunks().take(numbers).to_pandas(), dtype="str")

    def since(self) -> Days:
        """First day of the rows found; NaT for none."""
        days: Days = np.append(self.dictionary.first, np.datetime64("NaT", "D"))[self.rows]
        return days


def _on(dictionary: Dictionary, day: date) -> pd.DataFrame:
    """Rows of a dictionary in force on a day."""
    moment = np.datetime64(day, "D")
    inside = (dictionary.first <= moment) & (moment <= dictionary.last)
    frame: pd.DataFrame = dictionary.rows.filter(pa.array(inside)).to_pandas()
    return frame.reset_index(drop=True).astype("str")


def days_of(values: pd.Series) -> Any:
    """Days of a datetime column as datetime64[D]."""
    return values.to_numpy().astype("datetime64[D]")

"""Look-ups in dated dictionaries, vectorised.

A row of a dictionary is in force from DATEBEG to DATEEND, both days included; an empty end is open, an empty beginning too.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv

BEGIN = "DATEBEG"
END = "DATEEND"

APART = "\x1f"
"""Between the values of several fields that are looked up together."""

Days = npt.NDArray[np.datetime64]
Mask = npt.NDArray[np.bool_]

_FIRST = np.datetime64("0001-01-01", "D")
_LAST = np.datetime64("9999-12-31", "D")
_SPAN = 1 << 23  # more days than there are between the first and the last date


@dataclass(frozen=True)
class _Index:
    """Keys of one field and their periods, merged and sorted by (key, first day)."""

    keys: pa.Array  # distinct values
    starts: npt.NDArray[np.int64]  # key * _SPAN + first day
    ends: npt.NDArray[np.int64]  # key * _SPAN + last day


@dataclass(frozen=True)
class _Periods(_Index):
    """Periods that do not overlap, each with the row that counts in it."""

    rows: npt.NDArray[np.int64]


class Dictionary:
    """One edition of a dictionary: ``rows`` string columns named as in the order, first and last days datetime64[D]."""

    def __init__(self, name: str, rows: pa.Table, first: Days, last: Days) -> None:
        self.name = name
        self.rows = rows
        self.first = first
        self.last = last
        self._indexes: dict[tuple[str, bool], _Index] = {}
        self._rows_by: dict[str, _Periods] = {}
        self._listed: dict[str, Dictionary] = {}

    @classmethod
    def of(cls, name: str, rows: pa.Table) -> Dictionary:
        """Dictionary from string columns, the period in DATEBEG and DATEEND; raises ``ValueError`` for a date not ISO."""
        return cls(name, rows, _days(name, rows, BEGIN, _FIRST), _days(name, rows, END, _LAST))

    def values(self, field: str) -> pa.Array:
        """Values of a field; ``TER+KOD1`` joins several. Raises ``LookupError`` for an unknown one.

        ``K_KSG|KOEF_Z`` are several fields of which each counts for itself: joined with ``APART``, null where one is.
        """
        if "|" in field:
            return pc.binary_join_element_wise(*map(self.values, field.split("|")), APART)
        parts = [part.strip() for part in field.split("+")]
        unknown = [part for part in parts if part not in self.rows.column_names]
        if unknown:
            raise LookupError(f"dictionary {self.name} has no field {', '.join(unknown)}")
        columns = [self.rows[part].combine_chunks() for part in parts]
        return columns[0] if len(columns) == 1 else pc.binary_join_element_wise(*columns, "")

    def contains(self, field: str, values: pa.Array, on: date | Days | None = None, *, number: bool = False) -> Mask:
        """Whether each value is in force on its day; a missing day (NaT, None) asks for any period. Null is not contained.

        ``values``: strings, plain or dictionary-encoded, with ``number`` as ``plain_numbers`` writes them (0.5 is 0.50000);
        ``on``: one day or datetime64[D] of their length.
        """
        index = self._index(field, number)
        if isinstance(values, pa.ChunkedArray):
            values = values.combine_chunks()
        if not isinstance(values, pa.DictionaryArray):
            values = pc.dictionary_encode(values)
        distinct = pc.index_in(values.dictionary.cast(pa.string()), value_set=index.keys)
        place = np.append(pc.fill_null(distinct, -1).to_numpy(zero_copy_only=False), -1)
        keys = place[pc.fill_null(values.indices, -1).to_numpy(zero_copy_only=False)].astype(np.int64)
        known: Mask = keys >= 0
        if on is None:
            return known
        days = np.broadcast_to(np.asarray(on, dtype="datetime64[D]"), keys.shape)
        timeless: Mask = known & np.isnat(days)
        if not len(index.starts):
            return timeless
        sought = np.flatnonzero(known & ~timeless)
        moment = keys[sought] * _SPAN + (days[sought] - _FIRST).astype(np.int64)
        period = np.searchsorted(index.starts, moment, side="right") - 1
        inside = timeless.copy()
        inside[sought] = (period >= 0) & (moment <= index.ends[period])
        return inside

    def find(self, field: str, values: pa.Array, on: date | Days) -> npt.NDArray[np.int64]:
        """Number of the row in force for each value on its day, -1 for none; of several rows in force the last one counts.

        ``values``: strings, plain or dictionary-encoded; ``on``: one day or datetime64[D] of their length; NaT finds none.
        """
        index = self._periods(field)
        if isinstance(values, pa.ChunkedArray):
            values = values.combine_chunks()
        if not isinstance(values, pa.DictionaryArray):
            values = pc.dictionary_encode(values)
        distinct = pc.index_in(values.dictionary.cast(pa.string()), value_set=index.keys)
        place = np.append(pc.fill_null(distinct, -1).to_numpy(zero_copy_only=False), -1)
        keys = place[pc.fill_null(values.indices, -1).to_numpy(zero_copy_only=False)].astype(np.int64)
        days = np.broadcast_to(np.asarray(on, dtype="datetime64[D]"), keys.shape)
        sought = (keys >= 0) & ~np.isnat(days)
        found = np.full(len(keys), -1, dtype=np.int64)
        if not len(index.starts) or not sought.any():
            return found
        moment = keys[sought] * _SPAN + (days[sought] - _FIRST).astype(np.int64)
        period = np.searchsorted(index.starts, moment, side="right") - 1
        inside = (period >= 0) & (moment <= index.ends[period])
        found[sought] = np.where(inside, index.rows[period], -1)
        return found

    def get(self, field: str, value: str, on: date | None = None) -> Mapping[str, str | None] | None:
        """The row in force on a day whose field has the value (the first of several); None when there is none."""
        mask = pc.fill_null(pc.equal(self.values(field), value), False).to_numpy(zero_copy_only=False)
        if on is not None:
            day = np.datetime64(on, "D")
            mask = mask & (self.first <= day) & (day <= self.last)
        hits = np.flatnonzero(mask)
        return dict(self.rows.slice(int(hits[0]), 1).to_pylist()[0]) if len(hits) else None

    def listed(self, field: str) -> Dictionary:
        """The dictionary with a row for each member of a field that lists several (``A00;B01.1``); periods stay."""
        if field not in self._listed:
            members = pc.split_pattern(pc.fill_null(self.values(field), ""), ";")
            rows = pc.list_parent_indices(members)
            texts = pc.utf8_trim_whitespace(pc.list_flatten(members))
            place = self.rows.column_names.index(field)
            table = self.rows.take(rows).set_column(place, field, texts)
            at = rows.to_numpy()
            self._listed[field] = Dictionary(f"{self.name}.{field}", table, self.first[at], self.last[at])
        return self._listed[field]

    def _index(self, field: str, number: bool = False) -> _Index:
        if (field, number) not in self._indexes:
            texts = self.values(field)
            encoded = pc.dictionary_encode(plain_numbers(texts) if number else texts)
            keys = pc.fill_null(encoded.indices, -1).to_numpy(zero_copy_only=False).astype(np.int64)
            first = (self.first - _FIRST).astype(np.int64)
            last = (self.last - _FIRST).astype(np.int64)
            usable = np.flatnonzero((keys >= 0) & (first <= last))
            order = usable[np.lexsort((first[usable], keys[usable]))]
            starts, ends = _merged(keys[order] * _SPAN + first[order], keys[order] * _SPAN + last[order])
            self._indexes[field, number] = _Index(encoded.dictionary.cast(pa.string()), starts, ends)
        return self._indexes[field, number]

    def _periods(self, field: str) -> _Periods:
        if field not in self._rows_by:
            encoded = pc.dictionary_encode(self.values(field))
            keys = pc.fill_null(encoded.indices, -1).to_numpy(zero_copy_only=False).astype(np.int64)
            usable = np.flatnonzero((keys >= 0) & (self.first <= self.last))
            starts = keys[usable] * _SPAN + (self.first[usable] - _FIRST).astype(np.int64)
            ends = keys[usable] * _SPAN + (self.last[usable] - _FIRST).astype(np.int64)
            self._rows_by[field] = _Periods(encoded.dictionary.cast(pa.string()), *_apart(starts, ends, usable))
        return self._rows_by[field]


class Dictionaries(Mapping[str, Dictionary]):
    """Dictionaries by name, as they are in force for an installation."""

    def __init__(self, dictionaries: Iterable[Dictionary]) -> None:
        self._by_name = {dictionary.name: dictionary for dictionary in dictionaries}
        self._joins: dict[str, Dictionary] = {}

    def __getitem__(self, name: str) -> Dictionary:
        return self._by_name[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._by_name)

    def __len__(self) -> int:
        return len(self._by_name)

    @classmethod
    def from_folder(cls, folder: Path) -> Dictionaries:
        """Dictionaries of ``<folder>/*.csv``, named as the files (see ``read_csv``)."""
        return cls(Dictionary.of(path.stem, read_csv(path)) for path in sorted(folder.glob("*.csv")))

    def contains(
        self, dictionary: str, field: str, values: pa.Array, on: date | Days | None = None, *, number: bool = False
    ) -> Mask:
        """``Dictionary.contains``; raises ``LookupError`` for a dictionary that is not there."""
        return self._loaded(dictionary).contains(field, values, on, number=number)

    def joined(self, dictionary: str, other: str, on: Mapping[str, str], where: Mapping[str, str]) -> str:
        """Name of a dictionary with the rows and periods of one and, beside them, the fields of the rows of the other.

        Rows meet where the fields ``on`` (of the one: of the other) are equal, those of the other with the values ``where``
        only; what it has under a name of the one, and its dates, is left out. Raises ``LookupError`` for a dictionary or a
        field that is not there.
        """
        name = f"{dictionary} {other} {dict(on)} {dict(where)}"
        if name not in self._joins:
            own, theirs = self._loaded(dictionary), self._loaded(other)
            for field in (*on.values(), *where):
                theirs.values(field)
            for field in on:
                own.values(field)
            rows = theirs.rows
            for field, value in where.items():
                rows = rows.filter(pc.equal(rows[field], value))
            left_out = {BEGIN, END, *own.rows.column_names, *on.values()}
            right = rows.select([*on.values(), *(field for field in rows.column_names if field not in left_out)])
            met = own.rows.join(right, list(on), list(on.values()), join_type="inner")
            self._joins[name] = Dictionary.of(name, met.combine_chunks())
        return name

    def _loaded(self, name: str) -> Dictionary:
        found = self._by_name.get(name) or self._joins.get(name)
        if found is None:
            raise LookupError(f"dictionary {name} is not loaded")
        return found


def plain_numbers(texts: pa.Array) -> pa.Array:
    """Numbers without the zeros that say nothing: 007 is 7, 0.50000 is 0.5, 1.00 is 1. Other text stays as it is.

    Of values joined with ``APART`` the last is meant.
    """
    texts = pc.replace_substring_regex(texts, rf"(^|{APART})(-?)0+([0-9][0-9.]*)$", r"\1\2\3")
    texts = pc.replace_substring_regex(texts, rf"(^|{APART})(-?[0-9]+)\.0+$", r"\1\2")
    return pc.replace_substring_regex(texts, rf"(^|{APART})(-?[0-9]+\.[0-9]*[1-9])0+$", r"\1\2")


def read_csv(path: Path) -> pa.Table:
    """Rows of a dictionary's CSV (utf-8, ``;``, a header of field names) as strings; empty cells are null."""
    with path.open(encoding="utf-8-sig") as lines:
        names = lines.readline().rstrip("\r\n").replace('"', "").split(";")
    options = pacsv.ConvertOptions(
        column_types={name: pa.string() for name in names}, strings_can_be_null=True, null_values=[""]
    )
    parsing = pacsv.ParseOptions(delimiter=";", newlines_in_values=True)
    return pacsv.read_csv(path, parse_options=parsing, convert_options=options)


def _days(name: str, rows: pa.Table, column: str, missing: np.datetime64) -> Days:
    if column not in rows.column_names:
        return np.full(rows.num_rows, missing)
    try:
        days = pc.cast(rows[column].combine_chunks(), pa.date32())
    except pa.ArrowInvalid as error:
        raise ValueError(f"dictionary {name}: {column} is no ISO date") from error
    result = days.cast(pa.int32()).fill_null(0).to_numpy(zero_copy_only=False).astype("datetime64[D]")
    return np.where(days.is_null().to_numpy(zero_copy_only=False), missing, result)


def _merged(
    starts: npt.NDArray[np.int64], ends: npt.NDArray[np.int64]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Periods sorted by start with those that overlap joined; keys lie further apart than any period, so they never join."""
    if not len(starts):
        return starts, ends
    reach = np.maximum.accumulate(ends)
    opens = np.append(True, starts[1:] > reach[:-1])
    first = np.flatnonzero(opens)
    return starts[first], np.maximum.reduceat(ends, first)


def _apart(
    starts: npt.NDArray[np.int64], ends: npt.NDArray[np.int64], rows: npt.NDArray[np.int64]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Periods cut so that none overlap, sorted by start; where several meet, that of the last row stays."""
    order = np.argsort(starts, kind="stable")
    if not (starts[order][1:] <= ends[order][:-1]).any():
        return starts[order], ends[order], rows[order]
    cuts = np.unique(np.concatenate([starts, ends + 1]))
    owner = np.full(len(cuts), -1, dtype=np.int64)
    low, high = np.searchsorted(cuts, starts), np.searchsorted(cuts, ends + 1)
    for number in range(len(starts)):  # later rows of the dictionary over earlier ones
        owner[low[number] : high[number]] = rows[number]
    kept = np.flatnonzero(owner >= 0)
    return cuts[kept], cuts[kept + 1] - 1, owner[kept]

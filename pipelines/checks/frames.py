"""Columns of a table by reference, over several files of one kind at once.

``Bulk`` lays the files one after another. A reference (``relation.py``) names what a check needs: own values, those of the
rows above, sums, counts and lists of the rows below. Values are dictionary-encoded once and then shared.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import yaml

from pipelines.checks.conditions import LIMIT, certain
from pipelines.checks.joins import Join, join_of
from pipelines.checks.relation import (
    Aggregate,
    Name,
    Nth,
    Part,
    Reference,
    Today,
    lookups,
    parse_reference,
    references,
)
from pipelines.checks.suites import ROW, Suite
from pipelines.checks.vectors import absent, encoded, numbers
from pipelines.formats.layout import Element, Layout
from pipelines.formats.tables import PARENT, Tables
from pipelines.ground.settings import ROOT
from pipelines.nsi.dictionaries import Dictionaries

Rows = npt.NDArray[np.int64]


class Bulk:
    """Files of one layout as one. ``today`` is the day of processing; ``dictionaries`` for look-ups of counts."""

    def __init__(self, files: Sequence[Tables], today: date, dictionaries: Dictionaries | None = None) -> None:
        self.files = files
        self.dictionaries = dictionaries
        self.layout: Layout = files[0].layout
        self.today = today
        self.partner: Bulk | None = None
        self._met: Rows | None = None
        self._columns: dict[tuple[str, str], pa.Array] = {}
        self._above: dict[tuple[str, str], Rows] = {}
        self._starts: dict[str, Rows] = {}

    def starts(self, table: str) -> Rows:
        """First row of each file in the table, and the number of rows at the end; the root has one row a file."""
        if table not in self._starts:
            counts = [1 if table == self.layout.root else file.data[table].num_rows for file in self.files]
            self._starts[table] = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
        return self._starts[table]

    def rows(self, table: str) -> int:
        """Rows of the table in all files."""
        return int(self.starts(table)[-1])

    def file_of(self, table: str) -> Rows:
        """Number of the file of each row."""
        return np.repeat(np.arange(len(self.files)), np.diff(self.starts(table)))

    def column(self, table: str, reference: str) -> pa.Array:
        """The column of a reference: dictionary-encoded text, boolean, int64 or list of text.

        Empty text is null. A sum is in units of the summed element's last digit and null where a part is no number.
        """
        key = (table, reference)
        if key not in self._columns:
            self._columns[key] = self._resolve(table, reference)
        return self._columns[key]

    def release(self, table: str) -> None:
        """Forget the columns of a table that is done with."""
        self._columns = {key: column for key, column in self._columns.items() if key[0] != table}

    def above(self, table: str, target: str) -> Rows:
        """Row in ``target`` (a table above, the root, one that the file has once) for each row; -1 where there is none."""
        key = (table, target)
        if key not in self._above:
            self._above[key] = self._find_above(table, target)
        return self._above[key]

    def _resolve(self, table: str, reference: str) -> pa.Array:
        node = parse_reference(reference)
        if foreign(self.layout, node) is not None:
            return self._of_partner(table, node)
        match node:
            case Name(table=None, column=name):
                return self._own(table, name)
            case Part(name=name):
                return self._part(table, name)
            case Name(table=str(above), column=name):
                return _taken(self.column(above, name), self.above(table, above))
            case Today():
                return pa.DictionaryArray.from_arrays(np.zeros(self.rows(table), np.int32), [self.today.isoformat()])
            case Aggregate(function="list"):
                return self._list(table, node)
            case Aggregate(function="count"):
                return pa.array(self._count(table, node))
            case Aggregate(function="max"):
                return self._greatest(table, node)
            case Nth(members=members):
                return pa.array(self._ordinals(table, [str(member) for member in members]))
            case Aggregate(function="times"):
                return self._times(table, node)
            case Aggregate():
                return self._sum(table, node)
        raise KeyError(reference)

    def _own(self, table: str, name: str) -> pa.Array:
        parts = [file.data[table].column(name) for file in self.files]
        whole = pa.chunked_array([chunk for part in parts for chunk in part.chunks], type=parts[0].type).combine_chunks()
        if pa.types.is_boolean(whole.type):
            return whole
        column = pc.dictionary_encode(whole.cast(pa.string()))
        empty = pc.index(column.dictionary, "").as_py()
        if empty < 0:
            return column
        kept = pc.if_else(pc.equal(column.indices, empty), None, column.indices)
        return pa.DictionaryArray.from_arrays(kept, column.dictionary)

    def _part(self, table: str, name: str) -> pa.Array:
        reference, pattern = part_source(self.layout, name)
        if reference is None:
            files = np.arange(len(self.files), dtype=np.int32)
            of_file = pa.DictionaryArray.from_arrays(files, pa.array([file.name for file in self.files], pa.string()))
            source = _taken(of_file, self.above(table, self.layout.root))
        else:
            source = self.column(table, reference)
        parts = pc.struct_field(pc.extract_regex(source.dictionary, pattern), name)
        return pc.dictionary_encode(pa.DictionaryArray.from_arrays(source.indices, parts).cast(pa.string()))

    def _of_partner(self, table: str, node: Reference) -> pa.Array:
        join = foreign(self.layout, node)
        assert join is not None
        if self.partner is None:
            kind = kind_of(self.layout, table, str(node))
            return typed_nulls(kind, self.rows(table))
        if isinstance(node, Name) and node.table == join.table:
            column = self.partner.column(join.table, node.column)
        else:
            column = self.partner.column(join.table, str(node))
        met = self._meet(join, self.partner)
        return _taken(column, _through(self.above(table, join.own), met))

    def _meet(self, join: Join, partner: Bulk) -> Rows:
        """Row of the partner's table for each own row: the first of the same file and key, -1 where there is none."""
        if self._met is None:
            own, theirs = self.column(join.own, join.key), partner.column(join.table, join.key)
            index = pc.fill_null(pc.index_in(own.dictionary, value_set=theirs.dictionary), -1).to_numpy(zero_copy_only=False)
            index = np.append(index, -1).astype(np.int64)
            codes = index[pc.fill_null(own.indices, -1).to_numpy(zero_copy_only=False)]
            size = len(theirs.dictionary) + 1
            wanted = self.file_of(join.own) * size + codes
            there = partner.file_of(join.table) * size + pc.fill_null(theirs.indices, size - 1).to_numpy(
                zero_copy_only=False
            )
            keys, first = np.unique(there, return_index=True)
            at = np.minimum(np.searchsorted(keys, wanted), max(len(keys) - 1, 0))
            hit = (codes >= 0) & (keys[at] == wanted) if len(keys) else np.zeros(len(wanted), bool)
            self._met = np.where(hit, first[at] if len(keys) else -1, -1).astype(np.int64)
        return self._met

    def _find_above(self, table: str, target: str) -> Rows:
        if target == table:
            return np.arange(self.rows(table))
        if target == self.layout.root:
            return self.file_of(table)
        if table == self.layout.root or target not in self.layout.ancestors(table):
            starts = self.starts(target)
            first = np.where(np.diff(starts) > 0, starts[:-1], -1)
            return np.asarray(first[self.file_of(table)])
        parent = self.layout.tables[table].parent
        assert parent is not None
        step = np.concatenate(
            [
                file.data[table].column(PARENT).to_numpy() + start
                for file, start in zip(self.files, self.starts(parent), strict=False)
            ]
        )
        return step if parent == target else np.asarray(self.above(parent, target)[step])

    def _meeting(self, table: str, below: str) -> str:
        """The lowest table above both (or one of them itself); the root where nothing else is."""
        chain = [] if table == self.layout.root else [table, *self.layout.ancestors(table)]
        upwards = (below, *self.layout.ancestors(below))
        return next((name for name in chain if name in upwards), self.layout.root)

    def _below(self, table: str, below: str) -> tuple[str, Rows]:
        """Where rows of ``below`` are gathered for ``table``, and at which row each is."""
        meeting = self._meeting(table, below)
        return meeting, self.above(below, meeting)

    def _chosen(self, node: Aggregate, below: str) -> npt.NDArray[np.bool_]:
        if node.where is None:
            return np.ones(self.rows(below), bool)
        names = {str(reference): self.column(below, str(reference)) for reference in references(node.where)}
        kinds = {name: kind_of(self.layout, below, name) for name in names}
        if self.dictionaries is None and any(lookups(node.where)):
            raise LookupError(f"no dictionaries for {node}")
        return certain(node.where, names, kinds, self.dictionaries)

    def _count(self, table: str, node: Aggregate) -> Rows:
        head = group(self.layout, node.name.column)
        chosen = self._chosen(node, head.table)
        if not head.table_head:
            chosen = chosen & self.column(head.table, head.name).to_numpy(zero_copy_only=False)
        meeting, places = self._below(table, head.table)
        counts = np.bincount(places[chosen], minlength=self.rows(meeting)).astype(np.int64)
        return counts[self.above(table, meeting)]

    def _sum(self, table: str, node: Aggregate) -> pa.Array:
        below, name = _below_name(node)
        scale = self.layout.element(below, name).scale
        column = self.column(below, name)
        units, known = numbers(column, scale)
        chosen = self._chosen(node, below)
        meeting, places = self._below(table, below)
        size = self.rows(meeting)
        units = np.where(chosen, units, 0)
        total = np.zeros(size, np.int64)
        np.add.at(total, places, units)
        rough = np.bincount(places, weights=units.astype(np.float64), minlength=size)
        total = np.where(np.abs(rough) >= LIMIT, np.sign(rough).astype(np.int64) * LIMIT, total)
        spoilt = np.zeros(size, bool)
        spoilt[places[chosen & ~known & column.is_valid().to_numpy(zero_copy_only=False)]] = True
        index = self.above(table, meeting)
        return pa.array(total[index], mask=spoilt[index])

    def _greatest(self, table: str, node: Aggregate) -> pa.Array:
        """The greatest of the numbers below; null where there is none."""
        below, name = _below_name(node)
        units, known = numbers(self.column(below, name), self.layout.element(below, name).scale)
        chosen = self._chosen(node, below) & known
        meeting, places = self._below(table, below)
        least = np.iinfo(np.int64).min
        found = np.full(self.rows(meeting), least, np.int64)
        np.maximum.at(found, places[chosen], units[chosen])
        index = self.above(table, meeting)
        return pa.array(found[index], mask=found[index] == least)

    def _ordinals(self, table: str, members: Sequence[str]) -> Rows:
        """Which each row is, from 1, among the rows of its file with the same values."""
        codes = self.file_of(table).astype(np.int64)
        for member in members:
            column = self.column(table, member)
            if pa.types.is_list(column.type):
                column = pc.binary_join(column, "\x1f")
            texts = encoded(column)
            own = pc.fill_null(texts.indices, len(texts.dictionary)).to_numpy(zero_copy_only=False).astype(np.int64)
            _, codes = np.unique(codes * (len(texts.dictionary) + 1) + own, return_inverse=True)
        order = np.argsort(codes, kind="stable")
        ordered = codes[order]
        first = np.flatnonzero(np.append(True, ordered[1:] != ordered[:-1])) if len(ordered) else np.empty(0, np.int64)
        lengths = np.diff(np.append(first, len(ordered)))
        result = np.empty(len(ordered), np.int64)
        result[order] = np.arange(len(ordered)) - np.repeat(first, lengths) + 1
        return result

    def _times(self, table: str, node: Aggregate) -> pa.Array:
        """How many rows of the table within the same row above have the row's value; null where it has none."""
        scope, name = _below_name(node)
        values = self.column(table, name)
        codes = pc.fill_null(values.indices, len(values.dictionary)).to_numpy(zero_copy_only=False).astype(np.int64)
        within = self.above(table, scope) * (len(values.dictionary) + 1) + codes
        _, group_of, sizes = np.unique(within, return_inverse=True, return_counts=True)
        return pa.array(sizes[group_of].astype(np.int64), mask=absent(values))

    def _list(self, table: str, node: Aggregate) -> pa.Array:
        below, name = _below_name(node)
        meeting, places = self._below(table, below)
        values = self.column(below, name).cast(pa.string())
        order = np.argsort(places, kind="stable")
        offsets = np.concatenate([[0], np.cumsum(np.bincount(places, minlength=self.rows(meeting)))]).astype(np.int32)
        lists = pa.ListArray.from_arrays(offsets, values.take(pa.array(order)))
        return lists.take(pa.array(self.above(table, meeting)))


def kind_of(layout: Layout, table: str, reference: str) -> str:
    """Kind of a reference as ``evaluate.in_relation`` wants it; raises ``KeyError`` for what the layout does not have."""
    node = parse_reference(reference)
    if join := foreign(layout, node):
        inner = node.column if isinstance(node, Name) and node.table == join.table else reference
        return kind_of(join.layout, join.table, inner)
    match node:
        case Today():
            return "D"
        case Part(name=name):
            return "N0" if name in ("YY", "MM") else "T"
        case Aggregate(function="count" | "times") | Nth():
            return "N0"
        case Aggregate(name=Name(table=str(below), column=name)):
            return ("L" if node.function == "list" else "") + _kind(layout.element(below, name))
        case Name(table=above, column=name):
            return _kind(layout.element(above or table, name))
    raise KeyError(reference)


def group(layout: Layout, name: str) -> Element:
    """The group or table of a name, ``Z_SL`` or ``USL``; raises ``KeyError``."""
    for element in layout.elements:
        if element.name == name and (element.type == "S" or element.table_head):
            return element
    raise KeyError(name)


def frame(bulk: Bulk, suite: Suite) -> pd.DataFrame:
    """The columns that a suite refers to as a pandas frame; row i is row i of the table, and ``ROW`` says so.

    Text is ``str``, the others are of Arrow types.
    """
    numbers_of_rows = pd.RangeIndex(bulk.rows(suite.table))
    series: dict[str, pd.Series[Any]] = {}
    for reference in dict.fromkeys(name for check in suite.checks for name in check.columns):
        column = bulk.column(suite.table, reference)
        if isinstance(column, pa.DictionaryArray):
            series[reference] = pd.Series(column.cast(pa.string()).to_pandas(), dtype="str")
        else:
            series[reference] = pd.Series(pd.array(column, dtype=pd.ArrowDtype(column.type)))
    return pd.DataFrame(series, index=numbers_of_rows).assign(**{ROW: numbers_of_rows})


def foreign(layout: Layout, node: Reference) -> Join | None:
    """The join through which a reference is reached, None for what the file itself has."""
    match node:
        case Aggregate(function="count", name=Name(column=name)):
            known = any(element.name == name for element in layout.elements)
        case Aggregate(function="times"):
            known = True
        case Aggregate(name=Name(table=str(table))) | Name(table=str(table)):
            known = table in layout.tables
        case _:
            known = True
    return None if known else join_of(layout.code)


def part_source(layout: Layout, name: str) -> tuple[str | None, str]:
    """Where the file name stands that has a part (None: that of the file as it arrived), and its pattern.

    Raises ``KeyError`` for a file that has no such part.
    """
    columns = {element.column for element in layout.elements if element.parent_path == "ZGLV"}
    names = _names()
    if "FILENAME" in columns:
        return "ZGLV.FILENAME1" if name == "KIND" and "FILENAME1" in columns else "ZGLV.FILENAME", names["register"]
    if layout.code in names["transfers"] and f"<{name}>" in names["transfer"]:
        return None, names["transfer"]
    raise KeyError(name)


@cache
def _names() -> dict[str, Any]:
    return dict(yaml.safe_load((ROOT / "include" / "rules" / "names.yaml").read_text(encoding="utf-8")))


def typed_nulls(kind: str, rows: int) -> pa.Array:
    """A column of a kind without values."""
    if kind.startswith("L"):
        return pa.nulls(rows, pa.list_(pa.string()))
    return pa.nulls(rows, pa.bool_()) if kind == "B" else pc.dictionary_encode(pa.nulls(rows, pa.string()))


def _kind(element: Element) -> str:
    return {"N": f"N{element.scale}", "S": "B"}.get(element.type, element.type)


def _through(first: Rows, second: Rows) -> Rows:
    """``second[first]``, -1 where either has none."""
    return np.where(first >= 0, np.append(second, -1)[first], -1)


def _below_name(node: Aggregate) -> tuple[str, str]:
    assert node.name.table is not None, node
    return node.name.table, node.name.column


def _taken(column: pa.Array, rows: Rows) -> pa.Array:
    index = pa.array(rows, mask=rows < 0)
    if isinstance(column, pa.DictionaryArray):
        return pa.DictionaryArray.from_arrays(column.indices.take(index), column.dictionary)
    return column.take(index)

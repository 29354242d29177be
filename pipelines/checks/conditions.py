"""Evaluation of relations over columns, in three-valued logic: what is not known refutes nothing."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.checks.functions import enp_right, later, listed, snils_right, subcodes
from pipelines.checks.lookups import in_force
from pipelines.checks.relation import (
    Aggregate,
    Choice,
    Comparison,
    Condition,
    Constant,
    Function,
    Lookup,
    Name,
    Nth,
    Part,
    Presence,
    Sum,
    Term,
    Today,
)
from pipelines.checks.vectors import Days, Ints, Mask, absent, constant, days, encoded, numbers
from pipelines.nsi.dictionaries import Dictionaries

_SLICES = {"last": (-1,), "rubric": (0, 3)}
"""Functions that take a part of a text, and which."""

_POSITIVE = {"<>": "=", "не начинается с": "начинается с"}
"""Signs that deny another."""

LIMIT = np.iinfo(np.int64).max // 2

_NUMBERS: Mapping[str, Callable[[Any, Any], Any]] = {
    "=": operator.eq,
    "<>": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_TEXTS = {
    "=": pc.equal,
    "<>": pc.not_equal,
    "<": pc.less,
    "<=": pc.less_equal,
    ">": pc.greater,
    ">=": pc.greater_equal,
}


_RIGHT = {"snils": snils_right, "enp": enp_right}


@dataclass(frozen=True)
class Number:
    """Exact numbers in units of 10**-scale; ``known`` where there is one, ``missing`` where there is no value at all."""

    units: Ints
    known: Mask
    missing: Mask


@dataclass(frozen=True)
class Day:
    values: Days


@dataclass(frozen=True)
class Text:
    values: pa.Array


@dataclass(frozen=True)
class Texts:
    """A list of texts for each row."""

    values: pa.ListArray


Vector = Number | Day | Text | Texts | Constant | Choice


@dataclass(frozen=True)
class Verdict:
    """``true`` where the condition holds, ``false`` where it does not; neither where it is not known."""

    true: Mask
    false: Mask


Columns = Mapping[str, pa.Array]
Types = Mapping[str, str]


def holds(condition: Condition, columns: Columns, types: Types, dictionaries: Dictionaries | None = None) -> Mask:
    """Where the condition is not false. ``columns`` by reference, ``types`` as for ``evaluate.in_relation``.

    Without ``dictionaries`` nothing is known of look-ups.
    """
    return ~_Scope(columns, types, dictionaries).condition(condition).false


def certain(condition: Condition, columns: Columns, types: Types, dictionaries: Dictionaries | None = None) -> Mask:
    """Where the condition is true (see ``holds``)."""
    return _Scope(columns, types, dictionaries).condition(condition).true


class _Scope:
    """The columns that a condition is about, brought to one scale of numbers."""

    def __init__(self, columns: Columns, types: Types, dictionaries: Dictionaries | None) -> None:
        self.columns = columns
        self.dictionaries = dictionaries
        self.types = types
        self.rows = len(next(iter(columns.values())))
        self.scale = max((int(kind.removeprefix("L")[1:] or 0) for kind in types.values()), default=0)

    def condition(self, condition: Condition) -> Verdict:
        if isinstance(condition, Comparison):
            operands = [self.vector(operand) for operand in condition.operands]
            steps = zip(operands, condition.operators, operands[1:], strict=False)
            return _all([self.compare(left, sign, right) for left, sign, right in steps])
        if isinstance(condition, Presence):
            found = there(self.columns[str(condition.reference)])
            return Verdict(found, ~found) if condition.there else Verdict(~found, found)
        if isinstance(condition, Lookup):
            return self.lookup(condition)
        parts = [self.condition(part) for part in condition.parts]
        return _all(parts) if condition.word == "и" else _negated(_all([_negated(part) for part in parts]))

    def lookup(self, lookup: Lookup) -> Verdict:
        subject = self.texts(lookup.subject)
        beside = [(field, self.texts(value)) for field, value in lookup.where]
        on = self.day(self.vector(lookup.on)) if lookup.on is not None else None
        known = ~np.logical_or.reduce([absent(column) for column in (subject, *(column for _, column in beside))])
        if self.dictionaries is None:
            return Verdict(np.zeros(self.rows, bool), np.zeros(self.rows, bool))
        number = self.types.get(str(lookup.subject), "T").startswith("N")
        found = in_force(self.dictionaries, lookup.dictionary, lookup.field, subject, beside, on, number=number)
        return _where(known, found if lookup.there else ~found)

    def texts(self, term: Term) -> pa.DictionaryArray:
        """The values as they are written, for a look-up."""
        if isinstance(term, Constant):
            return pa.DictionaryArray.from_arrays(np.zeros(self.rows, np.int32), pa.array([term.text]))
        if isinstance(term, Function):
            found = self.function(term)
            if isinstance(found, Text):
                return found.values
        elif str(term) in self.columns and not self.types[str(term)].startswith(("L", "B")):
            return encoded(self.columns[str(term)])
        raise TypeError("a value of the file is expected here")

    def vector(self, term: Term | Choice) -> Vector:
        match term:
            case Constant() | Choice():
                return term
            case Name() | Aggregate() | Today() | Part() | Nth():
                return self.reference(str(term))
            case Function():
                return self.function(term)
            case Sum():
                return self.sum(term)

    def reference(self, name: str) -> Vector:
        column, kind = self.columns[name], self.types[name]
        if kind.startswith("L"):
            return Texts(column)
        if kind == "T":
            return Text(encoded(column))
        if kind == "D":
            return Day(days(column))
        missing = absent(column)
        if pa.types.is_integer(column.type):
            factor = 10 ** (self.scale - int(kind[1:]))
            units = pc.fill_null(column, 0).to_numpy(zero_copy_only=False).astype(np.int64)
            return Number(np.clip(units, -LIMIT // factor, LIMIT // factor) * factor, ~missing, missing)
        return Number(*numbers(column, self.scale), missing)

    def sum(self, term: Sum) -> Number:
        """Absent terms count as 0 (a sum that nothing was added to), unless all are absent."""
        terms = [(sign, self.number(self.vector(part))) for sign, part in term.terms]
        units = sum((sign * number.units for sign, number in terms), start=np.zeros(self.rows, np.int64))
        missing = np.logical_and.reduce([number.missing for _, number in terms])
        known = np.logical_and.reduce([number.known | number.missing for _, number in terms])
        return Number(units, known & ~missing, missing)

    def function(self, term: Function) -> Number | Text | Day:
        if term.name in _RIGHT:
            (text,) = (self.vector(argument) for argument in term.arguments)
            if not isinstance(text, Text):
                raise TypeError("a text is expected here")
            missing = absent(text.values)
            return Number(_RIGHT[term.name](text.values) * 10**self.scale, ~missing, missing)
        if term.name == "addmonths":
            return self.later(term)
        if term.name in ("subcodes", "listed"):
            return self.counted(term)
        if term.name in _SLICES:
            (text,) = (self.vector(argument) for argument in term.arguments)
            if not isinstance(text, Text):
                raise TypeError("a text is expected here")
            parts = pc.utf8_slice_codeunits(text.values.dictionary, *_SLICES[term.name])
            return Text(encoded(pa.DictionaryArray.from_arrays(text.values.indices, parts).cast(pa.string())))
        moments = [self.day(self.vector(argument)) for argument in term.arguments]
        known = np.logical_and.reduce([~np.isnat(moment) for moment in moments])
        months = [moment.astype("datetime64[M]") for moment in moments]
        if term.name == "days":
            result = np.where(known, (moments[1] - moments[0]).astype(np.int64), 0)
        elif term.name == "years":
            begin, end = moments
            elapsed = (months[1] - months[0]).astype(np.int64)
            elapsed -= (end - months[1].astype(begin.dtype)) < (begin - months[0].astype(begin.dtype))
            result = elapsed // 12
        else:
            count = months[0].astype(np.int64)
            result = count // 12 + 1970 if term.name == "year" else count % 12 + 1
        return Number(np.where(known, result, 0) * 10**self.scale, known, ~known)

    def counted(self, term: Function) -> Number:
        """What a dictionary says of a code: ``functions.subcodes``, ``functions.listed``."""
        *named, last = term.arguments
        names = [argument.text for argument in named if isinstance(argument, Constant)]
        columns = [self.texts(argument) for argument in named if not isinstance(argument, Constant)]
        on, missing = self.day(self.vector(last)), absent(columns[-1])
        if self.dictionaries is None:
            return Number(np.zeros(self.rows, np.int64), np.zeros(self.rows, bool), missing)
        rows = self.dictionaries[names[0]]
        if term.name == "subcodes":
            found = subcodes(rows, names[1], columns[0], on)
        else:
            found = listed(rows, names[1], names[2], columns[0], columns[1], on).astype(np.int64)
        return Number(found * 10**self.scale, ~missing, missing)

    def later(self, term: Function) -> Day:
        begin, count = term.arguments
        moment = self.day(self.vector(begin))
        if not isinstance(count, Constant) or not count.text.isdigit():
            raise TypeError("a number of months is expected here")
        return Day(later(moment, int(count.text)))

    def number(self, vector: Vector) -> Number:
        if isinstance(vector, Number):
            return vector
        if isinstance(vector, Constant):
            units = constant(vector.text, self.scale)
            if units is not None:
                everywhere, nowhere = np.broadcast_to(True, self.rows), np.broadcast_to(False, self.rows)
                return Number(np.broadcast_to(np.int64(units), self.rows), everywhere, nowhere)
        raise TypeError("a number is expected here")

    def day(self, vector: Vector) -> Days:
        if not isinstance(vector, Day):
            raise TypeError("a date is expected here")
        return vector.values

    def compare(self, left: Vector, sign: str, right: Vector) -> Verdict:
        if isinstance(left, Constant):
            mirrored = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}
            return self.compare(right, mirrored.get(sign, sign), left)
        if isinstance(right, Choice):
            positive = _POSITIVE.get(sign, sign)
            any_of = [self.compare(left, positive, member) for member in right.members]
            one = _negated(_all([_negated(part) for part in any_of]))
            return one if sign == positive else _negated(one)
        if sign not in _NUMBERS and not (isinstance(left, Text) and isinstance(right, Constant)):
            raise TypeError("the beginning of a text is expected here")
        if isinstance(left, Texts) or isinstance(right, Texts):
            return _with_list(left, sign, right)
        if isinstance(left, Text):
            return _texts(left, sign, right)
        if isinstance(left, Day):
            there = ~np.isnat(left.values) & ~np.isnat(self.day(right))
            return _where(there, _NUMBERS[sign](left.values, self.day(right)))
        first, second = self.number(left), self.number(right)
        return _where(first.known & second.known, _NUMBERS[sign](first.units, second.units))


def there(column: pa.Array) -> Mask:
    """Where there is a value: a text, a merged group that is true, rows below counted above 0, a list with members."""
    if pa.types.is_list(column.type):
        column = pc.list_value_length(column)
    if pa.types.is_boolean(column.type) or pa.types.is_integer(column.type):
        found: Mask = pc.fill_null(pc.cast(column, pa.int64()), 0).to_numpy(zero_copy_only=False) > 0
        return found
    return ~absent(column)


def _texts(left: Text, sign: str, right: Vector) -> Verdict:
    if isinstance(right, Constant):
        if sign == "не начинается с":
            return _negated(_texts(left, _POSITIVE[sign], right))
        distinct = (pc.starts_with if sign == "начинается с" else _TEXTS[sign])(left.values.dictionary, right.text)
        result = pa.DictionaryArray.from_arrays(left.values.indices, distinct).cast(pa.bool_())
    elif isinstance(right, Text):
        result = _TEXTS[sign](left.values.cast(pa.string()), right.values.cast(pa.string()))
    else:
        raise TypeError("a text is expected here")
    return _where(~absent(result), pc.fill_null(result, False).to_numpy(zero_copy_only=False))


def _with_list(left: Vector, sign: str, right: Vector) -> Verdict:
    """``=``: one of the list is the text; ``<>``: none is."""
    if isinstance(left, Texts):
        left, right = right, left
    if not isinstance(left, Text) or not isinstance(right, Texts) or sign not in ("=", "<>"):
        raise TypeError("a list is compared with a text, by = or <>")
    rows = pc.list_parent_indices(right.values)
    same = pc.fill_null(pc.equal(left.values.cast(pa.string()).take(rows), pc.list_flatten(right.values)), False)
    found = np.zeros(len(left.values), bool)
    found[rows.filter(same).to_numpy(zero_copy_only=False)] = True
    return _where(~absent(left.values), found if sign == "=" else ~found)


def _where(known: Mask, true: npt.NDArray[Any]) -> Verdict:
    return Verdict(known & true, known & ~true)


def _all(parts: list[Verdict]) -> Verdict:
    return Verdict(
        np.logical_and.reduce([part.true for part in parts]), np.logical_or.reduce([part.false for part in parts])
    )


def _negated(verdict: Verdict) -> Verdict:
    return Verdict(verdict.false, verdict.true)

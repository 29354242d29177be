"""Evaluators: one pure vectorised function per expectation, the same for the bulk runner and for Great Expectations.

Each takes the columns of a check as Arrow arrays of one length (strings plain or dictionary-encoded, null where absent)
and its parameters, and returns a boolean array, True where the row is right or the check does not apply. All but
``present`` and ``missing`` pass over rows whose first column is absent.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, TypedDict

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.checks import masks
from pipelines.checks.conditions import certain, holds, there
from pipelines.checks.lookups import in_force
from pipelines.checks.relation import parse
from pipelines.checks.vectors import absent, days, encoded, is_date, on_values, once, spread
from pipelines.nsi.dictionaries import Dictionaries, plain_numbers

Mask = npt.NDArray[np.bool_]
Columns = Sequence[pa.Array]


def present(columns: Columns, _dictionaries: Dictionaries, *, once: bool = False, nonzero: bool = False) -> Mask:
    """The element is there. With a second column (presence of its group) only where that group is there.

    A number (rows below) counts as absent when it is 0, a boolean when it is false; ``nonzero``: so does a text of zeros.
    ``once``: the last column says how many times the value is there, which must be no more than once.
    """
    found: Mask = there(columns[0])
    if nonzero:
        found &= on_values(columns[0], lambda texts: pc.invert(pc.match_substring_regex(texts, r"^0*(?:\.0*)?$")))
    if once:
        *columns, times = columns
        repeated: Mask = pc.fill_null(pc.greater(times, 1), False).to_numpy(zero_copy_only=False)
        found &= ~repeated
    return found | ~there(columns[1]) if len(columns) > 1 else found


def missing(columns: Columns, _dictionaries: Dictionaries) -> Mask:
    """The element is not there (see ``present``)."""
    return ~there(columns[0])


def in_set(columns: Columns, _dictionaries: Dictionaries, *, values: Sequence[str], numeric: bool) -> Mask:
    """The value is one of ``values``; ``numeric`` compares as numbers (01 is 1, 0.00 is 0)."""
    members = pa.array(values, pa.string())
    if numeric:
        return on_values(columns[0], lambda texts: pc.is_in(plain_numbers(texts), value_set=plain_numbers(members)))
    return on_values(columns[0], lambda texts: pc.is_in(texts, value_set=members))


class Through(TypedDict):
    """A dictionary on the way to another: its name, field of the other -> field of its own that equals it, which rows."""

    dictionary: str
    match: Mapping[str, str]
    where: Mapping[str, str]


def in_dictionary(
    columns: Columns,
    dictionaries: Dictionaries,
    *,
    dictionary: str,
    field: str,
    by: Sequence[str],
    dated: bool,
    numeric: bool,
    through: Through | None = None,
) -> Mask:
    """The value is in force in ``dictionary.field``.

    ``dated``: on the date of the last column; where there is none, at any time. The columns after the first name values of
    the fields ``by`` that its row must have too; a row without one of them passes. ``through`` joins a second dictionary,
    whose fields ``by`` may name as well.
    """
    if through is not None:
        dictionary = dictionaries.joined(dictionary, through["dictionary"], through["match"], through["where"])
    beside = list(zip(by, columns[1 : 1 + len(by)], strict=True))
    on = days(columns[-1]) if dated else None
    lacking: Mask = np.logical_or.reduce([absent(column) for column in columns[: 1 + len(by)]])
    return in_force(dictionaries, dictionary, field, columns[0], beside, on, number=numeric) | lacking


def in_format(
    columns: Columns,
    dictionaries: Dictionaries,
    *,
    pattern: str | None,
    min_length: int | None,
    max_length: int | None,
    calendar: bool,
    mask: Mapping[str, str] | None,
) -> Mask:
    """The text has its length in characters and the form of ``pattern``; ``calendar``: it is a date of the calendar.

    ``mask`` (dictionary, key, field) names the dictionary whose row, found by the second column, holds a mask of F011.
    """

    def right(texts: pa.Array) -> pa.Array:
        lengths = pc.utf8_length(texts)
        result = pc.is_valid(texts)
        if min_length is not None:
            result = pc.and_(result, pc.greater_equal(lengths, min_length))
        if max_length is not None:
            result = pc.and_(result, pc.less_equal(lengths, max_length))
        if pattern is not None:
            result = pc.and_(result, pc.match_substring_regex(texts, f"^(?:{pattern})$"))
        if calendar:
            result = pc.and_(result, pa.array(is_date(texts)))
        return result

    ok = on_values(columns[0], right)
    return ok if mask is None else ok & _masked(columns, dictionaries, **mask)


def in_relation(columns: Columns, dictionaries: Dictionaries, *, relation: str, types: Mapping[str, str]) -> Mask:
    """The relation is not false; what cannot be compared (absent, not a number, not a date) makes it neither true nor false.

    ``types`` gives the kind of each column in order: T text, D date, Nd number with d decimals; L before it for a list.
    """
    named = dict(zip(types, columns, strict=True))
    return holds(parse(relation), named, types, dictionaries) | absent(columns[0])


class Condition(TypedDict):
    """When a check applies: a relation that must be true, the kinds of all columns in order (as for ``in_relation``; B for
    the presence of a group), and how many of the columns, from the first, are the check's own."""

    relation: str
    types: Mapping[str, str]
    own: int


Evaluator = Callable[..., Mask]

PRESENT = "expect_element_present"
ABSENT = "expect_element_absent"

EVALUATORS: Mapping[str, Evaluator] = {
    PRESENT: present,
    ABSENT: missing,
    "expect_element_in_set": in_set,
    "expect_element_in_dictionary": in_dictionary,
    "expect_element_in_format": in_format,
    "expect_element_in_relation": in_relation,
}
"""Evaluators by the type of expectation."""


def evaluate(kind: str, columns: Columns, parameters: Mapping[str, Any], dictionaries: Dictionaries) -> Mask:
    """Run the evaluator of an expectation type; raises ``KeyError`` for an unknown type.

    The parameter ``condition`` (see ``Condition``) belongs to any type: rows where it is not true are right.
    """
    own = dict(parameters)
    condition: Condition | None = own.pop("condition", None)
    if condition is None:
        return EVALUATORS[kind](columns, dictionaries, **own)
    relation, types = condition["relation"], condition["types"]
    named = dict(zip(types, columns, strict=True))
    applies = once((relation, *sorted(types.values())), None, lambda: certain(parse(relation), named, types, dictionaries))
    return ~applies | EVALUATORS[kind](columns[: condition["own"]], dictionaries, **own)


def _masked(columns: Columns, dictionaries: Dictionaries, *, dictionary: str, key: str, field: str) -> Mask:
    """Whether the first column has the form of the mask in the dictionary's row that the second names; unknown ones pass."""
    subject, chooser = encoded(columns[0]), encoded(columns[1])
    if dictionary not in dictionaries:
        raise LookupError(f"dictionary {dictionary} is not loaded")
    rows = dictionaries[dictionary]
    by_key = dict(zip(rows.values(key).to_pylist(), rows.values(field).to_pylist(), strict=True))
    ok = np.ones(len(subject), bool)
    choice = spread(np.arange(len(chooser.dictionary)), chooser, -1)
    for place, code in enumerate(chooser.dictionary.to_pylist()):
        if text := by_key.get(code):
            form = f"^(?:{masks.document_pattern(text)})$"
            ok &= on_values(subject, partial(pc.match_substring_regex, pattern=form)) | (choice != place)
    return ok

"""Functions of the rule language over columns of text: check digits, and what a dictionary says of a code."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.checks.vectors import Days, Ints, Mask, encoded, spread
from pipelines.ground.identifiers import enp_valid
from pipelines.nsi.dictionaries import APART, Dictionary

_Judge = Callable[[pa.Array], Mask]

_UNCHECKED = 1001998
"""СНИЛС up to this number were given out without a check number."""


def snils_right(column: pa.Array) -> Mask:
    """Where the text is a СНИЛС with a right check number (``identifiers.snils_valid``); False where there is none."""
    return _on_distinct(column, _snils)


def enp_right(column: pa.Array) -> Mask:
    """Where the text is a ЕНП with a right check digit; False where there is none."""
    return _on_distinct(column, lambda texts: np.array([enp_valid(text or "") for text in texts.to_pylist()], bool))


def subcodes(rows: Dictionary, field: str, column: pa.Array, on: Days) -> Ints:
    """How many codes ``<text>.…`` of the dictionary are in force on the day (any, where there is no day)."""
    codes = encoded(column)
    result = np.zeros(len(codes), np.int64)
    known = rows.values(field)
    places = pc.fill_null(codes.indices, -1).to_numpy(zero_copy_only=False)
    for place, text in enumerate(codes.dictionary.to_pylist()):
        below = np.flatnonzero(pc.fill_null(pc.starts_with(known, f"{text}."), False).to_numpy(zero_copy_only=False))
        if len(below):
            here = np.flatnonzero(places == place)
            days = on[here][:, None]
            result[here] = (np.isnat(days) | ((rows.first[below] <= days) & (days <= rows.last[below]))).sum(axis=1)
    return result


def listed(rows: Dictionary, key: str, field: str, codes: pa.Array, column: pa.Array, on: Days) -> Mask:
    """Whether the row of ``key`` in force lists the diagnosis, or its heading of three signs, in ``field``."""
    members = rows.listed(field)
    chosen, texts = codes.cast(pa.string()), column.cast(pa.string())
    found: Mask = np.zeros(len(texts), bool)
    for part in (texts, pc.utf8_slice_codeunits(texts, 0, 3)):
        found |= members.contains(f"{key}|{field}", pc.binary_join_element_wise(chosen, part, APART), on)
    return found


def later(moments: Days, months: int) -> Days:
    """The same day of a later month, its last day where it has none such."""
    begin = moments.astype("datetime64[M]")
    target = begin + months
    longest = (target + 1).astype(moments.dtype) - target.astype(moments.dtype) - np.timedelta64(1, "D")
    return target.astype(moments.dtype) + np.minimum(moments - begin.astype(moments.dtype), longest)


def _on_distinct(column: pa.Array, right: _Judge) -> Mask:
    texts = encoded(column)
    if not len(texts.dictionary):
        return np.zeros(len(texts), bool)
    return spread(right(texts.dictionary), texts, False)


def _snils(texts: pa.Array) -> Mask:
    digits = pc.replace_substring_regex(texts, r"[^0-9]", "")
    whole = pc.fill_null(pc.equal(pc.utf8_length(digits), 11), False).to_numpy(zero_copy_only=False)
    plain = pc.if_else(pa.array(whole), digits, "0" * 11).to_pylist()
    signs = np.frombuffer("".join(plain).encode(), np.uint8).reshape(-1, 11).astype(np.int64) - ord("0")
    number = signs[:, :9] @ 10 ** np.arange(8, -1, -1)
    control = signs[:, :9] @ np.arange(9, 0, -1) % 101 % 100
    given = signs[:, 9] * 10 + signs[:, 10]
    right: npt.NDArray[np.bool_] = whole & (number * 100 + given > 0) & ((number <= _UNCHECKED) | (control == given))
    return right

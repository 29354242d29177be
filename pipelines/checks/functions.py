"""Functions of the rule language over columns of text: check digits, and what a dictionary says of a code."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.checks.vectors import Days, Ints, Mask, absent, encoded, spread
from pipelines.ground.identifiers import enp_valid
from pipelines.nsi.dictionaries import Dictionaries, Dictionary

_Judge = Callable[[pa.Array], Mask]

_UNCHECKED = 1001998
"""СНИЛС up to this number were given out without a check number."""


def snils_right(column: pa.Array) -> Mask:
    """Where the text is a СНИЛС with a right check number (``identifiers.snils_valid``); False where there is none."""
    return _on_distinct(column, _snils)


def enp_right(column: pa.Array) -> Mask:
    """Where the text is a ЕНП with a right check digit; False where there is none."""
    return _on_distinct(column, lambda texts: np.array([enp_valid(text or "") for text in texts.to_pylist()], bool))


def subcodes(dictionaries: Dictionaries | None, name: str, field: str, column: pa.Array, on: Days) -> Ints:
    """How many codes ``<text>.…`` of the dictionary are in force on the day (any, where there is no day)."""
    codes = encoded(column)
    result = np.zeros(len(codes), np.int64)
    if not len(codes.dictionary):
        return result
    rows = _named(dictionaries, name)
    known = rows.values(field)
    headings = encoded(pc.utf8_slice_codeunits(known, 0, 3))
    longer = pc.greater(pc.utf8_length(known), 3).to_numpy(zero_copy_only=False)
    for place, text in enumerate(codes.dictionary.to_pylist()):
        if text is None or len(text) > 3:
            continue
        at = pc.index(headings.dictionary, text).as_py()
        below = np.flatnonzero(longer & (headings.indices.to_numpy(zero_copy_only=False) == at)) if at >= 0 else []
        here = np.flatnonzero(codes.indices.fill_null(-1).to_numpy(zero_copy_only=False) == place)
        days = on[here][:, None]
        inside = np.isnat(days) | ((rows.first[below][None, :] <= days) & (days <= rows.last[below][None, :]))
        result[here] = inside.sum(axis=1)
    return result


def listed(
    dictionaries: Dictionaries | None, name: str, key: str, field: str, codes: pa.Array, column: pa.Array, on: Days
) -> Mask:
    """Whether the row of ``key`` in force lists the diagnosis (or its heading of three signs) in ``field`` (``A00;B01.1``)."""
    chosen, texts = encoded(codes), encoded(column)
    if not len(chosen.dictionary) or not len(texts.dictionary):
        return np.zeros(len(texts), bool)
    rows = _named(dictionaries, name).listed(field)
    whole = chosen.cast(pa.string()), texts.cast(pa.string())
    found: Mask = np.zeros(len(texts), bool)
    for size in (None, 3):
        part = whole[1] if size is None else pc.utf8_slice_codeunits(whole[1], 0, size)
        found |= rows.contains(f"{key}+{field}", pc.binary_join_element_wise(whole[0], part, ""), on)
    return found & ~absent(whole[1])


def _named(dictionaries: Dictionaries | None, name: str) -> Dictionary:
    if dictionaries is None or name not in dictionaries:
        raise LookupError(f"dictionary {name} is not loaded")
    return dictionaries[name]


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

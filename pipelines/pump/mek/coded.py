"""Columns as numbers: texts encoded once for all conditions, and hashes that find the few rows which may be equal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numba import njit

Mask = npt.NDArray[np.bool_]
Numbers = npt.NDArray[np.int64]
Codes = npt.NDArray[np.int32]
Hashes = npt.NDArray[np.uint64]

_ODD = np.uint64(0x9E3779B97F4A7C15)
_SPARE = 4
"""Bits of the filter for a row, as a power of two: of 16 rows that have no equal one stays by chance."""


_WIDE = 1 << 62
_NO_DIGITS = np.iinfo(np.int64).min


@dataclass(frozen=True)
class Coded:
    """A column by its distinct values: ``values`` ends with a missing one, and the code of a missing value is -1."""

    codes: Codes
    values: pd.Series

    def __len__(self) -> int:
        return len(self.codes)

    def __getitem__(self, rows: Numbers | Mask) -> Coded:
        return Coded(self.codes[rows], self.values)

    def of(self, flags: Mask) -> Mask:
        """What is known of each distinct value, for every row."""
        mask: Mask = np.take(flags, self.codes, mode="wrap")
        return mask

    def decoded(self) -> pd.Series:
        """The column itself."""
        return pd.Series(self.values.array.take(self.codes))


def encode(values: pd.Series) -> Coded:
    """A column of texts, or of anything else that has few distinct values."""
    if isinstance(values.dtype, pd.StringDtype):
        encoded = plain(values).dictionary_encode()
        codes = encoded.indices
        distinct = pd.Series(encoded.dictionary.to_pandas(), dtype="str")
        if codes.null_count:
            codes = pc.fill_null(codes, -1)
        return Coded(codes.to_numpy(zero_copy_only=False), _ended(distinct))
    numbers, known = pd.factorize(values)
    return Coded(numbers.astype(np.int32), _ended(pd.Series(known)))


def _ended(distinct: pd.Series) -> pd.Series:
    return pd.Series(distinct.array.take(np.append(np.arange(len(distinct)), -1), allow_fill=True))


def constant(value: str, rows: int) -> Coded:
    """A column of one value."""
    return Coded(np.zeros(rows, dtype=np.int32), _ended(pd.Series([value], dtype="str")))


def combined(columns: Sequence[Coded]) -> tuple[Numbers, Numbers]:
    """Number of the combination of values in each row, and the first row of each combination."""
    codes = pd.factorize(packed([(column.codes, len(column.values) - 1) for column in columns]))[0].astype(np.int64)
    first = np.empty(int(codes.max(initial=-1)) + 1, dtype=np.int64)
    first[codes[::-1]] = np.arange(len(codes))[::-1]
    return codes, first


def hashes(values: pd.Series) -> Hashes:
    """A number for each value; equal values have equal ones, in other frames too."""
    if isinstance(values.dtype, pd.StringDtype):
        found: Hashes = _text_hashes(*_buffers(plain(values)))
        return found
    if values.dtype.kind == "M":
        return values.to_numpy("datetime64[D]").astype(np.int64).view(np.uint64)
    return values.fillna(-1).to_numpy(np.int64).view(np.uint64)


def alike(columns: Sequence[Hashes]) -> Mask:
    """Rows that may have an equal one, judged by the hashes of their columns: all that have, and few others."""
    total = _mixed(columns)
    if not len(total):
        return np.zeros(0, dtype=bool)
    mask: Mask = _repeated(total, np.uint64(max(10, len(total).bit_length() + _SPARE)))
    return mask


def touched(columns: Sequence[Hashes], by: Mask) -> Mask:
    """Rows that may be equal to one of the rows ``by``: all that are, and few others."""
    if not by.any():
        return np.zeros(len(by), dtype=bool)
    mask: Mask = _touched(_mixed(columns), by, np.uint64(max(10, int(by.sum()).bit_length() + _SPARE)))
    return mask


def packed(columns: Sequence[tuple[Numbers | Codes, int]]) -> Numbers:
    """One number for each combination of values, each from -1 to below its bound."""
    total, size = np.zeros(len(columns[0][0]), dtype=np.int64), 1
    for values, bound in columns:
        if size > _WIDE // (bound + 1):
            total, distinct = pd.factorize(total)
            size = len(distinct)
        total = total * np.int64(bound + 1) + values + 1
        size *= bound + 1
    return total


def digits(texts: pa.Array) -> Numbers:
    """Texts of up to 18 digits as numbers, others by numbers below -1, a missing one is -1; equal where the texts are."""
    offsets, data, absent = _buffers(texts)
    numbers: Numbers = _digits(offsets, data, absent)
    odd = np.flatnonzero(numbers == _NO_DIGITS)
    if len(odd):
        numbers[odd] = -2 - encode(pd.Series(pd.array(texts.take(pa.array(odd)), "str"))).codes
    return numbers


def _mixed(columns: Sequence[Hashes]) -> Hashes:
    total = np.zeros(len(columns[0]), dtype=np.uint64)
    for column in columns:
        total ^= column
        total *= _ODD
        total ^= total >> np.uint64(29)
    total *= _ODD
    return total


def _buffers(texts: pa.Array) -> tuple[Any, npt.NDArray[np.uint8], Mask]:
    """Offsets, bytes, and where a text is missing (empty: nowhere)."""
    offsets = np.frombuffer(texts.buffers()[1], dtype=np.int64 if pa.types.is_large_string(texts.type) else np.int32)
    data = np.frombuffer(texts.buffers()[2] or b"\0", dtype=np.uint8)
    absent = texts.is_null().to_numpy(zero_copy_only=False) if texts.null_count else np.zeros(0, dtype=bool)
    return offsets[texts.offset : texts.offset + len(texts) + 1], data, absent


def plain(values: pd.Series) -> pa.Array:
    """Texts of a column as one array."""
    texts = pa.array(values)
    return texts.combine_chunks() if isinstance(texts, pa.ChunkedArray) else texts


@njit(cache=True)  # type: ignore[untyped-decorator]
def _text_hashes(offsets: Any, data: npt.NDArray[np.uint8], absent: Mask) -> Hashes:
    result = np.zeros(len(offsets) - 1, dtype=np.uint64)
    for row in range(len(result)):
        if len(absent) and absent[row]:
            continue
        value = np.uint64(0xCBF29CE484222325)
        for place in range(offsets[row], offsets[row + 1]):
            value = (value ^ np.uint64(data[place])) * np.uint64(0x100000001B3)
        result[row] = value
    return result


@njit(cache=True)  # type: ignore[untyped-decorator]
def _repeated(hashed: Hashes, bits: np.uint64) -> Mask:
    """Rows whose place in a table of ``2 ** bits`` bits another row has too."""
    shift = np.uint64(64) - bits
    once = np.zeros(1 << (bits - np.uint64(3)), dtype=np.uint8)
    again = np.zeros_like(once)
    for value in hashed:
        place = value >> shift
        bit = np.uint8(1) << np.uint8(place & np.uint64(7))
        byte = place >> np.uint64(3)
        if once[byte] & bit:
            again[byte] |= bit
        else:
            once[byte] |= bit
    mask = np.zeros(len(hashed), dtype=np.bool_)
    for row in range(len(hashed)):
        place = hashed[row] >> shift
        mask[row] = again[place >> np.uint64(3)] & (np.uint8(1) << np.uint8(place & np.uint64(7))) != 0
    return mask


@njit(cache=True)  # type: ignore[untyped-decorator]
def _touched(hashed: Hashes, by: Mask, bits: np.uint64) -> Mask:
    shift = np.uint64(64) - bits
    known = np.zeros(1 << (bits - np.uint64(3)), dtype=np.uint8)
    for row in range(len(hashed)):
        if by[row]:
            place = hashed[row] >> shift
            known[place >> np.uint64(3)] |= np.uint8(1) << np.uint8(place & np.uint64(7))
    mask = np.zeros(len(hashed), dtype=np.bool_)
    for row in range(len(hashed)):
        place = hashed[row] >> shift
        mask[row] = known[place >> np.uint64(3)] & (np.uint8(1) << np.uint8(place & np.uint64(7))) != 0
    return mask


@njit(cache=True)  # type: ignore[untyped-decorator]
def _digits(offsets: Any, data: npt.NDArray[np.uint8], absent: Mask) -> Numbers:
    """Digits after a 1, so that zeros in front count; ``_NO_DIGITS`` for other texts."""
    result = np.full(len(offsets) - 1, -1, dtype=np.int64)
    for row in range(len(result)):
        if len(absent) and absent[row]:
            continue
        value: Any = np.int64(1)
        if offsets[row + 1] - offsets[row] > 18:
            value = _NO_DIGITS
        for place in range(offsets[row], offsets[row + 1]):
            digit = np.int64(data[place]) - 48
            if value < 0 or digit < 0 or digit > 9:
                value = _NO_DIGITS
                break
            value = value * 10 + digit
        result[row] = value
    return result

"""Columns of exact decimals: whole numbers of a common scale, rounded HALF_UP where a formula says so. No floats."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Any, TypeAlias, TypeVar

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

Frame: TypeAlias = pd.DataFrame | pa.Table
Units = npt.NDArray[np.object_]
Mask = npt.NDArray[np.bool_]
Parsed = TypeVar("Parsed")

_NUMBER = re.compile(r"[+-]?[0-9]{1,30}(\.[0-9]{1,30})?", re.ASCII)


class Exact:
    """A column ``units * 10**-scale``; units are Python integers, so that no product overflows and none is rounded."""

    __slots__ = ("scale", "units")

    def __init__(self, units: Units, scale: int) -> None:
        self.units = units
        self.scale = scale

    @classmethod
    def of(cls, value: Decimal | int | str, length: int = 1) -> Exact:
        """One number repeated."""
        number = decimal(value)
        if number is None:
            raise ValueError("a number is empty")
        whole, scale = _whole(number)
        return cls(np.full(length, whole, dtype=object), scale)

    @classmethod
    def parse(cls, values: Iterable[Any], missing: Decimal | int | None = None) -> Exact:
        """Text as it arrived, ``Decimal`` or integers; null and empty text are ``missing``.

        Raises ``ValueError`` for other text and for an absent value when ``missing`` is None, ``TypeError`` for floats. The
        messages name no values.
        """
        codes, distinct = pd.factorize(_series(values), use_na_sentinel=True)
        numbers = [decimal(value) for value in distinct]
        absent = np.fromiter((number is None for number in [*numbers, None]), bool)[codes]
        if missing is None and absent.any():
            raise ValueError(f"{int(absent.sum())} of {len(codes)} values are absent")
        filled = [decimal(missing or 0) if number is None else number for number in [*numbers, None]]
        wholes = [_whole(number) for number in filled if number is not None]
        scale = max((exponent for _, exponent in wholes), default=0)
        units = np.empty(len(wholes), dtype=object)
        units[:] = [whole * 10 ** (scale - exponent) for whole, exponent in wholes]
        return cls(units[codes], scale)

    def __len__(self) -> int:
        return len(self.units)

    def __mul__(self, other: Exact) -> Exact:
        return Exact(self.units * other.units, self.scale + other.scale)

    def __add__(self, other: Exact) -> Exact:
        scale = max(self.scale, other.scale)
        return Exact(self._at(scale) + other._at(scale), scale)

    def __sub__(self, other: Exact) -> Exact:
        scale = max(self.scale, other.scale)
        return Exact(self._at(scale) - other._at(scale), scale)

    def __getitem__(self, rows: npt.NDArray[Any]) -> Exact:
        return Exact(self.units[rows], self.scale)

    def where(self, mask: Mask, other: Exact) -> Exact:
        """Own values where ``mask`` is true, the other's elsewhere."""
        scale = max(self.scale, other.scale)
        return Exact(np.where(mask, self._at(scale), other._at(scale)), scale)

    def at_most(self, limit: Exact) -> Exact:
        """The smaller of two values, row by row."""
        return self.where(self.compare(limit) <= 0, limit)

    def compare(self, other: Exact) -> npt.NDArray[np.int64]:
        """-1, 0, 1 as the own value is smaller, equal, greater."""
        scale = max(self.scale, other.scale)
        mine, others = self._at(scale), other._at(scale)
        return (mine > others).astype(np.int64) - (mine < others).astype(np.int64)

    def rounded(self, scale: int) -> Exact:
        """HALF_UP to a number of decimals: a half goes away from zero."""
        if scale >= self.scale:
            return Exact(self._at(scale), scale)
        return Exact(_half_up(self.units, 10 ** (self.scale - scale)), scale)

    def divided(self, other: Exact, scale: int) -> Exact:
        """Quotient rounded HALF_UP to ``scale`` decimals; raises ``ZeroDivisionError``."""
        if (other.units == 0).any():
            raise ZeroDivisionError("a divisor is zero")
        sign = np.where(other.units < 0, -1, 1)
        numerator = self.units * sign * 10 ** (other.scale + scale)
        return Exact(_half_up(numerator, np.abs(other.units) * 10**self.scale), scale)

    def sum(self) -> Exact:
        """The total as a column of one row."""
        total = np.empty(1, dtype=object)
        total[0] = int(self.units.sum()) if len(self.units) else 0
        return Exact(total, self.scale)

    def kopecks(self) -> npt.NDArray[np.int64]:
        """Roubles as whole kopecks, HALF_UP; raises ``OverflowError`` beyond int64."""
        return self.rounded(2).units.astype(np.int64)

    def decimals(self) -> list[Decimal]:
        """Values as ``Decimal`` with the column's scale."""
        return [Decimal((int(unit < 0), tuple(map(int, str(abs(unit)))), -self.scale)) for unit in self.units]

    def _at(self, scale: int) -> Units:
        return self.units if scale == self.scale else self.units * 10 ** (scale - self.scale)


def column(frame: Frame, name: str, missing: Decimal | int | None = None) -> Exact:
    """A column of a frame as exact numbers; an absent column counts as all absent. Raises as ``Exact.parse``, naming it."""
    names = frame.column_names if isinstance(frame, pa.Table) else frame.columns
    if name not in names:
        if missing is None and len(frame):
            raise ValueError(f"{name}: the column is absent")
        return Exact.of(missing or 0, len(frame))
    return _named(name, Exact.parse, frame[name], missing)


def distinct(frame: Frame, names: Iterable[str]) -> tuple[pd.DataFrame, npt.NDArray[np.int64]]:
    """Distinct rows over those of the columns that the frame has, and for each row of the frame the number of its own.

    Coefficients repeat: a month has far fewer distinct rows than cases.
    """
    have = frame.column_names if isinstance(frame, pa.Table) else list(frame.columns)
    series = {name: _named(name, _series, frame[name]) for name in names if name in have}
    rows = np.zeros(len(frame), dtype=np.int64)
    for values in series.values():
        codes, known = pd.factorize(values, use_na_sentinel=True)
        rows = pd.factorize(rows * (len(known) + 1) + codes + 1)[0]
    first = np.zeros(rows.max() + 1 if len(rows) else 0, dtype=np.int64)
    first[rows[::-1]] = np.arange(len(rows))[::-1]
    return pd.DataFrame({name: values.iloc[first].array for name, values in series.items()}, index=range(len(first))), rows


def kopecks(frame: Frame, amount: Exact) -> pd.Series:
    """Amounts of a frame's rows as an int64 series with the frame's index."""
    index = frame.index if isinstance(frame, pd.DataFrame) else pd.RangeIndex(len(frame))
    return pd.Series(amount.kopecks(), index=index, dtype="int64")


def decimal(value: object) -> Decimal | None:
    """An exact number of a text, integer or ``Decimal``; None for null and empty text."""
    if value is None or value is pd.NA:
        return None
    if isinstance(value, str):
        if not value:
            return None
        if not _NUMBER.fullmatch(value):
            raise ValueError("a value is no decimal number")
        return Decimal(value)
    if isinstance(value, Decimal):
        if value.is_nan():
            return None
        if not value.is_finite():
            raise ValueError("a value is not finite")
        return value
    if isinstance(value, int | np.integer) and not isinstance(value, bool):
        return Decimal(int(value))
    raise TypeError(f"{type(value).__name__} is no exact number")


def _series(values: Iterable[Any]) -> pd.Series:
    if isinstance(values, pa.Array | pa.ChunkedArray):
        return pd.Series(values.to_pandas(integer_object_nulls=True))
    series = values if isinstance(values, pd.Series) else pd.Series(list(values), dtype=object)
    if series.dtype.kind == "f" and not series.isna().all():
        raise TypeError("float is no exact number")
    return series


def _whole(number: Decimal) -> tuple[int, int]:
    sign, digits, exponent = number.as_tuple()
    assert isinstance(exponent, int)
    whole = int("".join(map(str, digits))) * (-1 if sign else 1)
    return (whole, -exponent) if exponent < 0 else (whole * 10**exponent, 0)


def _half_up(numerator: Units, denominator: Any) -> Units:
    size = (np.abs(numerator) * 2 + denominator) // (denominator * 2)
    rounded: Units = np.where(numerator < 0, -size, size)
    return rounded


def _named(name: str, parse: Callable[..., Parsed], *arguments: Any) -> Parsed:
    try:
        return parse(*arguments)
    except (ValueError, TypeError) as error:
        raise type(error)(f"{name}: {error}") from None

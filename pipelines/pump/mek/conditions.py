"""Conditions of the region's data over columns: which rows a rule is about."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

import numpy as np
import pandas as pd

from pipelines.pump.mek.coded import Coded, Mask

CODES = ("CODE_USL", "VID_VME")
"""Codes of a service; a condition on ``CODES`` asks whether any service of the case or visit has such a code."""


class Level(Protocol):
    """Rows that conditions are about: cases, visits or services."""

    @property
    def rows(self) -> int: ...

    def column(self, name: str) -> pd.Series:
        """Values of an element, one for each row."""

    def known(self, name: str) -> Coded | pd.Series:
        """The same, texts by their distinct values."""

    def having(self, services: Mask) -> Mask:
        """Rows that have one of these services."""

    def service_known(self, name: str) -> Coded:
        """An element of the services by its distinct values."""


def every(condition: Mapping[str, Any], level: Level) -> Mask:
    """Rows where all fields are as the condition says; no fields: all rows."""
    mask = np.ones(level.rows, dtype=bool)
    for field, wanted in condition.items():
        if field == "CODES":
            mask &= level.having(np.logical_or.reduce([meets(level.service_known(name), wanted) for name in CODES]))
        else:
            mask &= meets(level.known(field), wanted)
    return mask


def some(conditions: Sequence[Mapping[str, Any]], level: Level) -> Mask:
    """Rows where any of the conditions holds; no conditions: none."""
    mask = np.zeros(level.rows, dtype=bool)
    for condition in conditions:
        mask |= every(condition, level)
    return mask


def meets(values: Coded | pd.Series, wanted: Any) -> Mask:
    """Lists are sets of values; ``not``, ``prefix``, ``rubric``, ``from``/``to``, ``empty`` as ``month.yaml`` explains.

    A missing value meets ``empty: true`` and ``not``, and nothing else. Raises ``ValueError`` for an unknown form.
    """
    if isinstance(values, Coded):
        return values.of(meets(values.values, wanted))
    if isinstance(wanted, list):
        return values.isin(wanted).to_numpy(bool)
    mask = np.ones(len(values), dtype=bool)
    for form, operand in wanted.items():
        mask &= _FORMS[form](values, operand) if form in _FORMS else _unknown(form)
    return mask


def _unknown(form: str) -> Mask:
    raise ValueError(f"unknown form of a condition: {form}")


def _distinct(values: pd.Series, test: Callable[[str], bool]) -> Mask:
    """A test of text, made once for each distinct value."""
    codes, texts = pd.factorize(values)
    known = np.fromiter((test(str(text)) for text in texts), bool, len(texts))
    return np.append(known, False)[codes]


def _prefix(values: pd.Series, operand: list[str]) -> Mask:
    return _distinct(values, lambda text: text.startswith(tuple(operand)))


def _rubric(values: pd.Series, operand: list[str]) -> Mask:
    """МКБ-10 by rubric: ``C00-C97`` (both included), ``N83.1`` (code and its subdivisions), ``I20``."""
    ranges = [(first, last or first) for first, _, last in (item.partition("-") for item in operand)]
    return _distinct(
        values, lambda text: any(first <= text[: len(first)] and text[: len(last)] <= last for first, last in ranges)
    )


def _number(values: pd.Series) -> pd.Series:
    return pd.to_numeric(values, errors="coerce")


_FORMS: dict[str, Callable[[pd.Series, Any], Mask]] = {
    "not": lambda values, operand: ~values.isin(operand).to_numpy(bool),
    "prefix": _prefix,
    "rubric": _rubric,
    "from": lambda values, operand: (_number(values) >= operand).fillna(False).to_numpy(bool),
    "to": lambda values, operand: (_number(values) <= operand).fillna(False).to_numpy(bool),
    "empty": lambda values, operand: values.isna().to_numpy(bool) == operand,
}

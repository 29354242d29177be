"""The method of a year: what the methodical recommendations changed, and what they leave to a region's tariff agreement."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal


@dataclass(frozen=True)
class Method:
    """How the cost of a КСГ case is made.

    ``kslp``: ``added`` (since 2022: БС × КД × ΣКСЛП on top), ``multiplied`` (until 2021: IT_SL is Σ(k−1)+1, at most
    ``cap``).
    ``interrupted_kslp``: whether the share of an interrupted case reduces КСЛП too; sources differ, default ``scaled``.
    ``rounding``: ``once`` over the sum; ``parts`` rounds the case and КСЛП separately, as some regions do.
    ``scale``: decimals of a rouble; regions also publish tariffs to 0.1 rouble and to the rouble.
    """

    title: str
    first: date
    last: date | None
    source: str
    kslp: Literal["added", "multiplied"] = "added"
    cap: Decimal | None = None
    interrupted_kslp: Literal["scaled", "full"] = "scaled"
    rounding: Literal["once", "parts"] = "once"
    scale: int = 2


METHODS = (
    Method(
        title="2019–2020",
        first=date(2019, 1, 1),
        last=date(2020, 12, 31),
        source="Методические рекомендации по способам оплаты на 2019 и 2020 годы",
        kslp="multiplied",
    ),
    Method(
        title="2021",
        first=date(2021, 1, 1),
        last=date(2021, 12, 31),
        source="Методические рекомендации по способам оплаты на 2021 год",
        kslp="multiplied",
        cap=Decimal("1.8"),
    ),
    Method(
        title="2022–2026",
        first=date(2022, 1, 1),
        last=None,
        source="Методические рекомендации по способам оплаты на 2022–2026 годы, формула стоимости случая",
    ),
)
CURRENT = METHODS[-1]


def method_on(day: date) -> Method:
    """The method in force when the case ended (DATE_Z_2); raises ``LookupError`` before 2019."""
    for method in METHODS:
        if method.first <= day and (method.last is None or day <= method.last):
            return method
    raise LookupError(f"no method of payment is known for {day}")

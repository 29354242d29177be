"""Sections ``settlement`` and ``calendar`` of the region's ``month.yaml``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np

from pipelines.pump.tariffs.capitation import ResultRules
from pipelines.pump.terms import section

DEDUCTIONS = ("advance", "debt", "sanction", "fine")
"""What is withheld from a payment: an advance, what earlier months carried, sanctions of МЭЭ and ЭКМП, fines."""


@dataclass(frozen=True)
class Terms:
    """Regional terms of settlement; see the comments of ``month.yaml``."""

    order: Sequence[str]
    result_share: Decimal
    result_months: frozenset[int]
    result: ResultRules
    advance_share: Decimal
    advance_months: int

    @classmethod
    def of(cls, declared: Mapping[str, Any]) -> Terms:
        """From the section as YAML gives it; raises ``KeyError`` for a missing key, ``ValueError`` for a wrong order."""
        result, advance = declared["result"], declared["advance"]
        if sorted(declared["order"]) != sorted(DEDUCTIONS):
            raise ValueError(f"settlement: order must name each of {', '.join(DEDUCTIONS)} once")
        return cls(
            order=tuple(declared["order"]),
            result_share=Decimal(result["share"]),
            result_months=frozenset(result["months"]),
            result=ResultRules(Decimal(result["low"]), Decimal(result["high"]), Decimal(result["by_people"])),
            advance_share=Decimal(advance["share"]),
            advance_months=advance["months"],
        )

    @classmethod
    def load(cls, folder: Path) -> Terms:
        """From the region's folder."""
        return cls.of(section("settlement", folder))

    def result_period(self, period: date) -> list[date]:
        """Months whose result part is paid with ``period``; none where it is not a month of payment."""
        if period.month not in self.result_months:
            return []
        months = [period]
        while (previous := before(months[0])).month not in self.result_months:
            months.insert(0, previous)
        return months


@dataclass(frozen=True)
class Deadline:
    """A step of the month and the last day for it; ``state`` is what the closing must have come to, None for other steps."""

    name: str
    title: str
    day: date
    state: str | None = None


def deadlines(folder: Path, period: date) -> list[Deadline]:
    """Days of a report month by the region's calendar, in their order.

    ``own_day`` counts in the month itself, ``day`` in the next one; both move to the next working day. ``working`` is a
    working day of the next month. Raises ``ValueError`` for a step without one of them.
    """
    declared = dict(section("calendar", folder))
    holidays = np.array(declared.pop("holidays", []), dtype="datetime64[D]")
    first = np.datetime64(period.replace(day=1), "M")
    found = []
    for name, step in declared.items():
        if "working" in step:
            day = np.busday_offset((first + 1).astype("M8[D]"), step["working"] - 1, roll="forward", holidays=holidays)
        elif "day" in step or "own_day" in step:
            month = first if "own_day" in step else first + 1
            day = month.astype("M8[D]") + step.get("own_day", step.get("day")) - 1
            day = np.busday_offset(day, 0, roll="forward", holidays=holidays)
        else:
            raise ValueError(f"calendar: {name} names no day")
        found.append(Deadline(name, step["title"], day.astype(object), step.get("state")))
    return sorted(found, key=lambda deadline: (deadline.day, deadline.name))


def before(period: date) -> date:
    """First day of the month before."""
    return date(period.year - (period.month == 1), (period.month - 2) % 12 + 1, 1)

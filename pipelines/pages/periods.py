"""A period of days that somebody looks at."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from pipelines.exchange.protocol import LOCAL


@dataclass(frozen=True)
class Period:
    """Local days, both included, of all senders or of the visitor's.

    ``notes`` is where the panels leave what they would otherwise ask for again.
    """

    first: date
    last: date
    whole: bool = True
    notes: dict[str, Any] = field(default_factory=dict, compare=False, repr=False)

    @property
    def days(self) -> list[date]:
        return [self.first + timedelta(days=number) for number in range((self.last - self.first).days + 1)]

    @property
    def months(self) -> list[date]:
        """First days of the months that the period touches."""
        ends = [place.year * 12 + place.month - 1 for place in (self.first, self.last)]
        return [date(number // 12, number % 12 + 1, 1) for number in range(ends[0], ends[1] + 1)]

    def parameters(self) -> dict[str, Any]:
        return {"first": self.first, "last": self.last, "zone": LOCAL.key, "whole": self.whole}

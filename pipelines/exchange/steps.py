"""Time, and the step boundaries of a package's way: named points where nothing is half done from the outside.

The library calls a step at each boundary; the default does nothing. Benchmarks take times there, tests kill there.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]
"""The time of receipt, which answers carry; tests hold it still to compare bytes."""


def utc_now() -> datetime:
    """The machine's clock."""
    return datetime.now(UTC)


Step = Callable[[str], None]


def no_step(name: str) -> None:
    """Goes on."""

"""Step boundaries of a package's way: named points where nothing is half done from the outside.

The library calls a step at each boundary; the default does nothing. Benchmarks take times there, tests kill there.
"""

from __future__ import annotations

from collections.abc import Callable

Step = Callable[[str], None]


def no_step(name: str) -> None:
    """Goes on."""

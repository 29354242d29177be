"""Rules of registers of acts, ``include/rules/acts.yaml``; ``write_suites`` writes the suites ``expectations/acts`` anew."""

from __future__ import annotations

from pathlib import Path

from pipelines.checks import declared, suites

NAME = "acts"
"""Of the declaration, and of the suites' folder."""


def written() -> tuple[declared.Rule, ...]:
    """Rules that functions of ``checks`` judge."""
    return declared.written(NAME)


def suites_of() -> list[suites.Suite]:
    """Suites of the rules that are expectations."""
    return declared.suites_of(NAME, NAME)


def write_suites() -> list[Path]:
    """Write the suites' files; returns their paths."""
    return [suites.write(made, suites.FOLDER / NAME) for made in suites_of()]

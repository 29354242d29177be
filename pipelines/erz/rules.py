"""Rules and codes of the exchanges about the insured: ``include/rules/identification.yaml`` (PR), ``insured.yaml`` (OPLIST).

Rules that are expectations make the suites ``expectations/erz/*.json``; ``write_suites`` writes them anew after a change.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from pipelines.checks import declared as rules
from pipelines.checks import suites
from pipelines.checks.declared import Rule, declared

__all__ = [
    "OPLIST", "PR", "Operation", "Outcome", "Rule", "declared", "operations", "outcomes", "policies", "refusals", "suite",
    "suites_of", "write_suites", "written",
]  # fmt: skip

PR = "identification"
OPLIST = "insured"
"""Names of the declarations."""
FOLDER = "erz"
"""Of the suites below ``expectations/``."""


@dataclass(frozen=True)
class Outcome:
    """What may be found of a person: its code in ANS_R, and whether such a person is attached."""

    code: str
    attach: bool
    text: str


@dataclass(frozen=True)
class Operation:
    """What an insurer may tell of a person: in which ``file`` (snapshot, changes), what it ``does``.

    ``does`` is one of state, open, data, close, death; ``stands`` are the positions of the person in which it is done.
    """

    title: str
    file: str
    does: str
    stands: tuple[str, ...]


@cache
def outcomes() -> Mapping[str, Outcome]:
    """Outcomes of the identification in a PR answer by name."""
    return {name: Outcome(**row) for name, row in declared(PR)["answers"].items()}


@cache
def operations() -> Mapping[str, Operation]:
    """Operations of OPLIST by TIP_OP."""
    rows = declared(OPLIST)["operations"].items()
    return {code: Operation(row["title"], row["file"], row["does"], tuple(row["stands"])) for code, row in rows}


@cache
def refusals(name: str = PR) -> Mapping[str, str]:
    """Codes by the reason of a refusal."""
    return {reason: str(row["code"]) for reason, row in declared(name)["refusals"].items()}


@cache
def policies(name: str = PR) -> Mapping[str, str]:
    """What a type of policy means: in PR its kind (old, temporary, unified), in OPLIST the letter that is kept."""
    return {str(letter): str(kind) for letter, kind in declared(name)["policies"].items()}


def written(name: str = PR) -> tuple[Rule, ...]:
    """Rules that functions check."""
    return rules.written(name)


def suite(name: str = PR, table: str | None = None) -> suites.Suite:
    """Suite of a table (default: the record), made of the rules that are expectations."""
    return rules.suite(name, FOLDER, table)


def suites_of(name: str) -> list[suites.Suite]:
    """Suites of all tables that have expectations."""
    return rules.suites_of(name, FOLDER)


def write_suites() -> list[Path]:
    """Write the suites' files; returns their paths."""
    return [suites.write(made, suites.FOLDER / FOLDER) for name in (PR, OPLIST) for made in suites_of(name)]

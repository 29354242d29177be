"""МЭК of registers: which suites judge which file of a register in a territory."""

from __future__ import annotations

from pipelines.checks.mek import mek_suites
from pipelines.checks.rulebook import RuleBook
from pipelines.checks.runner import Suites
from pipelines.exchange.region import Region

PERSONS = "L"


def suites_of(region: Region, kind: str = "H", book: RuleBook | None = None) -> Suites:
    """Suites of the МЭК by the file of a register that they check, for ``runner.run``: the register itself and its persons.

    ``kind`` is the register's layout (H, C, T, X); ``book`` the rules in force, the shipped ones by default. The rules of
    Q023 are those of the regions that the profile adopts.
    """
    regions = region.rules_regions["Q023"]
    return {role: mek_suites(role, regions, book) for role in (kind, PERSONS)}

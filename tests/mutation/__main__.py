"""``python -m tests.mutation``: errors put into the evaluators and the compiler of rules, one at a time; do tests notice?

Prints how many are caught for each module and where the others are. ``equivalent.yaml`` lists those that change nothing.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import yaml
from hypothesis import Phase, settings
from rich.console import Console
from rich.table import Table

from tests.mutation.mutants import Mutant, mutants
from tests.mutation.session import hunt

ROOT = Path(__file__).resolve().parents[2]
MODULES = ["evaluate", "conditions", "vectors", "quantify", "masks", "relation", "values", "runner", "frames", "forms"]
MODULES += ["phrases", "resolve", "joins", "lookups", "functions"]
JUDGES = ("relation", "evaluate", "conditions", "functions", "masks", "vectors", "frames", "runner", "compiler", "mek")
TESTS = [*(f"tests/checks/test_{name}.py" for name in JUDGES), "tests/rules/test_fixtures.py"]
TESTS += ["-k", "not rules or pump_H_SL or pump_H_SANK or pump_L_PERS"]
"""The quick ones; those left out (Great Expectations, other registers, random rows) could only catch more."""

console = Console(width=160)


Key = tuple[str, str, str, str, int]


def equivalent() -> dict[Key, str]:
    """Mutants that behave as the original, with the reason (see ``key``)."""
    listed = yaml.safe_load((Path(__file__).parent / "equivalent.yaml").read_text(encoding="utf-8"))
    return {(r["module"], r["place"], r["before"], r["after"], r.get("nth", 0)): r["why"] for r in listed}


def key(mutant: Mutant) -> Key:
    """What tells a mutant from others and stays when lines move."""
    return mutant.path.stem, mutant.place, mutant.before, mutant.after, mutant.nth


def main(arguments: Sequence[str] | None = None) -> int:
    """Run all or a sample; 1 when fewer than ``--least`` per cent are caught."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutation", description=__doc__)
    parser.add_argument("modules", nargs="*", default=MODULES)
    parser.add_argument("--sample", type=int, help="so many mutants, chosen by --seed")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--least", type=float, default=95.0)
    parser.add_argument("--only", default="", help="mutants whose place or change has this text")
    options = parser.parse_args(arguments)
    known = equivalent()
    made = [m for name in options.modules for m in mutants(ROOT / "pipelines" / "checks" / f"{name}.py")]
    chosen = [mutant for mutant in made if key(mutant) not in known and options.only in str(mutant)]
    if options.sample is not None:
        chosen = random.Random(options.seed).sample(chosen, min(options.sample, len(chosen)))
    phases = (Phase.explicit, Phase.generate)  # a failure needs no smaller example
    settings.register_profile("mutation", derandomize=True, database=None, deadline=None, max_examples=30, phases=phases)
    settings.load_profile("mutation")
    started = time.monotonic()

    def progress(mutant: Mutant, survived: bool) -> None:
        if survived:
            print(f"survived  {mutant} ({mutant.nth})", file=sys.stderr, flush=True)

    survivors = hunt(chosen, TESTS, options.jobs, progress)
    return report(chosen, survivors, len(made) - len(chosen), time.monotonic() - started, options.least)


def report(chosen: Sequence[Mutant], survivors: Sequence[Mutant], left: int, seconds: float, least: float) -> int:
    """Print the figures by module and the survivors; the exit code."""
    total, lived = Counter(m.path.stem for m in chosen), Counter(m.path.stem for m in survivors)
    table = Table("module", "mutants", "caught", "survived", "%")
    for name, count in total.items():
        table.add_row(name, str(count), str(count - lived[name]), str(lived[name]), f"{100 - 100 * lived[name] / count:.1f}")
    share = 100 - 100 * len(survivors) / max(len(chosen), 1)
    table.add_row("all", str(len(chosen)), str(len(chosen) - len(survivors)), str(len(survivors)), f"{share:.1f}")
    console.print(table)
    for mutant in sorted(survivors, key=lambda mutant: (mutant.path.stem, mutant.line)):
        console.print(str(mutant), markup=False, highlight=False)
    console.print(f"{left} left out (equivalent.yaml, or not in the sample); {seconds:.0f} s")
    return 0 if share >= least else 1


if __name__ == "__main__":
    sys.exit(main())

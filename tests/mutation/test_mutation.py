"""The mutation run itself, and a sample of it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.mutation.__main__ import MODULES, ROOT, equivalent, key
from tests.mutation.mutants import mutants

SAMPLE = 40
LEAST = 90


def changes(source: str, folder: Path) -> list[tuple[str, str, str]]:
    """Mutants of a source: where, before and after."""
    path = folder / "module.py"
    path.write_text(source, encoding="utf-8")
    return [(mutant.place, mutant.before, mutant.after) for mutant in mutants(path)]


@pytest.mark.parametrize(
    ("source", "made"),
    [
        ("def f(a, b):\n    return a < b", [("a < b", "a <= b"), ("a < b", "a >= b")]),
        ("def f(a, b):\n    return a and b", [("a and b", "a or b"), ("a and b", "b"), ("a and b", "a")]),
        ("def f(a):\n    return ~a", [("~a", "a")]),
        ("x = 5", [("5", "6"), ("5", "4")]),
        ("x = True", [("True", "False")]),
        ("def f(a):\n    g(a)", [("g(a)", "pass")]),
        ("def f(a):\n    if a:\n        return 'x'", [("if a: return 'x'", "if not a: return 'x'"), ("'x'", "''")]),
        ("def f(a: int = 0) -> 'x':\n    'doc'\n    assert a == 1", [("0", "1")]),
        ("def f(a, b):\n    zip(a, b, strict=True)", [("zip(a, b, strict=True)", "pass")]),
    ],
)
def test_small_errors_are_made(source: str, made: list[tuple[str, str]], tmp_path: Path) -> None:
    found = [(before, after) for _, before, after in changes(source, tmp_path)]
    assert [pair for pair in found if not pair[0].startswith("return")] == made


def test_a_mutant_is_the_module_with_one_error(tmp_path: Path) -> None:
    path = tmp_path / "module.py"
    path.write_text("def f(a, b):\n    return a < b\n", encoding="utf-8")
    results = []
    for mutant in mutants(path):
        scope: dict[str, object] = {}
        exec(compile(mutant.tree(), str(path), "exec"), scope)
        results.append([scope["f"](*pair) for pair in ((1, 2), (2, 2), (3, 2))])  # type: ignore[operator]
    assert results == [[None] * 3, [True, True, False], [False, True, True]]


def test_every_mutant_called_equivalent_is_one_that_is_made() -> None:
    made = {key(mutant) for name in MODULES for mutant in mutants(ROOT / "pipelines" / "checks" / f"{name}.py")}
    assert [listed for listed in equivalent() if listed not in made] == []
    assert all(len(why) > 20 for why in equivalent().values())


@pytest.mark.timeout(1800)  # 40 runs of the quick tests, beside another worker
def test_the_tests_catch_a_sample_of_mutants() -> None:
    command = [sys.executable, "-m", "tests.mutation", "--sample", str(SAMPLE), "--seed", "1", "--least", str(LEAST)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-2000:]

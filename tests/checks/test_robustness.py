"""Whatever stands in the cells, the runner gives findings and never fails; and it stays clear of Great Expectations."""

from __future__ import annotations

import subprocess
import sys

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipelines.checks import suites
from pipelines.checks.locate import locate
from pipelines.checks.runner import run
from pipelines.checks.values import value_faults
from pipelines.formats.layout import Layout, load
from pipelines.formats.tables import PARENT
from tests.checks.build import ON, TODAY, Rows, dictionaries, files, register

SUITES = {kind: suites.load(f"pump/{kind}") for kind in ("H", "L")}
NUMBERS = [None, "", " ", "0", "1", "-1", "01", "1.5", "1e9", "9" * 30, "9" * 15 + ".99", "NaN", "Infinity"]
TEXTS = [
    "2026-02-30",
    "2026-02-28",
    "0000-00-00",
    "~",
    "é",
    "\n",
    "1\n",
    "Я" * 300,
    "\U0001f600",
    "J06.9",
    "(",
    "\\",
    "\x00",
]
CELL = st.sampled_from([*NUMBERS, *TEXTS])


@st.composite
def rows(draw: st.DrawFn, layout: Layout) -> Rows:
    """Any number of rows in any table, parents among those there are."""
    made: Rows = {}
    for name, spec in layout.tables.items():
        above = len(made[spec.parent]) if spec.parent else 1
        count = draw(st.integers(0, 2)) if above else 0
        made[name] = []
        for _ in range(count):
            row = {PARENT: draw(st.integers(0, above - 1))}
            row |= {element.column: draw(CELL) for element in spec.columns}
            row |= {group.column: draw(st.booleans()) for group in spec.groups}
            made[name].append(row)
        made[name].sort(key=lambda row: row[PARENT])
    return made


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.large_base_example])
@given(h=rows(load("H")), persons=rows(load("L")))
def test_any_cells_give_findings(h: Rows, persons: Rows) -> None:
    package = files(h, persons)
    found = run(package, SUITES, dictionaries(), ON, TODAY)
    assert not found.duplicated(["member", "rule", "table", "row", "element"]).any()
    located = locate(found, package)
    assert len(located) == len(found)
    for role, tables in package.items():
        named = found[found["member"] == role]
        cells = set(zip(named["table"], named["row"], named["element"], strict=True))
        for fault in value_faults(tables, named):
            assert (fault["table"], fault["row"], fault["element"]) not in cells


def test_a_line_break_does_not_hide_behind_a_right_value() -> None:
    wrong = register()
    wrong["ZAP"][0] |= {"IDCASE": "1\n", "DATE_Z_1": "2026-02-02\n", "SUMV": "1000.50\n"}
    found = run(files(wrong), SUITES, dictionaries(), ON, TODAY)
    assert {"004F.00.0520", "004F.00.0570", "004F.00.0630"} <= set(found["rule"])


def test_the_hot_path_does_not_import_great_expectations() -> None:
    code = "import sys, pipelines.checks.runner, pipelines.checks.locate, pipelines.checks.values, pipelines.checks.cli;"
    code += "sys.exit('great_expectations' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0

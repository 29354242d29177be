"""Speed of the checks: ``python -m tests.bench checks``; all of H + L over synthetic packages as the reader gives them.

CPU seconds of one thread, the median of some runs. Beside the bulk runner stand Great Expectations with the very suites that
are shipped (``pipelines.checks.gx``), Great Expectations with its built-in expectations where they can say a rule, and one
DuckDB statement with ``threads = 1``. Each comparison is over the same set of rules, and failing rows are counted rule by
rule on a package with damaged cells: only equal counts make it fair.
"""

from __future__ import annotations

import logging
import statistics
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from math import log
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from rich.console import Console
from rich.table import Table

from pipelines.checks import suites
from pipelines.checks.evaluate import evaluate
from pipelines.checks.frames import Bulk, frame
from pipelines.checks.runner import bulks_of, run_bulk
from pipelines.checks.suites import Check, Suite
from pipelines.exchange.region import load as load_region
from pipelines.formats.tables import Tables
from pipelines.formats.xml_reader import read_xml
from pipelines.ground.settings import ROOT
from pipelines.nsi import Dictionaries
from pipelines.synthetic import packages
from pipelines.synthetic.registers import generate_register

Package = Mapping[str, Tables]
Suites = Mapping[str, Sequence[Suite]]
Validate = Callable[[pd.DataFrame, Suite, Dictionaries, date], dict[str, int]]

REGION = ROOT / "include" / "region" / "demo"
PERIOD, TODAY, SEED = date(2026, 10, 1), date(2026, 12, 1), 20261122
SUITES = {role: suites.load(f"pump/{role}") for role in ("H", "L")}
SMALL, BULK, DAMAGED = 1_000, 50, 20_000
MEASURED = 2
"""Small packages that Great Expectations validates; its time for all is scaled from theirs."""
WRONG: Sequence[str | None] = (
    None, "", "x", "0", "-1", "999999", "1.5", "1e3", " 5", "1.234567", "2026-02-30", "2026-1-5", "2030-01-01",
    "1", "2", "3", "4",
)  # fmt: skip
"""What damaged cells get, besides values of other rows."""
NOISE = 0.002
"""CPU seconds below which a rule's time says nothing about its growth."""


def made(cases: int, number: int = 1) -> Package:
    """A register without faults, written as XML and read back."""
    register = generate_register(load_region(REGION), "980001", "98001", PERIOD, cases, SEED + number, number=number)
    return {role: read_xml(packages.content(file), file.layout, role) for role, file in register.files.items()}


def damaged(package: Package, share: float = 0.01) -> Package:
    """The package with a share of all cells replaced: half by a value of another row, half by one of ``WRONG``."""
    random = np.random.default_rng(SEED)
    choices = np.array(WRONG, object)
    result = {}
    for role, tables in package.items():
        data = {}
        for name, table in tables.data.items():
            columns = dict(zip(table.column_names, table.columns, strict=True))
            for column, old in columns.items():
                if not pa.types.is_string(old.type) or table.num_rows < 2:
                    continue
                values = np.array(old.to_pylist(), object)
                hit = np.flatnonzero(random.random(len(values)) < share)
                other = values[random.integers(0, len(values), len(hit))]
                values[hit] = np.where(random.random(len(hit)) < 0.5, other, random.choice(choices, len(hit)))
                columns[column] = pa.array(values.tolist(), pa.string())
            data[name] = pa.table(columns)
        result[role] = replace(tables, data=data)
    return result


def cpu(action: Callable[[], object], times: int = 3) -> float:
    """Median CPU seconds of some runs."""
    found = []
    for _ in range(times):
        begun = time.process_time()
        action()
        found.append(time.process_time() - begun)
    return statistics.median(found)


def ours(given: Sequence[Package], dictionaries: Dictionaries, chosen: Suites = SUITES) -> Counter[str]:
    """Failing rows by rule."""
    found = run_bulk(given, chosen, dictionaries, [PERIOD] * len(given), TODAY)
    return Counter(rule for part in found for rule in part["rule"])


@dataclass(frozen=True)
class Timed:
    """CPU seconds of one check over one package; of the columns that it was the first to need, ``columns``."""

    table: str
    check: Check
    columns: float
    evaluation: float


def timed(package: Package, dictionaries: Dictionaries, times: int = 3) -> list[Timed]:
    """Each check by itself, as the runner calls it, the least time of some runs."""
    runs = [list(_timed(package, dictionaries)) for _ in range(times)]
    return [
        replace(
            same[0], columns=min(one.columns for one in same), evaluation=min(one.evaluation for one in same)
        )
        for same in zip(*runs, strict=True)
    ]  # fmt: skip


def _timed(package: Package, dictionaries: Dictionaries) -> Iterator[Timed]:
    bulks = bulks_of([package], TODAY, dictionaries)
    for role, of_role in SUITES.items():
        for suite in of_role:
            bulk = bulks[role]
            for check in suite.checks if bulk.rows(suite.table) else ():
                if not check.valid_on(PERIOD):
                    continue
                begun = time.process_time()
                columns = [bulk.column(suite.table, name) for name in check.columns]
                there = time.process_time()
                evaluate(check.type, columns, check.parameters, dictionaries)
                yield Timed(f"{role}/{suite.table}", check, there - begun, time.process_time() - there)


def main(console: Console, cases: int, *, with_gx: bool = True) -> None:
    pa.set_cpu_count(1)
    logging.getLogger("great_expectations").setLevel(logging.ERROR)
    dictionaries = Dictionaries.from_folder(REGION / "nsi")
    large, small = made(cases), [made(SMALL, number) for number in range(1, BULK + 1)]
    spoilt = damaged(made(min(DAMAGED, cases)))
    begun = time.process_time()
    ours(small[:1], dictionaries)
    first = time.process_time() - begun
    one = cpu(lambda: ours(small[:1], dictionaries), 5)
    bulk = cpu(lambda: ours(small, dictionaries))
    whole = cpu(lambda: ours([large], dictionaries))
    number = sum(len(suite.checks) for of_role in SUITES.values() for suite in of_role)
    table = Table("what", "CPU, s", "wanted", title=f"{number} checks of H + L")
    table.add_row(f"one package of {SMALL} cases, the first of a process", f"{first:.2f}", "")
    table.add_row(f"one package of {SMALL} cases", f"{one:.3f}", "<= 0.25")
    table.add_row(f"{BULK} packages of {SMALL} cases in bulk", f"{bulk:.2f}", "")
    table.add_row(f"one package of {cases} cases", f"{whole:.2f}", "<= 5")
    console.print(table)
    _show_rules(console, timed(large, dictionaries))
    _show_growth(console, dictionaries, large, cases)
    _show_duckdb(console, large, spoilt, dictionaries)
    if with_gx:
        _show_gx(console, small, large, spoilt, dictionaries)


def _show_rules(console: Console, rules: Sequence[Timed]) -> None:
    classes: dict[str, list[Timed]] = {}
    for one in rules:
        condition = " under a condition" if "condition" in one.check.parameters else ""
        classes.setdefault(one.check.type.removeprefix("expect_element_") + condition, []).append(one)
    table = Table("class", "checks", "CPU, ms", title="Time by class; columns are made once for all checks of a table")
    table.add_row("columns", "", f"{sum(one.columns for one in rules) * 1e3:.0f}")
    for kind, members in sorted(classes.items(), key=lambda item: -sum(one.evaluation for one in item[1])):
        table.add_row(kind, str(len(members)), f"{sum(one.evaluation for one in members) * 1e3:.0f}")
    console.print(table)
    table = Table("rule", "table", "what", "CPU, ms", title="The slowest rules, without their columns")
    for one in sorted(rules, key=lambda one: -one.evaluation)[:12]:
        what = f"{one.check.type.removeprefix('expect_element_')} {', '.join(one.check.columns)}"
        table.add_row(one.check.rule, one.table, what, f"{one.evaluation * 1e3:.1f}")
    console.print(table)


def _show_growth(console: Console, dictionaries: Dictionaries, large: Package, cases: int) -> None:
    """The exponent of time against cases, a rule a figure: 1 is linear."""
    sizes = [cases // 4, cases // 2, cases]
    rules = [timed(made(size) if size != cases else large, dictionaries, 5) for size in sizes]
    found = []
    for same in zip(*rules, strict=True):
        first, last = same[0].evaluation, same[-1].evaluation
        if last >= NOISE and first > 0:
            found.append((log(last / first) / log(sizes[-1] / sizes[0]), same))
    told = f"{len(found)} of {len(rules[0])} rules take {NOISE * 1e3:.0f} ms or more"
    if found:
        worst, same = max(found, key=lambda pair: pair[0])
        steps = " → ".join(f"{one.evaluation * 1e3:.1f}" for one in same)
        told += f", worst exponent {worst:.2f} ({same[0].check.rule}: {steps} ms)"
        told += f", median {statistics.median(exponent for exponent, _ in found):.2f}"
    console.print(f"Growth over {', '.join(map(str, sizes))} cases: {told}")


def _show_duckdb(console: Console, large: Package, spoilt: Package, dictionaries: Dictionaries) -> None:
    import duckdb

    from tests.bench import checks_sql

    layouts = {role: tables.layout for role, tables in large.items()}
    written = checks_sql.statement(SUITES, layouts, PERIOD, TODAY, dictionaries)
    total = sum(map(len, written.checks.values()))
    said = {
        role: tuple(replace(suite, checks=tuple(written.checks.get(f"{role}/{suite.table}", ()))) for suite in of_role)
        for role, of_role in SUITES.items()
    }

    def counts(connection: Any) -> Counter[str]:
        found: Counter[str] = Counter()
        for name, numbers in connection.execute(written.text).fetchall():
            for check, number in zip(written.checks[name], numbers, strict=True):
                found[check.rule] += number or 0  # null where the table is empty
        return +found

    with duckdb.connect() as connection:
        connection.execute("set threads = 1")
        checks_sql.load(connection, spoilt, written.looks, dictionaries)
        same, theirs = ours([spoilt], dictionaries, said), counts(connection)
        checks_sql.load(connection, large, written.looks, dictionaries)
        seconds = cpu(lambda: counts(connection))
    own = cpu(lambda: ours([large], dictionaries, said))
    console.print(
        f"DuckDB {duckdb.__version__}, one statement, one thread, the large package: {total} checks, "
        f"{len(written.left_out)} left out; {seconds:.2f} s, ours {own:.2f} = {own / seconds:.2f} of it (wanted <= 2). "
        + _fairness(same, theirs)
    )


def _fairness(mine: Counter[str], theirs: Counter[str]) -> str:
    unequal = sorted(rule for rule in mine.keys() | theirs.keys() if mine[rule] != theirs[rule])
    named = f" ({', '.join(unequal)})" if unequal else ""
    return f"Damaged package: {mine.total()} failing rows of {len(mine)} rules, counts of {len(unequal)} rules differ{named}"


def _show_gx(
    console: Console, small: Sequence[Package], large: Package, spoilt: Package, dictionaries: Dictionaries
) -> None:
    from tests.bench import checks_gx

    sayable = checks_gx.sayable(SUITES, dictionaries, PERIOD)
    ways: Sequence[tuple[str, Suites, Validate]] = (
        ("the shipped suites in stock Great Expectations", SUITES, checks_gx.shipped),
        ("its built-in expectations, where they can say a rule", sayable, checks_gx.built_in),
    )
    for title, chosen, validate in ways:
        _beside_gx(console, title, chosen, validate, small, large, spoilt, dictionaries)


def _beside_gx(
    console: Console,
    title: str,
    chosen: Suites,
    validate: Validate,
    small: Sequence[Package],
    large: Package,
    spoilt: Package,
    dictionaries: Dictionaries,
) -> None:
    few = small[:MEASURED]
    number = sum(check.valid_on(PERIOD) for of_role in chosen.values() for suite in of_role for check in suite.checks)
    each = [_validated(package, chosen, dictionaries, validate)[0] for package in few]
    theirs = statistics.mean(each) * len(small), _validated(large, chosen, dictionaries, validate)[0]
    mine = cpu(lambda: ours(small, dictionaries, chosen)), cpu(lambda: ours([large], dictionaries, chosen))
    table = Table("packages", "GX, CPU s", "ours, CPU s", "times", "wanted", title=f"{title}: {number} checks")
    scaled = f"{len(small)} of {SMALL} cases, ours in bulk (GX measured on {len(few)}, scaled)"
    for name, gx, own, wanted in zip((scaled, "the large one"), theirs, mine, (20, 5), strict=True):
        table.add_row(name, f"{gx:.1f}", f"{own:.2f}", f"{gx / own:.0f}", f">= {wanted}")
    console.print(table)
    console.print(_fairness(ours([spoilt], dictionaries, chosen), _validated(spoilt, chosen, dictionaries, validate)[1]))


def _validated(
    package: Package, chosen: Suites, dictionaries: Dictionaries, validate: Validate
) -> tuple[float, Counter[str]]:
    """CPU seconds of the validations alone (frames are made beforehand), and failing rows by rule."""
    bulks: Mapping[str, Bulk] = bulks_of([package], TODAY, dictionaries)
    spent, found = 0.0, Counter[str]()
    for role, of_role in chosen.items():
        for suite in of_role:
            if suite.checks and bulks[role].rows(suite.table):
                given = frame(bulks[role], suite)
                begun = time.process_time()
                counts = validate(given, suite, dictionaries, PERIOD)
                spent += time.process_time() - begun
                found.update(counts)
                bulks[role].release(suite.table)
    return spent, +found

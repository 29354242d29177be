"""The bulk runner: suites over the files of many packages at once, giving findings."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from pipelines.checks import findings
from pipelines.checks.evaluate import PRESENT, evaluate
from pipelines.checks.frames import Bulk
from pipelines.checks.joins import is_partner
from pipelines.checks.required import look_ups
from pipelines.checks.suites import Check, Suite
from pipelines.checks.vectors import sharing
from pipelines.formats.tables import Tables
from pipelines.nsi.dictionaries import Dictionaries

Suites = Mapping[str, Sequence[Suite]]
"""Suites by the role of the member that they check."""


@dataclass(frozen=True)
class Failures:
    """Rows of a table (over all files) that a check found wrong, ascending."""

    check: Check
    rows: npt.NDArray[np.int64]


def run(tables: Mapping[str, Tables], suites: Suites, dictionaries: Dictionaries, on: date, today: date) -> pd.DataFrame:
    """Findings of one package; ``run_bulk`` of it alone."""
    return run_bulk([tables], suites, dictionaries, [on], today)[0]


def run_bulk(
    packages: Sequence[Mapping[str, Tables]],
    suites: Suites,
    dictionaries: Dictionaries,
    on: Sequence[date],
    today: date,
) -> list[pd.DataFrame]:
    """Findings of each package: by member in the order of ``suites``, then table, row and rule.

    ``packages`` are files by role, all of one kind; ``on`` is the report date of each, which decides the rules in force;
    ``today`` the day of processing. Raises ``LookupError`` when a dictionary that a suite needs is not loaded.
    """
    parts: list[list[pd.DataFrame]] = [[] for _ in packages]
    bulks = bulks_of(packages, today, dictionaries)
    for role, of_role in suites.items() if packages else ():
        bulk = bulks[role]
        for suite in sorted(of_role, key=lambda suite: _place(bulk, suite)):
            with sharing():
                failures = list(run_suite(bulk, suite, dictionaries, on))
            if failures:
                for part, frame in zip(parts, _frames(bulk, suite, role, failures), strict=True):
                    part.append(frame)
            bulk.release(suite.table)
    return [findings.concat(part) for part in parts]


def bulks_of(packages: Sequence[Mapping[str, Tables]], today: date, dictionaries: Dictionaries) -> dict[str, Bulk]:
    """The files of each role that all packages have; those of partners (``joins``) know each other."""
    roles = [role for role in (packages[0] if packages else ()) if all(role in package for package in packages)]
    bulks = {role: Bulk([package[role] for package in packages], today, dictionaries) for role in roles}
    for bulk in bulks.values():
        bulk.partner = next((other for other in bulks.values() if is_partner(bulk.layout, other.layout)), None)
    return bulks


def run_suite(bulk: Bulk, suite: Suite, dictionaries: Dictionaries, on: Sequence[date]) -> Iterable[Failures]:
    """Failures of the suite's checks, each over the files on whose date its rule is in force."""
    if not bulk.rows(suite.table):
        return
    file_of: npt.NDArray[np.int64] | None = None
    for check in suite.checks:
        valid = np.array([check.valid_on(day) for day in on])
        if not valid.any():
            continue
        subject = bulk.column(suite.table, check.columns[0])
        if subject.null_count == len(subject) and check.type != PRESENT:
            continue  # no evaluator but that of presence judges absent values
        columns = [subject, *(bulk.column(suite.table, reference) for reference in check.columns[1:])]
        rows = np.flatnonzero(~evaluate(check.type, columns, check.parameters, dictionaries))
        if len(rows) and not valid.all():
            file_of = bulk.file_of(suite.table) if file_of is None else file_of
            rows = rows[valid[file_of[rows]]]
        if len(rows):
            yield Failures(check, rows)


def required_dictionaries(suites: Suites) -> frozenset[str]:
    """Names of the dictionaries that the suites look into."""
    every = (check for of_role in suites.values() for suite in of_role for check in suite.checks)
    return frozenset(dictionary for check in every for dictionary, _ in look_ups(check))


def _place(bulk: Bulk, suite: Suite) -> int:
    """Order of suites: the file as a whole, then tables as in the layout."""
    return -1 if suite.table == bulk.layout.root else list(bulk.layout.tables).index(suite.table)


def _frames(bulk: Bulk, suite: Suite, role: str, failures: Sequence[Failures]) -> list[pd.DataFrame]:
    """Findings of one suite for each file, by row and rule."""
    which = np.repeat(np.arange(len(failures)), [len(failure.rows) for failure in failures])
    rows = np.concatenate([failure.rows for failure in failures])
    values = pa.concat_arrays([_values(bulk, suite.table, failure) for failure in failures])
    order = np.lexsort((which, rows))
    which, rows = which[order], rows[order]
    starts = bulk.starts(suite.table)
    files = np.searchsorted(starts, rows, side="right") - 1
    whole = suite.table == bulk.layout.root
    checks = [failure.check for failure in failures]
    frame = pd.DataFrame(
        {
            "member": _repeated([role], np.zeros_like(which)),
            "rule": _repeated([check.rule for check in checks], which),
            "severity": _repeated([check.severity for check in checks], which),
            "table": _repeated(["" if whole else suite.table], np.zeros_like(which)),
            "row": np.full_like(rows, -1) if whole else rows - starts[files],
            "element": _repeated([check.element for check in checks], which),
            "value": pd.Series(values.take(pa.array(order)).to_pandas(), dtype="str"),
            "message": _repeated([check.text for check in checks], which),
        }
    )
    bounds = np.searchsorted(files, np.arange(len(bulk.files) + 1))
    return [frame.iloc[start:stop] for start, stop in pairwise(bounds)]


def _repeated(texts: Sequence[str], which: npt.NDArray[np.int64]) -> pd.Series[str]:
    return pd.Series(pa.array(texts, pa.string()).take(pa.array(which)).to_pandas(), dtype="str")


def _values(bulk: Bulk, table: str, failure: Failures) -> pa.Array:
    column = bulk.column(table, failure.check.columns[0])
    if not isinstance(column, pa.DictionaryArray):
        return pa.nulls(len(failure.rows), pa.string())
    return column.take(pa.array(failure.rows)).cast(pa.string())

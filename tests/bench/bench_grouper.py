"""Grouping: cases a second, beside a plain loop over the same table: ``python -m tests.bench.bench_grouper``.

It needs ФФОМС's workbooks. The plain loop is also the reference that the tests compare the grouper with.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd

from pipelines.ground.settings import ROOT
from pipelines.pump.grouper import Grouper, Workbook
from pipelines.pump.tariffs import candidate_price, load_terms

WORKBOOKS = Path(os.environ.get("OMS_SHARED", ROOT.parent / "shared")) / "data" / "tariffs" / "ksg2026"
DURATIONS = {"1": (-1, 3), "2": (4, 10), "3": (11, 20), "4": (21, 30), "5": (30, 30)}


@dataclass(frozen=True)
class Case:
    """One visit as plain values."""

    usl_ok: str
    ds1: str
    ds2: frozenset[str]
    ds3: frozenset[str]
    services: frozenset[str]
    crit: frozenset[str]
    sex: str
    born: date
    admitted: date
    days: int


def plain_groups(table: list[Mapping[str, str]], case: Case) -> set[str]:
    """Groups of the rows that the case meets, row by row, cell by cell."""
    return {row["N_KSG"] for row in table if plain_meets(row, case)}


def plain_meets(row: Mapping[str, str], case: Case) -> bool:
    diagnoses = (("DS1", frozenset({case.ds1})), ("DS2", case.ds2), ("DS3", case.ds3))
    if any(row[name] and not any(covers(row[name], code) for code in codes) for name, codes in diagnoses):
        return False
    if row["CODE_USL"] and row["CODE_USL"] not in case.services:
        return False
    if any(row[name] and row[name] not in case.crit for name in ("CRIT", "FRACTION")):
        return False
    if row["W"] and row["W"] != case.sex:
        return False
    if row["DURATION"] and not DURATIONS[row["DURATION"]][0] <= case.days <= DURATIONS[row["DURATION"]][1]:
        return False
    return not row["AGE"] or row["AGE"] in plain_ages(case.born, case.admitted)


def covers(cell: str, code: str) -> bool:
    """Whether a cell of the table means a code: the code itself, a range of rubrics, or a letter with a point."""
    if "-" in cell:
        first, last = cell.split("-")
        return first <= code[:3] <= last
    return code[:1] == cell[:1] if cell.endswith(".") else code == cell


def plain_ages(born: date, on: date) -> set[str]:
    days = (on - born).days
    years = on.year - born.year - ((on.month, on.day) < (born.month, born.day))
    if days < 0:
        return set()
    young = {"1": days <= 28, "2": 29 <= days <= 90, "3": days >= 91 and years < 1, "4": years < 2, "5": years < 18}
    return {code for code, inside in {**young, "6": years >= 18, "7": years < 21}.items() if inside}


@dataclass(frozen=True)
class Month:
    """Made-up cases as the tables of a register; codes are drawn from the workbooks, people are nobody."""

    visits: pd.DataFrame
    services: pd.DataFrame
    ds2: pd.DataFrame
    ds3: pd.DataFrame
    crit: pd.DataFrame

    def cases(self) -> Iterator[Case]:
        columns = ((self.services, "CODE_USL"), (self.ds2, "DS2"), (self.ds3, "DS3"), (self.crit, "CRIT"))
        services, ds2, ds3, crit = (table.groupby("_parent")[name].agg(frozenset).to_dict() for table, name in columns)
        none: frozenset[str] = frozenset()
        for number, row in enumerate(self.visits.itertuples(index=False)):
            codes = [found.get(number, none) for found in (ds2, ds3, services, crit)]
            born, admitted = date.fromisoformat(row.DR), date.fromisoformat(row.DATE_1)
            yield Case(row.USL_OK, row.DS1, *codes, row.W, born, admitted, row.DAYS)


def month(books: list[Workbook], size: int, seed: int) -> Month:
    """Half of the cases are drawn from rows of the table, the rest have a plain diagnosis; all have two services more."""
    random = np.random.default_rng(seed)
    parts = []
    for book in books:
        rows = book.table.iloc[random.integers(0, len(book.table), size // len(books))].reset_index(drop=True)
        exact = book.table.loc[book.table["DS1"].str.match(r"[A-Z]\d\d(\.\d+)?$", na=False), "DS1"].unique()
        simple = random.random(len(rows)) < 0.5
        drawn = pd.Series(exact[random.integers(0, len(exact), len(rows))], dtype="str")
        odd = rows["DS1"].isna() | rows["DS1"].str.contains(r"-|\.$", na=True)
        rows["DS1"] = rows["DS1"].mask(odd | simple, drawn)
        rows.loc[simple, ["DS2", "DS3", "CODE_USL", "CRIT", "FRACTION"]] = None
        rows["DS2"] = rows["DS2"].str.replace(r"^([A-Z])\.$", r"\g<1>50.9", regex=True)
        parts.append(rows.assign(USL_OK=book.usl_ok))
    rows = pd.concat(parts, ignore_index=True)
    admitted = pd.Timestamp(2026, 3, 1) + pd.to_timedelta(random.integers(0, 28, len(rows)), "D")
    ages = np.array([5, 28, 29, 60, 90, 91, 200, 364, 400, 800, 3000, 6575, 7400, 9000, 15000, 22000, 29000])
    born = admitted - pd.to_timedelta(random.choice(ages, len(rows)) + random.integers(-1, 2, len(rows)), "D")
    length = random.choice([0, 1, 3, 4, 9, 11, 21, 30, 31], len(rows))
    visits = pd.DataFrame(
        {
            "USL_OK": rows["USL_OK"],
            "DS1": rows["DS1"],
            "W": np.where(random.random(len(rows)) < 0.5, "1", "2"),
            "DR": born.strftime("%Y-%m-%d"),
            "DATE_1": admitted.strftime("%Y-%m-%d"),
            "DATE_2": (admitted + pd.to_timedelta(length, "D")).strftime("%Y-%m-%d"),
            "DAYS": length,
            "RSLT": "101",
        }
    )
    ward = pd.DataFrame({"_parent": np.repeat(np.arange(len(rows)), 2), "CODE_USL": "B01.047.001"})
    crit = pd.concat([_long(rows, "CRIT", "CRIT"), _long(rows, "FRACTION", "CRIT")])
    services = pd.concat([_long(rows, "CODE_USL", "CODE_USL"), ward]).sort_values("_parent", kind="stable")
    return Month(visits, services, _long(rows, "DS2", "DS2"), _long(rows, "DS3", "DS3"), crit)


def _long(rows: pd.DataFrame, column: str, name: str) -> pd.DataFrame:
    values = rows[column].dropna()
    return pd.DataFrame({"_parent": values.index, name: values.array})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=200_000)
    parser.add_argument("--plain-cases", type=int, default=100, help="cases for the plain loop, which is slow")
    options = parser.parse_args()
    started = time.perf_counter()
    books = [Workbook.read(WORKBOOKS / name) for name in ("KSG26_KS.xlsx", "KSG26_DS.xlsx")]
    print(f"workbooks read: {time.perf_counter() - started:.1f} s")
    started = time.perf_counter()
    grouper = Grouper(*books)
    print(f"tables compiled: {time.perf_counter() - started:.1f} s")
    given = month(books, options.cases, 2026)
    size = len(given.visits)
    money = given.visits.assign(BZTSZ="34133.51", KOEF_U=np.where(np.arange(size) % 3, "1.15", "0.95"), KOEF_D="1.105")
    price = candidate_price(money.assign(KD=money["DAYS"]), load_terms())
    for title, way in (("first", None), ("by КЗ", None), ("by cost", price)):
        started, cpu = time.perf_counter(), time.process_time()
        grouping = grouper.group(given.visits, given.services, ds2=given.ds2, ds3=given.ds3, crit=given.crit, price=way)
        wall, cpu = time.perf_counter() - started, time.process_time() - cpu
        print(
            f"grouper, {title}: {size:,} cases, {len(grouping.candidates):,} candidates, {wall:.2f} s, {cpu:.2f} CPU s, ",
            end="",
        )
        print(f"{size / wall:,.0f} cases/s, {size / cpu:,.0f} a CPU second")
    tables = {book.usl_ok: book.table.fillna("").to_dict("records") for book in books}
    few = list(month(books, options.plain_cases, 7).cases())
    started = time.perf_counter()
    for case in few:
        plain_groups(tables[case.usl_ok], case)
    wall = time.perf_counter() - started
    print(f"plain loop: {len(few)} cases, {wall:.2f} s, {len(few) / wall:,.0f} cases/s")


if __name__ == "__main__":
    main()

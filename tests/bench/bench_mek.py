"""МЭК of a month: seconds and growth: ``python -m tests.bench.bench_mek``; beside DuckDB's SQL where it is installed."""

from __future__ import annotations

import argparse
import importlib.util
import time
from collections.abc import Callable
from datetime import date

import pandas as pd

from pipelines.ground.settings import ROOT
from pipelines.nsi.dictionaries import Dictionaries
from pipelines.pump.mek import Given, control, hits, load_terms
from pipelines.pump.mek.crossings import crossing_hits
from pipelines.pump.mek.duplicates import duplicate_hits
from pipelines.pump.mek.standing import Standing
from tests.bench.measure import _peak
from tests.exchange.world import REGION
from tests.pump.mek import made

DUPLICATES = """
    select a.case from (
        select *, row_number() over (
            partition by person, USL_OK, DATE_Z_1, DATE_Z_2, PROFIL, PRVS order by "case"
        ) n from rows where USL_OK in ('1', '2', '3') and IDSP <> '28' and not (USL_OK = '3' and DATE_Z_1 = DATE_Z_2)
    ) a where n > 1
"""
CROSSINGS = """
    select distinct b.case from rows a join rows b on a.person = b.person and a.USL_OK = '1'
    and ((b.USL_OK in ('1', '2') and a.case < b.case and a.DATE_Z_1 < b.DATE_Z_2 and b.DATE_Z_1 < a.DATE_Z_2)
      or (b.USL_OK in ('3', '4') and (b.DATE_Z_1 > a.DATE_Z_1 and b.DATE_Z_1 < a.DATE_Z_2
          or b.DATE_Z_2 > a.DATE_Z_1 and b.DATE_Z_2 < a.DATE_Z_2)))
"""


def timed(action: Callable[[], object]) -> float:
    started = time.perf_counter()
    action()
    return time.perf_counter() - started


def measured(size: int) -> float:
    """Seconds of each part for ``size`` cases, printed; returns those of the whole control."""
    given = Given(
        made.month(size, 2026),
        Dictionaries.from_folder(ROOT / "include" / "region" / "demo" / "nsi"),
        load_terms(REGION.folder),
        date(2026, 11, 20),
    )
    people = timed(lambda: given.persons)
    standing = Standing.after(hits.empty(), given.facts)
    same = timed(lambda: duplicate_hits(given, standing))
    met = timed(lambda: crossing_hits(given, standing))
    everything = timed(lambda: print(f"hits {len(control(given, '1').hits):,}", end="; "))
    services = len(given.month.services)
    print(f"{size:,} cases, {services:,} services: people {people:.2f} s, duplicates {same:.2f} s,", end=" ")
    print(f"intersections {met:.2f} s,", end=" ")
    print(f"whole control {everything:.1f} s, peak {_peak() / 1e9:.1f} GB")
    if importlib.util.find_spec("duckdb"):
        _beside_duckdb(given, same + met)
    return everything


def _beside_duckdb(given: Given, ours: float) -> None:
    import duckdb

    level = given.facts.cases
    names = ("case", "USL_OK", "DATE_Z_1", "DATE_Z_2", "PROFIL", "PRVS", "IDSP")
    rows = pd.DataFrame({name: level.column(name) for name in names}).assign(person=given.persons[0])
    connection = duckdb.connect()
    connection.register("source", rows)
    connection.execute("create table rows as select * from source")
    theirs = sum(timed(lambda query=query: connection.execute(query).fetchall()) for query in (DUPLICATES, CROSSINGS))
    print(f"DuckDB: {theirs:.2f} s; ours is {ours / theirs:.1f} times it (wanted <= 2)")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, nargs="+", default=[100_000, 1_000_000])
    options = parser.parse_args()
    measured(2_000)  # compiles what numba compiles
    seconds = {size: measured(size) for size in options.cases}
    first, last = min(seconds), max(seconds)
    growth = (seconds[last] / last) / (seconds[first] / first)
    print(f"Growth of the time per case from {first:,} to {last:,} cases: {growth:.2f}")


if __name__ == "__main__":
    main()

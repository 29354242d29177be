"""A month of a region from identification to settlement: ``make bench BENCH=month``.

Each size runs in a process of its own, so that peak memory is its own; the register of the insured is in an embedded
PostgreSQL. Making the month and loading the register are set-up and not counted; peak memory is that of the process from
then on, with the month and its history in it. The chain runs several times, the median by wall time is shown.
"""

from __future__ import annotations

import argparse
import json
import os
import secrets
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pandas as pd
from rich.console import Console
from rich.table import Table
from sqlalchemy import text

from pipelines.demo.servers.ports import free_port
from pipelines.demo.servers.postgres import Postgres
from pipelines.erz import identify, load_persons
from pipelines.exchange import subscribers
from pipelines.ground import database as db
from pipelines.ground import migrations
from pipelines.nsi.dictionaries import Dictionaries, Dictionary
from pipelines.pump import settlement as st
from pipelines.pump.mek import Given, consumption, control, load_terms
from pipelines.pump.month import Month
from pipelines.pump.pricing import price
from tests.bench import big_month
from tests.bench.measure import _peak
from tests.bench.month_sql import beside
from tests.pump.pricing.generated import REGION

WANTED_SECONDS, WANTED_BYTES, WANTED_GROWTH, WANTED_RATIO = 600, 8e9, 1.2, 2
Result = TypeVar("Result")


class Watch:
    """Wall and CPU seconds of the stages: of this process and of the database's process that serves it."""

    def __init__(self) -> None:
        self.stages: dict[str, tuple[float, float]] = {}

    def __call__(self, name: str, action: Callable[[], Result], server: int | None = None) -> Result:
        wall, cpu = time.perf_counter(), time.process_time() + _cpu(server)
        result = action()
        self.stages[name] = (time.perf_counter() - wall, time.process_time() + _cpu(server) - cpu)
        return result


def _cpu(process: int | None) -> float:
    """CPU seconds of another process so far."""
    if process is None:
        return 0.0
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def measure(cases: int, url: str, repeat: int) -> dict[str, Any]:
    """The chain over a month of ``cases`` cases, then the same joins by DuckDB, ``repeat`` times each."""
    made = big_month.region(cases)
    with db.transaction(url) as connection:
        subscribers.load_region(connection, REGION)
        load_persons(connection, made.insured)
    insured = made.insured.num_rows
    made = big_month.Region(made.month, made.history, made.insured.slice(0, 0), made.reference)
    given = _given(made)
    _warm()
    _forget_peak()
    figures: dict[str, Any] = {"insured": insured, "runs": []}
    for _ in range(max(1, repeat)):
        watch = Watch()
        figures |= _chain(given, made, url, watch)
        figures["runs"].append(watch.stages)
    figures |= {"peak": _peak(), "load": os.getloadavg()[1]}
    return figures | {"beside": [beside(given) for _ in range(repeat)]}


def _chain(given: Given, made: big_month.Region, url: str, watch: Watch) -> dict[str, Any]:
    month, reference = made.month, made.reference
    with db.transaction(url) as connection:
        server = connection.execute(text("select pg_backend_pid()")).scalar_one()
        asked = month.cases.assign(DAY=month.cases["DATE_Z_1"])
        answers = watch("identification", lambda: identify(connection, asked, "DAY"), server)
    foreign = (answers["found"] == "other_territory").to_numpy()
    prices = watch("grouping and price", lambda: price(month, reference, foreign))
    known = Given(
        given.month, given.nsi, given.terms, given.on, answers, prices.visits, given.history, consumed=given.consumed
    )
    conclusion = watch("МЭК", lambda: control(known, "1"))
    decided = conclusion.decision.cases.astype({"OPLATA": "int64"})
    payers = answers["payer"].where(decided["SUMP"].to_numpy() > 0)
    lines = watch("settlement", lambda: _settled(known, decided, conclusion, payers))
    paid = (decided["OPLATA"] != 2).mean()
    return {
        "cases": len(month.cases),
        "visits": len(month.visits),
        "services": len(month.services),
        "organisations": int(month.cases["CODE_MO"].nunique()),
        "history": len(given.history.cases) if given.history else 0,
        "grouped": int((prices.visits["way"] == "ksg").sum()),
        "paid": float(paid),
        "kopecks": float(decided["SUMP"].sum() / month.cases["SUMV"].sum()),
        "hits": conclusion.hits.groupby("rule").size().to_dict(),
        "lines": lines,
    }


def _settled(given: Given, decided: pd.DataFrame, conclusion: Any, payers: pd.Series) -> int:
    """Settlement with all that an operator sees of it."""
    month, terms = given.month, st.Terms.load(REGION.folder)
    sums = st.accepted(month.cases, decided, payers)
    norms = st.norms(month.period, given.nsi, terms)
    settled = st.settle(sums, norms, st.no_deductions(), terms)
    sanctions = conclusion.decision.sanctions
    stage = conclusion.hits["stage"].to_numpy()[sanctions["hit"].to_numpy()]
    refused = pd.DataFrame({"case": sanctions["case"], "stage": stage, "amount": sanctions["S_SUM"]})
    intake = pd.DataFrame({"CODE_MO": pd.Series(dtype="str"), "cases": [], "amount": []})
    st.by_stages(month, decided, refused, intake)
    st.by_accounts(month, decided, payers)
    assert int(settled.lines[list(st.ACCEPTED)].to_numpy().sum()) == int(decided["SUMP"].sum())
    return len(settled.lines)


def _given(made: big_month.Region) -> Given:
    """The month with plans that most organisations keep within."""
    terms = load_terms(REGION.folder)
    plain = Given(made.month, made.reference.dictionaries, terms, big_month.ACT, history=made.history)
    assert plain.paid is not None
    used = consumption(plain, plain.paid, plain.paid.month.cases["SUMP"].to_numpy(np.int64))
    wanted = consumption(plain, plain.facts, made.month.cases["SUMV"].to_numpy(np.int64))
    nsi = _planned(made.reference.dictionaries, used, wanted)
    return Given(made.month, nsi, terms, big_month.ACT, history=made.history, consumed=used)


def _planned(nsi: Dictionaries, used: pd.DataFrame, wanted: pd.DataFrame) -> Dictionaries:
    import pyarrow as pa

    plan = wanted.merge(used, on=["CODE_MO", "UNIT"], how="left", suffixes=("", "_used")).fillna(0)
    share = np.random.default_rng(3).uniform(0.97, 1.3, len(plan))
    money = plan["UNIT"].str.endswith("_RUB").to_numpy()
    amount = np.where(money, plan["MONEY"], plan["QUANTITY"]) * share
    amount = (amount + np.where(money, plan["MONEY_used"], plan["QUANTITY_used"])).astype(np.int64)
    text = pd.Series(amount // 100).astype("str") + "." + pd.Series(amount % 100).astype("str").str.zfill(2)
    quarter = (big_month.PERIOD.month - 1) // 3 + 1
    rows = {"MCOD": plan["CODE_MO"], "UNIT": plan["UNIT"], "YEAR": str(big_month.PERIOD.year), "QUARTER": str(quarter)}
    rows |= {"MONTH": None, "VOLUME": text.mask(money), "MONEY": text.where(money), "MEC": None, "DATEBEG": "2026-01-01"}
    frame = pd.DataFrame(rows, index=plan.index)
    table = pa.table({name: pa.array(frame[name], pa.string(), from_pandas=True) for name in frame})
    others = [dictionary for name, dictionary in nsi.items() if name != "T_VOLUME"]
    return Dictionaries([*others, Dictionary.of("T_VOLUME", table)])


def _warm() -> None:
    """Compile what numba compiles, read what is read once."""
    small = big_month.region(1_000)
    month: Month = small.month
    prices = price(month, small.reference)
    given = Given(month, small.reference.dictionaries, load_terms(REGION.folder), big_month.ACT, history=small.history)
    control(Given(month, given.nsi, given.terms, given.on, None, prices.visits, given.history), "1")


def _forget_peak() -> None:
    Path("/proc/self/clear_refs").write_text("5")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, nargs="+", default=[100_000, 1_000_000])
    parser.add_argument("--repeat", type=int, default=3, help="runs of the chain, and of our joins and DuckDB's")
    parser.add_argument("--one", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        print(json.dumps(measure(int(options.one[0]), options.one[1], options.repeat)))
        return
    run(Console(width=150), options.cases, options.repeat)


def run(console: Console, sizes: list[int], repeat: int = 3) -> None:
    """Measure each size in a process of its own and print what is wanted beside what is."""
    found = {}
    with tempfile.TemporaryDirectory(prefix="oms-bench-") as folder:
        Path(folder).chmod(0o755)
        server = Postgres(Path(folder) / "pg", free_port(), secrets.token_hex(8)).start()
        try:
            for size in sizes:
                url = server.create_database(f"month_{size}")
                migrations.upgrade(url)
                command = [sys.executable, "-m", "tests.bench.bench_month", "--repeat", str(repeat), "--one", str(size), url]
                done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
                found[size] = json.loads(done.stdout.splitlines()[-1])
                _show(console, found[size])
                server.drop_database(f"month_{size}")
        finally:
            server.stop("immediate")
    first, last = min(found), max(found)
    if first < last:
        per_case = {size: _total(_median(found[size])) / found[size]["cases"] for size in (first, last)}
        growth = per_case[last] / per_case[first]
        busy = _busy(found[last]) / _busy(found[first]) * found[first]["cases"] / found[last]["cases"]
        console.print(
            f"Growth of the time per case from {first:,} to {last:,} cases: {growth:.2f} (wanted <= {WANTED_GROWTH}), "
            f"of CPU seconds {busy:.2f}"
        )


def _total(stages: dict[str, Any]) -> float:
    return float(sum(wall for wall, _ in stages.values()))


def _busy(figures: dict[str, Any]) -> float:
    return float(sum(cpu for _, cpu in _median(figures).values()))


def _median(figures: dict[str, Any]) -> dict[str, Any]:
    runs = sorted(figures["runs"], key=_total)
    return dict(runs[len(runs) // 2])


def _show(console: Console, figures: dict[str, Any]) -> None:
    cases = figures["cases"]
    title = f"{cases:,} cases, {figures['visits']:,} visits, {figures['services']:,} services, "
    title += f"{figures['organisations']} organisations, history {figures['history']:,}, insured {figures['insured']:,}"
    table = Table("stage", "seconds", "CPU s", "cases/s", title=title)
    for name, (wall, cpu) in _median(figures).items():
        table.add_row(name, f"{wall:.1f}", f"{cpu:.1f}", f"{cases / wall:,.0f}")
    total = _total(_median(figures))
    table.add_row(
        "total", f"{total:.1f} (wanted <= {WANTED_SECONDS} for 1,000,000)", f"{_busy(figures):.1f}", f"{cases / total:,.0f}"
    )
    table.add_row("peak memory", f"{figures['peak'] / 1e9:.2f} GB (wanted <= {WANTED_BYTES / 1e9:.0f})", "", "")
    console.print(table)
    totals = ", ".join(f"{_total(stages):.1f}" for stages in figures["runs"])
    console.print(f"totals of the runs, seconds: {totals}; load of the machine {figures['load']:.1f}")
    console.print(f"paid in full or in part {figures['paid']:.1%} of the cases, {figures['kopecks']:.1%} of the money; "
                  f"grouped visits {figures['grouped']:,}; hits {figures['hits']}")  # fmt: skip
    for one in figures["beside"]:
        ours, theirs = sum(one["ours"].values()), sum(one["duckdb"].values())
        parts = ", ".join(f"{name} {one['ours'][name]:.2f} / {one['duckdb'][name]:.2f}" for name in one["ours"])
        console.print(f"ours / DuckDB ({one['threads']} threads), seconds: {parts}; together {ours:.2f} / {theirs:.2f} = "
                      f"{ours / theirs:.2f} (wanted <= {WANTED_RATIO}); the same {one['rows']:,} hits")  # fmt: skip


if __name__ == "__main__":
    main()

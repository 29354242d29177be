"""``make bench``: packages from ZIP bytes to committed rows and a protocol, the speed of the checks, a month of a region.

``BENCH="packages"``, ``"checks"``, ``"month"``, ``"latency"`` choose; the last needs a whole stand and is not among the
usual ones.
Every measurement of a package runs in a process of its own, so that peak memory is its own; the database is embedded, with
fsync on.
"""

from __future__ import annotations

import argparse
import json
import secrets
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from pipelines.demo.servers.postgres import Postgres
from pipelines.ground import migrations

console = Console(width=150)
WHAT = ("packages", "checks", "month", "latency")


def measure(what: str, *arguments: str) -> dict[str, Any]:
    """Run one measurement in a child process; it prints one line of JSON last."""
    command = [sys.executable, "-m", "tests.bench.measure", what, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{what}: {done.stderr[-3000:]}")
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", nargs="*", choices=WHAT, default=["packages", "checks", "month"], help=", ".join(WHAT))
    parser.add_argument("--cases", type=int, nargs="+", default=[1_000, 10_000, 100_000])
    parser.add_argument("--repeat", type=int, default=3, help="runs of our own way; the median by wall time is shown")
    parser.add_argument("--plain-cases", type=int, default=100_000, help="cases for the plain version, which is slow")
    parser.add_argument("--check-cases", type=int, default=100_000, help="cases of the large package of the checks")
    parser.add_argument("--others", type=int, default=50, help="packages in the queue when small ones come (latency)")
    parser.add_argument("--other-cases", type=int, default=1_000, help="cases of each of those")
    parser.add_argument("--month-cases", type=int, nargs="+", default=[100_000, 1_000_000], help="cases of the month")
    options = parser.parse_args()
    if "packages" in options.what:
        _packages(options)
    if "checks" in options.what:
        from tests.bench import bench_checks

        bench_checks.main(console, options.check_cases)
    if "month" in options.what:
        from tests.bench import bench_month

        bench_month.run(console, options.month_cases, options.repeat)
    if "latency" in options.what:
        from tests.bench import latency

        signal.signal(signal.SIGTERM, signal.default_int_handler)  # the stand goes down with us
        latency.run(console, options.others, 20, options.other_cases)


def _packages(options: argparse.Namespace) -> None:
    with tempfile.TemporaryDirectory(prefix="oms-bench-") as folder:
        Path(folder).chmod(0o755)
        server = Postgres(Path(folder) / "pg", _free_port(), secrets.token_hex(8)).start()
        try:
            _run(options, Path(folder), server)
        finally:
            server.stop("immediate")


def _run(options: argparse.Namespace, folder: Path, server: Postgres) -> None:
    ours: dict[int, dict[str, Any]] = {}
    for cases in options.cases:
        package = folder / f"{cases}.zip"
        made = measure("generate", str(cases), str(package))
        floor = measure("floor", str(package), _database(server))
        runs = [measure("ours", str(package), _database(server), str(folder / "store")) for _ in range(options.repeat)]
        ours[cases] = sorted(runs, key=lambda run: float(run["wall"]))[len(runs) // 2]
        _show(cases, made, floor, ours[cases])
    plain_package = folder / "plain.zip"
    measure("generate", str(options.plain_cases), str(plain_package))
    plain = measure("plain", str(plain_package), _database(server))
    beside = ours.get(options.plain_cases) or measure("ours", str(plain_package), _database(server), str(folder / "store"))
    ratio = float(plain["wall"]) / float(beside["wall"])
    console.print(
        f"Plain lxml iterparse + dict + to_sql, {options.plain_cases} cases: {plain['wall']:.1f} s; "
        f"ours {beside['wall']:.2f} s: {ratio:.1f} times faster (wanted >= 8)"
    )
    if 10_000 in ours and 100_000 in ours:
        growth = (ours[100_000]["wall"] / 100_000) / (ours[10_000]["wall"] / 10_000)
        console.print(f"Growth of the time per case from 10,000 to 100,000 cases: {growth:.2f} (wanted <= 1.2)")


def _show(cases: int, made: dict[str, Any], floor: dict[str, Any], ours: dict[str, Any]) -> None:
    table = Table("stage", "seconds", title=f"{cases} cases, XML {made['xml_bytes'] / 1e6:.1f} MB")
    for name, seconds in ours["stages"].items():
        table.add_row(name, f"{seconds:.2f}")
    table.add_row("total", f"{ours['wall']:.2f}  ({cases / ours['wall']:.0f} cases/s)")
    for name, seconds in floor["stages"].items():
        table.add_row(f"floor: {name}", f"{seconds:.2f}")
    total = sum(floor["stages"].values())
    table.add_row("floor: sum", f"{total:.2f}  (ours is {ours['wall'] / total:.2f} times it; wanted <= 4)")
    table.add_row("peak memory", f"{ours['rss'] / 1e6:.0f} MB = {ours['rss'] / made['xml_bytes']:.2f} x XML (wanted <= 3)")
    table.add_row("result", f"{ours['result']}, findings {ours['findings']}")
    console.print(table)


def _database(server: Postgres) -> str:
    url = server.create_database(f"bench_{secrets.token_hex(4)}")
    migrations.upgrade(url)
    return url


def _free_port() -> int:
    from pipelines.demo.servers.ports import free_port

    return free_port()


if __name__ == "__main__":
    main()

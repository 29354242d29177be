"""``python -m tests.bench latency``: from the drop of a package into ``in/`` to its answer in ``out/``, on a whole stand.

Real processes: embedded PostgreSQL, SFTP, Airflow with its scheduler, triggerer and workers. First small packages one by one
on an idle stand; then fifty others at once and small packages right behind them. The time of the answer is that of the file
system (the rename into ``out/``); the journal tells which stage took how long. Takes about three minutes.
"""

from __future__ import annotations

import os
import statistics
import tempfile
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from rich.console import Console
from rich.table import Table
from sqlalchemy import text

from pipelines.demo.config import PORTS, Stand
from pipelines.demo.parties import SftpParty
from pipelines.demo.servers.ports import free_port
from pipelines.demo.stand import Running, running
from pipelines.exchange import region
from pipelines.exchange.protocol import answer_stem
from pipelines.ground import database
from pipelines.synthetic.packages import package
from pipelines.synthetic.registers import generate_register

SENDERS = (("980001", "98001"), ("980002", "98001"), ("980003", "98002"), ("980005", "98002"), ("980006", "98001"))
"""Organisations that send by SFTP, with whom they bill."""
PERIOD, SEED = date(2026, 10, 1), 20261122
SMALL = (100, 300, 1_000)
"""Cases of the small packages, in turn."""
PATIENCE = 300.0
STAGES = """
select p.name, extract(epoch from p.received_at) received, extract(epoch from p.answered_at) answered,
       extract(epoch from max(o.sent_at)) sent
from exchange.package p join exchange.outgoing o on o.package = p.id group by p.id
"""


@dataclass
class Drop:
    """A package: who sends it, what, when it was dropped and answered (seconds of the epoch)."""

    login: str
    name: str
    content: bytes
    cases: int
    dropped: float = 0.0
    answered: float = 0.0

    @property
    def seconds(self) -> float:
        return self.answered - self.dropped


def run(console: Console, others: int, small: int, other_cases: int) -> None:
    """Start a stand, measure, print medians and 95th percentiles."""
    with tempfile.TemporaryDirectory(prefix="oms-latency-") as folder:
        Path(folder).chmod(0o755)
        stand = Stand(Path(folder) / "var", {name: free_port() for name in PORTS}, None, "demo")
        alone = small // 4
        drops = _packages(stand, [*_sizes(alone), *[other_cases] * others, *_sizes(small)])
        idle, queue, behind = drops[:alone], drops[alone:-small], drops[-small:]
        load = os.getloadavg()[0]
        with running(stand, lambda told: console.print(f"[dim]{told}")) as up:
            parties = {drop.login: SftpParty(stand.ports["sftp"], drop.login, stand.secrets[drop.login], up.sftp_host_key)
                       for drop in drops}  # fmt: skip
            for drop in idle:
                _drop(parties, drop)
                _await(stand, up, [drop])
            for drop in queue:
                _drop(parties, drop)
            for drop in behind:
                _drop(parties, drop)
                time.sleep(1.0)
            _await(stand, up, [*queue, *behind])
            for party in parties.values():
                party.close()
            _show(console, stand, {"idle stand, small": idle, f"{others} others": queue, "small behind them": behind}, load)


def _sizes(count: int) -> list[int]:
    return [SMALL[number % len(SMALL)] for number in range(count)]


def _packages(stand: Stand, sizes: Sequence[int]) -> list[Drop]:
    profile = region.load(stand.settings.region_dir)
    logins = {organisation.code: organisation.login for organisation in profile.organisations}
    drops = []
    for number, cases in enumerate(sizes):
        sender, payer = SENDERS[number % len(SENDERS)]
        register = generate_register(profile, sender, payer, PERIOD, cases, SEED, number=number + 1)
        drops.append(Drop(logins[sender], *package(register), cases))
    return drops


def _drop(parties: dict[str, SftpParty], drop: Drop) -> None:
    parties[drop.login].drop(drop.name, drop.content)
    drop.dropped = time.time()


def _await(stand: Stand, up: Running, drops: Iterable[Drop]) -> None:
    """Wait for the answers; the last change of the answer's entry is its rename into place."""
    left = list(drops)
    deadline = time.monotonic() + PATIENCE
    while left:
        up.check()
        if time.monotonic() > deadline:
            raise SystemExit(f"no answer to {len(left)} packages in {PATIENCE:.0f} s, such as {left[0].name}")
        for drop in left:
            answer = stand.sftp_root / "homes" / drop.login / "out" / f"{answer_stem(drop.name)}.XLSX"
            if answer.exists():
                drop.answered = answer.stat().st_ctime
        left = [drop for drop in left if not drop.answered]
        time.sleep(0.2)


def _show(console: Console, stand: Stand, groups: dict[str, list[Drop]], load: float) -> None:
    with database.transaction(stand.database_url) as connection:
        journal = {row.name: row for row in connection.execute(text(STAGES))}
    title = f"Seconds from in/ to out/: median / p95 (wanted <= 15 / 30 behind others); load before the run {load:.1f}"
    table = Table("packages", "count", "whole way", "drop → journal", "journal → answer", "answer → out/", title=title)
    for name, drops in groups.items():
        rows = [journal[drop.name] for drop in drops]
        taken = [float(row.received) - drop.dropped for row, drop in zip(rows, drops, strict=True)]
        judged = [float(row.answered - row.received) for row in rows]
        sent = [drop.answered - float(row.answered) for row, drop in zip(rows, drops, strict=True)]
        whole = [drop.seconds for drop in drops]
        table.add_row(name, str(len(drops)), *map(_figures, (whole, taken, judged, sent)))
    console.print(table)


def _figures(seconds: list[float]) -> str:
    if len(seconds) < 2:
        return f"{seconds[0]:.1f}" if seconds else "—"
    return f"{statistics.median(seconds):.1f} / {statistics.quantiles(seconds, n=20, method='inclusive')[-1]:.1f}"

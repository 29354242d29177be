"""At least once in, exactly once in effect: killed at every step boundary, doubled, concurrent."""

from __future__ import annotations

import os
import signal
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from pipelines.demo.servers.postgres import Postgres
from pipelines.ground import database as db
from pipelines.synthetic.identification import generate_identification
from pipelines.synthetic.packages import package
from pipelines.synthetic.registers import generate_register
from tests.databases import fresh
from tests.exchange.world import REGION, World

PERIOD = date(2026, 10, 1)
KILLS_OF_A_STEP_OUTSIDE_PACKAGES = 3


def noon() -> datetime:
    """One time of receipt for all runs: answers carry it."""
    return datetime(2026, 11, 20, 9, 0, tzinfo=UTC)


def traffic() -> list[tuple[str, str, bytes]]:
    """Packages of five organisations: good, partly faulty, refused, unreadable, DBF; one twice."""
    good = package(generate_register(REGION, "980001", "98001", PERIOD, 12, 1))
    faulty = package(generate_register(REGION, "980003", "98001", PERIOD, 20, 2, {"profil": 0.2, "sumv": 0.1}))
    refused = package(generate_register(REGION, "980004", "98002", PERIOD, 8, 3, {"summav": 1.0}))
    request = generate_identification(REGION, "980006", date(2026, 11, 2), 15, 4)
    return [
        ("980001", *good),
        ("980003", *faulty),
        ("980004", *refused),
        ("980005", "HM980005S98001_26101.ZIP", b"not an archive"),
        ("980005", "что-то непонятное.doc", b"letter"),
        ("980006", *request),
    ]


def forked(action: Callable[[], None]) -> int:
    """Run in a child process made by fork; returns its exit status (negative signal when killed)."""
    db.engine.cache_clear()
    child = os.fork()
    if child == 0:
        status = 1
        try:
            action()
            status = 0
        finally:
            os._exit(status)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


@pytest.fixture
def undisturbed(postgres: Postgres, tmp_path: Path) -> Iterator[dict[str, list[str]]]:
    """Snapshot of a run in which nothing went wrong."""
    with fresh(postgres) as url:
        world = World(url, tmp_path / "undisturbed", noon).set_up()
        for organisation, name, content in traffic():
            world.drop(organisation, name, content)
        world.run()
        yield world.snapshot()


def test_the_undisturbed_run_is_worth_comparing_with(undisturbed: dict[str, list[str]]) -> None:
    assert len(undisturbed["exchange.package"]) == 6
    assert len(undisturbed["pump.h_zap"]) > 20
    assert len(undisturbed["exchange.finding"]) > 5
    assert len(undisturbed["out"]) >= 12
    assert undisturbed["in"] == []


@pytest.mark.parametrize("together", [False, True])
def test_killed_at_every_step_boundary(
    database: str, tmp_path: Path, undisturbed: dict[str, list[str]], together: bool
) -> None:
    world = World(database, tmp_path / "killed", noon).set_up()
    for organisation, name, content in traffic():
        world.drop(organisation, name, content)
    killed: Counter[tuple[int, str]] = Counter()
    log = tmp_path / "kills"
    while (status := forked(lambda: _run_until_killed(world, killed, log, together))) != 0:
        assert status == -signal.SIGKILL
        number, name = log.read_text().split(" ", 1)
        killed[int(number), name] += 1
        assert sum(killed.values()) < 500, "a run makes no progress"
    print(f"\nkilled {sum(killed.values())} times at {len(killed)} boundaries")
    assert sum(killed.values()) >= 50, killed
    assert any(name.startswith("bulk") for _, name in killed) is together
    world.let_leases_end()
    world.exchange().deliver()
    found = world.snapshot()
    differing = {name: set(found[name]) ^ set(undisturbed[name]) for name in found if found[name] != undisturbed[name]}
    assert differing == {}


def _run_until_killed(world: World, killed: Counter[tuple[int, str]], log: Path, together: bool) -> None:
    """Run everything, but die at the first boundary where no run has died yet."""
    current = [0]

    def step(name: str) -> None:
        most = 1 if current[0] else KILLS_OF_A_STEP_OUTSIDE_PACKAGES
        if killed[current[0], name] < most:
            log.write_text(f"{current[0]} {name}")
            os.kill(os.getpid(), signal.SIGKILL)

    world.run(world.exchange(step), lambda package: current.__setitem__(0, package), together=together)


def test_two_processes_at_once(database: str, tmp_path: Path, undisturbed: dict[str, list[str]]) -> None:
    world = World(database, tmp_path / "double", noon).set_up()
    for organisation, name, content in traffic():
        world.drop(organisation, name, content)
    db.engine.cache_clear()
    children = []
    for _ in range(3):
        child = os.fork()
        if child == 0:
            try:
                world.run()
            finally:
                os._exit(0)
        children.append(child)
    for child in children:
        os.waitpid(child, 0)
    world.run()
    found = world.snapshot()
    assert found["out"] == undisturbed["out"]
    assert {name: len(rows) for name, rows in found.items()} == {name: len(rows) for name, rows in undisturbed.items()}

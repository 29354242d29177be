"""Packages prepared many at a time end as they would alone, and what is wrong with one of them stays with it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from pipelines.demo.servers.postgres import Postgres
from pipelines.exchange import bulk, control
from pipelines.exchange.kinds import Opened
from pipelines.exchange.model import Result
from pipelines.ground import database as db
from pipelines.nsi import store_edition
from pipelines.synthetic.identification import generate_identification
from pipelines.synthetic.packages import package
from pipelines.synthetic.registers import generate_register
from tests.databases import fresh
from tests.exchange.world import REGION, World

PERIOD = date(2026, 10, 1)


def noon() -> datetime:
    """One time of receipt for all runs: answers carry it."""
    return datetime(2026, 11, 20, 9, 0, tzinfo=UTC)


def made(organisation: str, number: int, kind: str = "H", **faults: float) -> tuple[str, str, bytes]:
    return (
        organisation,
        *package(generate_register(REGION, organisation, "98001", PERIOD, 15, 3, faults, kind=kind, number=number)),
    )


def traffic() -> list[tuple[str, str, bytes]]:
    """Good and faulty packages of all kinds, some of them twice, some unreadable."""
    old = generate_register(REGION, "980004", "98001", date(2026, 9, 1), 15, 3, {"profil": 0.1})
    return [
        made("980001", 1),
        made("980001", 2, sumv=0.2, n_zap=0.1, snils=0.1, unknown=0.1),
        made("980003", 1, kd=0.2, february=0.1, person=0.1),
        ("980004", *package(old)),
        made("980004", 2, summav=1),
        made("980006", 1, "C"),
        made("980006", 2, "C", profil=0.2, sod=0.1),
        made("980001", 3, "T", tal_d=0.2),
        made("980001", 4, "T"),
        made("980003", 5, "X", naz_r=0.1, order=0.1),
        made("980002", 6, "X", sd_z=1),
        ("980005", "HM980005S98001_26101.ZIP", b"not an archive"),
        ("980006", *generate_identification(REGION, "980006", date(2026, 11, 2), 15, 4)),
        ("980003", *generate_identification(REGION, "980003", date(2026, 11, 2), 15, 4)),
    ]


@pytest.fixture
def two_worlds(postgres: Postgres, tmp_path: Path) -> Iterator[Callable[[str], World]]:
    """Makes worlds with databases of their own."""
    with ExitStack() as databases:
        yield lambda name: World(databases.enter_context(fresh(postgres)), tmp_path / name, noon).set_up()


def drop(world: World, packages: list[tuple[str, str, bytes]]) -> None:
    for organisation, name, content in packages:
        world.drop(organisation, name, content)


def test_together_as_alone(two_worlds: Callable[[str], World], monkeypatch: pytest.MonkeyPatch) -> None:
    alone, together = two_worlds("alone"), two_worlds("together")
    packages = traffic()
    drop(alone, packages)
    alone.run()
    runs: list[int] = []

    def counted(opened: object, *arguments: object) -> object:
        runs.append(len(opened))  # type: ignore[arg-type]
        return run_bulk(opened, *arguments)  # type: ignore[arg-type]

    run_bulk = bulk.run_bulk
    monkeypatch.setattr(bulk, "run_bulk", counted)
    monkeypatch.setattr(control, "run", lambda *_: pytest.fail("suites were run again"))
    drop(together, packages)
    together.run(together.exchange(), together=True)
    assert sorted(runs) == [2, 2, 2, 2, 5]
    expected, found = alone.snapshot(), together.snapshot()
    assert len(expected["exchange.finding"]) > 20
    assert {name: rows for name, rows in found.items() if rows != expected[name]} == {}


def test_a_new_edition_between_preparation_and_transaction_holds(two_worlds: Callable[[str], World]) -> None:
    world = two_worlds("edition")
    drop(world, [made("980001", 1), made("980001", 2)])
    exchange = world.exchange()
    world.receive(exchange)
    first, second = exchange.pending("pump")
    ahead = exchange.bulk([first, second])
    assert exchange.process(first, ahead.take(first)).result is Result.ACCEPTED
    with db.transaction(world.url) as connection:
        store_edition(connection, "V002", [{"IDPR": "999", "DATEBEG": "2011-01-01", "DATEEND": None}])
    prepared = ahead.take(second)
    assert prepared is not None
    assert prepared.ahead is not None
    assert exchange.process(second, prepared).result is Result.REJECTED


def test_what_was_prepared_of_another_package_is_not_used(two_worlds: Callable[[str], World]) -> None:
    world = two_worlds("other")
    drop(world, [made("980001", 1), made("980003", 1, summav=1)])
    exchange = world.exchange()
    world.receive(exchange)
    first, second = exchange.pending("pump")
    ahead = exchange.bulk([first, second])
    good, faulty = ahead.take(first), ahead.take(second)
    assert good is not None
    assert faulty is not None
    assert [exchange.process(first, faulty).result, exchange.process(second, good).result] == [
        Result.ACCEPTED,
        Result.REJECTED,
    ]


def test_a_package_that_breaks_the_preparation_hurts_no_other(
    two_worlds: Callable[[str], World], monkeypatch: pytest.MonkeyPatch
) -> None:
    world = two_worlds("broken")
    drop(world, [made("980001", number) for number in (1, 2, 3)])
    opening = bulk.open_package

    def breaks(package, *arguments):  # type: ignore[no-untyped-def]
        if package.name.startswith("HM980001S98001_26102"):
            raise MemoryError
        return opening(package, *arguments)

    monkeypatch.setattr(bulk, "open_package", breaks)
    outcomes = world.run(together=True)
    assert [outcome.result for outcome in outcomes] == [Result.ACCEPTED] * 3


def test_suites_that_fail_over_many_are_run_for_each(
    two_worlds: Callable[[str], World], monkeypatch: pytest.MonkeyPatch
) -> None:
    world = two_worlds("suites")
    drop(world, [made("980001", number) for number in (1, 2)])

    def breaks(*_: object) -> None:
        raise ArithmeticError

    monkeypatch.setattr(bulk, "run_bulk", breaks)
    assert [outcome.result for outcome in world.run(together=True)] == [Result.ACCEPTED] * 2


def test_packages_of_a_run_that_died_in_preparation_are_done_alone(two_worlds: Callable[[str], World]) -> None:
    world = two_worlds("died")
    drop(world, [made("980001", number) for number in (1, 2)])

    def dies(name: str) -> None:
        if name == "bulk opened":
            raise KeyboardInterrupt

    with suppress(KeyboardInterrupt):
        world.run(world.exchange(dies), together=True)
    exchange = world.exchange()
    pending = exchange.pending("pump")
    ahead = exchange.bulk(pending)
    assert [ahead.take(package_id) for package_id in pending] == [None, None]
    assert [exchange.process(package_id).result for package_id in pending] == [Result.ACCEPTED] * 2


def test_a_bulk_ends_where_it_is_full(two_worlds: Callable[[str], World], monkeypatch: pytest.MonkeyPatch) -> None:
    world = two_worlds("full")
    drop(world, [made("980001", number) for number in range(1, 6)])
    exchange = world.exchange()
    world.receive(exchange)
    pending = exchange.pending("pump")
    monkeypatch.setattr(bulk, "BULK", 1)
    ahead = exchange.bulk(pending)
    held = []
    for package_id in pending:
        prepared = ahead.take(package_id)
        assert prepared is not None
        held.append(len(ahead.ready))
    assert held == [0, 0, 0, 0, 0]
    monkeypatch.setattr(bulk, "SMALL", 100)
    drop(world, [made("980003", 1)])
    world.receive(exchange)
    large = list(exchange.pending("pump"))[-1]
    assert exchange.bulk([large]).take(large) is None


def test_terms_differ_by_day_suite_and_edition(two_worlds: Callable[[str], World]) -> None:
    world = two_worlds("terms")
    exchange = world.exchange()
    drop(world, [made("980001", 1)])
    world.receive(exchange)
    (package_id,) = exchange.pending("pump")
    prepared = exchange.bulk([package_id]).take(package_id)
    assert prepared is not None
    opened: Opened = prepared.opened
    with db.transaction(world.url) as connection:
        dictionaries = exchange.processor.dictionaries(connection)
        kind = exchange.catalogue.by_code["PUMP_H"]
        one = control.terms(connection, kind, opened, dictionaries)
        assert one.same(control.terms(connection, kind, opened, exchange.processor.dictionaries(connection)))
    assert not one.same(replace(one, on=date(2026, 9, 1)))
    assert not one.same(replace(one, today=date(2026, 9, 1)))
    assert not one.same(replace(one, suites={**one.suites, "L": list(one.suites["L"])}))
    assert not one.same(replace(one, dictionaries=type(dictionaries)([])))

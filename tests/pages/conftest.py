"""A world with the packages of a few days' traffic, and the pages over it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from pipelines.demo.servers.postgres import Postgres
from pipelines.erz import load_persons
from pipelines.ground import database as db
from pipelines.synthetic.identification import generate_persons
from pipelines.synthetic.traffic import demo_traffic
from tests.databases import MIGRATED, fresh
from tests.exchange.world import REGION, World
from tests.pages.site import Pages, pages_of
from tests.pump.closing.closed import PERIOD, closed, received, registers_of

NAME = "pages_traffic"
"""One for the whole process: Airflow's plugin keeps the exchange that its pages were first opened with."""


@pytest.fixture(scope="session")
def pages(postgres: Postgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pages]:
    """The pages over the demo's traffic through folders: every kind of package, all results."""
    url = postgres.create_database(NAME, template=MIGRATED)
    world = World(url, tmp_path_factory.mktemp("pages")).set_up()
    with db.transaction(url) as connection:
        load_persons(connection, generate_persons(REGION))
    shipments = [one for one in demo_traffic(REGION, 7, date(2026, 10, 1)) if one.attach and "@" not in one.sender]
    for first in (True, False):
        for shipment in shipments:
            if (shipment.after is None) is first and shipment.upload == "whole":
                world.drop(shipment.sender, shipment.name, shipment.content)
        world.run(together=True)
    yield pages_of(world)
    db.engine(url).dispose()
    postgres.drop_database(NAME)


@pytest.fixture(scope="session")
def month(postgres: Postgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Pages, int]]:
    """The pages over a delivered month with paid and refused cases, and the number of its closing."""
    with fresh(postgres) as url:
        sent = (("H", "980001", "98001", 60), ("H", "980007", "98002", 40))
        world = received(url, tmp_path_factory.mktemp("months"), registers_of(PERIOD, 5, sent))
        _, number = closed(world)
        yield pages_of(world), number


@pytest.fixture
def empty(database: str, tmp_path: Path) -> Pages:
    """The pages over a world in which nothing has come yet."""
    return pages_of(World(database, tmp_path).set_up())

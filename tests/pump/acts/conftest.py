"""A paid month, made once; every test has a copy of it."""

from __future__ import annotations

import secrets
from collections.abc import Iterator

import pytest

from pipelines.demo.servers.postgres import Postgres
from pipelines.ground import database as db
from tests.exchange.world import World
from tests.pump.acts.made import noon, paid_world


@pytest.fixture(scope="session")
def paid(postgres: Postgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    name = f"paid_{secrets.token_hex(6)}"
    url = postgres.create_database(name, template="template_oms")
    world = paid_world(url, tmp_path_factory.mktemp("paid"))
    db.engine(url).dispose()
    yield world
    postgres.drop_database(name)


@pytest.fixture
def world(paid: World, postgres: Postgres) -> Iterator[World]:
    """The paid month; folders and store are common, so answers of other tests lie in ``out``."""
    name = f"acts_{secrets.token_hex(6)}"
    url = postgres.create_database(name, template=paid.url.rpartition("/")[2])
    yield World(url, paid.root, noon)
    db.engine(url).dispose()
    postgres.drop_database(name)

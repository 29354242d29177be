"""A paid month, made once; every test has a copy of it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from pipelines.demo.servers.postgres import Postgres
from tests.databases import fresh
from tests.exchange.world import World
from tests.pump.acts.made import noon, paid_world


@pytest.fixture(scope="session")
def paid(postgres: Postgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with fresh(postgres) as url:
        yield paid_world(url, tmp_path_factory.mktemp("paid"))


@pytest.fixture
def world(paid: World, postgres: Postgres) -> Iterator[World]:
    """The paid month; folders and store are common, so answers of other tests lie in ``out``."""
    with fresh(postgres, paid.url) as url:
        yield World(url, paid.root, noon)

"""A loaded case back in the bytes that arrived: the very element, whatever row of the table it became."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest
from sqlalchemy import text

from pipelines.exchange.places import NoPlace, Place, place
from pipelines.ground import database as db
from pipelines.ground.store import digest
from pipelines.synthetic.packages import package
from tests.exchange.world import World
from tests.synthetic.world import register

REGISTER = register(cases=20)


@pytest.fixture(scope="module")
def world(module_database: str, tmp_path_factory: pytest.TempPathFactory) -> World:
    world = World(module_database, tmp_path_factory.mktemp("places")).set_up()
    world.drop("980001", *package(REGISTER))
    world.run()
    return world


def place_of(world: World, number: int, row: int) -> Place:
    exchange = world.exchange()
    limits = exchange.processor.rules.limits
    with db.transaction(world.url) as connection:
        return place(connection, exchange.store, exchange.catalogue, limits, number, row)


def test_every_case_is_found_where_it_stands(world: World) -> None:
    name, packed = package(REGISTER)
    member = name.replace(".zip", ".xml")
    content = zipfile.ZipFile(io.BytesIO(packed)).read(member)
    cases = world.rows("select row, idcase, n_zap from pump.h_zap order by row")
    assert len(cases) == 20
    for case in cases:
        found = place_of(world, 1, case["row"])
        element = content[found.offset : found.offset + found.length]
        assert element.startswith(b"<ZAP>")
        assert element.endswith(b"</ZAP>")
        assert element.count(b"<ZAP>") == 1
        assert f"<IDCASE>{case['idcase']}</IDCASE>".encode() in element
        assert (found.member, found.sha256, found.element_sha256) == (member, digest(content), digest(element))
        assert found.path == f"ZL_LIST/ZAP[{case['row'] + 1}]"


def test_what_has_no_place(world: World) -> None:
    with pytest.raises(NoPlace, match="в журнале нет"):
        place_of(world, 99, 0)
    for row in (-1, 20):
        with pytest.raises(NoPlace, match="в файле пакета № 1 нет"):
            place_of(world, 1, row)


def test_a_purged_package_has_none(world: World, tmp_path: Path) -> None:
    with db.transaction(world.url) as connection:
        connection.execute(text("update exchange.package set purged_at = now() where id = 1"))
    with pytest.raises(NoPlace, match="срок хранения"):
        place_of(world, 1, 0)

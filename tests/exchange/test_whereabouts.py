"""Files that somebody holds: issued, received, changed, unknown; names alone decide nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.exchange import manual
from pipelines.exchange.whereabouts import Whereabouts, begins, find
from pipelines.ground import database as db
from pipelines.ground.store import digest
from pipelines.synthetic.packages import package
from tests.exchange.world import World
from tests.synthetic.world import register


@pytest.fixture
def world(database: str, tmp_path: Path) -> World:
    world = World(database, tmp_path).set_up()
    world.drop("980001", *package(register(cases=3)))
    world.run()
    return world


def asked(world: World, name: str, content: bytes, role: str | None = None, organisation: str | None = None) -> Whereabouts:
    with db.transaction(world.url, role, organisation) as connection:
        return find(connection, name, digest(content), len(content))


def test_answers_are_ours(world: World) -> None:
    for name, content in world.answers("980001").items():
        found = asked(world, "C:\\Users\\x\\" + name, content)
        (known,) = found.same
        assert (known.role, known.name, known.package, found.name) == ("sent", name, 1, name)
        assert known.at is not None


def test_an_answer_that_is_to_go_out_again_was_issued_before(world: World) -> None:
    name, content = next(iter(world.answers("980001").items()))
    (before,) = asked(world, name, content).same
    with db.transaction(world.url) as connection:
        manual.resend(connection, 1, "Иванова", "потеряли")
    (known,) = asked(world, name, content).same
    assert known.at is not None
    assert before.at is not None
    assert known.at.date() == before.at.date()


def test_packages_and_their_files_were_received(world: World) -> None:
    name, content = package(register(cases=3))
    (known,) = asked(world, "renamed.zip", content).same
    assert (known.role, known.name, known.channel) == ("package", name, "folder")
    from pipelines.synthetic.packages import files

    for member, bytes_ in files(register(cases=3)).items():
        (known,) = asked(world, member, bytes_).same
        assert (known.role, known.name) == ("member", member)


def test_a_changed_file_is_not_ours(world: World) -> None:
    name, content = next(iter(world.answers("980001").items()))
    found = asked(world, name.lower(), content + b" ")
    assert not found.same
    assert [(known.name, known.sha256) for known in found.named] == [(name, digest(content))]


def test_names_that_begin_alike(world: World) -> None:
    name = next(iter(world.answers("980001")))
    found = asked(world, name.rpartition(".")[0] + ".PDF", b"x")
    assert {known.name for known in found.like} == set(world.answers("980001"))
    assert not asked(world, "V%_M.xml", b"x").like
    assert not asked(world, "V.xml", b"x").like


def test_organisations_know_their_own_files_only(world: World) -> None:
    name, content = next(iter(world.answers("980001").items()))
    assert asked(world, name, content, "oms_organisation", "980001").same
    other = asked(world, name, content, "oms_organisation", "980002")
    assert not (*other.same, *other.named, *other.like)


def test_signs_of_patterns_stand_for_themselves() -> None:
    assert begins("a%b_c\\") == "a\\%b\\_c\\\\%"

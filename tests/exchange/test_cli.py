"""The command line of what people ask for packages: the same functions as the pages, their words and codes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from pipelines.__main__ import app
from tests.exchange.world import World

NAME = "HM980001S98001_26101.zip"


@pytest.fixture
def world(database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    world = World(database, tmp_path).set_up()
    world.drop("980001", NAME, b"no archive")
    world.run()
    monkeypatch.setenv("OMS_DATABASE_URL", database)
    monkeypatch.setenv("OMS_STORE_URL", (tmp_path / "store").as_uri())
    return world


def run(*words: str) -> Result:
    return CliRunner().invoke(app, words)


def test_status_and_package(world: World) -> None:
    (line,) = json.loads(run("status", "--json").stdout)
    assert (line["state"], line["result"], line["packages"]) == ("ANSWERED", "REJECTED", 1)
    assert NAME in run("package", NAME).stdout
    assert run("package", "nothing").exit_code == 1


def test_resend_is_noted_and_sent(world: World) -> None:
    before = world.answers("980001")
    done = run("resend", "1", "--reason", "потеряли", "--by", "Иванова", "--json")
    assert (done.exit_code, json.loads(done.stdout)) == (0, {"package": 1, "files": 2})
    assert world.exchange().deliver().sent == 2
    assert world.answers("980001") == before
    (event,) = world.rows("select actor, details from exchange.event where name = 'RESENT'")
    assert (event["actor"], event["details"]["reason"]) == ("Иванова", "потеряли")


def test_what_is_refused_ends_with_one(world: World) -> None:
    for words, said in (
        (("again", "1", "--reason", "x"), "уже дан ответ"),
        (("resend", "9", "--reason", "x"), "в журнале нет"),
        (("resend", "1", "--reason", " "), "причина"),
    ):
        done = run(*words)
        assert done.exit_code == 1
        assert said in done.stderr
    assert run("resend", "1").exit_code == 2


def test_verify_says_and_notes(world: World) -> None:
    done = run("verify", "--json")
    found = json.loads(done.stdout)
    assert (done.exit_code, found["packages"], found["problems"]) == (0, 1, [])
    assert not world.rows("select from exchange.event where name = 'VERIFIED'")
    assert "расхождений 0" in run("exchange", "verify", "--by", "Петрова").stdout
    (event,) = world.rows("select actor from exchange.event where name = 'VERIFIED'")
    assert event["actor"] == "Петрова"


def test_whose_file(world: World, tmp_path: Path) -> None:
    name, content = next(iter(world.answers("980001").items()))
    path = tmp_path / name
    path.write_bytes(content)
    done = run("file", str(path))
    assert done.exit_code == 0
    assert "без изменений" in done.stdout
    assert f"выдан нами {name}" in done.stdout
    path.write_bytes(content + b"x")
    assert "отличается" in run("file", str(path)).stdout
    (tmp_path / "other.bin").write_bytes(b"x")
    done = run("file", str(tmp_path / "other.bin"), "--json")
    assert done.exit_code == 1
    assert json.loads(done.stdout)["same"] == []

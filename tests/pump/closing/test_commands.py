"""Closings on the command line: close, decide, replay, list; and verification, which finds what was changed behind it."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from click.testing import Result
from sqlalchemy import text
from typer.testing import CliRunner

from pipelines.__main__ import app
from pipelines.ground import database as db
from tests.exchange.world import World
from tests.pump.closing.closed import PERIOD, received, registers_of

Run = Callable[..., Result]


@pytest.fixture(scope="module")
def world(module_database: str, tmp_path_factory: pytest.TempPathFactory) -> World:
    return received(
        module_database, tmp_path_factory.mktemp("commands"), registers_of(PERIOD, 5, (("H", "980007", "98002", 40),))
    )


@pytest.fixture
def run(world: World, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setenv("OMS_DATABASE_URL", world.url)
    monkeypatch.setenv("OMS_STORE_URL", (world.root / "store").as_uri())
    monkeypatch.setenv("COLUMNS", "220")
    return lambda *words: CliRunner().invoke(app, list(words))


def test_a_month_is_closed_decided_and_replayed(world: World, run: Run) -> None:
    assert run("pump", "close", "август").exit_code == 1
    refused = run("pump", "close", "2026-01")
    assert (refused.exit_code, "нет принятых реестров" in refused.output) == (1, True)
    closed = run("pump", "close", f"{PERIOD:%Y-%m}")
    assert closed.exit_code == 0, closed.output
    assert "К оплате" in closed.output
    (row,) = world.rows("select id, state from pump.closing")
    number = str(row["id"])
    assert row["state"] == "PACKED"
    told = run("pump", "decide", number, "--who", "бухгалтер", "--reason", "сверено")
    files = world.rows("select count(*) n from exchange.outgoing where package is null")[0]["n"]
    assert told.output.strip() == f"Утверждено, файлов к отправке: {files}"
    again = run("pump", "decide", number, "--who", "бухгалтер", "--reason", "передумал", "--reject")
    assert (again.exit_code, "не принимается" in again.output) == (1, True)
    replayed = json.loads(run("pump", "replay", number, "--json").output)
    assert (replayed["cases"], replayed["differences"]) == (40, [])
    (listed,) = json.loads(run("pump", "closings", "--json").output)
    assert (listed["state"], listed["decided_by"], listed["cases"]) == ("DELIVERED", "бухгалтер", 40)
    assert "документы отправлены" in " ".join(run("pump", "closings").output.split())


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ("update pump.hit set detail = detail || '.' where ordinal = 1", "решения по случаям изменены"),
        ("update pump.line set payable = payable + 1, advance = advance - 1 where advance > 0", "взаиморасчёты изменены"),
        ("delete from pump.document where ordinal = 2", "перечень документов изменён"),
    ],
)
def test_verification_finds_what_was_changed(world: World, run: Run, change: str, told: str) -> None:
    if not world.rows("select 1 from pump.closing"):
        assert run("pump", "close", f"{PERIOD:%Y-%m}").exit_code == 0
    assert json.loads(run("verify", "--json").stdout)["problems"] == []
    with db.engine(world.url).connect() as connection:
        kept = {
            name: connection.execute(text(f"select * from pump.{name}")).mappings().all()
            for name in ("hit", "line", "document")
        }
        connection.execute(text(change))
        connection.commit()
        found = run("verify", "--json")
        for name, rows in kept.items():
            connection.execute(text(f"delete from pump.{name}"))
            columns = ", ".join(f'"{column}"' for column in rows[0])
            values = ", ".join(f":{column}" for column in rows[0])
            connection.execute(text(f"insert into pump.{name} ({columns}) values ({values})"), [dict(row) for row in rows])
        connection.commit()
    assert found.exit_code == 1
    assert [problem["text"] for problem in json.loads(found.stdout)["problems"]] == [told]

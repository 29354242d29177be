"""Editions at the command line: compare, list, enable, withdraw."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from pipelines.checks.cli import app
from tests.exchange.world import World
from tests.reference.packets import packet, rule

NSI = "98"
OLDER = packet("FLK_MPF", "5.1", "18.02.2026", [rule("003F.00.9000"), rule("003F.00.9010"), rule("003F.00.9020")])
NEWER = packet(
    "FLK_MPF",
    "5.2",
    "01.03.2026",
    [rule("003F.00.9000", DATEEND="31.12.2025"), rule("003F.00.9010", kinds="C,H"), rule("003F.00.9030")],
)


def call(url: str, *words: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, list(words), env={"COLUMNS": "200", "OMS_DATABASE_URL": url})
    return result.exit_code, result.output


@pytest.fixture
def files(tmp_path: Path) -> list[str]:
    for name, content in (("Q015.xml", OLDER), ("Q015_5.2.xml", NEWER)):
        (tmp_path / name).write_bytes(content)
    return [str(tmp_path / name) for name in ("Q015.xml", "Q015_5.2.xml")]


def test_diff_of_files_names_rules_and_fields(files: list[str]) -> None:
    code, output = call("", "diff", *files, "--json")
    assert code == 0
    changes = {change["rule"]: (change["change"], change["fields"]) for change in json.loads(output)}
    assert changes["003F.00.9000"] == ("closed", [["DATEEND", "", "2025-12-31"]])
    assert changes["003F.00.9010"] == ("changed", [["TYPE_D", "H", "C,H"]])
    assert (changes["003F.00.9020"][0], changes["003F.00.9030"][0]) == ("gone", "new")
    code, output = call("", "diff", *files)
    assert "Правил: новое 1, изменено 1, закрыто 1, исключено 1" in output


def test_several_packets_are_compiled_into_one_set_by_dates(files: list[str], tmp_path: Path) -> None:
    assert call("", "compile", *files, "--folder", str(tmp_path))[0] == 0
    suite = json.loads((tmp_path / "pump" / "H_SL.json").read_text())
    told = {(row["meta"]["rule"], row["meta"]["edition"], row["meta"]["until"]) for row in suite["expectations"]}
    assert told == {
        ("003F.00.9000", "5.2", "2025-12-31"),
        ("003F.00.9010", "5.2", None),
        ("003F.00.9020", "5.1", None),
        ("003F.00.9030", "5.2", None),
    }
    assert (tmp_path / "pump" / "C_SL.json").exists()


def test_editions_are_listed_compared_enabled_and_withdrawn(database: str, tmp_path: Path, files: list[str]) -> None:
    world = World(database, tmp_path).set_up()
    for content in (OLDER, NEWER):
        world.drop(NSI, "Q015.xml", content)
        world.run()
    assert len(json.loads(call(database, "diff", "1", "2", "--json")[1])) == 4
    assert len(json.loads(call(database, "diff", files[0], "1", "--json")[1])) == 0
    code, output = call(database, "enable", "2", "--since", "2026-10-01", "--reason", "письмо № 5", "--by", "Петрова")
    assert (code, output.strip()) == (0, "Q015 5.2 от 01.03.2026: действует с 01.10.2026")
    code, output = call(database, "editions")
    assert "введена" in output
    assert "письмо № 5" in output
    kept = json.loads(call(database, "editions", "--json")[1])
    assert [(row["state"], row["enabled_from"], row["decided_by"]) for row in kept] == [
        ("proposed", None, None),
        ("enabled", "2026-10-01", "Петрова"),
    ]
    assert call(database, "withdraw", "2", "--reason", "ошибка")[0] == 0
    assert json.loads(call(database, "editions", "--json")[1])[1]["state"] == "withdrawn"
    code, output = call(database, "enable", "7", "--since", "2026-10-01", "--reason", "нет такой")
    assert code == 2
    assert "редакции № 7 нет" in output

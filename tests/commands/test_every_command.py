"""Every command: help in Russian with the exit codes, JSON alone on stdout, progress on a terminal only."""

from __future__ import annotations

import json
import os
import pty
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner, Result

from pipelines.__main__ import app
from pipelines.ground.commands import CODES
from pipelines.ground.settings import ROOT
from pipelines.reference.cli import app as nsi
from tests.checks.test_records import PACKET
from tests.exchange.world import World

NAME = "HM980001S98001_26101.zip"
ENGLISH = re.compile(r"Usage|Options|Arguments|Commands|Show this|\[required\]|\[default|OPTIONS|COMMAND|Error")
WITHOUT_DATA = {("demo", "run"), ("demo", "stop")}
"""Commands that show what happens and end."""
TOP = ("status", "package", "verify", "resend", "explain", "checks", "nsi", "demo", "generate")


def every(command: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    yield path, command
    for name, one in getattr(command, "commands", {}).items():
        yield from every(one, (*path, name))


COMMANDS = dict(every(typer.main.get_command(app)))
DOING = [path for path, command in COMMANDS.items() if not hasattr(command, "commands")]


def run(*words: str) -> Result:
    return CliRunner().invoke(app, words, env={"COLUMNS": "200"})


def test_what_people_ask_most_is_at_the_top() -> None:
    assert {(name,) for name in TOP} <= COMMANDS.keys()
    assert len(DOING) > 25
    assert nsi.info.epilog == CODES


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_help_is_russian_and_names_the_codes(path: tuple[str, ...]) -> None:
    done = run(*path, "--help")
    assert done.exit_code == 0
    assert "Вызов:" in done.output
    assert "Коды возврата: 0" in done.output
    assert not ENGLISH.search(done.output)
    told = COMMANDS[path].help or ""
    assert re.match("[А-ЯЁ]", told), told
    for parameter in COMMANDS[path].params:
        assert re.search("[а-яё]", getattr(parameter, "help", "") or ""), parameter.name


@pytest.mark.parametrize("path", [path for path in DOING if path not in WITHOUT_DATA], ids=" ".join)
def test_every_command_gives_json(path: tuple[str, ...]) -> None:
    assert "--json" in {option for parameter in COMMANDS[path].params for option in parameter.opts}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("stat",), "Нет команды 'stat'. Может быть, 'status'?"),
        (("resend", "1"), "Не указан параметр '--reason'"),
        (("package",), "Не указано: 'ПАКЕТ'"),
        (("verify", "--quick"), "Нет параметра --quick"),
        (("resend", "x", "--reason", "y"), "Неверное значение 'НОМЕР': нужно число"),
        (("checks", "enable", "1", "--since", "5", "--reason", "y"), "'5' – не дата вида '%Y-%m-%d'"),
        (("generate", "register", "--cases", "0"), "Неверное значение '--cases': не меньше 1"),
        (("file", "none.xml"), "нет файла 'none.xml'"),
    ],
)
def test_wrong_calls_are_told_in_russian_and_end_with_two(words: tuple[str, ...], said: str) -> None:
    done = run(*words)
    assert done.exit_code == 2
    assert done.stdout == ""
    assert said in done.stderr


@pytest.fixture(scope="module")
def world(module_database: str, tmp_path_factory: pytest.TempPathFactory) -> World:
    world = World(module_database, tmp_path_factory.mktemp("commands")).set_up()
    world.drop("980001", NAME, b"no archive")
    world.run()
    return world


@pytest.fixture
def files(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Names that stand for files in the calls below; the settings are the world's."""
    monkeypatch.setenv("OMS_DATABASE_URL", world.url)
    monkeypatch.setenv("OMS_STORE_URL", (world.root / "store").as_uri())
    monkeypatch.setenv("OMS_JOURNAL_URL", (world.root / "journal").as_uri())
    (tmp_path / "Q015.xml").write_bytes(PACKET.encode("windows-1251"))
    (tmp_path / "unknown.bin").write_bytes(b"x")
    return {
        "PACKET": str(tmp_path / "Q015.xml"),
        "UNKNOWN": str(tmp_path / "unknown.bin"),
        "OUT": str(tmp_path / "out"),
    }


@pytest.mark.parametrize(
    ("words", "code", "keys"),
    [
        ("status", 0, {"state", "result", "packages", "newest"}),
        (f"package {NAME}", 0, {"id", "name", "events", "documents"}),
        ("exchange package 1", 0, {"id", "name", "events", "documents"}),
        ("verify", 0, {"events", "head", "packages", "problems"}),
        ("file UNKNOWN", 1, {"name", "sha256", "same", "named"}),
        ("resend 1 --reason потеряли", 0, {"package", "files"}),
        ("explain 006F.00.0370", 0, {"Сообщение", "Вид файла"}),
        ("checks explain 006F.00.0370", 0, {"Сообщение", "Вид файла"}),
        ("checks compile PACKET --folder OUT", 0, {"folder", "suites", "checks"}),
        ("checks coverage PACKET", 0, {"dictionary", "rules"}),
        ("checks diff PACKET PACKET", 0, None),
        ("checks editions", 0, None),
        ("checks impact --rule 001F.00.0270 --action off --since 2026-01-01 --months 2", 0, {"brief", "files", "paths"}),
        ("pump closings", 0, None),
        ("nsi list", 0, {"dictionary", "edition", "rows"}),
        ("nsi editions V002", 0, {"edition", "in_force"}),
        ("nsi show V005", 0, {"IDPOL"}),
        ("nsi diff V005", 0, {"key", "change"}),
        ("generate faults", 0, {"name", "rule"}),
        ("generate register --cases 5 --period 2026-10 --fault w=0.5 --out OUT", 0, {"files", "faults"}),
    ],
)
def test_json_is_all_that_is_on_stdout(world: World, files: dict[str, str], words: str, code: int, keys: set[str]) -> None:
    done = run(*(files.get(word, word) for word in words.split()), "--json")
    assert done.exit_code == code, done.output
    found = json.loads(done.stdout)
    if keys is None:
        assert found == []
    else:
        first = found[0] if isinstance(found, list) else found
        assert keys <= first.keys()


REGISTER = [sys.executable, "-m", "pipelines", "generate", "register", "--cases", "20", "--packages", "2", "--json"]


def test_progress_is_on_a_terminal(tmp_path: Path) -> None:
    shown, terminal = pty.openpty()
    environment = os.environ | {"PYTHONPATH": str(ROOT), "TERM": "xterm", "COLUMNS": "100"}
    with subprocess.Popen(
        [*REGISTER, "--out", str(tmp_path)], stdout=subprocess.PIPE, stderr=terminal, env=environment
    ) as process:
        os.close(terminal)
        told = b""
        while True:
            try:
                piece = os.read(shown, 65_536)
            except OSError:  # the other end is closed
                break
            told += piece
            if not piece:
                break
        answer = json.loads(process.communicate()[0])
    os.close(shown)
    assert process.returncode == 0
    assert len(answer["files"]) == 2
    assert "Пакеты" in told.decode()
    assert "1/2" in told.decode()
    assert "2/2" in told.decode()


def test_no_progress_beside_a_file(tmp_path: Path) -> None:
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run([*REGISTER, "--out", str(tmp_path)], capture_output=True, env=environment, check=True)
    assert done.stderr == b""
    assert len(json.loads(done.stdout)["files"]) == 2

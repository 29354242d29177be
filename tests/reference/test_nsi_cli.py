"""НСИ at the command line: what is kept, in force on a day, changed."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from pipelines import nsi
from pipelines.ground.database import transaction
from pipelines.reference.cli import app

FIRST = [
    {"K_KSG": "st01.001", "KOEF_UP": "1.00000", "KUS": "1", "DATEBEG": "2025-01-01", "DATEEND": ""},
    {"K_KSG": "st01.002", "KOEF_UP": "0.90000", "KUS": "0", "DATEBEG": "2025-01-01", "DATEEND": ""},
    {"K_KSG": "st01.003", "KOEF_UP": "0.80000", "KUS": "1", "DATEBEG": "2025-01-01", "DATEEND": ""},
]
SECOND = [
    FIRST[0] | {"DATEEND": "2026-06-30"},
    FIRST[0] | {"KOEF_UP": "1.10000", "DATEBEG": "2026-07-01"},
    FIRST[1] | {"KOEF_UP": "0.95000"},
]


@pytest.fixture
def url(database: str) -> str:
    with transaction(database) as connection:
        nsi.store_edition(connection, "T_KSG", FIRST, source="T_KSG.csv")
        header = {"title": "Абоненты АИС ОМС", "version": "07", "source": "sprabo07.dbf"}
        rows = [{"ABN_NAME": "a.zar.oms", "ABN_TYPE": "0"}]
        nsi.store_edition(connection, "SPRABO", rows, **header, issued=date(2026, 9, 1))
        nsi.store_edition(connection, "T_KSG", SECOND, source="NSI_CSV_2.zip")
    return database


def call(url: str, *words: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, list(words), env={"COLUMNS": "200", "OMS_DATABASE_URL": url})
    return result.exit_code, result.output


def told(url: str, *words: str) -> Any:
    code, output = call(url, *words, "--json")
    assert code == 0, output
    return json.loads(output)


def test_dictionaries_are_listed_with_the_edition_in_force(url: str) -> None:
    rows = told(url, "list")
    assert [(row["dictionary"], row["edition"], row["version"], row["rows"], row["editions"]) for row in rows] == [
        ("SPRABO", 2, "07", 1, 1),
        ("T_KSG", 3, "", 3, 2),
    ]
    output = call(url, "list")[1]
    for text in ("Справочник", "Записей", "Абоненты АИС ОМС", "01.09.2026", "NSI_CSV_2.zip"):
        assert text in output


def test_editions_of_a_dictionary(url: str) -> None:
    rows = told(url, "editions", "t_ksg")
    assert [(row["edition"], row["source"], row["in_force"]) for row in rows] == [
        (1, "T_KSG.csv", False),
        (3, "NSI_CSV_2.zip", True),
    ]
    assert "Действует" in call(url, "editions", "T_KSG")[1]


def test_rows_in_force_on_a_day_with_a_key_of_any_edition(url: str) -> None:
    assert len(told(url, "show", "T_KSG")) == 3
    assert [(row["K_KSG"], row["KOEF_UP"]) for row in told(url, "show", "T_KSG", "--on", "2026-07-01")] == [
        ("st01.001", "1.10000"),
        ("st01.002", "0.95000"),
    ]
    row = {"K_KSG": "st01.001", "KOEF_UP": "1.00000", "KUS": "1", "DATEBEG": "2025-01-01", "DATEEND": "2026-06-30"}
    assert told(url, "show", "T_KSG", "--on", "2026-06-30", "--key", "st01.001") == [row]
    assert told(url, "show", "T_KSG", "--edition", "1", "--key", "st01.003")[0]["KOEF_UP"] == "0.80000"
    assert told(url, "show", "SPRABO", "--key", "a.zar.oms|1") == []
    output = call(url, "show", "T_KSG", "--limit", "1")[1]
    assert "st01.001" in output
    assert "Показано 1 из 3" in output


def test_what_an_edition_changed(url: str) -> None:
    assert told(url, "diff", "T_KSG") == [
        {"key": "st01.001", "change": "closed", "field": "DATEEND", "was": "", "now": "2026-06-30"},
        {"key": "st01.001", "change": "new", "field": "", "was": "", "now": "KUS: 1; DATEBEG: 2026-07-01; KOEF_UP: 1.10000"},
        {"key": "st01.002", "change": "changed", "field": "KOEF_UP", "was": "0.90000", "now": "0.95000"},
        {
            "key": "st01.003",
            "change": "gone",
            "field": "",
            "was": "KUS: 1; DATEBEG: 2025-01-01; KOEF_UP: 0.80000",
            "now": "",
        },
    ]
    assert {row["change"] for row in told(url, "diff", "T_KSG", "3", "1")} == {"changed", "gone", "new"}
    code, output = call(url, "diff", "T_KSG")
    assert (code, "редакция № 1 → редакция № 3. Записей: новая 1, изменена 1, закрыта 1, исключена 1" in output) == (0, True)
    assert "нет прежней редакции" in call(url, "diff", "SPRABO")[1]


@pytest.mark.parametrize(
    ("words", "code", "text"),
    [
        (("show", "NONE"), 1, "Справочника NONE нет"),
        (("editions", "NONE"), 1, "Справочника NONE нет"),
        (("show", "T_KSG", "--edition", "99"), 2, "редакции № 99 нет"),
        (("show", "T_KSG", "--edition", "2"), 2, "справочника SPRABO"),
        (("show", "T_KSG", "--key", "a|b"), 2, "K_KSG"),
        (("show", "T_KSG", "--on", "01.07.2026"), 2, "01.07.2026"),
    ],
)
def test_what_cannot_be_answered_is_said(url: str, words: tuple[str, ...], code: int, text: str) -> None:
    status, output = call(url, *words)
    assert (status, text in output) == (code, True), output


def test_the_command_is_mounted(tmp_path: Path) -> None:
    from pipelines.__main__ import app as whole

    assert CliRunner().invoke(whole, ["nsi", "--help"]).exit_code == 0

"""The command line of the checks."""

from __future__ import annotations

from pathlib import Path

from typer.testing import CliRunner

from pipelines.checks.cli import app
from tests.checks.test_records import PACKET


def call(*words: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, list(words), env={"COLUMNS": "200"})
    return result.exit_code, result.output


def packet(folder: Path) -> str:
    path = folder / "Q015.xml"
    path.write_bytes(PACKET.encode("windows-1251"))
    return str(path)


def test_compile_writes_suites_and_removes_stale_ones(tmp_path: Path) -> None:
    stale = tmp_path / "pump" / "H_GONE.json"
    stale.parent.mkdir()
    stale.write_text("{}")
    code, output = call("compile", packet(tmp_path), "--folder", str(tmp_path))
    assert (code, sorted(path.name for path in stale.parent.iterdir())) == (0, ["H_SCHET.json", "T_SCHET.json"])
    assert "Наборов: 2, проверок: 2" in output


def test_coverage_counts_open_rules_and_gives_reasons(tmp_path: Path) -> None:
    code, output = call("coverage", packet(tmp_path))
    assert code == 0
    assert "004F" in output
    assert "003F" not in output  # its only rule is closed


def test_explain_tells_what_a_rule_does() -> None:
    code, output = call("explain", "006F.00.0370")
    assert code == 0
    assert "sum(SL.SUM_M)" in output
    assert "Q015, редакция 2.2" in output


def test_explain_of_an_unknown_rule_fails() -> None:
    code, output = call("explain", "006F.00.9999")
    assert code == 1
    assert "006F.00.9999" in output


def test_a_file_that_is_no_dictionary_leaves_the_suites_alone(tmp_path: Path) -> None:
    suite = tmp_path / "pump" / "H_ZAP.json"
    suite.parent.mkdir()
    suite.write_text("{}")
    wrong = tmp_path / "Q015.xml"
    wrong.write_text("<ZL_LIST/>")
    code, _ = call("compile", str(wrong), "--folder", str(tmp_path))
    assert code != 0
    assert suite.exists()

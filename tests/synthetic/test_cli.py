"""The generator's command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from pipelines.synthetic.cli import app
from pipelines.synthetic.faults import FAULTS

RUNNER = CliRunner()


def test_packages_and_the_list_of_their_faults_are_written(tmp_path: Path) -> None:
    arguments = ["register", "--organisation", "980003", "--payer", "98002", "--period", "2026-10", "--cases", "60"]
    result = RUNNER.invoke(app, [*arguments, "--packages", "2", "--fault", "sumv=0.05", "--out", str(tmp_path)])
    assert result.exit_code == 0, result.output
    names = sorted(path.name for path in tmp_path.glob("*.zip"))
    assert names == ["HM980003S98002_26101.zip", "HM980003S98002_26102.zip"]
    planted = json.loads((tmp_path / "faults.json").read_text(encoding="utf-8"))
    assert len(planted) == 6
    assert {row["rule"] for row in planted} == {"006F.00.0370"}


def test_traffic_is_written_with_its_inventory(tmp_path: Path) -> None:
    assert RUNNER.invoke(app, ["traffic", "--period", "2026-10", "--out", str(tmp_path)]).exit_code == 0
    rows = json.loads((tmp_path / "traffic.json").read_text(encoding="utf-8"))
    assert len(rows) > 30
    for row in rows:
        assert not row["name"] or (tmp_path / f"{row['number']:02d}" / row["name"]).exists()
        assert "content" not in row


def test_faults_are_listed() -> None:
    output = RUNNER.invoke(app, ["faults"], env={"COLUMNS": "200"}).output
    for name, fault in FAULTS.items():
        assert name in output
        assert fault.rule in output


@pytest.mark.parametrize(
    "arguments",
    [
        ["--organisation", "98001"],
        ["--organisation", "980008", "--period", "2026-10"],
        ["--payer", "45001"],
        ["--period", "октябрь"],
        ["--fault", "sumw=0.1"],
        ["--fault", "sumv=2"],
        ["--fault", "sumv"],
        ["--kind", "T"],
        ["--region", "nowhere"],
    ],
)
def test_wrong_arguments_are_refused(arguments: list[str], tmp_path: Path) -> None:
    result = RUNNER.invoke(app, ["register", "--cases", "5", "--out", str(tmp_path), *arguments])
    assert result.exit_code == 2
    assert not list(tmp_path.iterdir())

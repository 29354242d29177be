"""The generator's command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from pipelines.exchange.model import Result
from pipelines.synthetic import cli
from pipelines.synthetic.cli import app
from pipelines.synthetic.faults import FAULTS
from pipelines.synthetic.traffic import Shipment

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


def test_traffic_is_written_with_its_inventory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shipments = [
        Shipment("Пакет", "980001", "sftp", "H.zip", b"0123456789", Result.ACCEPTED, frozenset({"PKG.040"})),
        Shipment("Обрыв", "980001", "sftp", "H2.zip", b"0123456789", Result.REJECTED, upload="never finishes"),
        Shipment("Письмо", "980002", "mail", "", b"", Result.REJECTED, attach=False),
    ]
    monkeypatch.setattr(cli, "demo_traffic", lambda region, seed, period: shipments)
    assert RUNNER.invoke(app, ["traffic", "--period", "2026-10", "--out", str(tmp_path)]).exit_code == 0
    rows = json.loads((tmp_path / "traffic.json").read_text(encoding="utf-8"))
    assert [(row["number"], row["title"], row["result"]) for row in rows] == [
        (0, "Пакет", "ACCEPTED"),
        (1, "Обрыв", "REJECTED"),
        (2, "Письмо", "REJECTED"),
    ]
    assert rows[0]["rules"] == ["PKG.040"]
    assert "content" not in rows[0]
    assert (tmp_path / "00" / "H.zip").read_bytes() == b"0123456789"
    assert (tmp_path / "01" / "H2.zip").read_bytes() == b"01234"
    assert not (tmp_path / "02").exists()


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
        ["--kind", "R"],
        ["--kind", "T", "--organisation", "980002"],
        ["--kind", "T", "--fault", "profil=0.1", "--fault", "koef_z=0.1"],
        ["--region", "nowhere"],
    ],
)
def test_wrong_arguments_are_refused(arguments: list[str], tmp_path: Path) -> None:
    result = RUNNER.invoke(app, ["register", "--cases", "5", "--out", str(tmp_path), *arguments])
    assert result.exit_code == 2
    assert not list(tmp_path.iterdir())

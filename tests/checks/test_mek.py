"""МЭК by the federal and regional dictionaries: classes, shipped suites, what a region takes over, coverage."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

from pipelines.checks import compiler, mek, records, suites
from pipelines.checks.cli import app
from pipelines.checks.rulebook import RuleBook, shipped
from pipelines.checks.runner import required_dictionaries, run
from pipelines.exchange.region import load as load_region
from pipelines.formats.layout import load
from pipelines.formats.tables import ANOMALIES, Tables
from pipelines.ground.settings import ROOT
from pipelines.nsi import Dictionaries
from pipelines.pump.mek import suites_of
from tests.synthetic.world import OCTOBER, REGION, register

NAMES = ("Q016", "Q022", "Q023")
FOLDER = Path("data") / "nsi" / "federal_xml"


@pytest.fixture(scope="module")
def covered(shared: Path) -> dict[str, pd.DataFrame]:
    found = {}
    for name in NAMES:
        packet = records.read(shared / FOLDER / f"{name}.xml")
        layouts = {kind: load(kind) for kinds in compiler.places_of(name).values() for kind in kinds}
        found[name] = compiler.executed(compiler.coverage(compiler.outcomes(packet, layouts)))
    return found


@pytest.mark.parametrize("name", NAMES)
def test_the_shipped_suites_are_those_of_the_published_dictionary(name: str, shared: Path, tmp_path: Path) -> None:
    ((place, kinds),) = compiler.places_of(name).items()
    packet = records.read(shared / FOLDER / f"{name}.xml")
    for _, suite in compiler.book([packet], {kind: load(kind) for kind in kinds}, place).every():
        suites.write(suite, tmp_path)
    ours = suites.FOLDER / place
    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == sorted(path.name for path in ours.glob("*.json"))
    assert [name for name in names if (tmp_path / name).read_bytes() != (ours / name).read_bytes()] == []


def test_every_open_rule_of_q016_with_content_has_a_class(covered: dict[str, pd.DataFrame]) -> None:
    rules = covered["Q016"]
    assert set(rules["rule"]) == set(mek.classes())
    assert rules["class"].value_counts().to_dict() == {mek.REGISTER: 91, "none": 6, "insured": 5, "history": 3}
    assert all(known.reason for known in mek.classes().values())


def test_rules_that_need_the_register_only_are_executed(covered: dict[str, pd.DataFrame]) -> None:
    of_register = covered["Q016"][covered["Q016"]["class"] == mek.REGISTER]
    assert of_register[of_register["status"] == compiler.NOT_SUPPORTED]["rule"].tolist() == ["003K.00.0520"]
    others = covered["Q016"][covered["Q016"]["class"] != mek.REGISTER]
    assert set(others["status"]) == {compiler.NOT_SUPPORTED}


@pytest.mark.parametrize("name", NAMES)
def test_a_rule_that_is_not_executed_has_a_reason(name: str, covered: dict[str, pd.DataFrame]) -> None:
    rules = covered[name]
    assert rules[(rules["status"] == compiler.NOT_SUPPORTED) & (rules["reason"] == "")]["rule"].tolist() == []


def test_reserved_numbers_are_not_compiled() -> None:
    assert "002K.00.0110" not in {check.rule for name, suite in shipped().every() for check in suite.checks if "mek" in name}


def test_findings_of_the_mek_carry_the_rule_its_words_and_the_reason_of_refusal() -> None:
    checks = {check.rule: check for suite in suites.load("mek/H") for check in suite.checks}
    lethal = checks["003K.00.0331"]
    assert lethal.text.startswith("Несоответствие результата обращения и исхода заболевания (летальность). ISHOD «")
    assert lethal.basis == "1.4.4"
    assert checks["003K.00.0410"].basis == "1.10.2"
    known = pd.read_csv(REGION.folder / "nsi" / "F014.csv", sep=";", dtype=str)["Osn"]
    assert {check.basis for check in checks.values() if check.until is None} <= set(known)


def test_a_suite_with_reasons_of_refusal_survives_its_json() -> None:
    for suite in suites.load("mek/H"):
        assert suites.Suite.from_json(suite.to_json()) == suite


def test_a_region_takes_over_the_rules_of_the_regions_in_its_profile() -> None:
    region = load_region(ROOT / "include" / "region" / "demo")
    found = suites_of(region)
    rules = {check.rule for of_role in found.values() for suite in of_role for check in suite.checks}
    assert {rule.split(".")[1] for rule in rules} == {"00", *region.rules_regions["Q023"]}
    tables = [suite.table for suite in found["H"]]
    assert len(tables) == len(set(tables))


def test_a_book_of_rules_decides_which_federal_rules_there_are() -> None:
    assert mek.mek_suites("H", ("84",), RuleBook({})) == ()
    assert {check.rule for suite in mek.flk_suites("L", ("09",)) for check in suite.checks} == {"003F.09.0060"}


@pytest.mark.parametrize(("organisation", "payer"), [("980001", "98001"), ("980005", "98001"), ("980006", "98001")])
def test_the_mek_of_a_right_register_finds_only_codes_that_the_territory_numbers_otherwise(
    organisation: str, payer: str
) -> None:
    """003K.00.0490 gives specialities by the federal numbers of V021, which the demo territory does not keep."""
    made = register(organisation, payer, OCTOBER, 1500)
    tables = {role: Tables(file.layout, file.tables, ANOMALIES.empty_table()) for role, file in made.files.items()}
    chosen = suites_of(REGION)
    dictionaries = Dictionaries.from_folder(REGION.folder / "nsi")
    assert required_dictionaries(chosen) <= set(dictionaries)
    findings = run(tables, chosen, dictionaries, OCTOBER, date(2026, 11, 22))
    assert set(findings["rule"]) <= {"003K.00.0490"}


def test_coverage_of_several_dictionaries_by_class_and_region(shared: Path) -> None:
    paths = [str(shared / FOLDER / f"{name}.xml") for name in NAMES]
    result = CliRunner().invoke(app, ["coverage", *paths], env={"COLUMNS": "200"})
    assert result.exit_code == 0
    lines = [[cell.strip() for cell in line.split("│")[1:-1]] for line in result.output.splitlines() if "│" in line]
    assert ["реестр и справочники", "91", "90", "98,9%"] in lines
    assert ["84", "5", "5", "100,0%"] in lines
    assert [line[:2] for line in lines[-4:]] == [
        ["Q016 1.9", "105"],
        ["Q022 3.23", "62"],
        ["Q023 2.35", "264"],
        ["Всего", "431"],
    ]

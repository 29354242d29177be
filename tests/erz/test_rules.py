"""Rules of the PR exchange: the suite is the one written down, every rule finds its fault, codes fit the answer."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest
from sqlalchemy import text

from pipelines.checks import gx, suites
from pipelines.checks.frames import Bulk, frame
from pipelines.checks.runner import run_suite
from pipelines.erz import rules
from pipelines.erz.checks import birth_date
from pipelines.erz.request import KINDS, month
from pipelines.exchange import subscribers
from pipelines.exchange.control import control
from pipelines.exchange.kinds import Catalogue, Opened
from pipelines.exchange.model import Package
from pipelines.formats.layout import load
from pipelines.formats.tables import ANOMALIES, Tables
from pipelines.ground import database as db
from pipelines.nsi import Dictionaries
from tests.exchange.world import REGION

TODAY = date(2026, 3, 5)
GOOD = {
    "RECID": "1",
    "LPU_ID": "980001",
    "DATE_IN": "2026-01-15",
    "DATE_OUT": "2026-02-15",
    "SPOS": "1",
    "N_POL": "5055120840001936",
    "TIP_D": "П",
    "Q": "01",
    "FAM": "Дубровина-Луговая",
    "IM": "Анна Мария",
    "OT": "-",
    "DR": "19800229",
    "W": "2",
}


def opened(name: str = "PR98000101_036", day: str = "2026-03-05", **changes: str | None) -> Opened:
    """A request with a good record and a changed one."""
    layout = load("PR")
    rows: list[dict[str, Any]] = [GOOD | {"RECID": "9"}, GOOD | changes]
    columns = {e.column: pa.array([row.get(e.column) for row in rows], pa.string()) for e in layout.tables["REC"].columns}
    table = pa.table({"_offset": pa.array([0, 100]), **columns})
    match = KINDS[0].name.fullmatch(name)
    assert match is not None
    received = datetime.fromisoformat(day).replace(tzinfo=UTC)
    package = Package(
        id=1, sender="980001", channel="folder", address="mo980001", name=f"{name}.zip", reference=None, sha256="0" * 64,
        size=1, received_at=received, incomplete=False, attached=True,
    )  # fmt: skip
    return Opened(
        package, match, {"DBF": Tables(layout, {"REC": table}, ANOMALIES.empty_table())}, {"DBF": "PR98000101.036"}
    )


Control = Callable[[Opened], pd.DataFrame]


@pytest.fixture(scope="module")
def found(module_database: str) -> Control:
    """Runs the control over a request: the findings."""
    with db.transaction(module_database) as connection:
        subscribers.load_region(connection, REGION)

    def run(request: Opened) -> pd.DataFrame:
        with db.transaction(module_database) as connection:
            return control(connection, KINDS[0], request, Dictionaries([])).findings

    return run


def test_the_suite_is_the_one_written_down() -> None:
    path = suites.FOLDER / "erz" / "PR_REC.json"
    assert json.loads(path.read_text(encoding="utf-8")) == json.loads(json.dumps(rules.suite().to_json()))


def test_a_good_record_has_no_findings(found: Control) -> None:
    assert found(opened()).empty
    assert found(opened(TIP_D="В", N_POL="123456789", DATE_OUT=None, OT=None)).empty
    assert found(opened(TIP_D="C", S_POL="460103", N_POL="12345")).empty


WRONG: list[tuple[str, dict[str, str | None]]] = [
    ("PR.010", {"RECID": None}),
    ("PR.011", {"LPU_ID": None}),
    ("PR.012", {"DATE_IN": None}),
    ("PR.013", {"SPOS": None}),
    ("PR.014", {"N_POL": None}),
    ("PR.015", {"TIP_D": None}),
    ("PR.016", {"Q": None}),
    ("PR.017", {"FAM": None}),
    ("PR.018", {"IM": None}),
    ("PR.019", {"DR": None}),
    ("PR.020", {"W": None}),
    ("PR.030", {"SPOS": "3"}),
    ("PR.031", {"W": "0"}),
    ("PR.032", {"TIP_D": "Я"}),
    ("PR.040", {"FAM": "IVANOVA"}),
    ("PR.041", {"IM": "Анна1"}),
    ("PR.042", {"OT": "Ивановна?"}),
    ("PR.043", {"RECID": "1 2"}),
    ("PR.050", {"DATE_OUT": "2026-01-14"}),
    ("PR.051", {"DATE_IN": "2026-03-06", "DATE_OUT": None}),
    ("PR.052", {"S_POL": "46"}),
    ("PR.060", {"DR": "19810229"}),
    ("PR.060", {"DR": "20260306"}),
    ("PR.060", {"DR": "18991231"}),
    ("PR.061", {"N_POL": "5055120840001937"}),
    ("PR.061", {"N_POL": "505512084000193", "TIP_D": "K"}),
    ("PR.062", {"N_POL": "12345678", "TIP_D": "B"}),
    ("PR.064", {"LPU_ID": "980002"}),
    ("PR.065", {"Q": "02"}),
]


@pytest.mark.parametrize(("rule", "changes"), WRONG)
def test_each_rule_finds_its_fault(found: Control, rule: str, changes: dict[str, str | None]) -> None:
    findings = found(opened(**changes))
    assert findings[["rule", "row"]].values.tolist() == [[rule, 1]]
    values = findings[["value", "n_zap"]].astype(object).where(findings[["value", "n_zap"]].notna(), None)
    assert values.values.tolist() == [[next(iter(changes.values())), changes.get("RECID", "1")]]


def test_repeated_numbers_are_found_in_both_records(found: Control) -> None:
    findings = found(opened(RECID="9"))
    assert findings[["rule", "row", "value"]].values.tolist() == [["PR.063", 0, "9"], ["PR.063", 1, "9"]]


def test_an_insurer_that_is_not_there_refuses_the_file(found: Control) -> None:
    findings = found(opened(name="PR98000109_036", Q="09"))
    assert findings.loc[findings["severity"] == "fatal", ["rule", "row", "value"]].values.tolist() == [["PR.066", -1, "09"]]


def test_every_rule_has_a_fault() -> None:
    declared = {check.rule for check in rules.suite().checks} | {rule.id for rule in rules.written()}
    assert declared == {rule for rule, _ in WRONG} | {"PR.063", "PR.066"}


def test_great_expectations_finds_the_same_rows() -> None:
    suite = rules.suite()
    bulk = Bulk([opened(**changes).tables["DBF"] for _, changes in WRONG], TODAY)
    ours = {failure.check.rule: failure.rows for failure in run_suite(bulk, suite, Dictionaries([]), [TODAY] * len(WRONG))}
    theirs = dict(gx.validate(frame(bulk, suite), suite, Dictionaries([]), TODAY))
    assert set(theirs) == {check.rule for check in suite.checks}
    for rule, rows in theirs.items():
        assert rows.tolist() == ours[rule].tolist(), rule


def test_codes_fit_the_answer_and_differ() -> None:
    answers = [outcome.code for outcome in rules.outcomes().values()]
    assert len(set(answers)) == len(answers)
    assert {len(code) for code in answers} == {3}
    refusals = list(rules.refusals().values())
    assert len(set(refusals)) == len(refusals)
    assert {len(code) for code in refusals} == {2}
    assert rules.refusals()["conflict"] == "FP"


@pytest.mark.parametrize(
    ("name", "known"),
    [
        ("PR98000101_036.zip", True),
        ("pr98000101_126_17.ZIP", True),
        ("PR98000101_136.zip", False),
        ("PR98000101_006.zip", False),
        ("PR98000101_036_0.zip", False),
        ("PR9800010_036.zip", False),
    ],
)
def test_names(name: str, known: bool) -> None:
    assert (Catalogue(KINDS).identify(name) is not None) == known
    assert KINDS[0].family.match(name)


@pytest.mark.parametrize(
    ("period", "day", "expected"),
    [("036", "2026-04-01", "2026-03-01"), ("129", "2030-01-09", "2029-12-01"), ("017", "2026-12-30", "2027-01-01")],
)
def test_month_of_the_name(period: str, day: str, expected: str) -> None:
    assert month(opened(f"PR98000101_{period}", day)).isoformat() == expected


@pytest.mark.parametrize("text", ["1980022", "198002291", "1980 229", "²0000101", "19800230"])
def test_what_is_no_day_of_birth(text: str) -> None:
    assert birth_date(text) is None


WINS = [
    ("2", "2026-05-01", "1", "2026-06-01", True),
    ("1", "2026-06-01", "2", "2020-01-01", False),
    ("1", "2026-06-02", "1", "2026-06-01", True),
    ("1", "2026-06-01", "1", "2026-06-02", False),
    ("1", "2026-06-01", "1", "2026-06-01", False),
    ("2", "2026-03-01", "2", "2026-09-01", True),
    ("2", "2026-09-01", "2", "2026-03-01", False),
    ("2", "2026-01-01", "2", "2025-12-31", True),
    ("2", "2025-12-31", "2", "2026-01-01", False),
    ("2", "2026-03-01", "2", "2026-03-01", False),
]


def test_which_claim_wins(database: str) -> None:
    """An application beats a territory; territories: the later; applications of a year: the earlier, else the later."""
    with db.transaction(database) as connection:
        for spos, since, other_spos, other_since, expected in WINS:
            query = text("select erz.wins(:a, cast(:b as date), :c, cast(:d as date))")
            claim = {"a": spos, "b": since, "c": other_spos, "d": other_since}
            assert connection.execute(query, claim).scalar_one() is expected, claim

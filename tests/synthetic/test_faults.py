"""Planted faults are where they say, one to a record, and nothing else is wrong."""

from __future__ import annotations

import csv
from collections import Counter
from datetime import date
from decimal import Decimal
from functools import cache
from pathlib import Path

import pytest

from pipelines.checks import suites
from pipelines.checks.runner import run
from pipelines.exchange.messages import catalogue
from pipelines.formats.tables import PARENT, Tables
from pipelines.formats.xml_reader import read_xml
from pipelines.nsi.dictionaries import Dictionaries
from pipelines.synthetic.faults import FAULTS, MAIN, Cell, Structure, Whole, faults_of
from pipelines.synthetic.model import Fault, Register
from pipelines.synthetic.packages import content
from pipelines.synthetic.registers import generate_register
from tests.synthetic.world import OCTOBER, REGION

SHARE = 0.004


SENDERS = {"H": "980001", "C": "980006", "T": "980001", "X": "980003"}
every_kind = pytest.mark.parametrize("kind", SENDERS)


@cache
def faulty(kind: str = "H") -> Register:
    shares = dict.fromkeys(faults_of(kind), SHARE)
    return generate_register(REGION, SENDERS[kind], "98001", OCTOBER, 1500, seed=4, faults=shares, kind=kind)


@cache
def good(kind: str = "H") -> Register:
    return generate_register(REGION, SENDERS[kind], "98001", OCTOBER, 1500, seed=4, kind=kind)


@cache
def read(kind: str = "H") -> dict[str, Tables]:
    return {role: read_xml([content(file)], file.layout, role) for role, file in faulty(kind).files.items()}


def record_of(fault: Fault, kind: str = "H") -> int:
    row, table = fault.row, fault.table
    layout = faulty(kind).files[fault.role].layout
    while layout.tables[table].parent is not None:
        row = faulty(kind).files[fault.role].tables[table][PARENT][row].as_py()
        parent = layout.tables[table].parent
        assert parent is not None
        table = parent
    return row


@every_kind
def test_cells_differ_from_the_good_register_where_faults_are_and_nowhere_else(kind: str) -> None:
    changed = set()
    for role, file in faulty(kind).files.items():
        for name, table in file.tables.items():
            before = good(kind).files[role].tables[name]
            for column in table.column_names:
                pairs = zip(before[column].to_pylist(), table[column].to_pylist(), strict=True)
                changed |= {(role, name, row, column) for row, (old, new) in enumerate(pairs) if old != new}
    planted = {
        (fault.role, fault.table, fault.row, fault.element.rpartition("/")[2])
        for fault in faulty(kind).faults
        if not isinstance(FAULTS[fault.name], Structure)
    }
    assert changed == planted


@every_kind
def test_every_fault_is_planted_in_its_share_and_in_a_record_of_its_own(kind: str) -> None:
    counts = Counter(fault.name for fault in faulty(kind).faults)
    for name, fault in faults_of(kind).items():
        file = faulty(kind).files[kind if fault.role == MAIN else fault.role]
        records = file.tables[file.layout.record].num_rows
        assert counts[name] == (1 if isinstance(fault, Whole) else max(1, round(SHARE * records))), name
    records_hit = [
        (fault.role, record_of(fault, kind)) for fault in faulty(kind).faults if not isinstance(FAULTS[fault.name], Whole)
    ]
    assert len(set(records_hit)) == len(records_hit)


@every_kind
def test_structural_faults_are_met_by_the_reader_where_they_are(kind: str) -> None:
    anomalies = {(row["code"], row["table"], row["row"], row["element"]) for row in read(kind)[kind].anomalies.to_pylist()}
    structural = [fault for fault in faulty(kind).faults if isinstance(FAULTS[fault.name], Structure)]
    assert {(fault.rule, fault.table, fault.row, fault.element) for fault in structural} == anomalies
    assert {fault.rule for fault in structural} == {"STR.010", "STR.020", "STR.030", "STR.040", "STR.050", "VAL.040"}


@every_kind
def test_values_arrive_in_the_file(kind: str) -> None:
    for fault in faulty(kind).faults:
        planted = FAULTS[fault.name]
        if isinstance(planted, Cell):
            column = fault.element.rpartition("/")[2]
            sent = faulty(kind).files[fault.role].tables[fault.table][column][fault.row].as_py()
            assert read(kind)[fault.role].data[fault.table][column][fault.row].as_py() == sent, fault.name


@every_kind
def test_compiled_rules_find_the_faults_that_are_theirs(kind: str) -> None:
    checks = {role: suites.load(f"pump/{role}") for role in (kind, "L")}
    known = {check.rule for of_role in checks.values() for suite in of_role for check in suite.checks}
    dictionaries = Dictionaries.from_folder(REGION.folder / "nsi")
    findings = run(read(kind), checks, dictionaries, OCTOBER, date(2026, 11, 22))
    found = set(findings[["member", "rule", "table", "row", "element"]].itertuples(index=False, name=None))
    theirs = [fault for fault in faulty(kind).faults if fault.rule in known]
    of_q015 = {name for name, fault in faults_of(kind).items() if fault.rule not in catalogue()}
    assert {fault.name for fault in theirs} == of_q015
    missed = [fault for fault in theirs if (fault.role, fault.rule, fault.table, fault.row, fault.element) not in found]
    assert missed == []
    spoilt = {(fault.role, record_of(fault, kind)) for fault in faulty(kind).faults}
    for role, record in ((kind, "ZAP"), ("L", "PERS")):
        at_record = findings[(findings["member"] == role) & (findings["table"] == record)]
        assert {(role, row) for row in at_record["row"]} <= spoilt


def test_wrong_case_sums_do_not_upset_the_bill() -> None:
    found = generate_register(REGION, "980001", "98001", OCTOBER, 300, seed=4, faults={"sumv": 0.1})
    tables = found.files["H"].tables
    sums = [Decimal(value) for value in tables["ZAP"]["SUMV"].to_pylist()]
    assert str(sum(sums)) == tables["SCHET"]["SUMMAV"][0].as_py()
    assert sum(sums) - Decimal(
        generate_register(REGION, "980001", "98001", OCTOBER, 300, seed=4).files["H"].tables["SCHET"]["SUMMAV"][0].as_py()
    ) == Decimal("0.30")


def test_duplicates_repeat_the_record_before() -> None:
    for name, column in (("n_zap", "N_ZAP"), ("idcase", "IDCASE")):
        values = faulty().files["H"].tables["ZAP"][column].to_pylist()
        rows = [fault.row for fault in faulty().faults if fault.name == name]
        assert rows
        assert all(values[row] == values[row - 1] for row in rows)


def test_every_fault_names_a_rule_or_a_message(shared: Path) -> None:
    rules = {}
    for edition in ("Q015.csv", "Q015_2026_records.csv"):
        with (shared / "data" / "rules" / edition).open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file, delimiter=";"):
                rules[row["ID_TEST"]] = row["ID_EL"].removeprefix("ZL_LIST/").removeprefix("PERS_LIST/")
    for name, fault in FAULTS.items():
        if fault.rule in catalogue():
            continue
        assert rules[fault.rule] == fault.element or name == "dates", name


def test_unknown_faults_and_full_registers_are_errors() -> None:
    with pytest.raises(KeyError, match="sumw"):
        generate_register(REGION, "980001", "98001", OCTOBER, 20, seed=1, faults={"sumw": 0.1})
    with pytest.raises(ValueError, match="koef_z"):
        generate_register(REGION, "980005", "98001", OCTOBER, 20, seed=1, faults={"koef_z": 0.1})

"""The compiler: coverage of the published dictionary, shipped suites, and reasons."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import pandas as pd
import pytest

from pipelines.checks import compiler, records, suites
from pipelines.checks.records import Packet, RuleRecord
from pipelines.formats.layout import load

LAYOUTS = {kind: load(kind) for kind in ("H", "L", "C", "T", "X")}
TRANSFERS = {kind: load(kind) for kind in ("R", "D", "A")}
RECORD = RuleRecord(
    ID_TEST="002F.00.9999",
    ID_EL="ZL_LIST/ZAP/PR_NOV",
    TYPE_D=("H",),
    NSI_OBJ="",
    NSI_EL="",
    USL_TEST="",
    VAL_EL="{0, 1}",
    MIN_LEN=None,
    MAX_LEN=None,
    MASK_VAL="",
    COMMENT="",
    DATEBEG=date(2019, 11, 1),
    DATEEND=None,
)


def outcome(**fields: object) -> compiler.Outcome:
    record = replace(RECORD, **fields)  # type: ignore[arg-type]
    (found,) = compiler.outcomes(Packet("Q015", "1", None, (record,)), LAYOUTS)
    return found


@pytest.fixture(scope="module")
def packet(shared: Path) -> Packet:
    return records.read(shared / "data" / "nsi" / "federal_xml" / "Q015.xml")


@pytest.fixture(scope="module")
def covered(packet: Packet) -> pd.DataFrame:
    frame = compiler.coverage(compiler.outcomes(packet, LAYOUTS))
    conditional = {record.ID_TEST for record in packet.records if record.USL_TEST}
    return frame.assign(category=frame["rule"].str.slice(0, 4), conditional=frame["rule"].isin(conditional))


@pytest.fixture(scope="module")
def newer(shared: Path) -> Packet:
    return records.read(shared / "data" / "rules" / "Q015_2026_records.csv")


@pytest.mark.parametrize("subsystem", ["pump", "mtr"])
def test_the_shipped_suites_are_those_of_the_editions(packet: Packet, newer: Packet, tmp_path: Path, subsystem: str) -> None:
    kinds = {"pump": LAYOUTS, "mtr": TRANSFERS}[subsystem]
    for _, suite in compiler.book([packet, newer], kinds, subsystem).every():
        suites.write(suite, tmp_path)
    shipped = suites.FOLDER / subsystem
    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == sorted(path.name for path in shipped.glob("*.json"))
    assert [name for name in names if (tmp_path / name).read_bytes() != (shipped / name).read_bytes()] == []


def test_every_unconditional_rule_of_four_classes_is_executed(covered: pd.DataFrame) -> None:
    wanted = covered[
        covered["kind"].isin(["H", "L"])
        & covered["open"]
        & ~covered["conditional"]
        & covered["category"].isin(["001F", "002F", "003F", "004F"])
    ]
    assert len(wanted) == 222
    assert wanted[wanted["status"] == compiler.NOT_SUPPORTED]["rule"].tolist() == []


def test_every_other_rule_is_executed_or_has_a_reason(covered: pd.DataFrame) -> None:
    left = covered[covered["status"] == compiler.NOT_SUPPORTED]
    assert left[left["reason"] == ""]["rule"].tolist() == []
    assert left[left["open"]]["rule"].tolist() == []


def test_every_open_rule_is_executed_for_some_kind_of_file(packet: Packet) -> None:
    frame = compiler.coverage(compiler.outcomes(packet, LAYOUTS | TRANSFERS))
    counts = compiler.by_rule(frame[frame["open"]])
    assert (counts.total(), counts[compiler.NONE], counts[compiler.OUT]) == (750, 0, 0)


def test_what_is_not_taken_of_the_newer_edition_stays_as_it_was(packet: Packet, newer: Packet) -> None:
    left_out = [found for found in compiler.outcomes(newer, LAYOUTS) if found.status == compiler.NOT_TAKEN]
    assert all(found.reason and found.check is None for found in left_out)
    book = compiler.book([packet, newer], LAYOUTS, "pump")
    known = {record.ID_TEST for record in packet.records}
    in_force = {(s.layout, c.rule): c for _, s in book.every() for c in s.checks if c.valid_on(date(2026, 2, 1))}
    older = [found for found in left_out if found.record.ID_TEST in known and found.kind in found.record.TYPE_D]
    assert older
    assert {in_force[found.kind, found.record.ID_TEST].edition for found in older} == {"2.2"}


def test_a_rule_of_both_editions_is_in_force_once_on_every_day(packet: Packet, newer: Packet) -> None:
    book = compiler.book([packet, newer], LAYOUTS, "pump")
    for day in (date(2020, 6, 1), date(2025, 12, 31), date(2026, 1, 1)):
        ids = [(suite.layout, check.rule) for _, suite in book.every() for check in suite.checks if check.valid_on(day)]
        assert len(ids) == len(set(ids))


@pytest.mark.parametrize(
    ("older", "newer_id", "kind"), [("003F.00.0760", "003F.00.0761", "H"), ("002F.00.0010", "002F.00.0013", "H")]
)
def test_what_takes_the_place_of_a_rule_begins_where_it_ends(
    packet: Packet, newer: Packet, older: str, newer_id: str, kind: str
) -> None:
    book = compiler.book([packet, newer], LAYOUTS, "pump")
    of_rule = {c.rule: c for s in book[f"pump/{kind}"] for c in s.checks if c.rule in (older, newer_id)}
    assert (of_rule[older].until, of_rule[newer_id].since) == (date(2025, 12, 31), date(2026, 1, 1))


def test_a_register_of_2026_may_declare_any_version_of_its_structure(packet: Packet, newer: Packet) -> None:
    book = compiler.book([packet, newer], LAYOUTS, "pump")
    judged = [c for s in book["pump/H"] for c in s.checks if c.element == "ZGLV/VERSION" and c.valid_on(date(2026, 2, 1))]
    sets = {check.rule: check.parameters["values"] for check in judged if "values" in check.parameters}
    assert sets == {"002F.00.0013": list(LAYOUTS["H"].versions)}


def test_the_sums_are_executed(covered: pd.DataFrame) -> None:
    sums = [
        f"006F.00.{number}" for number in ("0110", "0370", "1030", "1040", "1050", "1060", "1070", "1080", "1090", "1160")
    ]
    executed = covered[covered["status"] != compiler.NOT_SUPPORTED]["rule"]
    assert set(sums) <= set(executed)


def test_a_suite_survives_its_json() -> None:
    for suite in (*suites.load("pump/H"), *suites.load("pump/L")):
        assert suites.Suite.from_json(suite.to_json()) == suite


def test_unknown_suites_are_an_error() -> None:
    with pytest.raises(FileNotFoundError, match="pump/Z"):
        suites.load("pump/Z")


def test_a_message_is_made_of_the_record() -> None:
    found = outcome()
    assert found.check is not None
    assert found.check.text == "PR_NOV «Признак исправленной записи»: недопустимое значение; ожидается: одно из: 0, 1"
    assert found.check.severity == "error"
    assert found.check.source == "Q015, редакция 1"


def test_elements_of_the_head_are_fatal() -> None:
    found = outcome(ID_EL="ZL_LIST/SCHET/MONTH", VAL_EL="{1, 2}")
    assert found.check is not None
    assert found.check.severity == "fatal"


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"ID_EL": "ZL_LIST/ZAP/XTAG"}, "нет в структуре: ZL_LIST/ZAP/XTAG"),
        ({"ID_EL": "PERS_LIST/PERS/W"}, "нет в структуре: PERS_LIST/PERS/W"),
        ({"USL_TEST": "если надо"}, "условие не разобрано: если надо"),
        ({"USL_TEST": "XTAG=1"}, "нет в структуре файла: XTAG"),
        ({"USL_TEST": "DATE_Z_1=1"}, "нельзя сравнить: DATE_Z_1 = 1"),
        ({"ID_TEST": "005F.00.9999"}, "справочник регионального уровня не назначен"),
        ({"ID_TEST": "006F.00.9999", "VAL_EL": "больше, чем было"}, "нет формального выражения"),
        ({"ID_TEST": "006F.00.9999", "VAL_EL": "PR_NOV = XTAG"}, "нет в структуре файла: XTAG"),
        ({"ID_TEST": "004F.00.9999", "MASK_VAL": "99ы"}, "маска не разобрана: 99ы"),
        ({"ID_TEST": "004F.00.9999", "COMMENT": "Допустимы руны"}, "перечень символов не разобран: Допустимы руны"),
        ({"ID_TEST": "004F.00.9999"}, "нет формального выражения"),
        ({"ID_TEST": "003F.00.9999", "COMMENT": "Заполняется, когда надо"}, "нет формального выражения"),
    ],
)
def test_what_cannot_be_compiled_has_a_reason(fields: dict[str, object], reason: str) -> None:
    found = outcome(**fields)
    assert (found.status, found.reason, found.check) == (compiler.NOT_SUPPORTED, reason, None)


def test_a_condition_on_the_period_becomes_the_rules_dates() -> None:
    until = outcome(USL_TEST='до отчетного периода "октябрь 2019" включительно').check
    since = outcome(USL_TEST='с отчетного периода "ноябрь 2019"').check
    assert until is not None
    assert since is not None
    assert until.until == date(2019, 10, 31)
    assert since.since == date(2019, 11, 1)


@pytest.mark.parametrize(
    ("month", "last"),
    [
        ("январь", 31), ("февраль", 28), ("март", 31), ("апрель", 30), ("май", 31), ("июнь", 30),
        ("июль", 31), ("август", 31), ("сентябрь", 30), ("октябрь", 31), ("ноябрь", 30), ("декабрь", 31),
    ],
)  # fmt: skip
def test_every_month_is_known(month: str, last: int) -> None:
    until = outcome(USL_TEST=f'до отчетного периода "{month} 2019" включительно').check
    assert until is not None
    assert until.until is not None
    assert until.until.day == last
    since = outcome(USL_TEST=f'с отчетного периода "{month} 2019"').check
    assert since is not None
    assert since.since == until.until.replace(day=1)


def test_a_condition_that_repeats_the_structure_is_none() -> None:
    fields = {"ID_TEST": "003F.00.9999", "ID_EL": "ZL_LIST/ZAP/Z_SL/SL/USL/LPU", "VAL_EL": ""}
    assert outcome(**fields, USL_TEST="Тег SL.USL присутствует").status == compiler.COMPILED
    above = outcome(**fields, USL_TEST="Тег SL.USL присутствует").check
    other = outcome(**fields, USL_TEST="Тег SANK присутствует").check
    assert above is not None
    assert other is not None
    assert "condition" not in above.parameters
    assert other.parameters["condition"]["relation"] == "count(SANK) присутствует"

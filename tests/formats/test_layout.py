"""Layouts: what may be declared, and that the declared ones are those of the orders, the rules and the XSD."""

from __future__ import annotations

import copy
import csv
import re
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from pipelines.formats import ddl
from pipelines.formats.layout import Element, Layout, load, parse, regional, version_number
from pipelines.formats.tables import OFFSET, PARENT, Tables
from pipelines.formats.xml_reader import read_xml
from pipelines.formats.xml_writer import write_xml
from pipelines.ground.settings import ROOT
from tests.formats.layout_sources import flat, structures

CODES = ("H", "C", "T", "X", "L", "R", "D", "A")

CASE = "ZGLV SCHET ZAP VNOV_M<ZAP OS_SLUCH<ZAP SL<ZAP DS2<SL DS3<SL CODE_MES1<SL"
ONCOLOGY = "NAPR<SL CONS<SL B_DIAG<SL B_PROT<SL ONK_USL<SL LEK_PR<ONK_USL"
SANCTIONS = "SANK<ZAP SL_ID<SANK CODE_EXP<SANK"
GROUPED = "CRIT<SL SL_KOEF<SL"
MTR = "ZGLV SCHET ZAP DOST<ZAP DOST_P<ZAP Z_SL<ZAP VNOV_M<Z_SL OS_SLUCH<Z_SL SL<Z_SL DS2<SL DS3<SL CODE_MES1<SL"
TABLES = {
    "H": f"{CASE} {GROUPED} LEK_PR<SL USL<SL MED_DEV<USL MR_USL_N<USL {SANCTIONS}",
    "C": f"{CASE} {ONCOLOGY} INJ<LEK_PR DATE_INJ<LEK_PR {GROUPED} USL<SL {SANCTIONS}",
    "T": f"{CASE} {ONCOLOGY} INJ<LEK_PR DATE_INJ<LEK_PR USL<SL {SANCTIONS}",
    "X": f"ZGLV SCHET ZAP OS_SLUCH<ZAP SL<ZAP DS2_N<SL NAZ<SL USL<SL MR_USL_N<USL {SANCTIONS}",
    "L": "ZGLV PERS DOST<PERS DOST_P<PERS",
    "R": f"{MTR} {ONCOLOGY} DATE_INJ<LEK_PR {GROUPED} USL<SL {SANCTIONS.replace('ZAP', 'Z_SL')}",
    "D": f"{MTR} {ONCOLOGY} DATE_INJ<LEK_PR {GROUPED} USL<SL {SANCTIONS.replace('ZAP', 'Z_SL')}",
    "A": f"ZGLV SCHET ZAP Z_SL<ZAP SL<Z_SL {SANCTIONS.replace('ZAP', 'Z_SL')}",
}

NOT_OF_THE_KIND = {
    ("X", "PERS_LIST/PERS/DR"): "the rule is about the persons file that goes with X",
    ("X", "ZL_LIST/ZAP/Z_SL/ISHOD"): "the two rules compare it with RSLT, and X has neither",
}
ONE_CLASS_FOR_ALL = {
    # The source of the tree has one class for the headers of both files; the orders have the element in one of them.
    "ZL_LIST/ZGLV/FILENAME1",
    "PERS_LIST/ZGLV/SD_Z",
}
XSD = {"C": "pr260_v3.1/d_4.xsd", "T": "pr260_v3.1/d_2.xsd", "L": "pr260_v3.1/d_5.xsd", "R": "mtr_kursk/v32_E2.xsd"}


@pytest.fixture(scope="session")
def rules(shared: Path) -> list[dict[str, str]]:
    """Open records of Q015."""
    with (shared / "data/rules/Q015.csv").open(encoding="utf-8-sig", newline="") as file:
        return [row for row in csv.DictReader(file, delimiter=";") if not row["DATEEND"]]


def of(code: str, rules: list[dict[str, str]]) -> list[dict[str, str]]:
    return [rule for rule in rules if code in rule["TYPE_D"].split(",")]


def test_no_layout_is_left_untested() -> None:
    own = {"PR", "PR_ANSWER", "OPLIST", "REPLIST", "RAK"}  # of the fund itself, tested with their kinds
    assert {file.stem for file in (ROOT / "include/layouts").glob("*.yaml")} - own == set(CODES)


@pytest.mark.parametrize("code", CODES)
def test_tables_and_their_parents(code: str) -> None:
    layout = load(code)
    found = [f"{name}<{spec.parent}" if spec.parent else name for name, spec in layout.tables.items()]
    assert sorted(found) == sorted(TABLES[code].split())
    assert layout.code == code
    assert layout.tables[layout.record].parent is None
    for spec in layout.tables.values():
        columns = ddl.columns(layout, spec)  # names fold to lower case there
        assert len(columns) == len(ddl.KEYS) + len(spec.columns)
        for element in spec.columns:
            assert layout.element(spec.name, element.column) is element


@pytest.mark.parametrize("code", CODES)
def test_newer_elements_are_optional(code: str) -> None:
    layout = load(code)
    for element in layout.elements:
        above = layout.by_path.get(element.parent_path)
        if element.since is not None:
            assert not element.required, element.path
        elif above is not None:
            assert above.since is None, f"{element.path} is older than its group"


def test_elements_of_a_region_stand_in_its_layout_only() -> None:
    assert load("X", "45").by_path["ZAP/Z_SL/PMP/TYPE_PMP"].table == "ZAP"
    assert "ZAP/Z_SL/PMP" not in load("X").by_path
    assert load("X", "16", "45").tables["PACK"].parent is None
    assert load("X", "36") is load("X")
    assert load("H", "45", "16") is load("H", "16")


@pytest.mark.parametrize(("region", "code"), [(region, code) for region, of in regional().items() for code in of])
def test_the_orders_elements_keep_their_order_among_those_of_a_region(region: str, code: str) -> None:
    own, paths = load(code), [element.path for element in load(code, region).elements]
    assert [path for path in paths if path in own.by_path] == [element.path for element in own.elements]
    assert len(paths) == len(own.elements) + sum(len(addition["elements"]) for addition in regional()[region][code])


def test_elements_that_share_a_table_and_a_name() -> None:
    for code, path, column in (
        ("H", "ZAP/PACIENT/DISABILITY/INV", "DISABILITY_INV"),
        ("H", "ZAP/Z_SL/MSE", "Z_SL_MSE"),
        ("R", "ZAP/Z_SL/SL/USL/USL", "USL"),
    ):
        element = load(code).by_path[path]
        assert element.column == column
        assert load(code).element(element.table, column) is element


def test_corrections_of_mtr_have_the_elements_of_the_main_part() -> None:
    assert load("D").elements == load("R").elements
    assert load("D").title != load("R").title


@pytest.mark.parametrize("code", CODES)
def test_every_path_of_the_rules_is_there(code: str, rules: list[dict[str, str]]) -> None:
    layout = load(code)
    absent = {
        rule["ID_EL"]
        for rule in of(code, rules)
        if not rule["ID_EL"].startswith(f"{layout.root}/") or rule["ID_EL"].partition("/")[2] not in layout.by_path
    }
    assert absent == {path for kind, path in NOT_OF_THE_KIND if kind == code}


@pytest.mark.parametrize("code", CODES)
def test_mandatory_are_those_that_a_rule_demands_always(code: str, rules: list[dict[str, str]]) -> None:
    layout = load(code)
    demanded = {
        rule["ID_EL"].partition("/")[2]
        for rule in of(code, rules)
        if rule["ID_TEST"].startswith("003F") and not rule["USL_TEST"] and not rule["COMMENT"]
    }
    assert {element.path for element in layout.elements if element.required} == demanded


def width(element: Element) -> int:
    """Characters of the longest value without a sign."""
    return element.length + (element.scale + 1 if element.scale else 0)


@pytest.mark.parametrize("code", CODES)
def test_lengths_are_those_of_the_rules(code: str, rules: list[dict[str, str]]) -> None:
    layout = load(code)
    longest: dict[str, int] = {}
    for rule in of(code, rules):
        path = rule["ID_EL"].partition("/")[2]
        if rule["ID_TEST"].startswith("004F") and rule["MAX_LEN"] and path in layout.by_path:
            longest[path] = max(longest.get(path, 0), int(rule["MAX_LEN"]))
    assert longest
    wrong = {path: (width(layout.by_path[path]), limit) for path, limit in longest.items()}
    known = {("T", "ZAP/Z_SL/SL/USL/VID_VME"): (15, 3)}  # the XSD leaves the code of the nomenclature in T as well
    for path, pair in wrong.items():
        assert pair == known.get((code, path), (pair[1], pair[1])), path


@pytest.mark.parametrize("code", XSD)
def test_order_and_repetition_are_those_of_the_schema(code: str, shared: Path) -> None:
    layout = load(code)
    # The schema of order 260 has ZAP inside SCHET; the rules, and the registers, have it beside.
    schema = {path.replace("SCHET/ZAP", "ZAP", 1): kind for path, kind in flat(shared / "data/xsd" / XSD[code]).items()}
    assert len(schema) > 25
    assert [element.path for element in layout.elements if element.path in schema] == list(schema)
    beside = {element.path for element in layout.elements if element.path not in schema and element.since is None}
    assert beside <= {"PERS/DOCDATE", "PERS/DOCORG"}
    for path, (group, repeated) in schema.items():
        element = layout.by_path[path]
        if path != "SCHET":  # order 260 allowed several accounts in a file
            assert (element.type == "S", element.repeated) == (group, repeated), path


def test_elements_of_the_2026_structures_are_there(shared: Path) -> None:
    page = (shared / "domain/q015-2026.md").read_text(encoding="utf-8")
    found = [(path, kinds) for path, kinds in structures(page) if path not in ONE_CLASS_FOR_ALL]
    assert len(found) > 250
    absent = {(kind, path) for path, kinds in found for kind in kinds if path.partition("/")[2] not in load(kind).by_path}
    assert absent == set()


SMALL: dict[str, Any] = {
    "code": "Z",
    "title": "Проба",
    "source": "нет",
    "root": "LIST",
    "versions": ["3.2", "3.10"],
    "record": "ZAP",
    "elements": [
        ["ZAP", "S", "ОМ", "Запись"],
        ["ZAP/N", "N8", "О", "Номер"],
        ["ZAP/G", "S", "У", "Группа"],
        ["ZAP/G/K", "N2.5", "У", "Коэффициент", {"since": "3.10"}],
        ["ZAP/D", "T10", "УМ", "Диагноз"],
    ],
}


def test_small_declaration() -> None:
    layout = parse(SMALL)
    assert [(e.path, e.type, e.length, e.scale) for e in layout.elements] == [
        ("ZAP", "S", 0, 0),
        ("ZAP/N", "N", 8, 0),
        ("ZAP/G", "S", 0, 0),
        ("ZAP/G/K", "N", 2, 5),
        ("ZAP/D", "T", 10, 0),
    ]
    assert [e.column for e in layout.tables["ZAP"].columns] == ["N", "K"]
    assert [e.column for e in layout.tables["ZAP"].groups] == ["G"]
    assert layout.ancestors("D") == ("ZAP",)


@pytest.mark.parametrize(
    ("position", "row"),
    [
        (1, ["ZAP/N", "N", "О", "Номер"]),
        (1, ["ZAP/N", "T0", "О", "Номер"]),
        (1, ["ZAP/N", "T5.2", "О", "Номер"]),
        (1, ["ZAP/N", "D10", "О", "Номер"]),
        (1, ["ZAP/N", "F8", "О", "Номер"]),
        (1, ["ZAP/N", "N8", "O", "Номер"]),  # Latin O
        (1, ["ZAP/N", "N8", "М", "Номер"]),
        (1, ["ZAP/N", "N8", "О"]),
        (1, ["ZAP/N", "N8", "О", "Номер", {"sinse": "3.10"}]),
        (1, ["ZAP/N", "N8", "О", "Номер", {"since": "4.0"}]),
        (1, ["ZAP/N", "N8", "О", "Номер", "3.10"]),
        (1, ["N", "N8", "О", "Номер"]),  # in no table
        (1, ["ZAP/X/N", "N8", "О", "Номер"]),  # in no group
        (1, ["ZAP/G/N", "N8", "О", "Номер"]),  # before its group
        (4, ["ZAP/N/D", "T10", "У", "Диагноз"]),  # in a value
        (4, ["ZAP/N", "T10", "У", "Номер"]),  # twice
        (4, ["ZAP/G", "S", "УМ", "Группа"]),  # twice
        (3, ["ZAP/G/N", "N8", "У", "Номер"]),  # two of a name in a table
        (3, ["ZAP/G/K", "N8", "У", "Номер", {"column": "N"}]),
        (0, ["ZAP", "S", "О", "Запись"]),  # the record does not repeat
    ],
)
def test_wrong_rows_are_refused(position: int, row: list[Any]) -> None:
    wrong = copy.deepcopy(SMALL)
    wrong["elements"][position] = row
    with pytest.raises(ValueError, match="Z"):
        parse(wrong)


@pytest.mark.parametrize(
    "change",
    [
        {"versions": ["3.10", "3.2"]},
        {"versions": ["3.2", "3.2", "3.10"]},
        {"versions": ["3.10", "четыре"]},
        {"versions": "3.10"},
        {"record": "ZAP/G"},
        {"record": "PERS"},
        {"elements": "R"},
        {"comment": "лишнее"},
    ],
)
def test_wrong_declarations_are_refused(change: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="Z"):
        parse(copy.deepcopy(SMALL) | change)
    with pytest.raises(ValueError, match="title"):
        parse({key: value for key, value in SMALL.items() if key != "title"})


def test_repeated_elements_of_one_name_become_two_tables() -> None:
    twice = copy.deepcopy(SMALL)
    twice["elements"] += [["ZAP/G2", "S", "УМ", "Ещё группа"], ["ZAP/G2/D", "T10", "УМ", "Диагноз"]]
    assert list(parse(twice).tables) == ["ZAP", "D", "G2", "G2_D"]
    twice["elements"] += [["ZAP/G2/G3", "S", "У", "И ещё"], ["ZAP/G2/G3/D", "T10", "УМ", "Диагноз"]]
    with pytest.raises(ValueError, match="two tables G2_D"):
        parse(twice)


def test_versions_compare_as_numbers() -> None:
    assert version_number("3.10") == (3, 10)
    assert (version_number("3.10") or ()) > (version_number("3.2") or ())
    for text in ("", "3", "3.1K1", "v3.1", " 3.1", "3.1.", "3.1000"):
        assert version_number(text) is None, text


def full(layout: Layout, version: str, fill: bool) -> dict[str, pa.Table]:
    """A document: two rows of every repeated element in each row above it, every value and group there or (``fill`` is
    false) only what is mandatory, with one row."""
    tables: dict[str, pa.Table] = {}
    for name, spec in layout.tables.items():
        head = layout.by_path[spec.path]
        wanted = [element for element in layout.elements if element.table == name and (fill or element.required)]
        there = {element.path for element in wanted if _reached(layout, element, fill)}
        above = tables[spec.parent].num_rows if spec.parent else 1
        each = (2 if head.repeated and fill else 1) if spec.path in there else 0
        parents = np.repeat(np.arange(above, dtype=np.int64), each)
        count = len(parents)
        columns: dict[str, Any] = {PARENT: pa.array(parents)} if spec.parent else {}
        for element in spec.columns:
            texts = [f"{element.position}-{row}" if element.path in there else None for row in range(count)]
            columns[element.column] = pa.array([version] * count if element.path == "ZGLV/VERSION" else texts, pa.string())
        columns |= {group.column: pa.array([group.path in there] * count, pa.bool_()) for group in spec.groups}
        tables[name] = pa.table(columns)
    return tables


def _reached(layout: Layout, element: Element, fill: bool) -> bool:
    """Whether all groups above are in the document as well."""
    above = layout.by_path.get(element.parent_path)
    return above is None or ((fill or above.required) and _reached(layout, above, fill))


def read(content: bytes, layout: Layout) -> tuple[Tables, list[tuple[str, str]]]:
    tables = read_xml(content, layout, "проба")
    return tables, [(row["code"], row["element"]) for row in tables.anomalies.to_pylist()]


@pytest.mark.parametrize("encoding", ["windows-1251", "utf-8"])
@pytest.mark.parametrize("fill", [True, False])
@pytest.mark.parametrize("code", CODES)
def test_written_and_read_again(code: str, fill: bool, encoding: str) -> None:
    layout = load(code)
    tables = full(layout, layout.versions[-1], fill)
    content = write_xml(tables, layout, encoding)
    assert len(set(re.findall(rb"<(\w+)>", content))) > 8
    got, anomalies = read(content, layout)
    assert anomalies == []
    for name, table in got.data.items():
        kept = table.drop_columns([OFFSET]) if OFFSET in table.column_names else table
        assert kept.select(tables[name].column_names).equals(tables[name]), name


@pytest.mark.parametrize("code", CODES)
def test_newer_elements_are_read_and_told(code: str) -> None:
    layout = load(code)
    newer = {element.path for element in layout.elements if element.since is not None}
    tables = full(layout, layout.versions[0], fill=True)
    _, anomalies = read(write_xml(tables, layout), layout)
    assert {element for kind, element in anomalies if kind == "STR.060"} == newer
    assert {kind for kind, _ in anomalies} == ({"STR.060"} if newer else set())
    _, anomalies = read(write_xml(tables, layout, version=layout.versions[0]), layout)
    assert anomalies == []


@pytest.mark.parametrize(
    ("code", "version", "path", "told"),
    [
        ("L", "3.1", "PERS/DOCDATE", True),
        ("L", "3.11", "PERS/DOCDATE", False),  # no version of the layout, and yet above 3.2
        ("H", "4.0", "ZAP/PACIENT/ENP", False),
        ("H", "4.0", "ZAP/PACIENT/SOC", True),
        ("H", "5.2", "ZAP/PACIENT/SOC", False),
        ("H", "5.2", "ZAP/PACIENT/MO_PR", True),
        ("H", "10.0", "ZAP/PACIENT/MO_PR", False),
        ("H", "новая", "ZAP/PACIENT/MO_PR", False),  # no version to compare with: a rule tells of that
    ],
)
def test_which_elements_are_newer(code: str, version: str, path: str, told: bool) -> None:
    layout = load(code)
    _, anomalies = read(write_xml(full(layout, version, fill=True), layout), layout)
    assert (("STR.060", path) in anomalies) is told


def test_answers_of_the_old_structure_are_told_and_not_dropped(shared: Path) -> None:
    content = (shared / "data/samples/mtr_kursk/RegisterE21Answer.xml").read_bytes()
    tables, anomalies = read(content, load("A"))
    assert tables.data["ZAP"].num_rows == content.count(b"<ZAP>") > 0
    assert anomalies.count(("STR.010", "ZAP/SLUCH")) == content.count(b"<SLUCH>") > 0
    assert tables.data["ZGLV"]["VERSION"].to_pylist() == ["2.1"]

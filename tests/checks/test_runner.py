"""The runner: many packages at once, rules in force, dictionaries, values and places of findings."""

from __future__ import annotations

from datetime import date

import pandas as pd
import pytest

from pipelines.checks import findings, suites
from pipelines.checks.frames import Bulk, frame
from pipelines.checks.locate import locate
from pipelines.checks.runner import bulks_of, required_dictionaries, run, run_bulk
from pipelines.checks.values import value_faults
from pipelines.formats.tables import Tables
from pipelines.nsi import Dictionaries
from tests.checks.build import ON, PARENT, TODAY, changed, dictionaries, dictionary, files, persons, register

SUITES = {kind: suites.load(f"pump/{kind}") for kind in ("H", "L")}


def faulty() -> list[dict[str, Tables]]:
    """Three packages: a wrong case, a right one, one with wrong services and persons."""
    wrong = changed(changed(register(), "ZAP", 1, ISHOD="399", SUMV="2000.51"), "SL", 2, NHISTORY="")
    services = changed(register(), "USL", 0, DATE_IN="2026-02-30", CODE_USL=None)
    return [files(wrong), files(), files(services, changed(persons(), "PERS", 0, W="3"))]


def test_findings_say_what_is_wrong_and_what_was_expected() -> None:
    found = run(faulty()[0], SUITES, dictionaries(), ON, TODAY)
    assert found.dtypes.astype(str).to_dict() == findings.COLUMNS
    by_rule = found.set_index("rule").to_dict("index")
    assert set(by_rule) == {
        "001F.00.0220",
        "003F.00.2420",
        "006F.00.0370",
        "006F.00.1160",
        "006F.00.1170",
        "006F.00.1040",
    }
    assert by_rule["001F.00.0220"] == {
        "member": "H",
        "severity": "error",
        "table": "ZAP",
        "row": 1,
        "element": "ZAP/Z_SL/ISHOD",
        "value": "399",
        "message": "ISHOD «Исход заболевания»: значения нет в справочнике; "
        "ожидается: значение справочника V012 (поле IDIZ) для USL_OK, действующее на дату DATE_Z_1",
    }
    assert pd.isna(by_rule["003F.00.2420"]["value"])
    assert by_rule["006F.00.1040"]["severity"] == "fatal"


def test_many_packages_at_once_give_what_each_gives_alone() -> None:
    packages = faulty()
    together = run_bulk(packages, SUITES, dictionaries(), [ON] * 3, TODAY)
    for package, found in zip(packages, together, strict=True):
        pd.testing.assert_frame_equal(found, run(package, SUITES, dictionaries(), ON, TODAY))
    assert [len(found) for found in together] == [6, 0, 3]
    assert together[2]["member"].tolist() == ["H", "H", "L"]


def test_a_member_that_not_every_package_has_is_not_looked_into() -> None:
    alone = {"H": files()["H"]}
    bulks = bulks_of([files(), alone], TODAY, dictionaries())
    assert list(bulks) == ["H"]
    assert bulks["H"].partner is None
    together = bulks_of([files(), files()], TODAY, dictionaries())
    assert together["H"].partner is together["L"]
    assert together["L"].partner is together["H"]
    register_only = {"H": SUITES["H"]}
    found = run_bulk([files(), alone], register_only, dictionaries(), [ON] * 2, TODAY)
    assert [len(frame) for frame in found] == [0, 0]


def test_findings_of_the_file_as_a_whole_come_first() -> None:
    rows = changed(register(), "ZGLV", 0, VERSION="9") | {"ZAP": [], "SL": [], "USL": []}
    found = run(files({"ZGLV": rows["ZGLV"], "SCHET": rows["SCHET"]}), {"H": SUITES["H"]}, dictionaries(), ON, TODAY)
    tables = list(dict.fromkeys(found["table"]))
    assert tables[:2] == ["", "ZGLV"]
    assert found["row"].tolist()[0] == -1
    assert (found[found["table"] != ""]["row"] == 0).all()


def test_no_packages_give_no_findings() -> None:
    assert run_bulk([], SUITES, dictionaries(), [], TODAY) == []


def test_a_rule_is_in_force_between_its_days() -> None:
    package = files(None, changed(persons(), "ZGLV", 0, VERSION="3.1"))
    days = [date(2019, 11, 30), date(2019, 10, 31), date(2019, 10, 1)]
    found = run_bulk([package] * 3, SUITES, dictionaries(), days, TODAY)
    rules = [set(frame["rule"]) & {"002F.00.0030", "002F.00.0050"} for frame in found]
    assert rules == [{"002F.00.0050"}, set(), set()]


def test_an_empty_file_is_named_as_a_whole() -> None:
    empty = files({}, {})
    found = run(empty, SUITES, dictionaries(), ON, TODAY)
    assert found[["member", "table", "row", "element", "severity"]].values.tolist() == [
        ["H", "", -1, "ZGLV", "fatal"],
        ["H", "", -1, "SCHET", "fatal"],
        ["H", "", -1, "ZAP", "fatal"],
        ["L", "", -1, "ZGLV", "fatal"],
        ["L", "", -1, "PERS", "fatal"],
    ]


def test_a_dictionary_that_is_not_loaded_is_an_error_not_a_pass() -> None:
    without = Dictionaries(d for name, d in dictionaries().items() if name != "V006")
    assert "V006" in required_dictionaries(SUITES)
    with pytest.raises(LookupError, match="V006"):
        run(files(), SUITES, without, ON, TODAY)


def test_columns_by_reference() -> None:
    bulk = Bulk([files()["H"], files()["H"]], TODAY)
    assert bulk.column("ZAP", "sum(SL.SUM_M)").to_pylist() == [100050, 200050] * 2
    assert bulk.column("ZGLV", "count(Z_SL)").to_pylist() == [2, 2]
    assert bulk.column("SCHET", "sum(SANK.S_SUM, S_TIP = {1, 10})").to_pylist() == [10000, 10000]
    assert bulk.column("SCHET", "sum(SANK.S_SUM, S_TIP = 2)").to_pylist() == [0, 0]
    assert bulk.column("SL", "ZAP.IDCASE").to_pylist() == ["1", "2", "2"] * 2
    assert bulk.column("USL", "SCHET.YEAR").to_pylist() == ["2026", "2026"]
    assert bulk.column("SL", "list(DS2.DS2)").to_pylist() == [["I10"], [], ["C34"]] * 2
    assert bulk.column("DS2", "list(DS3.DS3)").to_pylist() == [[], ["J12.8"]] * 2
    assert bulk.column("ZAP", "today()").to_pylist() == ["2026-03-15"] * 4
    assert bulk.column("ZL_LIST", "count(ZAP)").to_pylist() == [2, 2]


def test_how_often_a_value_stands_within_the_row_above() -> None:
    own = [("a", 0), ("a", 0), (None, 0), ("b", 0), ("a", 1), (None, 1)]
    rows = {"ZAP": [{}, {}], "SL": [{PARENT: parent, "SL_ID": text} for text, parent in own]}
    bulk = Bulk([files(rows)["H"], files(rows)["H"]], TODAY)
    assert bulk.column("SL", "times(ZAP.SL_ID)").to_pylist() == [2, 2, None, 1, 1, None] * 2
    assert bulk.column("SL", "times(ZL_LIST.SL_ID)").to_pylist() == [3, 3, None, 1, 3, None] * 2


def test_a_sum_of_what_is_no_number_is_not_known() -> None:
    bulk = Bulk([files(changed(register(), "SL", 1, SUM_M="1 500"))["H"]], TODAY)
    assert bulk.column("ZAP", "sum(SL.SUM_M)").to_pylist() == [100050, None]
    absent = Bulk([files(changed(register(), "SL", 1, SUM_M=""))["H"]], TODAY)
    assert absent.column("ZAP", "sum(SL.SUM_M)").to_pylist() == [100050, 50025]


def test_frames_hold_text_as_str() -> None:
    bulk = Bulk([files()["H"]], TODAY)
    for suite in SUITES["H"]:
        kinds = set(frame(bulk, suite).dtypes.astype(str))
        assert kinds <= {"str", "int64", "int64[pyarrow]", "bool[pyarrow]", "list<item: string>[pyarrow]"}


def test_findings_are_located() -> None:
    package = files()
    found = findings.frame(
        {"member": member, "rule": "x", "severity": "error", "table": table, "row": row, "element": element, "message": ""}
        for member, table, row, element in [
            ("H", "USL", 0, "ZAP/Z_SL/SL/USL/LPU"),
            ("H", "DS2", 1, "ZAP/Z_SL/SL/DS2"),
            ("H", "SL_ID", 0, "ZAP/Z_SL/SANK/SL_ID"),
            ("L", "PERS", 1, "PERS/W"),
            ("H", "SCHET", 0, "SCHET/YEAR"),
            ("H", "", -1, "ZAP"),
            ("H", "SL", 99, "ZAP/Z_SL/SL/DS1"),
            ("", "", -1, ""),
        ]
    )
    located = locate(found, package)
    shown = located[["n_zap", "idcase", "sl_id", "idserv", "id_pac", "parent", "offset"]].astype(object)
    assert shown.where(shown.notna(), None).values.tolist() == [
        ["2", "2", "a-2", "s-1", "p-2", "USL", 100],
        ["2", "2", "a-3", None, "p-2", "SL", 100],
        ["2", "2", None, None, "p-2", "SANK", 100],
        [None, None, None, None, "p-2", "PERS", 100],
        [None, None, None, None, None, "SCHET", -1],
        [None, None, None, None, None, "", -1],
        [None, None, None, None, None, "SL", -1],
        [None, None, None, None, None, "", -1],
    ]
    assert located["n_zap"].dtype == "str"


def test_locating_nothing_gives_the_columns() -> None:
    located = locate(findings.frame(), files())
    assert len(located) == 0
    assert {"n_zap", "id_pac", "parent", "offset"} <= set(located.columns)


def test_values_against_the_layout_leave_out_what_is_named() -> None:
    rows = changed(
        register(), "ZAP", 0, DATE_Z_1="2026-02-30", KD_Z="1000", SMO="9900100", IDCASE="", SUMV="1,00", NPR_MO=""
    )
    rows["DS2"].append({PARENT: 2, "DS2": "x" * 11})
    tables = files(rows)["H"]
    found = [(fault["code"], fault["element"], fault["value"]) for fault in value_faults(tables, findings.frame())]
    assert found == [
        ("VAL.030", "ZAP/PACIENT/SMO", "9900100"),
        ("VAL.010", "ZAP/Z_SL/DATE_Z_1", "2026-02-30"),
        ("VAL.020", "ZAP/Z_SL/KD_Z", "1000"),
        ("VAL.020", "ZAP/Z_SL/SUMV", "1,00"),
        ("VAL.030", "ZAP/Z_SL/SL/DS2", "x" * 11),
    ]
    named = run({"H": tables}, {"H": SUITES["H"]}, dictionaries(), ON, TODAY)
    assert value_faults(tables, named) == []
    one = value_faults(tables, named[named["element"] == "ZAP/Z_SL/DATE_Z_1"])
    assert one[0] == {"code": "VAL.030", "table": "ZAP", "row": 0, "element": "ZAP/PACIENT/SMO", "value": "9900100"}
    assert [fault["element"] for fault in one] == [element for _, element, _ in found if element != "ZAP/Z_SL/DATE_Z_1"]


def test_right_values_have_no_faults() -> None:
    for tables in files().values():
        assert value_faults(tables, findings.frame()) == []


def rules_of(package: dict[str, Tables]) -> set[str]:
    return set(run(package, SUITES, dictionaries(), ON, TODAY)["rule"])


@pytest.mark.parametrize(
    ("values", "rules"),
    [
        ({"DOCSER": "9900"}, {"004F.00.1700"}),
        ({"DOCNUM": "12345"}, {"004F.00.1710"}),
        ({"DOCNUM": "12345678"}, {"004F.00.1710"}),
        ({"DOCTYPE": None, "DOCSER": "9900"}, set()),
        ({"DOCTYPE": "77", "DOCSER": "9900"}, {"001F.00.0720"}),
    ],
)
def test_a_document_has_the_form_of_its_type(values: dict[str, str | None], rules: set[str]) -> None:
    assert rules_of(files(None, changed(persons(), "PERS", 1, **values))) == rules


def test_a_department_belongs_to_the_organisation_of_the_row() -> None:
    other = Dictionaries(
        [
            *(d for name, d in dictionaries().items() if name != "T_PODR"),
            dictionary("T_PODR", [{"MCOD": "990002", "PODR": "11", "DATEBEG": "2020-01-01"}]),
        ]
    )
    found = run(files(), SUITES, other, ON, TODAY)
    assert found.groupby("rule")["row"].agg(list).to_dict() == {"005F.00.0020": [0, 1, 2], "005F.00.0200": [0]}


def test_a_code_is_looked_up_on_the_date_of_the_case() -> None:
    closed = Dictionaries(
        [
            *(d for name, d in dictionaries().items() if name != "V006"),
            dictionary("V006", [{"IDUMP": "3", "DATEBEG": "2020-01-01", "DATEEND": "2026-02-09"}]),
        ]
    )
    assert run(files(), SUITES, closed, ON, TODAY)["rule"].tolist() == ["001F.00.0160"] * 2
    before = changed(register(), "ZAP", 0, DATE_Z_2="2026-02-09")
    before["SL"][0]["DATE_2"] = "2026-02-09"
    assert run(files(before), SUITES, closed, ON, TODAY)["row"].tolist() == [1]

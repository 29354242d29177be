"""A region's own CSV and the directories of АИС ОМС through the exchange: editions, reports, findings, look-ups."""

from __future__ import annotations

import io
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import openpyxl
import pyarrow as pa
import pytest

from pipelines import nsi
from pipelines.exchange.model import Result
from pipelines.formats.archive import write_archive
from pipelines.ground import database as db
from pipelines.ground.settings import ROOT
from pipelines.nsi.dictionaries import APART
from tests.exchange.world import World
from tests.reference.files import directory, table

NSI = "98"
HEAD = ("KOD", "NAME", "DATEBEG", "DATEEND")
FIRST = table(HEAD, ("1", "Один", "2025-01-01", ""), ("2", "Два", "01.01.2025", "31.12.2025"), ("3", "Три", "20250101", ""))
SECOND = table(
    HEAD,
    ("1", "Один", "2025-01-01", "2026-06-30"),
    ("2", "Два", "2025-01-01", "2025-12-31"),
    ("2", "Пара", "2026-01-01", ""),
    ("4", "Четыре", "2026-01-01", ""),
)
SUBSCRIBER = {"ABN_ID": "N6", "ABN_NAME": "T27", "ABN_TYPE": "T1", "OBJECT_ID": "N6", "TIP_ANSWER": "T1", "NAME": "T60"}
STREET = {"KOD_FO": "T5", "NMSTREET": "T60", "PRIZNAK": "T1"}
OTHERS = {
    "tipabo07.dbf": ({"TIP_AB": "T1", "NAME": "T40"}, [{"TIP_AB": "0", "NAME": "Отчётный адрес"}]),
    "tipotv07.dbf": ({"TIP_ANSWER": "T1", "NAME": "T20"}, [{"TIP_ANSWER": "0", "NAME": "Полный"}]),
    "admokr07.dbf": ({"COKR": "T2", "NAME_OKR": "T40"}, [{"COKR": "01", "NAME_OKR": "Заречный"}]),
    "territ07.dbf": ({"C_T": "N2", "NAME": "T60", "OKATO": "T5"}, [{"C_T": "98", "NAME": "Край", "OKATO": "62000"}]),
    "COUNTR07.dbf": ({"DIGITAL": "T3", "NAME": "T60", "CODE": "T2"}, [{"DIGITAL": "996", "NAME": "Ёлкия", "CODE": "EL"}]),
}  # fmt: skip


def subscriber(name: str, kind: str = "0", title: str = "Вымышленный абонент", **fields: str) -> dict[str, str]:
    return {
        "ABN_ID": "1",
        "ABN_NAME": name,
        "ABN_TYPE": kind,
        "OBJECT_ID": "980001",
        "TIP_ANSWER": "0",
        "NAME": title,
        **fields,
    }


def sprabo(*rows: dict[str, str], day: date = date(2026, 9, 1)) -> bytes:
    return directory(SUBSCRIBER, rows, day)


@pytest.fixture(scope="module")
def refusing(module_database: str, tmp_path_factory: pytest.TempPathFactory) -> World:
    """A world with one own dictionary and one directory, for all files that are refused."""
    world = World(module_database, tmp_path_factory.mktemp("refusing_tables")).set_up()
    assert send(world, "T_OWN.csv", FIRST) is Result.ACCEPTED
    assert send(world, "sprabo07.dbf", sprabo(subscriber("a.zar.oms"))) is Result.ACCEPTED
    return world


@pytest.fixture
def world(database: str, tmp_path: Path) -> World:
    return World(database, tmp_path).set_up()


def send(world: World, name: str, content: bytes) -> Result | None:
    world.drop(NSI, name, content)
    (outcome,) = world.run()
    return outcome.result


def found(world: World) -> dict[str, str]:
    """Messages by rule of the last package."""
    rows = world.rows("select rule, message from exchange.finding where package = (select max(id) from exchange.package)")
    return {row["rule"]: row["message"] for row in rows}


def sheet(world: World, name: str, title: str) -> list[tuple[Any, ...]]:
    book = openpyxl.load_workbook(io.BytesIO(world.answers(NSI)[name]))
    return [tuple(value or "" for value in row) for row in book[title].iter_rows(values_only=True)]


def test_an_own_dictionary_is_kept_and_looked_up_on_a_date(world: World) -> None:
    assert send(world, "T_OWN.csv", FIRST) is Result.ACCEPTED
    assert found(world) == {}
    assert send(world, "T_OWN.zip", write_archive({"T_OWN.csv": SECOND})) is Result.ACCEPTED
    with db.transaction(world.url) as connection:
        own = nsi.load(connection)["T_OWN"]
        kept = nsi.editions(connection, "T_OWN")
    codes = pa.array(["1", "1", "2", "2", "3", "4"])
    days = np.array(["2026-06-30", "2026-07-01", "2025-12-31", "2026-01-01", "2026-01-01", "2026-01-01"], "datetime64[D]")
    names = [own.rows["NAME"][row].as_py() if row >= 0 else None for row in own.find("KOD", codes, days)]
    assert names == ["Один", None, "Два", "Пара", None, "Четыре"]
    assert [(edition.source, rows) for edition, rows in kept] == [("T_OWN.csv", 3), ("T_OWN.zip", 4)]


def test_the_report_tells_new_changed_closed_and_gone(world: World) -> None:
    send(world, "T_OWN.csv", FIRST)
    later = SECOND.replace("Два".encode(), "Двойка".encode())
    send(world, "T_OWN.csv", later)
    changes = {row[:5] for row in sheet(world, "VT_OWN_REPORT_2.XLSX", "Изменения")[1:]}
    assert changes == {
        ("1", "закрыта", "DATEEND", "", "2026-06-30"),
        ("2", "изменена", "NAME", "Два", "Двойка"),
        ("2", "новая", "", "", "KOD: 2; NAME: Пара; DATEBEG: 2026-01-01"),
        ("3", "исключена", "", "KOD: 3; NAME: Три; DATEBEG: 2025-01-01", ""),
        ("4", "новая", "", "", "KOD: 4; NAME: Четыре; DATEBEG: 2026-01-01"),
    }
    summary = dict(row[:2] for row in sheet(world, "VT_OWN_REPORT_2.XLSX", "Сводка") if len(row) > 1)
    assert summary["Предыдущая редакция"].startswith("T_OWN из T_OWN.csv, загружен ")
    assert summary["Записей"] == "4"


def test_several_dictionaries_in_one_package_and_those_that_did_not_change(world: World) -> None:
    files = {"T_OWN.csv": FIRST, "Other.csv": table(("A", "B"), ("1", "2"), encoding="cp1251", delimiter=",")}
    assert send(world, "NSI_CSV_1.zip", write_archive(files)) is Result.ACCEPTED
    assert {"VNSI_CSV_1_OTHER_REPORT.XLSX", "VNSI_CSV_1_T_OWN_REPORT.XLSX"} <= set(world.answers(NSI))
    assert send(world, "NSI_CSV_2.zip", write_archive(files | {"T_OWN.csv": SECOND})) is Result.ACCEPTED
    assert "OTHER те же" in found(world)["NSI.031"]
    assert "VNSI_CSV_2_OTHER_REPORT.XLSX" not in world.answers(NSI)
    counts = world.rows("select dictionary, count(*) as n from nsi.edition where source like 'NSI%' group by 1 order by 1")
    assert counts == [{"dictionary": "OTHER", "n": 1}, {"dictionary": "T_OWN", "n": 2}]


def test_the_rows_of_an_earlier_edition_come_into_force_again(world: World) -> None:
    for name, content in (("T_OWN.csv", FIRST), ("T_OWN.csv", SECOND), ("T_OWN.zip", write_archive({"T_OWN.csv": FIRST}))):
        assert send(world, name, content) is Result.ACCEPTED
    with db.transaction(world.url) as connection:
        assert [rows for _, rows in nsi.editions(connection, "T_OWN")] == [3, 4, 3]
        assert nsi.load(connection)["T_OWN"].rows["NAME"].to_pylist() == ["Один", "Два", "Три"]


def test_the_dictionaries_of_the_region_sent_as_they_are_change_nothing(world: World) -> None:
    folder = ROOT / "include" / "region" / "demo" / "nsi"
    files = sorted(folder.glob("T_*.csv"))
    before = world.rows("select count(*) as n from nsi.edition")
    for start in range(0, len(files), 16):
        part = {path.name: path.read_bytes() for path in files[start : start + 16]}
        world.drop(NSI, f"NSI_CSV_{start}.zip", write_archive(part))
    assert {outcome.result for outcome in world.run()} == {Result.ACCEPTED}
    told = world.rows("select rule, count(*) as n from exchange.finding group by 1")
    assert told == [{"rule": "NSI.031", "n": len(files)}]
    assert world.rows("select count(*) as n from nsi.edition") == before


USL = table(("CODE_USL", "NAME", "USL_OK", "VID_VME", "TARIF", "DATEBEG", "DATEEND"), ("1", "", "3", "", "1,5", "", ""))
SWITCH = table(("RULE", "KIND", "SEVERITY", "TEXT", "DATEBEG", "DATEEND"), ("1", "", "hard", "", "", ""))
COUNTRIES = {
    name: directory(*OTHERS["COUNTR07.dbf"], date(2026, 9, day)) for name, day in (("countr08.dbf", 2), ("count09.dbf", 3))
}
OWN_FAULTS = [
    ("T_OWN.csv", table((HEAD[0], *HEAD[2:]), ("1", "", "")), "NSI.110", "действующей редакции справочника T_OWN: NAME"),
    ("T_OWN.csv", table(("kod", *HEAD[1:]), ("1", "а", "", "")), "NSI.110", "T_OWN: KOD"),
    ("T_OWN.csv", table(("KOD", "KOD"), ("1", "2")), "CSV.020", "имя столбца № 2 повторяется"),
    ("T_OWN.csv", table(HEAD, ("1", "а", "", ""), ("2", "б", "", "", "в")), "CSV.030", "строка 3: значений 5"),
    ("T_OWN.csv", table(HEAD, ("1", "а", "2026/01/01", "")), "NSI.080", "ДД.ММ.ГГГГ или ГГГГ-ММ-ДД"),
    ("T_OWN.csv", table(HEAD, ("1", "а", "31.02.2026", "")), "NSI.080", "не существует"),
    ("T_OWN.csv", table(HEAD), "NSI.050", "нет записей"),
    ("NSI_CSV_9.zip", write_archive({"T_OWN.csv": FIRST, "readme.txt": b"1"}), "PKG.091", "лишний файл (№ 2)"),
    ("NSI_CSV_9.csv", FIRST, "PKG.090", "нет обязательного файла"),
    ("T_USL.csv", USL, "NSI.081", "не является числом"),
    ("T_RULES.csv", SWITCH, "NSI.094", "ожидается fatal"),
]
B = subscriber("b.zar.oms")
DIRECTORY_FAULTS = [
    ("sprabo06.dbf", sprabo(B, day=date(2026, 8, 1)), "NSI.040", "старше загруженной (07 от 01.09.2026)"),
    ("sprabo07.dbf", sprabo(B), "NSI.030", "уже загружена"),
    ("sprabo08.dbf", sprabo(B, B | {"NAME": "Другой"}), "NSI.076", "ABN_NAME b.zar.oms, ABN_TYPE 0"),
    ("sprabo08.dbf", sprabo(subscriber("")), "NSI.077", "Не заполнено ключевое поле ABN_NAME"),
    ("sprabo08.dbf", directory({"ABN_TYPE": "T1"}, [{"ABN_TYPE": "0"}], date(2026, 9, 2)), "NSI.112", "нет полей ABN_NAME"),
    ("sprabo08.dbf", sprabo(), "NSI.050", "нет записей"),
    ("sprabo08.dbf", sprabo(B)[:-30], "DBF.020", "размер не соответствует"),
    ("NSI_DBF_9.zip", write_archive(COUNTRIES), "NSI.051", "COUNTR в пакете дважды"),
]


@pytest.mark.parametrize(("name", "content", "code", "told"), [*OWN_FAULTS, *DIRECTORY_FAULTS])
def test_a_broken_file_is_refused_with_its_fault(refusing: World, name: str, content: bytes, code: str, told: str) -> None:
    before = refusing.rows("select count(*) as n from nsi.edition")
    assert send(refusing, name, content) is Result.REJECTED
    assert told in found(refusing)[code]
    assert refusing.rows("select count(*) as n from nsi.edition") == before


def test_what_is_only_told_does_not_refuse_the_edition(world: World) -> None:
    rows = table(
        (*HEAD, "NOTE"),
        ("1", "а", "2025-01-01", "2025-06-30", ""),
        ("1", "б", "2025-08-01", "", ""),
        ("2", "в", "2025-01-01", "2025-12-31", ""),
        ("2", "г", "2025-12-31", "", ""),
        ("3", "д"),
    )
    send(world, "T_OWN.csv", FIRST)
    assert send(world, "T_OWN.csv", rows) is Result.ACCEPTED
    told = found(world)
    assert set(told) == {"NSI.070", "NSI.072", "NSI.074", "NSI.111", "CSV.040"}
    assert "KOD 1" in told["NSI.074"]
    assert "KOD 2" in told["NSI.072"]
    assert "NOTE" in told["NSI.111"]
    assert "строк 1, первая – 6" in told["CSV.040"]


@pytest.mark.feature("EGISZ-10")
def test_a_dictionary_of_the_ministry_has_its_version_in_the_name(world: World) -> None:
    name = "NEW_1.2.643.5.1.13.13.99.7_{}.csv"
    assert send(world, name.format("2.9"), table(("ID", "NAME"), ("1", "а"))) is Result.ACCEPTED
    assert send(world, name.format("2.10"), table(("ID", "NAME"), ("1", "б"))) is Result.ACCEPTED
    assert (
        send(
            world,
            name.format("2.9").replace(".csv", ".zip"),
            write_archive({name.format("2.9"): table(("ID", "NAME"), ("1", "в"))}),
        )
        is Result.REJECTED
    )
    assert "старше загруженной (2.10)" in found(world)["NSI.040"]
    with db.transaction(world.url) as connection:
        assert [edition.version for edition, _ in nsi.editions(connection, "NEW")] == ["2.9", "2.10"]


@pytest.mark.feature("NSI-02", "NSI-03", "NSI-06", "NSI-07", "NSI-08", "NSI-09", "ERZ-19")
def test_the_directories_of_moscow_are_kept_by_their_keys_and_versions(world: World) -> None:
    streets = [
        {"KOD_FO": "00012", "NMSTREET": "Берёзовая ул.", "PRIZNAK": "a"},
        {"KOD_FO": "00012", "NMSTREET": "Ёлочная ул.", "PRIZNAK": "x"},
    ]
    day = date(2026, 9, 1)
    files = {name: directory(types, rows, day) for name, (types, rows) in OTHERS.items()}
    files |= {
        "spr_ul07.dbf": directory(STREET, streets, day),
        "sprabo07.dbf": sprabo(subscriber("a.zar.oms"), subscriber("a.zar.oms", "1"), subscriber("b.zar.oms")),
    }
    assert send(world, "NSI_DBF_07.zip", write_archive(files)) is Result.ACCEPTED
    assert found(world) == {}
    assert (
        send(
            world,
            "sprabo08.dbf",
            sprabo(subscriber("a.zar.oms"), subscriber("a.zar.oms", "1", "Новое имя"), day=date(2026, 10, 1)),
        )
        is Result.ACCEPTED
    )
    with db.transaction(world.url) as connection:
        kept = nsi.load(connection)
        headers = [(edition.version, edition.issued, rows) for edition, rows in nsi.editions(connection, "SPRABO")]
    assert headers == [
        ("07", date(2026, 9, 1), 3),
        ("08", date(2026, 10, 1), 2),
    ]
    asked = pa.array([f"a.zar.oms{APART}1", f"b.zar.oms{APART}0", f"a.zar.oms{APART}2"])
    assert kept["SPRABO"].find("ABN_NAME|ABN_TYPE", asked, date(2026, 10, 1)).tolist() == [1, -1, -1]
    assert kept["SPR_UL"].get("KOD_FO+PRIZNAK", "00012a") == streets[0]
    assert {name: kept[name].rows.num_rows for name in ("TIPABO", "TIPOTV", "ADMOKR", "TERRIT", "COUNTR")} == dict.fromkeys(
        ("TIPABO", "TIPOTV", "ADMOKR", "TERRIT", "COUNTR"), 1
    )
    assert kept["COUNTR"].get("DIGITAL", "996")["NAME"] == "Ёлкия"
    changes = {row[:5] for row in sheet(world, "Vsprabo08_REPORT.XLSX", "Изменения")[1:]}
    assert ("a.zar.oms · 1", "изменена", "NAME", "Вымышленный абонент", "Новое имя") in changes
    assert {row[:2] for row in changes} == {("a.zar.oms · 1", "изменена"), ("b.zar.oms · 0", "исключена")}

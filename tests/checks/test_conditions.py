"""Conditions of use: from the dictionaries' words to the language, to rows, to Russian."""

from __future__ import annotations

import pytest

from pipelines.checks import suites
from pipelines.checks.frames import Bulk
from pipelines.checks.joins import is_partner, join_of
from pipelines.checks.phrases import normalised
from pipelines.checks.quantify import applied
from pipelines.checks.relation import Comparison, parse
from pipelines.checks.runner import run
from pipelines.checks.russian import in_russian
from pipelines.formats.layout import load
from tests.checks.build import ON, TODAY, changed, dictionaries, files, persons, register


@pytest.mark.parametrize(
    ("layout", "table", "words", "read"),
    [
        ("H", "SL", "USL_0K<>{1,2}", "ZAP.USL_OK <> {1, 2}"),
        ("H", "ZAP", "VPOLIS<>1", "VPOLIS <> 1 или VPOLIS отсутствует"),
        (
            "H",
            "ZAP",
            "теги SMO, SMO_OGRN и SMO_OK отсутствуют",
            "SMO отсутствует и SMO_OGRN отсутствует и SMO_OK отсутствует",
        ),
        ("H", "SCHET", "SANK.S_TIP={1, 10} и S_IST=1", "count(SANK, S_TIP = {1, 10} и S_IST = 1) > 0"),
        ("H", "ZAP", "S_IST<>1", "count(SANK, S_IST = 1) = 0"),
        ("H", "ZAP", "P_PER<>4 во всех элементах SL, относящихся к данному Z_SL", "count(SL, P_PER = 4) = 0"),
        ("H", "SCHET", "Pi=S или Pi=Т; Pi и Pp определяются по полю FILENAME", 'Pi = "S" или Pi = "T"'),
        ("H", "SL", "присутствует SL_KOEF", "count(SL_KOEF) присутствует"),
        ("L", "PERS", "NOVOR=0 и DOST<>2", "ZAP.NOVOR = 0 и count(DOST, DOST = 2) = 0"),
        (
            "L",
            "PERS",
            "в основном файле VPOLIS<>3",
            "ZAP.VPOLIS <> 3 или (ZAP.ID_PAC присутствует и ZAP.VPOLIS отсутствует)",
        ),
        ("C", "SL", "Возраст ЗЛ>=18 лет", "years(PERS.DR, ZAP.DATE_Z_1) >= 18"),
        ("X", "USL", "ZL_LIST/ZAP/Z_SL/SL/USL/P_OTK=0", "P_OTK = 0"),
        ("H", "SCHET", "S_IST<>1 и S_TIP=1", "count(SANK, S_IST = 1) = 0 и count(SANK, S_TIP = 1) > 0"),
    ],
)
def test_words_of_the_dictionaries_are_read(layout: str, table: str, words: str, read: str) -> None:
    assert str(applied(parse(normalised(words)), load(layout), table, "003F.00.9999")) == read


def test_a_condition_is_said_in_russian() -> None:
    text = "count(SANK, S_IST = 1) = 0 и years(PERS.DR, DATE_Z_1) >= 18"
    assert in_russian(parse(text)) == "нет SANK, где S_IST = 1 и полных лет от PERS.DR на DATE_Z_1 >= 18"


def test_files_of_a_package_meet_by_the_patient() -> None:
    twice = [files(), files(changed(register(), "ZAP", 0, ID_PAC="p-9", NOVOR="5"), persons())]
    main, people = (Bulk([package[role] for package in twice], TODAY) for role in ("H", "L"))
    main.partner, people.partner = people, main
    assert people.column("PERS", "ZAP.NOVOR").to_pylist() == ["0", "20102261", None, "20102261"]
    assert people.column("PERS", "SCHET.PLAT").to_pylist() == ["99001", "99001", None, "99001"]
    assert main.column("SL", "PERS.DR").to_pylist()[:2] == ["1980-01-31", "2026-02-01"]
    assert main.column("ZAP", "PERS.DR").to_pylist() == ["1980-01-31", "2026-02-01", None, "2026-02-01"]
    assert main.column("ZAP", "count(DOST, DOST = 2)").to_pylist()[:2] == [0, 1]


def test_parts_of_the_name() -> None:
    bulk = Bulk([files()["H"]], TODAY)
    parts = [bulk.column("SCHET", name).to_pylist()[0] for name in ("KIND", "Pi", "Ni", "Pp", "Np", "YY", "MM")]
    assert parts == ["H", "M", "990001", "S", "99001", "26", "02"]


def test_one_nested_group_is_one_comparison() -> None:
    found = applied(parse("S_TIP = 1 и S_SUM <> 0"), load("H"), "ZAP", "003F.00.9999")
    assert isinstance(found, Comparison)
    assert str(found) == "count(SANK, S_TIP = 1 и S_SUM <> 0) > 0"


def test_blanks_are_joined_and_brackets_closed() -> None:
    assert normalised(" USL_OK  =\n1 ") == "USL_OK = 1"
    assert normalised("((DS1=D70) и (USL_OK=1") == "((DS1=D70) и (USL_OK=1))"
    assert normalised("(USL_OK=1)") == "(USL_OK=1)"


def test_partners_are_files_that_meet_by_the_same_tables() -> None:
    assert [is_partner(load(one), load(other)) for one, other in ("HL", "LH", "TL", "HH", "LL", "HT")] == [True] * 3 + [
        False
    ] * 3
    assert [is_partner(load(one), load(other)) for one, other in (("H", "PR"), ("PR", "H"), ("PR", "PR"))] == [False] * 3
    assert join_of("key") is None
    assert join_of("PR") is None


def test_a_package_is_checked_with_both_its_files_in_sight() -> None:
    late = files(register(), changed(persons(), "PERS", 0, DR="2026-02-03"))
    found = run(late, {kind: suites.load(f"pump/{kind}") for kind in ("H", "L")}, dictionaries(), ON, TODAY)
    assert found[["member", "rule", "row"]].values.tolist() == [["H", "006F.00.0311", 0], ["L", "006F.00.0680", 0]]

"""Conditions of use: from the dictionaries' words to the language, to rows, to Russian."""

from __future__ import annotations

import pytest

from pipelines.checks.frames import Bulk
from pipelines.checks.phrases import normalised
from pipelines.checks.quantify import applied
from pipelines.checks.relation import parse
from pipelines.checks.russian import in_russian
from pipelines.formats.layout import load
from tests.checks.build import TODAY, changed, files, persons, register


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

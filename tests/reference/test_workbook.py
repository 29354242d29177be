"""ФФОМС's workbook of clinical groups through the exchange: editions, both conditions of care, findings, prices."""

from __future__ import annotations

import io
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pytest

from pipelines import nsi
from pipelines.demo.servers.postgres import Postgres
from pipelines.exchange.model import Result
from pipelines.formats.archive import write_archive
from pipelines.ground import database as db
from pipelines.nsi import Dictionaries
from pipelines.pump.grouper import Grouper, Workbook
from pipelines.pump.pricing import Pricing, Reference
from tests.databases import fresh
from tests.exchange.world import REGION, World
from tests.reference.files import group, line, workbook
from tests.reference.packets import packet

NSI = "98"
KS = workbook(
    [group("st01.001", 0.5, 0.3), group("st01.002", 1.25)],
    [line(1, "st01.001", "A00"), line(2, "st01.002", service="A16.01.001")],
)
DS = workbook([group("ds01.001", 0.75)], [line(1, "ds01.001", "A00")])


@pytest.fixture(scope="module")
def refusing(module_database: str, tmp_path_factory: pytest.TempPathFactory) -> World:
    """A world that nothing gets into: one for all broken workbooks."""
    return World(module_database, tmp_path_factory.mktemp("refusing_books")).set_up()


@pytest.fixture
def world(database: str, tmp_path: Path) -> World:
    return World(database, tmp_path).set_up()


def send(world: World, name: str, content: bytes) -> Result | None:
    world.drop(NSI, name, content)
    (outcome,) = world.run()
    return outcome.result


def found(world: World) -> list[tuple[str, str | None, str]]:
    """Rule, value, message of the last package."""
    rows = world.rows(
        "select rule, value, message from exchange.finding "
        "where package = (select max(id) from exchange.package) order by ordinal"
    )
    return [(row["rule"], row["value"], row["message"]) for row in rows]


def dictionaries(world: World) -> Dictionaries:
    with db.transaction(world.url) as connection:
        return nsi.load(connection)


def on(world: World, name: str, day: date, field: str) -> set[str]:
    """Values of a field of the rows in force on a day."""
    dictionary = dictionaries(world)[name]
    rows = dictionary.rows.to_pandas()
    moment = pd.Timestamp(day).to_numpy()
    return set(rows.loc[(dictionary.first <= moment) & (moment <= dictionary.last), field])


def period_of(world: World, day: date) -> Any:
    reference = Reference(dictionaries(world), Pricing.load(REGION.folder), REGION.okato)
    ((period, _),) = reference.periods(pd.Series([pd.Timestamp(day)]).to_numpy().astype("datetime64[D]"))
    return period


def sheet(world: World, name: str, title: str) -> list[tuple[Any, ...]]:
    book = openpyxl.load_workbook(io.BytesIO(world.answers(NSI)[name]))
    return [tuple(value or "" for value in row) for row in book[title].iter_rows(values_only=True)]


def visits(
    diagnoses: list[str], services: list[str | None], care: list[str], day: date
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Visits of a week, one for each diagnosis, and the service of each that has one."""
    frame = pd.DataFrame({"USL_OK": care, "DS1": diagnoses, "W": "1", "DR": "1980-05-05"})
    frame["DATE_1"], frame["DATE_2"] = day.isoformat(), (day + timedelta(days=7)).isoformat()
    given = pd.DataFrame({"_parent": range(len(services)), "VID_VME": services}).dropna().reset_index(drop=True)
    return frame, given


def chosen(world: World, diagnosis: str, day: date) -> str:
    frame, services = visits([diagnosis], [None], ["1"], day)
    return str(period_of(world, day).grouper.group(frame, services).chosen["N_KSG"].iloc[0])


@pytest.mark.feature("PUMP-13")
def test_each_book_replaces_the_groups_of_its_condition_of_care_from_its_first_day(world: World) -> None:
    last_year, this_year = date(2025, 12, 31), date(2026, 1, 1)
    before = {day: on(world, "V023", day, "K_KSG") for day in (last_year, this_year)}
    assert send(world, "KSG26_KS.xlsx", KS) is Result.ACCEPTED
    assert found(world) == []
    day_hospital = {code for code in before[this_year] if code.startswith("ds")}
    assert day_hospital
    assert on(world, "V023", last_year, "K_KSG") == before[last_year]
    assert on(world, "V023", this_year, "K_KSG") == day_hospital | {"st01.001", "st01.002"}
    assert on(world, "T_GROUPER", this_year, "N_KSG") >= {"st01.001", "st01.002"}
    assert send(world, "KSG26_DS.zip", write_archive({"KSG26_DS.xlsx": DS})) is Result.ACCEPTED
    assert on(world, "V023", last_year, "K_KSG") == before[last_year]
    assert on(world, "V023", this_year, "K_KSG") == {"st01.001", "st01.002", "ds01.001"}
    assert on(world, "T_GROUPER", this_year, "N_KSG") == {"st01.001", "st01.002", "ds01.001"}
    row = dictionaries(world)["V023"].get("K_KSG", "st01.001", this_year)
    assert row is not None
    assert (row["IDUMP"], row["KOEF_Z"], row["K_ZP"], row["PROFILE"]) == ("1", "0.5", "0.3", "Вымышленный профиль")


def test_both_books_in_either_order_come_to_the_same_groups(world: World, postgres: Postgres, tmp_path: Path) -> None:
    with fresh(postgres) as url:
        other = World(url, tmp_path / "other").set_up()
        for one, names in ((world, ("KSG26_KS.xlsx", "KSG26_DS.xlsx")), (other, ("KSG26_DS.xlsx", "KSG26_KS.xlsx"))):
            for name in names:
                assert send(one, name, KS if "KS." in name else DS) is Result.ACCEPTED
        for name in ("V023", "T_GROUPER"):
            rows = [sorted(map(str, dictionaries(one)[name].rows.to_pylist())) for one in (world, other)]
            assert rows[0] == rows[1], name


def test_a_corrected_book_and_one_from_a_later_day(world: World) -> None:
    send(world, "KSG26_KS.xlsx", KS)
    corrected = workbook(
        [group("st01.001", 0.6, 0.3), group("st01.002", 1.25)],
        [line(1, "st01.002", service="A16.01.001"), line(2, "st01.001", "A00")],
    )
    assert send(world, "KSG26_KS.xlsx", corrected) is Result.ACCEPTED
    changes = sheet(world, "VKSG26_KS_V023_REPORT_2.XLSX", "Изменения")[1:]
    assert changes == [("1 · st01.001", "изменена", "KOEF_Z", "0.5", "0.6")]
    assert len(sheet(world, "VKSG26_KS_T_GROUPER_REPORT_2.XLSX", "Изменения")) == 1  # the order alone is no change
    later = workbook([group("st01.001", 0.7)], [line(1, "st01.001", "A01")])
    assert send(world, "KSG26_KS_20260401.xlsx", later) is Result.ACCEPTED
    assert [chosen(world, code, date(2026, 3, 31)) for code in ("A00", "A01")] == ["st01.001", "nan"]
    assert [chosen(world, code, date(2026, 4, 1)) for code in ("A00", "A01")] == ["nan", "st01.001"]
    told = {row[:3] for row in sheet(world, "VKSG26_KS_20260401_V023_REPORT.XLSX", "Изменения")[1:]}
    assert {
        ("1 · st01.001", "закрыта", "DATEEND"),
        ("1 · st01.002", "закрыта", "DATEEND"),
        ("1 · st01.001", "новая", ""),
    } == told
    assert send(world, "KSG26_KS_20260401.zip", write_archive({"KSG26_KS_20260401.xlsx": later})) is Result.ACCEPTED
    assert [code for code, _, _ in found(world)] == ["NSI.031", "NSI.031"]


ONE = [group("st01.001")]
ROW = line(1, "st01.001")
BROKEN = [
    ("KSG26_KS.xlsx", workbook([], [], sheets=("Группы", "Группировщик")), "WBK.020", None, "нет листа «КСГ»"),
    ("KSG26_KS.xlsx", workbook([], [], group_titles=("№", "КСГ")), "WBK.030", None, "нет столбца «Наименование КСГ», «КЗ»"),
    ("KSG26_KS.xlsx", workbook([group("st01.001", "0,5")], [ROW]), "WBK.040", "0,5", "ячейка D2 («КЗ»): ожидается число не"),
    ("KSG26_KS.xlsx", workbook([group("st01.001", "")], [ROW]), "WBK.041", None, "Лист «КСГ», ячейка D2 («КЗ») пуста"),
    (
        "KSG26_KS.xlsx",
        workbook(ONE, [ROW, line(2, "st01.009")]),
        "WBK.051",
        "st01.009",
        "«Группировщик», строка 3: группы нет",
    ),
    ("KSG26_KS.xlsx", workbook([*ONE, *ONE], [ROW]), "WBK.052", "st01.001", "Лист «КСГ», строка 3: группа повторяется"),
    ("KSG26_DS.xlsx", KS, "WBK.050", "st01.001", "ожидается ds…"),
    ("KSG26_KS.xlsx", workbook(ONE, []), "NSI.050", None, "нет записей"),
    ("KSG26_KS_20261301.xlsx", KS, "WBK.060", "20261301", "дата, которой нет"),
    ("KSG26_KS.xlsx", KS[:300] + bytes(50) + KS[350:], "WBK.010", None, "не является рабочей книгой"),
    ("KSG26_KS.xlsx", b"no workbook", "WBK.010", None, "не является рабочей книгой"),
    ("KSG26_KS.zip", write_archive({"KSG26_KS.xls": KS}), "PKG.150", None, "Вложенный архив"),
]


@pytest.mark.parametrize(("name", "content", "code", "value", "told"), BROKEN)
def test_a_broken_workbook_is_refused_with_its_fault(
    refusing: World, name: str, content: bytes, code: str, value: str | None, told: str
) -> None:
    before = refusing.rows("select count(*) as n from nsi.edition")
    assert send(refusing, name, content) is Result.REJECTED
    rule, given, message = found(refusing)[0]
    assert (rule, given) == (code, value)
    assert told in message
    assert refusing.rows("select count(*) as n from nsi.edition") == before


def test_a_packet_that_would_lose_the_share_of_wages_is_told(world: World) -> None:
    send(world, "KSG26_KS.xlsx", KS)
    rows = [{"IDUMP": "1", "K_KSG": "st01.001", "N_KSG": "а", "KOEF_Z": "0.5", "DATEBEG": "01.01.2026", "DATEEND": ""}]
    assert send(world, "V023.xml", packet("KSG", "9.0", "30.01.2026", rows)) is Result.ACCEPTED
    ((rule, _, message),) = found(world)
    assert rule == "NSI.061"
    assert "K_ZP" in message


@pytest.mark.feature("PUMP-13")
def test_the_published_workbooks_group_as_they_do_when_read_directly(world: World, shared: Path) -> None:
    folder = shared / "data" / "tariffs" / "ksg2026"
    for name in ("KSG26_KS.xlsx", "KSG26_DS.xlsx"):
        assert send(world, name, (folder / name).read_bytes()) is Result.ACCEPTED
        assert found(world) == []
    grouper = period_of(world, date(2026, 2, 1)).grouper
    books = [Workbook.read(folder / name) for name in ("KSG26_KS.xlsx", "KSG26_DS.xlsx")]
    for book, rows in zip(books, (37_531, 21_204), strict=True):
        kept = grouper.books[book.usl_ok].workbook
        assert len(kept.table) == rows
        pd.testing.assert_frame_equal(kept.table, book.table)
        pd.testing.assert_frame_equal(kept.groups.drop(columns="PROFILE"), book.groups.drop(columns="PROFILE"))
    sampled = pd.concat([book.table.sample(1_000, random_state=3).assign(USL_OK=book.usl_ok) for book in books])
    diagnoses = sampled["DS1"].where(~sampled["DS1"].str.contains("-", na=True), "I10").tolist()
    services = [value if isinstance(value, str) else None for value in sampled["CODE_USL"]]
    frame, given = visits(diagnoses, services, sampled["USL_OK"].tolist(), date(2026, 2, 1))
    direct = Grouper(*books, rules=grouper.rules).group(frame, given)
    found_again = grouper.group(frame, given)
    assert direct.chosen["N_KSG"].nunique() > 100
    pd.testing.assert_frame_equal(found_again.chosen, direct.chosen)
    pd.testing.assert_frame_equal(found_again.candidates, direct.candidates)

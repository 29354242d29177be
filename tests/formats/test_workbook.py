"""Declared sheets of a workbook: values, places of bad cells, what makes it unreadable."""

from __future__ import annotations

import io
import zipfile

import pytest

from pipelines.formats.archive import ArchiveLimits
from pipelines.formats.flat import flat_rows
from pipelines.formats.tables import FileFault, Tables
from pipelines.formats.workbook import bad_cells, column_letter, read_workbook
from tests.reference.files import GROUP_TITLES, group, line, workbook

GOOD = workbook([group("st01.001", 0.5, 0.304), group("st01.002", 1)], [line(1, "st01.001", "A00"), line(2, "st01.002")])


def read(content: bytes, limits: ArchiveLimits | None = None) -> Tables:
    return read_workbook([content], "KSG", "XLSX", limits or ArchiveLimits())


def bad(content: bytes) -> list[tuple[str, str, str, str | None]]:
    return [(cell.sheet, cell.cell, cell.column.title, cell.value) for cell in bad_cells(read(content), "KSG")]


def test_numbers_are_written_as_they_were_typed() -> None:
    tables = read(GOOD)
    groups = flat_rows(tables, "GROUP")
    assert [(row["LINE"], row["K_KSG"], row["KOEF_Z"], row["K_ZP"]) for row in groups] == [
        ("2", "st01.001", "0.5", "0.304"),
        ("3", "st01.002", "1", ""),
    ]
    assert [(row["ROW"], row["DS1"], row["N_KSG"]) for row in flat_rows(tables)] == [
        ("1", "A00", "st01.001"),
        ("2", "", "st01.002"),
    ]
    assert not list(bad_cells(tables, "KSG"))


def test_a_bad_cell_is_told_with_its_place_in_the_sheet() -> None:
    blank = ("", "", "", "", "", "", "")
    content = workbook(
        [group("st01.001"), blank, group("st1.2", "0,5", 2), group("st01.003", "")],
        [line(1, "st01.001", sex="М"), ("", *[""] * 9, "st01.001")],
    )
    assert bad(content) == [
        ("КСГ", "B4", "КСГ", "st1.2"),
        ("КСГ", "D4", "КЗ", "0,5"),
        ("КСГ", "D5", "КЗ", None),
        ("КСГ", "G4", "Доля з/п и прочих расходов", "2"),
        ("Группировщик", "A3", "№", None),
        ("Группировщик", "G2", "Пол", "М"),
    ]


def test_columns_may_stand_elsewhere_and_titles_have_other_blanks() -> None:
    titles = (*GROUP_TITLES[1:], "№", "Новый столбец")
    titles = (*titles[:1], "Наименование\nКСГ ", *titles[2:])
    content = workbook([(*group("st01.001", "?")[1:], 1, "")], [], group_titles=titles)
    assert bad(content) == [("КСГ", "C2", "КЗ", "?")]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"PK\x03\x04 no workbook", ("WBK.010", None, None)),
        (GOOD[:-200], ("WBK.010", None, None)),
        (workbook([], [], sheets=("КСГ", "Таблица")), ("WBK.020", "Группировщик", None)),
        (workbook([], [], group_titles=("№", "КСГ", "Профиль")), (
            "WBK.030", "КСГ", "Наименование КСГ», «КЗ», «Доля з/п и прочих расходов")),
    ],
)  # fmt: skip
def test_what_makes_a_workbook_unreadable(content: bytes, expected: tuple[str, str | None, str | None]) -> None:
    with pytest.raises(FileFault) as raised:
        read(content)
    parameters = raised.value.parameters
    assert (raised.value.code, parameters.get("sheet"), parameters.get("columns")) == expected


def test_a_workbook_that_unpacks_without_end_is_refused_before_it_is_read() -> None:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", b"0" * (3 << 20))
    with pytest.raises(FileFault) as raised:
        read(target.getvalue(), ArchiveLimits(inflated_bytes=2 << 20))
    assert raised.value.code == "PKG.060"


def test_letters_of_columns() -> None:
    assert [column_letter(number) for number in (0, 25, 26, 51, 52, 701, 702)] == ["A", "Z", "AA", "AZ", "BA", "ZZ", "AAA"]

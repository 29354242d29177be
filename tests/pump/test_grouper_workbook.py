"""ФФОМС's workbooks: the loader reproduces the reverse indexes that they carry, and agrees with a plain loop."""

from __future__ import annotations

import io
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
import xlsxwriter

from pipelines.pump.grouper import Grouper, Workbook
from pipelines.pump.grouper.workbook import groups_by
from tests.bench.bench_grouper import covers, month, plain_groups

EDGES = (
    "B99",
    "C00",
    "C80",
    "C81",
    "C96",
    "C97",
    "D00",
    "D09",
    "D10",
    "D44",
    "D45",
    "D47",
    "D48",
    "Q19",
    "Q20",
    "Q28",
    "Q29",
)
"""Rubrics at and beside the ends of the table's ranges."""


@pytest.fixture(scope="module")
def books(shared: Path) -> list[Workbook]:
    folder = shared / "data" / "tariffs" / "ksg2026"
    return [Workbook.read(folder / name) for name in ("KSG26_KS.xlsx", "KSG26_DS.xlsx")]


def test_sizes(books: list[Workbook]) -> None:
    assert [book.usl_ok for book in books] == ["1", "2"]
    assert [len(book.table) for book in books] == [37531, 21204]
    assert [len(book.groups) for book in books] == [468, 224]
    assert [int(book.groups["K_ZP"].notna().sum()) for book in books] == [124, 94]
    assert all(set(book.groups["N_KSG"]) == set(book.table["N_KSG"]) for book in books)


@pytest.mark.parametrize(
    ("sheet", "columns", "sizes"),
    [("Номенклатура", ["CODE_USL"], [2815, 890]), ("ДКК", ["CRIT"], [143, 66])],
)
def test_reverse_indexes_of_services_and_criteria(
    books: list[Workbook], sheet: str, columns: list[str], sizes: list[int]
) -> None:
    for book, size in zip(books, sizes, strict=True):
        stated = book.reverse[sheet]
        built = groups_by(book.table, columns)
        assert len(stated) == size
        assert {code: built.get(code) for code in stated} == dict(stated)


def test_reverse_index_of_diagnoses(books: list[Workbook]) -> None:
    """Ranges cover rubrics, letters cover their codes; by exact codes alone 1,186 would differ."""
    book = books[0]
    stated = book.reverse["МКБ 10"]
    cells = groups_by(book.table, ["DS1", "DS2", "DS3"])
    wide = [cell for cell in cells if "-" in cell or cell.endswith(".")]
    assert sorted(wide) == ["C.", "C00-C80", "C81-C96", "D00-D09", "D45-D47", "I.", "Q20-Q28"]
    built = {
        code: _union(cells.get(code, frozenset()), (cells[cell] for cell in wide if covers(cell, code))) for code in stated
    }
    assert len(stated) == 10411
    assert sum(cells.get(code, frozenset()) != groups for code, groups in stated.items()) == 1186
    assert built == dict(stated)


def test_the_grouper_finds_each_diagnosis_by_the_same_ranges(books: list[Workbook]) -> None:
    """The compiled table gives a diagnosis the tokens of exactly those cells that cover it."""
    grouper = Grouper(*books)
    for book in books:
        table = grouper.books[book.usl_ok].table
        cells = {text.removeprefix("1|") for text in table.tokens.to_pylist() if text.startswith("1|")}
        ends = [f"{rubric}{tail}" for rubric in EDGES for tail in ("", ".9")]
        codes = sorted({*sorted(book.reverse["МКБ 10"])[::211], *ends})
        visits, tokens = table.tokens_of("1", np.arange(len(codes)), pa.array(codes).dictionary_encode())
        found: dict[str, set[str]] = {code: set() for code in codes}
        for visit, token in zip(visits, tokens, strict=True):
            found[codes[visit]].add(table.tokens[int(token)].as_py().removeprefix("1|"))
        assert found == {code: {cell for cell in cells if covers(cell, code)} for code in codes}


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_candidates_equal_a_plain_loop_over_the_rows(books: list[Workbook], seed: int) -> None:
    """Over a sample of the rows of each table, so that the loop ends."""
    some = [replace(book, table=book.table.sample(700, random_state=seed, ignore_index=True)) for book in books]
    given = month(some, 200, seed)
    grouping = Grouper(*some).group(given.visits, given.services, ds2=given.ds2, ds3=given.ds3, crit=given.crit)
    by_table = grouping.candidates.dropna(subset="ROW").groupby("_parent")["N_KSG"].agg(set).to_dict()
    tables = {book.usl_ok: book.table.fillna("").to_dict("records") for book in some}
    expected = {number: plain_groups(tables[case.usl_ok], case) for number, case in enumerate(given.cases())}
    assert by_table == {number: groups for number, groups in expected.items() if groups}
    assert sum(map(len, expected.values())) > 60


def _union(own: frozenset[str], others: Iterable[frozenset[str]]) -> frozenset[str]:
    return own.union(*others)


def sheet_bytes(sheets: dict[str, list[list[object]]]) -> bytes:
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"in_memory": True}) as book:
        for name, rows in sheets.items():
            sheet = book.add_worksheet(name)
            for number, row in enumerate(rows):
                sheet.write_row(number, 0, row)
    return buffer.getvalue()


GROUP_SHEET: list[list[object]] = [
    ["№", "КСГ", "Наименование КСГ", "КЗ", "Профиль", "Доля з/п и прочих расходов"],
    [1, "st01.001", "Группа", 0.93, "Профиль", 0.3849],
]
TABLE_HEAD: list[object] = [
    "№",
    "Код по МКБ 10",
    "Код по МКБ 10 (2)",
    "Код по МКБ 10 (3)",
    "Код услуги",
    "Возраст",
    "Пол",
    "Длительность",
    "Иной классификационный критерий",
    "Диапазон фракций",
    "КСГ",
]
REVERSE_SHEETS: dict[str, list[list[object]]] = {
    "МКБ 10": [["Код по МКБ 10", "КСГ 1"], ["A00", "st01.001"], ["A01", ""]],
    "Номенклатура": [["Код услуги", "КСГ 1"]],
    "ДКК": [["Код ДКК", "КСГ 01"]],
}


def test_numbers_are_read_as_they_were_typed_and_empty_rows_passed_over() -> None:
    table = [TABLE_HEAD, [""] * 11, [1, "A00", "", "", "", 6, "", "", "", "", "st01.001"]]
    book = Workbook.read(sheet_bytes({"КСГ": GROUP_SHEET, "Группировщик": table, **REVERSE_SHEETS}))
    assert book.groups[["KOEF_Z", "K_ZP"]].iloc[0].tolist() == ["0.93", "0.3849"]
    assert book.table[["ROW", "DS1", "AGE"]].iloc[0].tolist() == ["1", "A00", "6"]
    assert book.reverse["МКБ 10"] == {"A00": frozenset({"st01.001"})}


@pytest.mark.parametrize(
    ("sheets", "told"),
    [
        ({"КСГ": GROUP_SHEET}, "Группировщик"),
        ({"КСГ": [row[:3] for row in GROUP_SHEET], "Группировщик": [TABLE_HEAD]}, "КЗ"),
        ({"КСГ": GROUP_SHEET, "Группировщик": [TABLE_HEAD, ["1", *[""] * 9, "st99.001"]]}, "1 unknown"),
    ],
)
def test_a_faulty_workbook_is_refused(sheets: dict[str, list[list[object]]], told: str) -> None:
    with pytest.raises(ValueError, match=told):
        Workbook.read(sheet_bytes(sheets))


def test_an_unknown_form_of_a_diagnosis_is_refused() -> None:
    table = [TABLE_HEAD, [1, "A00*", "", "", "", "", "", "", "", "", "st01.001"]]
    book = Workbook.read(sheet_bytes({"КСГ": GROUP_SHEET, "Группировщик": table, **REVERSE_SHEETS}))
    with pytest.raises(ValueError, match="neither a code nor a range"):
        Grouper(book)
    plain = Workbook.read(sheet_bytes({"КСГ": GROUP_SHEET, "Группировщик": [TABLE_HEAD], **REVERSE_SHEETS}))
    with pytest.raises(ValueError, match="two workbooks"):
        Grouper(plain, plain)

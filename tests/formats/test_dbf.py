"""The DBF reader and writer: round trips, dirty values, structure; nothing stops the file that need not."""

from __future__ import annotations

from datetime import date

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.formats.dbf import read_dbf, read_own_dbf
from pipelines.formats.dbf_writer import write_dbf, write_dbt
from pipelines.formats.flat import flat_layout
from pipelines.formats.tables import FileFault, Tables
from tests.formats.dbf_files import LAYOUT, TODAY, column, layout, raw_dbf


def strings(**columns: list[str | None]) -> pa.Table:
    return pa.table({name: pa.array(values, pa.string()) for name, values in columns.items()})


def anomalies(tables: Tables) -> list[tuple[str, int, str, str | None]]:
    return [(row["code"], row["row"], row["element"], row["value"]) for row in tables.anomalies.to_pylist()]


def letters(page: int) -> st.SearchStrategy[str]:
    return st.characters(codec=f"cp{page}", exclude_categories=("Cc",))


def text_of(page: int, length: int) -> st.SearchStrategy[str | None]:
    filled = st.text(letters(page), max_size=length).map(lambda text: text.rstrip(" ") or None)
    return st.none() | filled


def rows(page: int) -> st.SearchStrategy[list[tuple[str | None, ...]]]:
    number = st.none() | st.integers(-99_999, 999_999).map(str)
    money = st.none() | st.decimals(-99_999, 999_999, places=2).map(str)
    day = st.none() | st.dates().map(date.isoformat)
    return st.lists(st.tuples(text_of(page, 25), text_of(page, 1), number, money, day, text_of(page, 600)), max_size=8)


@settings(deadline=None, max_examples=60)
@given(st.sampled_from([866, 1251]).flatmap(lambda page: st.tuples(st.just(page), rows(page))))
def test_what_is_written_is_read(case: tuple[int, list[tuple[str | None, ...]]]) -> None:
    page, written = case
    names = [element.column for element in LAYOUT.tables["REC"].columns]
    table = strings(**{name: [row[index] for row in written] for index, name in enumerate(names)})
    content = write_dbf(table, LAYOUT, page, dated=TODAY)
    read = read_dbf(content, LAYOUT, "DBF", memo=write_dbt(table, LAYOUT, page))
    assert anomalies(read) == []
    assert read.data["REC"].drop_columns(["_offset"]).to_pydict() == table.to_pydict()
    assert write_dbf(read.data["REC"], LAYOUT, page, dated=TODAY) == content


def test_offsets_are_those_of_the_records() -> None:
    content = write_dbf(strings(FAM=["А", "Б", "В"]), LAYOUT, dated=TODAY)
    for offset, letter in zip(column(read_dbf(content, LAYOUT, "DBF"), "_offset"), "АБВ", strict=True):
        assert content[offset : offset + 2] == b" " + letter.encode("cp866")


DIRTY = layout(("D", "D"), ("N", "N6"), ("S", "N4.2"), ("T", "T6"))
DIRTY_FIELDS = [("D", "D", 8, 0), ("N", "N", 6, 0), ("S", "N", 7, 2), ("T", "C", 6, 0)]


@pytest.mark.parametrize(
    ("cells", "code", "element", "value"),
    [
        ((b"20250231", b"", b"", b""), "VAL.010", "REC/D", "20250231"),
        ((b"20250229", b"", b"", b""), "VAL.010", "REC/D", "20250229"),
        ((b"20251301", b"", b"", b""), "VAL.010", "REC/D", "20251301"),
        ((b"20250100", b"", b"", b""), "VAL.010", "REC/D", "20250100"),
        ((b"00000000", b"", b"", b""), "VAL.010", "REC/D", "00000000"),
        ((b"00000101", b"", b"", b""), "VAL.010", "REC/D", "00000101"),
        ((b"2025", b"", b"", b""), "VAL.010", "REC/D", "2025"),
        ((b"1.2.2025", b"", b"", b""), "VAL.010", "REC/D", "1.2.2025"),
        ((b"", b"******", b"", b""), "VAL.020", "REC/N", "******"),
        ((b"", b"12O4", b"", b""), "VAL.020", "REC/N", "12O4"),
        ((b"", b" 1 2", b"", b""), "VAL.020", "REC/N", "1 2"),
        ((b"", b"1.5", b"", b""), "VAL.020", "REC/N", "1.5"),
        ((b"", b"1E5", b"", b""), "VAL.020", "REC/N", "1E5"),
        ((b"", b"-", b"", b""), "VAL.020", "REC/N", "-"),
        ((b"", b"+12", b"", b""), "VAL.020", "REC/N", "+12"),
        ((b"", b"", b".50", b""), "VAL.020", "REC/S", ".50"),
        ((b"", b"", b"5.", b""), "VAL.020", "REC/S", "5."),
        ((b"", b"\xe1\xe2", b"", b""), "VAL.020", "REC/N", "ст"),
        ((b"", b"", b"1,50", b""), "VAL.020", "REC/S", "1,50"),
        ((b"", b"", b"1.505", b""), "VAL.020", "REC/S", "1.505"),
        ((b"", b"", b"12345.1", b""), "VAL.020", "REC/S", "12345.1"),
        ((b"", b"", b".", b""), "VAL.020", "REC/S", "."),
        ((b"", b"", b"", b"A\0B"), "VAL.040", "REC/T", "A\\x00B"),
        ((b"", b"", b"", b"\x80\x01"), "VAL.040", "REC/T", "А\\x01"),
    ],
)
def test_dirty_values_are_kept_and_told(cells: tuple[bytes, ...], code: str, element: str, value: str) -> None:
    widths = [width for _, _, width, _ in DIRTY_FIELDS]
    clean = b" 20240229" + b"    12" + b"  -1.50" + b"\x80\x81\x82   "
    dirty = b" " + b"".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True))
    read = read_dbf(raw_dbf(DIRTY_FIELDS, [clean, dirty, clean]), DIRTY, "DBF")
    assert anomalies(read) == [(code, 1, element, value)]
    assert read.anomalies["offset"].to_pylist() == [column(read, "_offset")[1]]
    expected = {"D": "2024-02-29", "N": "12", "S": "-1.50", "T": "АБВ"}
    assert read.data["REC"].drop_columns(["_offset"]).to_pylist()[::2] == [expected, expected]
    kept = read.data["REC"].column(element.removeprefix("REC/")).to_pylist()[1]
    assert kept == value.replace("\\x00", "\ufffd").replace("\\x01", "\ufffd")


def test_numbers_that_are_well_written() -> None:
    cells = [b"-12", b"-0", b"000001", b"999999", b"", b"\0\0\0\0\0\0"]
    read = read_dbf(raw_dbf([("N", "N", 6, 0)], [b" " + cell.rjust(6) for cell in cells]), layout(("N", "N6")), "DBF")
    assert anomalies(read) == []
    assert column(read, "N") == ["-12", "-0", "000001", "999999", None, None]
    cells = [b"0.5", b"5.0", b"-1.25", b"7"]
    read = read_dbf(raw_dbf([("S", "F", 7, 2)], [b" " + cell.ljust(7) for cell in cells]), layout(("S", "N4.2")), "DBF")
    assert anomalies(read) == []
    assert column(read, "S") == ["0.5", "5.0", "-1.25", "7"]


@settings(deadline=None, max_examples=300)
@given(st.text("0123456789 ", min_size=8, max_size=8))
def test_dates_are_those_of_the_calendar(cell: str) -> None:
    read = read_dbf(raw_dbf([("D", "D", 8, 0)], [b" " + cell.encode()]), layout(("D", "D")), "DBF")
    try:
        iso = f"{cell[:4]}-{cell[4:6]}-{cell[6:]}"
        expected = date.fromisoformat(iso) and iso
    except ValueError:
        expected = cell.rstrip() or None
        assert [row[0] for row in anomalies(read)] == (["VAL.010"] if expected else [])
    assert column(read, "D") == [expected]


def test_a_byte_that_the_code_page_lacks() -> None:
    content = raw_dbf([("T", "C", 6, 0)], [b" \xc0\x98\xc1   "], language=0xC9)
    read = read_dbf(content, layout(("T", "T6")), "DBF")
    assert column(read, "T") == ["А\ufffdБ"]
    assert anomalies(read) == [("VAL.040", 0, "REC/T", "А\\x98Б")]


@pytest.mark.parametrize(
    ("language", "default", "found"), [(0x65, 1251, "А"), (0x26, 1251, "А"), (0xC9, 866, "Ђ"), (0, 866, "А"), (0, 1251, "Ђ")]
)
def test_code_page(language: int, default: int, found: str) -> None:
    content = raw_dbf([("T", "C", 6, 0)], [b" \x80     "], language=language)
    assert column(read_dbf(content, layout(("T", "T6")), "DBF", default_code_page=default), "T") == [found]


def test_deleted_records_are_left_out_and_told() -> None:
    content = raw_dbf([("T", "C", 1, 0)], [b"*A", b" B", b"*C", b" \x01"])
    read = read_dbf(content, layout(("T", "T1")), "DBF")
    assert column(read, "T") == ["B", "\ufffd"]
    assert anomalies(read) == [("DBF.050", -1, "", "1"), ("DBF.050", -1, "", "3"), ("VAL.040", 1, "REC/T", "\\x01")]
    assert read.anomalies["offset"].to_pylist() == [65, 69, 71]


def test_a_chunk_of_records_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    records = [f"{'* '[index % 7 > 0]}{index:08d}".encode() for index in range(1000)]
    whole = read_dbf(raw_dbf([("T", "D", 8, 0)], records), layout(("T", "D")), "DBF")
    monkeypatch.setattr("pipelines.formats.dbf.CHUNK", 100)
    parts = read_dbf(raw_dbf([("T", "D", 8, 0)], records), layout(("T", "D")), "DBF")
    assert parts.data["REC"].to_pydict() == whole.data["REC"].to_pydict()
    assert sorted(map(str, parts.anomalies.to_pylist())) == sorted(map(str, whole.anomalies.to_pylist()))
    assert {row["value"] for row in whole.anomalies.to_pylist() if row["row"] == 0} == {"00000001"}


def test_field_order_and_case_are_free_and_extra_fields_told() -> None:
    wanted = layout(("FAM", "T3"), ("N", "N2"))
    content = raw_dbf([("n", "N", 2, 0), ("Extra", "C", 2, 0), ("fam", "C", 3, 0)], [b" 12xxabc"])
    read = read_dbf(content, wanted, "DBF")
    assert read.data["REC"].drop_columns(["_offset"]).to_pylist() == [{"FAM": "abc", "N": "12"}]
    assert read.data["REC"].column_names == ["_offset", "FAM", "N"]
    assert read.anomalies.to_pylist() == [
        {"code": "DBF.041", "table": "", "row": -1, "element": "EXTRA", "value": None, "offset": -1}
    ]


@pytest.mark.parametrize(
    "fields",
    [
        [("FAM", "C", 3, 0)],
        [("FAM", "C", 3, 0), ("N", "C", 7, 0)],
        [("FAM", "C", 3, 0), ("N", "N", 8, 2)],
        [("FAM", "C", 3, 0), ("N", "N", 7, 1)],
    ],
)
def test_structure_is_compared_with_the_layout(fields: list[tuple[str, str, int, int]]) -> None:
    with pytest.raises(FileFault) as fault:
        read_dbf(raw_dbf(fields, []), layout(("FAM", "T3"), ("N", "N4.2")), "DBF")
    assert fault.value.code == "DBF.040"
    assert fault.value.parameters == {"member": "DBF", "field": "N", "expected": "N(7,2)"}


def test_texts_longer_than_a_byte_counts() -> None:
    """Clipper keeps the high byte of the width in the decimals; other programs leave rubbish there."""
    record = b" " + b"x" * 600
    read = read_dbf(raw_dbf([("T", "C", 600 & 0xFF, 600 >> 8)], [record]), layout(("T", "T600")), "DBF")
    assert column(read, "T") == ["x" * 600]
    read = read_dbf(raw_dbf([("T", "C", 9, 7)], [b" " + b"x" * 9]), layout(("T", "T9")), "DBF")
    assert column(read, "T") == ["x" * 9]


def damage(content: bytes, offset: int, value: bytes) -> bytes:
    return content[:offset] + value + content[offset + len(value) :]


GOOD = write_dbf(strings(FAM=["А", "Б"]), LAYOUT, dated=TODAY)


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "DBF.010"),
        (GOOD[:32], "DBF.010"),
        (damage(GOOD, 0, b"\x04"), "DBF.010"),
        (damage(GOOD, 8, b"\x10\x00"), "DBF.010"),
        (damage(GOOD, 8, b"\xff\xff"), "DBF.010"),
        (damage(GOOD, 10, b"\x01\x00"), "DBF.010"),
        (damage(GOOD, 15, b"\x01"), "DBF.010"),
        (damage(GOOD, 32 + 6 * 32, b"\x20"), "DBF.010"),
        (damage(GOOD, 32, b"SPOS\0"), "DBF.010"),
        (damage(GOOD, 32, b"\0"), "DBF.010"),
        (damage(GOOD, 32 + 6 * 32 + 1, b"\x00"), "DBF.010"),
        (damage(GOOD, 4, b"\x03"), "DBF.020"),
        (GOOD[:-2], "DBF.020"),
        (GOOD + b"\x1a", "DBF.020"),
        (damage(GOOD, len(GOOD) - 1, b" "), "DBF.020"),
        (damage(GOOD, 29, b"\x57"), "DBF.030"),
    ],
)
def test_faults_of_the_file(content: bytes, code: str) -> None:
    with pytest.raises(FileFault) as fault:
        read_dbf(content, LAYOUT, "DBF")
    assert fault.value.code == code
    assert fault.value.parameters["member"] == "DBF"


def test_the_end_mark_may_be_absent() -> None:
    assert column(read_dbf(GOOD[:-1], LAYOUT, "DBF"), "FAM") == ["А", "Б"]


def test_lost_memos_are_told() -> None:
    table = strings(NOTE=["первое", "второе"])
    content = write_dbf(table, LAYOUT, dated=TODAY)
    memo = write_dbt(table, LAYOUT)
    read = read_dbf(content, LAYOUT, "DBF", memo=memo[:1024])
    assert column(read, "NOTE") == ["первое", "         2"]
    assert anomalies(read) == [("DBF.060", 1, "REC/NOTE", "         2")]
    assert [row[:3] for row in anomalies(read_dbf(content, LAYOUT, "DBF"))] == [
        ("DBF.060", 0, "REC/NOTE"),
        ("DBF.060", 1, "REC/NOTE"),
    ]


def test_soft_line_ends_of_memos_are_blanks() -> None:
    table = strings(NOTE=["при@вет"])
    memo = write_dbt(table, LAYOUT).replace(b"@", b"\x8d\n")
    read = read_dbf(write_dbf(table, LAYOUT, dated=TODAY), LAYOUT, "DBF", memo=memo)
    assert column(read, "NOTE") == ["при вет"]


@pytest.mark.parametrize(
    ("table", "reason"),
    [
        (strings(FAM=["А" * 26]), "FAM: wider than 25"),
        (strings(LPU_ID=["1234567"]), "LPU_ID: wider than 6"),
        (strings(FAM=["日"]), "FAM: a character that code page 866 lacks"),
        (strings(NOTE=["日"]), "NOTE: a character that code page 866 lacks"),
    ],
)
def test_the_writer_refuses_what_does_not_fit(table: pa.Table, reason: str) -> None:
    with pytest.raises(ValueError, match=reason.replace("(", r"\(")):
        write_dbf(table, LAYOUT, dated=TODAY)


def test_the_writer_replaces_when_told_to() -> None:
    content = write_dbf(strings(FAM=["А日Б"]), LAYOUT, dated=TODAY, replace=True)
    assert column(read_dbf(content, LAYOUT, "DBF"), "FAM") == ["А?Б"]


def test_dirty_values_go_there_and_back() -> None:
    dirty = strings(FAM=["a"], LPU_ID=["12O4"], SUMMA=["*********"], DATE_IN=["20250231"])
    read = read_dbf(write_dbf(dirty, LAYOUT, dated=TODAY), LAYOUT, "DBF")
    assert {name: column(read, name) for name in dirty.column_names} == dirty.to_pydict()
    assert sorted(row[0] for row in anomalies(read)) == ["VAL.010", "VAL.020", "VAL.020"]


def test_a_structure_of_its_own_is_read_as_the_file_declares_it() -> None:
    types = {"COKR": "T2", "NAME_OKR": "T60", "CODE": "N5", "RATE": "N3.2", "SINCE": "D"}
    columns = {
        "COKR": ["01", None],
        "NAME_OKR": ["Заречный округ", "Луговой"],
        "CODE": ["7", "12345"],
        "RATE": ["1.50", None],
        "SINCE": ["2026-01-31", None],
    }
    content = write_dbf(pa.table(columns), flat_layout("ADMOKR", types), dated=date(2026, 2, 28))
    tables = read_own_dbf(content, "ADMOKR07", "ADMOKR07")
    assert tables.dated == "2026-02-28"
    assert tables.anomalies.num_rows == 0
    assert {name: tables.data["REC"][name].to_pylist() for name in types} == columns
    assert read_own_dbf(content[:1] + b"\x1a\x0d\x01" + content[4:], "A", "A").dated == ""
    with pytest.raises(FileFault) as raised:
        read_own_dbf(content[:-40], "A", "A")
    assert raised.value.code == "DBF.020"

"""CSV of dictionaries: encodings, delimiters, lines that do not fit the header, headers that are none."""

from __future__ import annotations

import pytest

from pipelines.formats.csv_reader import read_csv
from pipelines.formats.flat import flat_rows
from pipelines.formats.tables import FileFault, Tables

ROWS = [{"KOD": "1", "NAME": "Ёлка; ель", "D/B": ""}, {"KOD": "2", "NAME": 'так "называемая"', "D/B": "2026-01-01"}]


def read(text: str, encoding: str = "utf-8") -> Tables:
    return read_csv([text.encode(encoding)], "T_X", "T_X")


def told(tables: Tables) -> list[tuple[str, int, str]]:
    return [(row["code"], row["row"], row["value"]) for row in tables.anomalies.to_pylist()]


def fault(content: bytes) -> tuple[str, object]:
    with pytest.raises(FileFault) as raised:
        read_csv([content], "T_X", "T_X")
    return raised.value.code, raised.value.parameters.get("reason") or raised.value.parameters.get("line")


@pytest.mark.parametrize("delimiter", [";", ","])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1251"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_encodings_delimiters_and_ends_of_lines(delimiter: str, encoding: str, end: str) -> None:
    lines = [
        delimiter.join(("KOD", "NAME", "D/B")),
        delimiter.join((" 1 ", '"Ёлка; ель"', "")),
        delimiter.join(("2", '"так ""называемая"""', "2026-01-01")),
    ]
    tables = read(end.join(lines) + end, encoding)
    assert flat_rows(tables) == ROWS
    assert tables.anomalies.num_rows == 0


def test_offsets_are_those_of_the_records_in_the_file() -> None:
    text = '\ufeffKOD;NAME\n\n1;"две\nстроки"\n;\n2;Ё\n'
    tables = read(text)
    content = text.encode()
    starts = tables.data["REC"]["_offset"].to_pylist()
    assert [content[start:].split(b";")[0] for start in starts] == [b"1", b"2"]
    assert flat_rows(tables)[0]["NAME"] == "две\nстроки"


def test_lines_with_more_values_are_told_each_and_lines_with_fewer_once() -> None:
    tables = read("KOD;NAME;END\n1;а;\n2;б\n3;в;;г\n4\n")
    assert told(tables) == [
        ("CSV.030", 2, "строка 4: значений 4, в заголовке 3"),
        ("CSV.040", -1, "строк 2, первая – 3"),
    ]
    assert [row["KOD"] for row in flat_rows(tables)] == ["1", "2", "3", "4"]
    assert flat_rows(tables)[3] == {"KOD": "4", "NAME": "", "END": ""}


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", ("CSV.020", "первая строка пуста")),
        (b"KOD;;END\n1;2;3\n", ("CSV.020", "у столбца № 2 нет имени")),
        (b"KOD;NAME;kod\n1;2;3\n", ("CSV.020", "имя столбца № 3 повторяется")),
        (";".join(f"C{number}" for number in range(501)).encode(), ("CSV.020", "столбцов больше 500")),
        (b'KOD;NAME\n1;"two\n3;4\n', ("CSV.050", 3)),
        (b'KOD;NAME\n1;2\n3;"two"x\n', ("CSV.050", 3)),
        (b"KOD;NAME\n1;" + b"x" * 200_000 + b"\n", ("CSV.050", 2)),
        (b"KOD;NAME\n1;\0\n", ("CSV.010", "содержимое не является текстом в UTF-8 или windows-1251")),
        (b"KOD;NAME\n1;\x98\n", ("CSV.010", "содержимое не является текстом в UTF-8 или windows-1251")),
    ],
)
def test_what_makes_a_file_unreadable(content: bytes, expected: tuple[str, object]) -> None:
    assert fault(content) == expected


def test_a_header_alone_has_no_records() -> None:
    assert read("KOD;NAME\n").data["REC"].num_rows == 0

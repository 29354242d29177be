"""Packets of dictionaries: a layout made of the file, its records as rows, and files that are none."""

from __future__ import annotations

import pytest

from pipelines.formats.packet import MOST_ELEMENTS, header, read_packet, rows
from pipelines.formats.tables import FileFault, Tables

HEAD = "<zglv><type>T</type><version>1.0</version><date>01.01.2026</date></zglv>"


def read(records: str, head: str = HEAD, prolog: str = "") -> Tables:
    text = f'<?xml version="1.0" encoding="windows-1251"?>{prolog}<packet>{head}{records}</packet>'
    return read_packet([text.encode("windows-1251")], "V001", "NSI")


def test_records_become_rows_with_all_fields_of_the_file() -> None:
    tables = read("<zap><A> а </A><B/></zap><zap><C>1</C></zap>")
    assert rows(tables) == [{"A": "а", "B": "", "C": ""}, {"A": "", "B": "", "C": "1"}]
    assert header(tables) == {"type": "T", "version": "1.0", "date": "01.01.2026"}


def test_repeated_elements_are_joined_whatever_holds_them() -> None:
    tables = read(
        "<zap><K>1</K><MD><D>C</D><D>H</D></MD></zap><zap><K>2</K><MD><D>T</D></MD></zap><zap><K>3</K><D>x</D></zap>"
        "<zap><K>4</K><DOC><N>1</N><S/></DOC><DOC><N>2</N><S>я</S></DOC></zap>"
    )
    found = {row["K"]: row for row in rows(tables)}
    assert [found[key]["D"] for key in "12"] == ["C,H", "T"]
    assert (found["4"]["N"], found["4"]["S"]) == ("1,2", ",я")


def test_the_order_of_elements_is_not_judged() -> None:
    tables = read("<zap><A>1</A><B>2</B></zap><zap><B>2</B><A>1</A></zap>")
    assert tables.anomalies.num_rows == 0
    assert rows(tables) == [{"A": "1", "B": "2"}] * 2


def test_a_header_that_lacks_elements_gives_empty_texts_and_anomalies() -> None:
    tables = read("<zap><A>1</A></zap>", head="<zglv><type>T</type></zglv>")
    assert header(tables) == {"type": "T", "version": "", "date": ""}
    assert header(read("<zap><A>1</A></zap>", head="")) == {"type": "", "version": "", "date": ""}


def test_a_packet_without_records_has_no_rows() -> None:
    assert rows(read("")) == []


@pytest.mark.parametrize(
    ("records", "prolog", "code"),
    [
        ("<zap><A>1</zap>", "", "XML.030"),
        ("<zap><A>&e;</A></zap>", "<!DOCTYPE packet [<!ENTITY e 'x'>]>", "XML.010"),
        ("<zap>" + "".join(f"<E{n}/>" for n in range(MOST_ELEMENTS + 1)) + "</zap>", "", "XML.060"),
        ("<zap><A><B/><B/></A><C><B/><B/></C><D><B/><B/></D></zap>", "", "NSI.010"),
    ],
)
def test_what_is_no_packet_is_a_fault_of_the_file(records: str, prolog: str, code: str) -> None:
    with pytest.raises(FileFault) as raised:
        read(records, prolog=prolog)
    assert raised.value.code == code


def test_another_root_is_a_fault_of_the_file() -> None:
    with pytest.raises(FileFault) as raised:
        read_packet([b"<?xml version='1.0' encoding='windows-1251'?><ZL_LIST><zap/></ZL_LIST>"], "V001", "NSI")
    assert raised.value.code == "XML.040"

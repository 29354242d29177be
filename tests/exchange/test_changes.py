"""What a held file differs in from the journal's: told by element, cell, member or byte."""

from __future__ import annotations

import io

import pytest
import xlsxwriter

from pipelines.exchange import changes
from pipelines.exchange.changes import Change, compare
from pipelines.formats.archive import write_archive

XML = b"<ZL_LIST><ZAP><N_ZAP>1</N_ZAP><SUMV>10.00</SUMV></ZAP><ZAP><N_ZAP>2</N_ZAP><SUMV>20.50</SUMV></ZAP></ZL_LIST>"
PROTOCOL = '<?xml version="1.0" encoding="windows-1251"?><FLK_P><PR OSHIB="7"><COMMENT>Не то</COMMENT></PR></FLK_P>'


def book(*rows: tuple[object, ...]) -> bytes:
    target = io.BytesIO()
    with xlsxwriter.Workbook(target) as workbook:
        sheet = workbook.add_worksheet("Ошибки")
        for number, row in enumerate(rows):
            sheet.write_row(number, 0, row)
    return target.getvalue()


def test_a_changed_sum_is_found_by_its_path() -> None:
    found = compare("HM.xml", XML, XML.replace(b"20.50", b"21.50"))
    assert found.shown == [Change("ZL_LIST/ZAP[2]/SUMV", "20.50", "21.50")]
    assert found.count == 1


def test_elements_that_are_only_in_one() -> None:
    more = XML.replace(b"<SUMV>20.50</SUMV>", b"<SUMV>20.50</SUMV><COMENTSL/>")
    assert compare("HM.xml", XML, more).shown == [Change("ZL_LIST/ZAP[2]/COMENTSL", None, "")]
    assert compare("HM.xml", more, XML).shown == [Change("ZL_LIST/ZAP[2]/COMENTSL", "", None)]


def test_attributes_and_the_declared_encoding() -> None:
    known = PROTOCOL.encode("windows-1251")
    held = PROTOCOL.replace('"7"', '"8"').replace("Не то", "То").encode("windows-1251")
    assert compare("V.XML", known, held).shown == [
        Change("FLK_P/PR/@OSHIB", "7", "8"),
        Change("FLK_P/PR/COMMENT", "Не то", "То"),
    ]


def test_blanks_between_elements_are_told_by_the_byte() -> None:
    found = compare("HM.xml", XML, XML.replace(b"><", b"> <", 1))
    assert found.shown == [
        Change(
            "байт 9 (от 0)",
            f"{XML[9:25].hex(' ')}, всего байт {len(XML)}",
            f"20 {XML[9:24].hex(' ')}, всего байт {len(XML) + 1}",
        )
    ]


def test_cells_of_a_workbook() -> None:
    found = compare("v.xlsx", book(("Правило", "Строк"), ("001F", 5)), book(("Правило", "Строк"), ("001F", 4), ("002F",)))
    assert found.shown == [
        Change("лист «Ошибки», B2", "5.0", "4.0"),
        Change("лист «Ошибки», A3", None, "002F"),
    ]


def test_members_of_an_archive_are_compared_inside() -> None:
    known = write_archive({"HM.xml": XML, "LM.xml": b"<L/>"})
    held = write_archive({"HM.xml": XML.replace(b"10.00", b"10.01"), "note.txt": b"1"})
    assert compare("HM.zip", known, held).shown == [
        Change("HM.xml: ZL_LIST/ZAP[1]/SUMV", "10.00", "10.01"),
        Change("LM.xml", "есть", None),
        Change("note.txt", None, "есть"),
    ]


@pytest.mark.parametrize("held", [b"", b"PK", XML[:-3], b"\x00" * 50])
def test_what_is_not_what_its_name_says_is_compared_by_bytes(held: bytes) -> None:
    for name in ("HM.xml", "HM.zip", "HM.xlsx", "HM.dbf"):
        (change,) = compare(name, XML, held).shown
        assert change.place.startswith("байт ")


def test_an_entity_is_not_followed() -> None:
    bomb = b'<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b SYSTEM "file:///etc/passwd">]><x>&a;&b;</x>'
    found = compare("x.xml", b"<x>1</x>", bomb)
    assert found.shown == [Change("x", "1", "")]


def test_many_differences_are_counted_and_long_files_only_by_the_byte(monkeypatch: pytest.MonkeyPatch) -> None:
    known = b"<x>" + b"".join(b"<a>%d</a>" % number for number in range(200)) + b"</x>"
    found = compare("x.xml", known, known.replace(b"<a>", b"<a>9"))
    assert (len(found.shown), found.count) == (changes.MOST, 200)
    monkeypatch.setattr(changes, "LONGEST", 100)
    assert [change.place for change in compare("x.xml", known, known.replace(b"<a>", b"<a>9")).shown] == ["байт 6 (от 0)"]

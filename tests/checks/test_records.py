"""Records of the rule dictionaries: the packet, the CSV, and what is made of their texts."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from pipelines.checks import records

PACKET = """<?xml version="1.0" encoding="windows-1251"?>
<packet><zglv><type>FLK_MPF</type><version>9.1</version><date>12.02.2021</date></zglv>
<zap><ID_TEST>004F.00.0020</ID_TEST><ID_EL>ZL_LIST/SCHЕT/CODE</ID_EL>
<TYPE_MD><TYPE_D>Т</TYPE_D><TYPE_D>H</TYPE_D></TYPE_MD><NSI_OBJ/><NSI_EL/><USL_TEST/><VAL_EL/>
<MIN_LEN>1</MIN_LEN><MAX_LEN>8</MAX_LEN><MASK_VAL>ХХ9</MASK_VAL><COMMENT/><DATEBEG>01.11.2019</DATEBEG><DATEEND/></zap>
<zap><ID_TEST>003F.00.0010</ID_TEST><ID_EL>ZL_LIST/ZAP</ID_EL><TYPE_MD><TYPE_D>H</TYPE_D></TYPE_MD>
<USL_TEST>USL_ОK\u00a0=  {1, 2} и Х присутствует</USL_TEST><COMMENT>а\u00a0б</COMMENT>
<DATEBEG>01.11.2019</DATEBEG><DATEEND>31.12.2020</DATEEND></zap>
</packet>"""


def test_a_packet_is_read_with_look_alikes_made_latin(tmp_path: Path) -> None:
    path = tmp_path / "Q015.xml"
    path.write_bytes(PACKET.encode("windows-1251"))
    packet = records.read(path)
    second, first = packet.records
    assert (packet.dictionary, packet.version, packet.issued) == ("Q015", "9.1", date(2021, 2, 12))
    assert (first.ID_EL, first.TYPE_D, first.MASK_VAL) == ("ZL_LIST/SCHET/CODE", ("H", "T"), "XX9")
    assert (1, 8, date(2019, 11, 1), None) == (first.MIN_LEN, first.MAX_LEN, first.DATEBEG, first.DATEEND)
    assert first.ID_EL.isascii()
    assert first.MASK_VAL.isascii()
    assert second.USL_TEST == "USL_OK = {1, 2} и Х присутствует"
    assert second.COMMENT == "а б"
    assert date(2020, 12, 31) == second.DATEEND


def test_a_wrong_date_names_the_rule() -> None:
    fields = {"ID_TEST": "001F.00.0010", "ID_EL": "", "USL_TEST": "", "COMMENT": "", "DATEBEG": "2019-11-01", "DATEEND": ""}
    with pytest.raises(ValueError, match=r"rule 001F\.00\.0010"):
        records.record(fields, ["H"])


def test_another_file_is_no_packet(tmp_path: Path) -> None:
    path = tmp_path / "x.xml"
    path.write_text("<ZL_LIST/>")
    with pytest.raises(ValueError, match="not a packet"):
        records.read(path)


def test_the_published_packet_and_its_csv_are_the_same(shared: Path) -> None:
    packet = records.read(shared / "data" / "nsi" / "federal_xml" / "Q015.xml")
    flat = records.read(shared / "data" / "rules" / "Q015.csv")
    assert packet.records == flat.records
    assert len(packet.records) == 800
    assert (packet.version, packet.issued) == ("2.2", date(2021, 2, 12))


@pytest.mark.parametrize(("name", "count"), [("Q016", 314), ("Q022", 62), ("Q023", 264)])
def test_the_other_dictionaries_are_read(shared: Path, name: str, count: int) -> None:
    assert len(records.read(shared / "data" / "nsi" / "federal_xml" / f"{name}.xml").records) == count


def test_the_edition_of_2026_is_read(shared: Path) -> None:
    assert len(records.read(shared / "data" / "rules" / "Q015_2026_records.csv").records) == 321

"""Files of the exchange between territories (R, D, A) are read by their layouts; what a layout does not know is listed."""

from __future__ import annotations

import pytest

from pipelines.formats.layout import load
from pipelines.formats.tables import Tables
from pipelines.formats.xml_reader import read_xml

HEAD = "<ZGLV><VERSION>3.2</VERSION><DATA>2026-11-05</DATA>{origin}<OKATO_OMS>62000</OKATO_OMS></ZGLV>"
BILL = (
    "<SCHET>{code}<YEAR>2026</YEAR><MONTH>10</MONTH><NSCHET>26-1</NSCHET><DSCHET>2026-11-05</DSCHET>"
    "<SUMMAV>1500.00</SUMMAV><SUMMAP>1500.00</SUMMAP></SCHET>"
)
PERSON = "<PACIENT><VPOLIS>3</VPOLIS><ENP>9876543210987654</ENP>{rest}</PACIENT>"
SENT = """
<Z_SL><IDCASE>1</IDCASE><USL_OK>3</USL_OK><VIDPOM>12</VIDPOM><FOR_POM>3</FOR_POM><LPU>980003</LPU>
<DATE_Z_1>2026-10-05</DATE_Z_1><DATE_Z_2>2026-10-05</DATE_Z_2><RSLT>301</RSLT><ISHOD>301</ISHOD>
<SL><SL_ID>1</SL_ID><PROFIL>97</PROFIL><DET>0</DET><NHISTORY>26/1</NHISTORY><DATE_1>2026-10-05</DATE_1>
<DATE_2>2026-10-05</DATE_2><DS1>I10</DS1><PRVS>49</PRVS><VERS_SPEC>V021</VERS_SPEC><TARIF>1500.00</TARIF>
<SUM_M>1500.00</SUM_M></SL><IDSP>29</IDSP><SUMV>1500.00</SUMV></Z_SL>"""
ANSWERED = """
<Z_SL><IDCASE>1</IDCASE><SL><SL_ID>1</SL_ID><NHISTORY>26/1</NHISTORY></SL><IDSP>29</IDSP><SUMV>1500.00</SUMV>
<OPLATA>3</OPLATA><SUMP>1000.00</SUMP><SANK><S_CODE>1</S_CODE><S_SUM>500.00</S_SUM><S_TIP>1</S_TIP><SL_ID>1</SL_ID>
<S_OSN>53</S_OSN><S_IST>2</S_IST></SANK><SANK_IT>500.00</SANK_IT></Z_SL>"""


def document(code: str) -> str:
    """A file of the kind with one record of two cases."""
    outgoing = code in "RD"
    head = HEAD.format(origin="<C_OKATO1>01000</C_OKATO1>" if outgoing else "")
    bill = BILL.format(code="<CODE>1</CODE>" if outgoing else "")
    person = PERSON.format(rest="<W>1</W><DR>1970-01-01</DR><NOVOR>0</NOVOR>" if outgoing else "")
    case = SENT if outgoing else ANSWERED
    second = case.replace("<IDCASE>1<", "<IDCASE>2<")
    return f"<ZL_LIST>{head}{bill}<ZAP><N_ZAP>1</N_ZAP>{person}{case}{second}</ZAP></ZL_LIST>"


def read(code: str, text: str) -> Tables:
    content = f'<?xml version="1.0" encoding="windows-1251"?>{text}'.encode("cp1251")
    return read_xml([content], load(code), code)


def unknown(tables: Tables) -> list[tuple[str, str | None]]:
    """Elements that the layout does not know, with their texts, in the order of the file."""
    return [(row["element"], row["value"]) for row in tables.anomalies.to_pylist() if row["code"] == "STR.010"]


@pytest.mark.parametrize("code", ["R", "D", "A"])
def test_a_file_is_read_whole(code: str) -> None:
    tables = read(code, document(code))
    assert tables.anomalies.to_pylist() == []
    assert tables.data["ZGLV"]["OKATO_OMS"].to_pylist() == ["62000"]
    assert tables.data["ZAP"]["ENP"].to_pylist() == ["9876543210987654"]
    assert tables.data["Z_SL"]["IDCASE"].to_pylist() == ["1", "2"]
    assert tables.data["Z_SL"]["_parent"].to_pylist() == [0, 0]
    assert tables.data["SL"]["_parent"].to_pylist() == [0, 1]
    if code == "A":
        assert tables.data["SANK"]["S_SUM"].to_pylist() == ["500.00", "500.00"]
        assert tables.data["SL_ID"]["SL_ID"].to_pylist() == ["1", "1"]
    else:
        assert tables.data["SL"]["DS1"].to_pylist() == ["I10", "I10"]
        assert tables.data["ZGLV"]["C_OKATO1"].to_pylist() == ["01000"]


@pytest.mark.parametrize("code", ["R", "D", "A"])
def test_unknown_elements_are_listed_and_the_rest_is_read(code: str) -> None:
    text = document(code)
    text = text.replace("</ZGLV>", "<FILENAME>R0162260001</FILENAME></ZGLV>")
    text = text.replace("</PACIENT>", "<SOC>000</SOC></PACIENT>")
    text = text.replace("<IDSP>", "<NEWER><A>1</A></NEWER><IDSP>", 1)
    tables = read(code, text)
    assert unknown(tables) == [
        ("ZGLV/FILENAME", "R0162260001"),
        ("ZAP/PACIENT/SOC", "000"),
        ("ZAP/Z_SL/NEWER", None),
    ]
    assert tables.data["Z_SL"]["IDSP"].to_pylist() == ["29", "29"]

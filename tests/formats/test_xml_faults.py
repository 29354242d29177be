"""Faults that stop a file, and anomalies that do not, one test a code and both readers where both know it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from xml_documents import outcome

from pipelines.exchange.messages import catalogue
from pipelines.formats.layout import load
from pipelines.formats.tables import FileFault, Tables
from pipelines.formats.xml_reader import read_xml
from pipelines.formats.xml_source import XmlLimits

H, L = load("H"), load("L")
HEAD_1251 = '<?xml version="1.0" encoding="windows-1251"?>\n'
HEAD_UTF8 = '<?xml version="1.0" encoding="utf-8"?>\n'
ZGLV = "<ZGLV><VERSION>3.2</VERSION><FILENAME>Я-1</FILENAME></ZGLV>"


def persons(inside: str, zglv: str = ZGLV) -> str:
    return f"<PERS_LIST>{zglv}{inside}</PERS_LIST>"


def fault(content: bytes, limits: XmlLimits | None = None) -> tuple[str, dict[str, str | int]]:
    """Code and parameters of the fault that a file gives, having filled the text of its message."""
    with pytest.raises(FileFault) as caught:
        read_xml(content, L, "L", limits)
    assert caught.value.parameters["member"] == "L"
    text = catalogue()[caught.value.code].text.format(**caught.value.parameters)
    assert text.startswith("Файл L")
    return caught.value.code, caught.value.parameters


def anomalies(content: bytes, fast: bool = True, layout: Any = L) -> list[tuple[Any, ...]]:
    """Anomalies of a file as tuples, the same from both readers; ``fast`` says whether the scanner should manage it."""
    tables = outcome("lxml", content, layout)
    assert isinstance(tables, Tables)
    scanned = outcome("fast", content, layout)
    assert (scanned is not None) == fast
    rows = [tuple(row.values()) for row in tables.anomalies.to_pylist()]
    if fast:
        assert [tuple(row.values()) for row in scanned.anomalies.to_pylist()] == rows
    return rows


@pytest.mark.parametrize(
    "prolog",
    [
        "<!DOCTYPE PERS_LIST>",
        "<!DOCTYPE PERS_LIST SYSTEM 'file:///etc/passwd'>",
        "<!DOCTYPE a [<!ENTITY a 'ha'><!ENTITY b '&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;'>]>",
        "<!-- first --><!DOCTYPE a [<!ENTITY % x SYSTEM 'http://127.0.0.1:9/'> %x;]>",
    ],
)
def test_document_type_is_refused_in_the_prolog(prolog: str) -> None:
    assert fault((HEAD_1251 + prolog + persons("")).encode("cp1251"))[0] == "XML.010"


def test_document_type_is_refused_anywhere_and_before_anything_is_parsed() -> None:
    assert fault((HEAD_1251 + persons("<!DOCTYPE a>")).encode("cp1251"))[0] == "XML.010"
    assert fault((HEAD_1251 + persons("<a></b><!ENTITY a 'b'>")).encode("cp1251"))[0] == "XML.010"


def test_document_type_in_a_comment_is_only_a_comment() -> None:
    tables = read_xml((HEAD_1251 + persons("<!-- <!DOCTYPE a> --><PERS/>")).encode("cp1251"), L, "L")
    assert tables.data["PERS"].num_rows == 1


def test_utf8_declared_as_1251() -> None:
    code, parameters = fault((HEAD_1251 + persons("<PERS><FAM>Тестов</FAM></PERS>")).encode())
    assert (code, parameters["declared"]) == ("XML.020", "windows-1251")


def test_real_file_in_utf8_declared_as_1251(shared: Path) -> None:
    content = (shared / "data" / "samples" / "bad_encoding" / "V002_declared1251_actually_utf8.xml").read_bytes()
    assert fault(content)[0] == "XML.020"


@pytest.mark.parametrize(("head", "declared"), [(HEAD_UTF8, "utf-8"), ("", "utf-8 (по умолчанию)")])
def test_1251_declared_as_utf8_or_not_at_all(head: str, declared: str) -> None:
    code, parameters = fault((head + persons("<PERS><FAM>Тестов</FAM></PERS>")).encode("cp1251"))
    assert (code, parameters["declared"]) == ("XML.020", declared)


def test_byte_order_mark_against_the_declaration() -> None:
    content = b"\xef\xbb\xbf" + (HEAD_1251 + persons("")).encode()
    assert fault(content)[0] == "XML.020"
    assert fault((HEAD_1251 + persons("")).encode("utf-16"))[0] == "XML.020"


@pytest.mark.parametrize("name", ["koi8-r", "ibm866", "iso-8859-5", "utf-16", "zzz"])
def test_another_encoding(name: str) -> None:
    code, parameters = fault((HEAD_1251.replace("windows-1251", name) + persons("")).encode("ascii", "ignore"))
    assert (code, parameters["declared"]) == ("XML.021", name)


@pytest.mark.parametrize("codec", ["utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_wide_characters(codec: str) -> None:
    content = (HEAD_1251.replace("windows-1251", codec) + persons("")).encode(codec)
    assert fault(content)[0] == "XML.021"


@pytest.mark.parametrize(
    ("inside", "reason"),
    [
        ("<PERS><FAM>x</IM></PERS>", "закрывающий тег не соответствует открывающему"),
        ("<PERS><FAM>x</FAM>", "закрывающий тег не соответствует открывающему"),
        ("<PERS><FAM>секрет &foo;</FAM></PERS>", "ссылка на неизвестную сущность"),
        ("<PERS><FAM>\x01</FAM></PERS>", "недопустимый символ"),
        ("<PERS><FAM>a & b</FAM></PERS>", "недопустимое имя элемента, атрибута или сущности"),
        ("<PERS a=1></PERS>", "значение атрибута не в кавычках"),
        ("<PERS>]]></PERS>", "последовательность «]]>» вне раздела CDATA"),
        ("<a:PERS/>", "не объявлен префикс пространства имён"),
        ("<!-- a -- b -->", "двойной дефис в комментарии"),
        ("<PERS><FAM>&#0;</FAM></PERS>", "недопустимый символ"),
    ],
)
def test_not_well_formed(inside: str, reason: str) -> None:
    code, parameters = fault((HEAD_1251 + "\n" + persons(inside)).encode("cp1251"))
    assert (code, parameters["reason"]) == ("XML.030", reason)
    assert parameters["line"] == 3
    assert int(parameters["column"]) > len("<PERS_LIST>")
    assert "секрет" not in repr(parameters)


@pytest.mark.parametrize(
    "content", [b"", b"   ", b"text", b"\x00\x00\x00", HEAD_1251.encode(), b"<PERS_LIST>", b"<PERS_LIST/><a/>"]
)
def test_what_is_no_document(content: bytes) -> None:
    assert fault(content)[0] == "XML.030"


def test_no_exception_of_the_parser_hangs_on_a_fault() -> None:
    with pytest.raises(FileFault) as caught:
        read_xml((HEAD_1251 + persons("<PERS><FAM>секрет</ФАМ>")).encode("cp1251"), L, "L")
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


@pytest.mark.parametrize("root", ["ZL_LIST", "pers_list", "a"])
def test_another_root(root: str) -> None:
    code, parameters = fault(f"<{root}><b/></{root}>".encode())
    assert (code, parameters["found"], parameters["expected"]) == ("XML.040", root, "PERS_LIST")


def test_root_in_a_namespace_is_another_root() -> None:
    assert fault(b"<PERS_LIST xmlns='urn:a'/>")[0] == "XML.040"


@pytest.mark.parametrize(
    ("limits", "inside", "word"),
    [
        (XmlLimits(size=1000), "<PERS/>" * 500, "размера"),
        (XmlLimits(), "<a>" * 70 + "</a>" * 70, "вложенности"),
        (XmlLimits(depth=3), "<PERS><FAM><a/></FAM></PERS>", "вложенности"),
        (XmlLimits(text=100), "<PERS><FAM>" + "x" * 101 + "</FAM></PERS>", "длины"),
        (XmlLimits(rows=10), "<PERS/>" * 10, "записей"),
        (XmlLimits(anomalies=10), "<a/>" * 11, "нарушений"),
        (XmlLimits(anomalies=10), "<a/>" * 6 + "<PERS><DOCDATE/></PERS>" * 5, "нарушений"),
    ],
)
def test_limits(limits: XmlLimits, inside: str, word: str) -> None:
    code, parameters = fault(persons(inside, ZGLV.replace("3.2", "3.1")).encode(), limits)
    assert code == "XML.060"
    assert word in str(parameters["reason"])


def test_limits_let_pass_what_is_just_within() -> None:
    inside = "<PERS>" + "<FAM>" + "x" * 100 + "</FAM></PERS>" + "<PERS/>" * 8 + "<a/>" * 10
    limits = XmlLimits(text=100, rows=10, anomalies=10)
    for reader in ("fast", "lxml"):
        assert isinstance(outcome(reader, persons(inside).encode(), L, limits), Tables)


def test_unknown_elements() -> None:
    content = persons("<PERS><FOO>a&amp;\r\nb</FOO><BAR><FAM>x</FAM></BAR><BAZ/></PERS><QUX>ё</QUX>").encode()
    assert anomalies(content) == [
        ("STR.010", "PERS", 0, "PERS/FOO", "a&\nb", content.index(b"<FOO")),
        ("STR.010", "PERS", 0, "PERS/BAR", None, content.index(b"<BAR")),
        ("STR.010", "PERS", 0, "PERS/BAZ", "", content.index(b"<BAZ")),
        ("STR.010", "", -1, "QUX", "ё", content.index(b"<QUX")),
    ]


def test_attributes_are_unknown_but_for_the_schema_location() -> None:
    content = persons("<PERS id='7'><FAM x='1'>a</FAM></PERS>").encode()
    content = content.replace(
        b"<PERS_LIST", b"<PERS_LIST xmlns:i='http://www.w3.org/2001/XMLSchema-instance' i:noNamespaceSchemaLocation='a'"
    )
    assert anomalies(content, fast=False) == [
        ("STR.010", "PERS", 0, "PERS/@id", "7", content.index(b"<PERS id")),
        ("STR.010", "PERS", 0, "PERS/FAM/@x", "1", content.index(b"<FAM")),
    ]


def test_repeated_elements_keep_the_first() -> None:
    content = persons("<PERS><FAM>a</FAM><FAM>b</FAM><DOST>1</DOST><DOST>2</DOST></PERS>" + ZGLV).encode()
    assert anomalies(content) == [
        ("STR.020", "PERS", 0, "PERS/FAM", "b", content.index(b"<FAM>b")),
        ("STR.020", "", -1, "ZGLV", None, content.rindex(b"<ZGLV>")),
    ]
    tables = read_xml(content, L, "L")
    assert tables.data["PERS"]["FAM"].to_pylist() == ["a"]
    assert tables.data["DOST"]["DOST"].to_pylist() == ["1", "2"]
    assert tables.data["ZGLV"].num_rows == 1


def test_order_is_told_once_a_group() -> None:
    content = persons(
        "<PERS><IM>a</IM><FAM>b</FAM><ID_PAC>1</ID_PAC><OT>c</OT></PERS><PERS><W>1</W><OT>a</OT></PERS>"
    ).encode()
    assert anomalies(content) == [
        ("STR.030", "PERS", 0, "PERS/FAM", None, content.index(b"<FAM")),
        ("STR.030", "PERS", 1, "PERS/OT", None, content.index(b"<OT>a")),
    ]
    person = read_xml(content, L, "L").data["PERS"].to_pylist()[0]
    assert (person["IM"], person["FAM"], person["ID_PAC"], person["OT"]) == ("a", "b", "1", "c")


def test_absent_groups() -> None:
    content = (
        b"<ZL_LIST><ZGLV/><ZAP><N_ZAP>1</N_ZAP><Z_SL><SL/></Z_SL></ZAP><ZAP><PACIENT/><Z_SL/></ZAP>"
        b"<ZAP><PACIENT/></ZAP><ZAP><PACIENT/><Z_SL><SL/></Z_SL></ZAP></ZL_LIST>"
    )
    first, second, third = (
        content.index(mark) for mark in (b"<ZAP><N", b"<ZAP><PACIENT/><Z_SL/>", b"<ZAP><PACIENT/></ZAP>")
    )
    assert anomalies(content, layout=H) == [
        ("STR.040", "", -1, "SCHET", None, -1),
        ("STR.040", "ZAP", 0, "ZAP/PACIENT", None, first),
        ("STR.040", "ZAP", 1, "ZAP/Z_SL/SL", None, second),
        ("STR.040", "ZAP", 2, "ZAP/Z_SL", None, third),
    ]
    assert [row[3] for row in anomalies(b"<ZL_LIST/>", layout=H)] == ["SCHET", "ZAP", "ZGLV"]


def test_text_and_elements_where_they_do_not_belong() -> None:
    content = persons("<PERS>stray<FAM>a<b>c</b>d</FAM></PERS>").encode()
    assert anomalies(content, fast=False) == [
        ("STR.050", "PERS", 0, "PERS", "stray", content.index(b"<PERS>")),
        ("STR.050", "PERS", 0, "PERS/FAM", "ad", content.index(b"<FAM")),
    ]
    assert read_xml(content, L, "L").data["PERS"]["FAM"].to_pylist() == ["ad"]


def test_elements_newer_than_the_version() -> None:
    person = "<PERS><DOCDATE>2020-01-01</DOCDATE></PERS>"
    content = persons("<PERS/>" + person, ZGLV.replace("3.2", "3.1")).encode()
    place = content.index(b"<PERS><DOC")
    assert anomalies(content) == [("STR.060", "PERS", 1, "PERS/DOCDATE", "2020-01-01", place)]
    assert anomalies(persons(person).encode()) == []


def test_bytes_that_do_not_belong_to_1251() -> None:
    content = (
        (HEAD_1251 + persons("<PERS><FAM>Ива?ов</FAM><IM>Я</IM></PERS>")).encode("cp1251").replace(b"?\xee", b"\x98\xee")
    )
    assert anomalies(content, fast=False) == [("VAL.040", "PERS", 0, "PERS/FAM", "Ива\ufffdов", content.index(b"<FAM"))]
    assert read_xml(content, L, "L").data["PERS"]["FAM"].to_pylist() == ["Ива\ufffdов"]


def test_bytes_that_do_not_belong_to_utf8_among_many_that_do() -> None:
    inside = "<PERS><FAM>Проверкин?</FAM><IM>\ufffd\ue000&#xE001;</IM><DOST>?</DOST></PERS>"
    content = (HEAD_UTF8 + persons(inside)).encode().replace(b"?<", b"\xff<")
    assert anomalies(content, fast=False) == [
        ("VAL.040", "PERS", 0, "PERS/FAM", "Проверкин\ufffd", content.index(b"<FAM")),
        ("VAL.040", "DOST", 0, "PERS/DOST", "\ufffd", content.index(b"<DOST")),
    ]
    data = read_xml(content, L, "L").data
    assert data["PERS"]["IM"].to_pylist() == ["\ufffd\ue000\ue001"]
    assert data["DOST"]["DOST"].to_pylist() == ["\ufffd"]


def test_broken_file_that_uses_every_private_character() -> None:
    private = "".join(map(chr, range(0xE000, 0xF900)))
    content = (HEAD_UTF8 + persons(f"<PERS><FAM>{private}</FAM><IM>?</IM></PERS>")).encode()
    assert isinstance(outcome("lxml", content, L), Tables)
    assert fault(content.replace(b"?</IM", b"\xff</IM"))[0] == "XML.020"


def test_broken_byte_in_a_tag_is_not_well_formed() -> None:
    content = (HEAD_1251 + persons("<PERS><FAM?>a</FAM?></PERS>")).encode("cp1251").replace(b"M?", b"M\x98")
    assert fault(content)[0] == "XML.030"


def test_values_keep_their_text() -> None:
    content = persons("<PERS><FAM> a\tb </FAM><IM></IM><OT/><W>&#13;\r\r\n</W><DR>&lt;&#1071;&quot;</DR></PERS>").encode()
    assert anomalies(content) == []
    for reader in ("fast", "lxml"):
        person = outcome(reader, content, L).data["PERS"].to_pylist()[0]
        assert [person[name] for name in ("FAM", "IM", "OT", "W", "DR", "MR")] == [" a\tb ", "", "", "\r\n\n", '<Я"', None]

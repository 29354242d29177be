"""Masks and character classes."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from pipelines.checks import masks, records


@pytest.mark.parametrize(
    ("mask", "right", "wrong"),
    [
        (
            "A99.XX",
            ["J06.9", "I10", "C34", "S06.00", "Z03.1"],
            ["J06.", "j06.9", "J6.9", "J06.999", "У06.9", "J06,9", "J069"],
        ),
        ("A99.99X.999.XXX", ["A16.20.001", "B01.047.009", "A16.20.001.001"], ["A16.20", "A16.20.001.", "A1.20.001"]),
        ("XXX9.99", ["0.00", "1234.50"], ["12345.00", ".50", "1", "1.5", "-1.00", "1.000"]),
        ("X9.9X", ["3.1", "3.11", "10.2"], ["3", "3.", "3.111"]),
        ("999-999-999 99", ["112-233-445 95"], ["11223344595", "112-233-445-95"]),
        ("X999", ["500", "2500"], ["50", "25000"]),
        ("A999", ["V021"], ["V21", "021"]),
        ("99.X.9", ["12.3.4"], ["12.4", "12..4"]),
        ("AX", ["B", "B1"], ["1", "B12"]),
    ],
)
def test_a_mask_takes_what_it_says(mask: str, right: list[str], wrong: list[str]) -> None:
    form = masks.pattern(mask)
    assert form is not None
    assert [text for text in right if not re.fullmatch(form, text)] == []
    assert [text for text in wrong if re.fullmatch(form, text)] == []


@pytest.mark.parametrize("text", ["10102261", "22902241", "131122510", "23004019"])
def test_the_number_of_a_newborn(text: str) -> None:
    assert re.fullmatch(masks.NEWBORN_PATTERN, text)


@pytest.mark.parametrize("text", ["30102261", "13002261", "13104261", "10102260", "101022611", "1010226", "10113261"])
def test_no_number_of_a_newborn(text: str) -> None:
    assert not re.fullmatch(masks.NEWBORN_PATTERN, text)


@pytest.mark.parametrize(
    ("mask", "right", "wrong"),
    [
        ("R-ББ", ["IV-АБ", "I-МЮ"], ["4-АБ", "IV-AB", "IV-А"]),
        ("99 99", ["12 34"], ["1234", "12 345"]),
        ("0999999", ["123456", "1234567"], ["12345", "12345678"]),
        ("S", ["", "что угодно-1"], []),
    ],
)
def test_document_masks(mask: str, right: list[str], wrong: list[str]) -> None:
    form = masks.document_pattern(mask)
    assert [text for text in right if not re.fullmatch(form, text)] == []
    assert [text for text in wrong if re.fullmatch(form, text)] == []


def test_characters_of_a_comment() -> None:
    allowed = masks.characters("Допустимы цифры, буквы русского алфавита, пробел, точка, горизонтальные разделители")
    assert re.fullmatch(f"[{allowed}]*", "Салтыков-Щедрин Ё. 2")
    assert not re.fullmatch(f"[{allowed}]*", "Ivan")
    assert not re.fullmatch(f"[{allowed}]*", "а_б")
    assert masks.characters("Допустимы любые символы") == ""
    assert masks.characters("Допустимы цифры и рожицы") is None
    assert masks.characters("В соответствии с приказом") is None
    assert masks.characters("только цифры") is None
    assert masks.characters("") is None


def test_every_mask_and_comment_of_the_dictionary_is_understood(shared: Path) -> None:
    found = records.read(shared / "data" / "nsi" / "federal_xml" / "Q015.xml").records
    formats = [rule for rule in found if rule.category == "004F"]
    comments = [rule.COMMENT for rule in formats if rule.COMMENT.startswith("Допустимы")]
    assert [comment for comment in comments if masks.characters(comment) is None] == []
    texts = {rule.MASK_VAL for rule in formats} - {"", masks.CALENDAR}
    assert [text for text in texts if masks.pattern(text) is None and "F011" not in text] == []
    assert len(formats) == 179


def test_codes_of_diseases_fit_their_mask(shared: Path) -> None:
    lines = (shared / "data" / "nsi" / "csv_from_mtr_db" / "M001.csv").read_text(encoding="utf-8-sig").splitlines()
    column = lines[0].split(";").index("IDDS")
    codes = [line.split(";")[column].strip('"') for line in lines[1:]]
    form = masks.pattern("A99.XX")
    assert form is not None
    refused = [code for code in codes if not re.fullmatch(form, code)]
    assert len(refused) < len(codes) * 0.02, refused[:20]  # the table holds stubs such as «A40..1»

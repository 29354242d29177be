"""PDF: data are text, whatever they hold; no date of making, no fonts of the machine."""

from __future__ import annotations

import io

import pypdf
import pytest

from pipelines.pump.documents.printing import TEMPLATES, pdf
from tests.pump.documents.read import text

DATA = {
    "title": "Заявка #pagebreak()",
    "subtitle": "$x^2$ *жирно* _курсив_",
    "footer": "`код` \\ // не комментарий",
    "sides": [{"role": "Заявитель", "name": "«А» & <Б>", "lines": [["ИНН", "1"]]}] * 2,
    "rows": [["1", "#import \"common.typ\"", "@ссылка"]],
    "totals": ["", "Итого", "0,00"],
    "words": "Ноль рублей 00 копеек",
    "note": "~ [скобки] {фигурные}\x07",
    "posts": ["Директор"],
}  # fmt: skip


def test_values_are_no_markup() -> None:
    printed = text(pdf("application", DATA))
    for value in ("Заявка #pagebreak()", "$x^2$ *жирно* _курсив_", "`код` \\ // не комментарий", "«А» & <Б>", "@ссылка",
                  '#import "common.typ"', "~ [скобки] {фигурные}"):  # fmt: skip
        assert value in printed


def test_nothing_of_the_moment_or_the_machine() -> None:
    content = pdf("application", DATA)
    assert content == pdf("application", DATA)
    reader = pypdf.PdfReader(io.BytesIO(content))
    assert "/CreationDate" not in reader.metadata
    fonts = {font["/BaseFont"].split("+")[-1] for page in reader.pages for font in _fonts(page)}
    assert fonts
    assert all(name.startswith("LibertinusSerif") for name in fonts)
    assert reader.metadata.title == DATA["title"]


def _fonts(page: pypdf.PageObject) -> list:
    return [font.get_object() for font in page["/Resources"]["/Font"].values()]


def test_an_unknown_template() -> None:
    with pytest.raises(LookupError, match=r"letter\.typ"):
        pdf("letter", {})


def test_templates_bring_nothing_from_outside() -> None:
    for path in TEMPLATES.glob("*.typ"):
        source = path.read_text(encoding="utf-8")
        assert "@preview" not in source
        assert "datetime.today" not in source

"""Documents as people see them: LibreOffice opens each, and its printed pages are whole, readable and set up for paper."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator

import openpyxl
import pytest

from tests.seen.office import ARTEFACTS, EDGE, Page

BOOKS = {
    "protocol_partial.xlsx": (3, 20),
    "protocol_accepted.xlsx": (2, 2),
    "protocol_refused.xlsx": (2, 2),
    "dictionary_report.xlsx": (2, 2),
    "mek_conclusion.xlsx": (3, 6),
    "mek_register.xlsx": (1, 2),
    "month_summaries.xlsx": (6, 14),
    "daily_journal.xlsx": (3, 8),
    "impact_report.xlsx": (6, 8),
}
"""Pages that the document takes at least and at most."""
PRINTED = "mek_conclusion_printed.pdf"
A4 = (842, 595)


def signs(text: object) -> str:
    """Letters and digits alone: lines are broken on paper, and hyphens there are lost in the text of a PDF."""
    return "".join(sign for sign in str(text) if sign.isalnum())


def missing(text: str, paper: str) -> list[str]:
    """Words that are not on the paper, where the text does not stand there in one piece."""
    return [] if signs(text) in paper else [word for word in text.split() if signs(word) not in paper]


def sheets(content: bytes) -> Iterator[openpyxl.worksheet.worksheet.Worksheet]:
    yield from openpyxl.load_workbook(io.BytesIO(content)).worksheets


def pages_of(sheet: str, pages: list[Page]) -> list[Page]:
    """Pages whose footer names the sheet."""
    return [page for page in pages if re.search(rf"(?m)\. {re.escape(sheet)} Лист \d+ из \d+", page.text)]


@pytest.mark.parametrize("name", [*BOOKS, PRINTED])
def test_pages_are_on_a4_wide_and_not_blank(seen: dict[str, list[Page]], name: str) -> None:
    pages = seen[name]
    least, most = BOOKS.get(name, (1, 3))
    assert least <= len(pages) <= most
    for page in pages:
        assert (round(page.width), round(page.height)) == A4
        assert page.ink > 0.002
        assert min(page.margins) > EDGE
    assert len(list(ARTEFACTS.glob(f"{name}_*.png"))) == len(pages)


@pytest.mark.parametrize("name", [*BOOKS, PRINTED])
def test_nothing_is_cut_or_covered(seen: dict[str, list[Page]], name: str) -> None:
    for page in seen[name]:
        assert page.unseen == ()
        assert "###" not in page.text
        assert "\ufffd" not in page.text


@pytest.mark.parametrize("name", BOOKS)
def test_what_is_in_the_cells_is_on_the_paper(made: dict[str, bytes], seen: dict[str, list[Page]], name: str) -> None:
    checked = 0
    for sheet in sheets(made[name]):
        pages = pages_of(sheet.title, seen[name])
        assert pages, sheet.title
        paper = signs("".join(page.text for page in pages))
        for cell in (cell for row in sheet.iter_rows() for cell in row if isinstance(cell.value, str)):
            if not sheet.column_dimensions[cell.column_letter].hidden:
                assert missing(cell.value, paper) == [], (sheet.title, cell.coordinate)
                checked += 1
    assert checked > 10


@pytest.mark.parametrize("name", BOOKS)
def test_the_head_is_on_every_page(made: dict[str, bytes], seen: dict[str, list[Page]], name: str) -> None:
    repeated = 0
    for sheet in sheets(made[name]):
        if not sheet.print_title_rows:
            assert len(pages_of(sheet.title, seen[name])) == 1
            continue
        number = int(sheet.print_title_rows.split("$")[1].rstrip(":"))
        head = [
            signs(cell.value)
            for cell in sheet[number]
            if cell.value and not sheet.column_dimensions[cell.column_letter].hidden
        ]
        for page in pages_of(sheet.title, seen[name]):
            text = signs(page.text)
            assert [title for title in head if title not in text] == []
            repeated += 1
    assert repeated


def test_the_protocol_says_place_value_expected_and_what_to_do(made: dict[str, bytes]) -> None:
    summary, findings = sheets(made["protocol_partial.xlsx"])
    assert (findings.freeze_panes, findings.print_title_rows) == ("C2", "$1:$1")
    assert findings.auto_filter.ref == f"A1:N{findings.max_row}"
    head, *rows = findings.iter_rows(values_only=True)
    found = [dict(zip(head, row, strict=True)) for row in rows]
    profile = next(row for row in found if row["Правило"] == "001F.00.0270")
    assert (profile["Элемент"], profile["Значение"]) == ("ZAP/Z_SL/SL/PROFIL", "999")
    assert profile["Что не так"] == "PROFIL «Профиль медицинской помощи»: значения нет в справочнике"
    assert profile["Ожидается"] == "значение справочника V002 (поле IDPR), действующее на дату DATE_Z_2"
    assert profile["Что сделать"].startswith("Исправьте значение по справочнику")
    assert all((row["N_ZAP"] or row["ID_PAC"]) and row["Что не так"] and row["Что сделать"] for row in found)
    texts = [cell.value for row in summary.iter_rows() for cell in row if cell.value]
    assert "Результат: принят частично" in texts
    counts = {row[0]: row[2] for row in summary.iter_rows(values_only=True) if isinstance(row[2], int)}
    assert sum(counts.values()) == len(found)


def test_the_eye_sees_what_is_wrong(seen: dict[str, list[Page]]) -> None:
    """A book without room for its texts and numbers: the checks above would find it."""
    (page,) = seen["without_room.xlsx"]
    assert any(text.startswith("one on another") for text in page.unseen)
    assert "###" in page.text


def test_what_to_say_when_there_is_nothing(made: dict[str, bytes]) -> None:
    texts = {
        name: [cell.value for sheet in sheets(made[name]) for row in sheet.iter_rows() for cell in row if cell.value]
        for name in ("protocol_accepted.xlsx", "protocol_refused.xlsx")
    }
    assert "Результат: отклонён" in texts["protocol_refused.xlsx"]
    assert "Файл не является архивом ZIP" in texts["protocol_refused.xlsx"]


def test_the_conclusion_names_what_is_refused(made: dict[str, bytes], seen: dict[str, list[Page]]) -> None:
    (refused,) = (sheet for sheet in sheets(made["mek_conclusion.xlsx"]) if sheet.title == "Отклонённые позиции")
    rows = [row for row in refused.iter_rows(values_only=True) if isinstance(row[0], int)]
    assert rows
    printed = signs("".join(page.text for page in seen[PRINTED]))
    assert all(signs(row[1]) in printed and signs(row[-1]) in printed for row in rows)

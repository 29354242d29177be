"""Numbers, money and times as the pages write them; Markdown that brings nothing of its own."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from pipelines.pages import rendering as r

NB = "\u00a0"


@pytest.mark.parametrize(
    ("kopecks", "text"),
    [(0, "0,00"), (5, "0,05"), (-5, "−0,05"), (123456789, f"1{NB}234{NB}567,89"), (-100000, f"−1{NB}000,00"), (None, "—")],
)
def test_roubles(kopecks: int | None, text: str) -> None:
    assert r.roubles(kopecks) == text


@pytest.mark.parametrize(
    ("bytes_", "text"),
    [
        (0, f"0{NB}байт"),
        (1023, f"1023{NB}байт"),
        (1024, f"1,0{NB}КБ"),
        (1536, f"1,5{NB}КБ"),
        (209715200, f"200{NB}МБ"),
        (2**41, f"2048{NB}ГБ"),
        (None, "—"),
    ],
)
def test_sizes(bytes_: int | None, text: str) -> None:
    assert r.size(bytes_) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.0123, f"12{NB}мс"),
        (1.25, f"1,2{NB}с"),
        (59.96, f"60,0{NB}с"),
        (61, f"1{NB}мин 1{NB}с"),
        (3600, f"1{NB}ч 0{NB}мин"),
        (90000, f"1{NB}сут 1{NB}ч"),
    ],
)
def test_spans(seconds: float, text: str) -> None:
    assert r.span(timedelta(seconds=seconds)) == text


def test_times_are_those_of_the_fund() -> None:
    assert r.when(datetime(2026, 10, 31, 21, 5, 7, tzinfo=UTC)) == "01.11.2026 00:05:07"
    assert (r.when(None), r.day(None), r.day(date(2026, 1, 2)), r.month(date(2026, 1, 2))) == (
        "—",
        "—",
        "02.01.2026",
        "01.2026",
    )


@pytest.mark.parametrize(
    ("count", "word"),
    [(1, "день"), (2, "дня"), (5, "дней"), (11, "дней"), (12, "дней"), (21, "день"), (112, "дней"), (104, "дня")],
)
def test_words_go_with_numbers(count: int, word: str) -> None:
    assert r.plural(count, "день", "дня", "дней") == word


def test_markdown_brings_no_markup_and_no_links_of_its_own() -> None:
    text = (
        "# T\n\n<script>x</script> [a](javascript:alert(1)) [b](known.md) [c](other.md) `<i>`\n\n| a |\n|---|\n| <b>x</b> |"
    )
    made = str(r.markdown(text, {"known.md": "/rules?q=1&kind=H"}))
    assert "<script>" not in made
    assert "<b>" not in made
    assert "javascript:alert(1)" not in made.replace("[a](javascript:alert(1))", "")
    assert made.count("<a ") == 1
    assert 'href="/rules?q=1&amp;kind=H"' in made
    assert "<td>" in made
    assert "c" in made

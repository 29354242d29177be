"""Sums in words and in figures."""

from __future__ import annotations

import pytest

from pipelines.pump.documents.words import in_words, money, noun


@pytest.mark.parametrize(
    ("amount", "expected"),
    [
        (0, "Ноль рублей 00 копеек"),
        (1, "Ноль рублей 01 копейка"),
        (102, "Один рубль 02 копейки"),
        (2_05, "Два рубля 05 копеек"),
        (11_11, "Одиннадцать рублей 11 копеек"),
        (14_14, "Четырнадцать рублей 14 копеек"),
        (21_21, "Двадцать один рубль 21 копейка"),
        (22_22, "Двадцать два рубля 22 копейки"),
        (100_00, "Сто рублей 00 копеек"),
        (1_000_00, "Одна тысяча рублей 00 копеек"),
        (2_002_00, "Две тысячи два рубля 00 копеек"),
        (5_000_00, "Пять тысяч рублей 00 копеек"),
        (11_000_00, "Одиннадцать тысяч рублей 00 копеек"),
        (21_001_00, "Двадцать одна тысяча один рубль 00 копеек"),
        (112_312_00, "Сто двенадцать тысяч триста двенадцать рублей 00 копеек"),
        (1_000_000_00, "Один миллион рублей 00 копеек"),
        (2_000_001_00, "Два миллиона один рубль 00 копеек"),
        (1_001_000_000_00, "Один миллиард один миллион рублей 00 копеек"),
        (
            1_234_567_890_123_45,
            "Один триллион двести тридцать четыре миллиарда пятьсот шестьдесят семь миллионов восемьсот девяносто тысяч "
            "сто двадцать три рубля 45 копеек",
        ),
    ],
)
def test_sums_in_words(amount: int, expected: str) -> None:
    assert in_words(amount) == expected


def test_every_small_number_has_words_of_its_own() -> None:
    assert len({in_words(number * 100) for number in range(2000)}) == 2000


@pytest.mark.parametrize("amount", [-1, 10**17])
def test_what_has_no_words(amount: int) -> None:
    with pytest.raises(ValueError, match="quadrillion"):
        in_words(amount)


@pytest.mark.parametrize(
    ("amount", "expected"), [(0, "0,00"), (-5, "-0,05"), (123456789, "1 234 567,89"), (-100000, "-1 000,00")]
)
def test_money(amount: int, expected: str) -> None:
    assert money(amount).replace("\u00a0", " ") == expected


def test_forms_of_a_noun() -> None:
    assert [noun(number, ("случай", "случая", "случаев")) for number in (1, 3, 5, 12, 101, 111, 122)] == [
        "случай", "случая", "случаев", "случаев", "случай", "случаев", "случая"
    ]  # fmt: skip

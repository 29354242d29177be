"""Money as people read it: with spaces and a comma, and in words as a bill and a payment order want it."""

from __future__ import annotations

from collections.abc import Sequence

from pipelines.ground.money import SPACE, written

Forms = tuple[str, str, str]
"""A noun after one, two to four, five and more."""

_TEENS = [
    "десять", "одиннадцать", "двенадцать", "тринадцать", "четырнадцать",
    "пятнадцать", "шестнадцать", "семнадцать", "восемнадцать", "девятнадцать",
]  # fmt: skip
_TENS = ["десять", "двадцать", "тридцать", "сорок", "пятьдесят", "шестьдесят", "семьдесят", "восемьдесят", "девяносто"]
_HUNDREDS = ["сто", "двести", "триста", "четыреста", "пятьсот", "шестьсот", "семьсот", "восемьсот", "девятьсот"]
_UNITS = ["один", "два", "три", "четыре", "пять", "шесть", "семь", "восемь", "девять"]
_FEMININE = {1: "одна", 2: "две"}
_ROUBLES: Forms = ("рубль", "рубля", "рублей")
_KOPECKS: Forms = ("копейка", "копейки", "копеек")
_SCALES: Sequence[tuple[Forms, bool]] = (
    (("тысяча", "тысячи", "тысяч"), True),
    (("миллион", "миллиона", "миллионов"), False),
    (("миллиард", "миллиарда", "миллиардов"), False),
    (("триллион", "триллиона", "триллионов"), False),
)
"""Thousands and further, each with whether its noun is feminine."""


def money(amount: int) -> str:
    """Kopecks as roubles: ``-123456`` is «-1 234,56», spaces not breaking."""
    return written(amount)


def grouped(number: int) -> str:
    """A whole number with its thousands apart."""
    return f"{number:,}".replace(",", SPACE)


def in_words(amount: int) -> str:
    """Kopecks as «Одна тысяча два рубля 05 копеек»; raises ``ValueError`` below 0 and from a quadrillion roubles on."""
    if not 0 <= amount < 10**17:
        raise ValueError("a sum in words is from 0 to a quadrillion roubles")
    whole, rest = divmod(amount, 100)
    text = " ".join([*_number(whole), noun(whole, _ROUBLES), f"{rest:02d}", noun(rest, _KOPECKS)])
    return text[0].upper() + text[1:]


def noun(number: int, forms: Forms) -> str:
    """The form of a noun after a number."""
    if number % 100 in range(11, 15):
        return forms[2]
    last = number % 10
    return forms[0] if last == 1 else forms[1] if last in {2, 3, 4} else forms[2]


def _number(number: int) -> list[str]:
    if not number:
        return ["ноль"]
    number, group = divmod(number, 1000)
    words = _group(group, feminine=False)
    for forms, feminine in _SCALES:
        number, group = divmod(number, 1000)
        if group:
            words = [*_group(group, feminine), noun(group, forms), *words]
    return words


def _group(number: int, feminine: bool) -> list[str]:
    """Words of a number below a thousand, none for 0."""
    hundreds, rest = divmod(number, 100)
    words = [_HUNDREDS[hundreds - 1]] if hundreds else []
    if rest in range(10, 20):
        return [*words, _TEENS[rest - 10]]
    tens, last = divmod(rest, 10)
    if tens:
        words.append(_TENS[tens - 1])
    if last:
        words.append(_FEMININE.get(last, _UNITS[last - 1]) if feminine else _UNITS[last - 1])
    return words

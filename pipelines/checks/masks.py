"""Masks and character classes of the format rules as regular expressions (the common part of RE2 and Python's)."""

from __future__ import annotations

import re
from functools import cache

import yaml

from pipelines.ground.settings import ROOT

CALENDAR = "ГГГГ-ММ-ДД"
NEWBORN = "ПДДММГГН"
NEWBORN_PATTERN = (
    "[12](?:(?:0[1-9]|[12][0-9])(?:0[1-9]|1[0-2])|30(?:0[13-9]|1[0-2])|31(?:0[13578]|1[02]))[0-9]{2}(?:[1-9]|10)"
)
"""NOVOR of a newborn: sex, day, month, year of birth, number 1 to 10."""

ANY = "любые символы"

_MASK = re.compile(r"[1-9XA.\- ]+")
_FILLERS = frozenset(
    ("допустимы", "только", "и", "строчные", "прописные", "буквы", "алфавита", "разделители", "знак", "нижнее")
)
_WORD = re.compile(r"[^\s,]+")
_DOCUMENT = {
    "9": "[0-9]",
    "0": "[0-9]?",
    "S": ".*",
    "R": "[IVXLC]+",
    "Б": "[А-ЯЁ]",
    "-": "-",
    " ": " ",
}


def pattern(mask: str) -> str | None:
    """Expression of a mask: ``9`` digit, ``X`` optional digit, ``A`` Latin capital; 1 to 8, ``.``, ``-``, blank themselves.

    A last part of optional digits only takes its separator with it: ``A99.XX`` is C34, C34.1 or C34.12. None for a text
    that is no mask.
    """
    if not _MASK.fullmatch(mask):
        return None
    parts = re.split(r"([.\- ])", mask)
    result = _digits(parts[0])
    for separator, part in zip(parts[1::2], parts[2::2], strict=True):
        literal = re.escape(separator) if separator != " " else " "
        last = part is parts[-1]
        optional = last and set(part) == {"X"}
        result += f"(?:{literal}{_digits(part)})?" if optional else literal + _digits(part)
    return result


def document_pattern(mask: str) -> str:
    """Expression of a mask of F011: 9 digit, 0 optional digit, R Roman number, Б Russian capital, S anything."""
    return "".join(_DOCUMENT.get(sign, re.escape(sign)) for sign in mask)


def characters(comment: str) -> str | None:
    """Class of the comment «Допустимы …» (``""`` for any character); None where a word of it is not understood."""
    known = _characters()
    words = _WORD.findall(comment)
    if not words or words[0] != "Допустимы":
        return None
    if comment.endswith(ANY):
        return ""
    if any(word.lower() not in _FILLERS and word not in known for word in words):
        return None
    return "".join(dict.fromkeys(signs for stem, signs in known.items() if stem in words))


def _digits(part: str) -> str:
    """``A99X`` as a Latin capital and 2 to 3 digits; a part of optional digits only has at least one."""
    result = ""
    for run in re.findall(r"A+|[9X]+|[1-8]+", part):
        if run[0] == "A":
            result += "[A-Z]" * len(run)
        elif run[0] in "12345678":
            result += run
        else:
            least = max(run.count("9"), 1 if run == part else 0)
            result += f"[0-9]{{{least},{len(run)}}}" if least < len(run) else f"[0-9]{{{least}}}"
    return result


@cache
def _characters() -> dict[str, str]:
    text = (ROOT / "include" / "rules" / "characters.yaml").read_text(encoding="utf-8")
    return dict(yaml.safe_load(text))

"""Names that others give to files, made readable and storable."""

from __future__ import annotations

import unicodedata

MAX_BYTES = 200
"""Longest name kept; no kind of package has one like it, and file systems allow 255 bytes."""


def text_of(raw: bytes) -> str:
    """Text of unknown encoding: UTF-8, else windows-1251."""
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("cp1251", "replace")


def clean(text: str) -> str:
    """Composed (NFC), without control characters and lone surrogates."""
    composed = unicodedata.normalize("NFC", text).encode("utf-8", "replace").decode()
    return "".join("_" if unicodedata.category(char) == "Cc" else char for char in composed)


def shortened(name: str) -> str:
    """The name, cut in the middle above ``MAX_BYTES`` bytes."""
    encoded = name.encode()
    if len(encoded) <= MAX_BYTES:
        return name
    half = MAX_BYTES // 2 - 2
    return encoded[:half].decode(errors="ignore") + "…" + encoded[-half:].decode(errors="ignore")

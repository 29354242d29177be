"""Memo files beside a DBF: dBase III and IV (.dbt), FoxPro and Visual FoxPro (.fpt). Irregular files, so no hurry here."""

from __future__ import annotations

import struct
from dataclasses import dataclass

BLOCK = 512
END = b"\x1a"
_DBT4_END = b"\x1f"
_SOFT_LINE_END = b"\x8d\n"
"""Where an editor of dBase and Clipper wrapped a line; in cp866 its first byte alone is the letter Н."""


class MemoError(ValueError):
    """A pointer that leads to no memo."""


@dataclass(frozen=True)
class Memo:
    """A memo file: ``kind`` dbt3, dbt4 or fpt, as in ``dbf_header.VERSIONS``."""

    kind: str
    content: bytes

    def text(self, pointer: bytes) -> bytes | None:
        """Bytes of the memo at a field's pointer (10 digits, or 4 bytes little endian); None for none.

        Soft line ends become blanks, trailing blanks and zeros go. Raises ``MemoError``.
        """
        block = block_number(pointer)
        if not block:
            return None
        data = {"dbt3": self._dbt3, "dbt4": self._dbt4, "fpt": self._fpt}[self.kind](block)
        return data.replace(_SOFT_LINE_END, b" ").rstrip(b" \0") or None

    def _dbt3(self, block: int) -> bytes:
        start = block * BLOCK
        end = self.content.find(END, start)
        if start >= len(self.content) or end < 0:
            raise MemoError
        return self.content[start:end]

    def _dbt4(self, block: int) -> bytes:
        size = self._number("<H", 20) or BLOCK
        start = block * size
        length = self._number("<I", start + 4)  # counts these eight bytes too
        return self._slice(start + 8, length - 8).partition(_DBT4_END)[0]

    def _fpt(self, block: int) -> bytes:
        start = block * (self._number(">H", 6) or BLOCK)
        return self._slice(start + 8, self._number(">I", start + 4))

    def _number(self, form: str, offset: int) -> int:
        try:
            return int(struct.unpack_from(form, self.content, offset)[0])
        except struct.error:
            raise MemoError from None

    def _slice(self, start: int, length: int) -> bytes:
        if length < 0 or start + length > len(self.content):
            raise MemoError
        return self.content[start : start + length]


def block_number(pointer: bytes) -> int:
    """Number of the block that a field points to, 0 for none; raises ``MemoError`` for what is no number."""
    if len(pointer) == 4:
        return int.from_bytes(pointer, "little")
    digits = pointer.strip(b" \0")
    if digits and not digits.isdigit():
        raise MemoError
    return int(digits or b"0")


def write_dbt(texts: list[bytes]) -> tuple[list[int], bytes]:
    """A dBase III memo file and the block where each text begins (0 for an empty one)."""
    starts = []
    body = []
    block = 1
    for text in texts:
        if not text:
            starts.append(0)
            continue
        starts.append(block)
        ended = text + END + END
        blocks = -(-len(ended) // BLOCK)
        body.append(ended.ljust(blocks * BLOCK, b"\0"))
        block += blocks
    head = struct.pack("<I12xB", block, 3).ljust(BLOCK, b"\0")
    return starts, head + b"".join(body)

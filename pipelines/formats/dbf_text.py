"""Code pages of DBF files: bytes of a column to Arrow text, and back, without a step per value."""

from __future__ import annotations

import codecs
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

Bytes = npt.NDArray[np.uint8]
Rows = npt.NDArray[np.int64]

MISSING = "\ufffd"
"""Stands in a text for a byte that the code page lacks and for a control character, which XML does not take."""

PADS = " \0"
"""What fills a field's end; C programs write zeros there."""

_LAYOUT_CONTROLS = frozenset(b"\t\n\r")


@dataclass(frozen=True)
class CodePage:
    """A single-byte code page: characters by byte, length of each in UTF-8, and which bytes are no text."""

    number: int
    characters: str
    utf8_lengths: Bytes
    no_text: npt.NDArray[np.bool_]

    def decode(self, data: bytes) -> str:
        """Text of some bytes; bytes that are no text become ``MISSING``."""
        return codecs.charmap_decode(data, "strict", self.characters)[0]

    def spell(self, data: bytes) -> str:
        r"""Text of some bytes for a report: bytes that are no text are written ``\x98``."""
        return "".join(f"\\x{byte:02x}" if self.no_text[byte] else self.characters[byte] for byte in data.rstrip(b" \0"))


@cache
def code_page(number: int) -> CodePage:
    """Code page 866 or 1251."""
    characters = []
    for byte in range(256):
        control = (byte < 0x20 and byte not in _LAYOUT_CONTROLS) or byte == 0x7F
        characters.append(MISSING if control else bytes([byte]).decode(f"cp{number}", errors="replace"))
    return CodePage(
        number=number,
        characters="".join(characters),
        utf8_lengths=np.array([len(char.encode()) for char in characters], np.uint8),
        no_text=np.array([char == MISSING for char in characters]),
    )


def string_array(offsets: npt.NDArray[np.int32], data: Any) -> pa.StringArray:
    """Arrow strings over buffers; empty ones become null, for a DBF knows no other way of saying "absent"."""
    empty = offsets[1:] == offsets[:-1]
    validity = pa.py_buffer(np.packbits(~empty, bitorder="little")) if empty.any() else None
    return pa.StringArray.from_buffers(len(offsets) - 1, pa.py_buffer(offsets), pa.py_buffer(data), validity)


def trimmed(block: Bytes, *, both_ends: bool = False) -> tuple[npt.NDArray[np.int32], Bytes]:
    """Offsets and bytes of a column's values without their pads; ``block`` is (rows, width), contiguous."""
    rows, width = block.shape
    offsets = np.arange(0, (rows + 1) * width, width, dtype=np.int32)
    whole = pa.StringArray.from_buffers(rows, pa.py_buffer(offsets), pa.py_buffer(block))
    cut = (pc.ascii_trim if both_ends else pc.ascii_rtrim)(whole, characters=PADS)
    _, offset_buffer, data_buffer = cut.buffers()
    kept = np.frombuffer(offset_buffer, np.int32)[cut.offset : cut.offset + rows + 1]
    data = np.frombuffer(data_buffer, np.uint8) if data_buffer is not None else np.empty(0, np.uint8)
    return kept, data[: kept[-1]]


def texts(block: Bytes, page: CodePage, *, both_ends: bool = False) -> tuple[pa.StringArray, Rows]:
    """Texts of a column (null: blank), and the rows whose bytes are not all text."""
    offsets, data = trimmed(block, both_ends=both_ends)
    if len(data) == 0 or (data.max() < 0x7F and data.min() >= 0x20):
        return string_array(offsets, data), np.empty(0, np.int64)
    lengths = np.zeros(len(data) + 1, np.int32)
    np.cumsum(page.utf8_lengths[data], out=lengths[1:])
    no_text = page.no_text[data]
    bad = np.unique(np.searchsorted(offsets, np.flatnonzero(no_text), side="right") - 1) if no_text.any() else ()
    values = string_array(lengths[offsets], page.decode(data.tobytes()).encode())
    return values, np.asarray(bad, np.int64)


def encoded(values: pa.Array, page: CodePage, *, replace: bool) -> tuple[npt.NDArray[np.int64], Bytes]:
    """Lengths and joined bytes of texts in a code page (null: length 0).

    A character that the page lacks becomes ``?`` with ``replace`` and raises ``UnicodeEncodeError`` without.
    """
    plain = pc.fill_null(values, "")
    joined = pc.binary_join(pa.ListArray.from_arrays(pa.array([0, len(plain)], pa.int32()), plain), "")[0].as_py()
    data = joined.encode(f"cp{page.number}", errors="replace" if replace else "strict")
    return np.asarray(pc.utf8_length(plain), np.int64), np.frombuffer(data, np.uint8)

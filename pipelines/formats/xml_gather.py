"""The compiled copier: lays the values that the scanner found out as Arrow does, in UTF-8."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from pipelines.formats.xml_kernel import AMPERSAND, HASH, LEAVES, SEMICOLON, Alphabet, Bytes, Found, Ints, Longs, compiled


@compiled
def reference(buffer: Bytes, at: int) -> tuple[int, int]:
    """Code of the character that the reference at ``&`` means and the place after it; code -1 when in doubt."""
    i = at + 1
    c = buffer[i]
    if c == HASH:
        i += 1
        base = 10
        if buffer[i] == 120:
            base = 16
            i += 1
        first = i
        code = 0
        while i - first < 8:
            c = buffer[i]
            if 48 <= c <= 57:
                digit = int(c) - 48
            elif base == 16 and 97 <= c <= 102:
                digit = int(c) - 87
            elif base == 16 and 65 <= c <= 70:
                digit = int(c) - 55
            else:
                break
            code = code * base + digit
            i += 1
        if i == first or c != SEMICOLON:
            return -1, i
        legal = code in (9, 10, 13) or 0x20 <= code <= 0xD7FF or 0xE000 <= code <= 0xFFFD or 0x10000 <= code <= 0x10FFFF
        return (code if legal else -1), i + 1
    d, e, f, g = buffer[i + 1], buffer[i + 2], buffer[i + 3], buffer[i + 4]
    if d == 116 and e == SEMICOLON:  # lt; gt;
        if c == 108:
            return 60, i + 3
        if c == 103:
            return 62, i + 3
    if c == 97 and d == 109 and e == 112 and f == SEMICOLON:
        return 38, i + 4
    if c == 97 and d == 112 and e == 111 and f == 115 and g == SEMICOLON:
        return 39, i + 5
    if c == 113 and d == 117 and e == 111 and f == 116 and g == SEMICOLON:
        return 34, i + 5
    return -1, i


@compiled
def code_width(code: int) -> int:
    """Bytes of a character in UTF-8."""
    if code < 0x80:
        return 1
    if code < 0x800:
        return 2
    return 3 if code < 0x10000 else 4


class Columns(NamedTuple):
    """Arrow buffers of all columns of a block, one after another, and where each column's part begins."""

    offsets: Ints
    offsets_at: Longs
    validity: Bytes
    validity_at: Longs
    data: Bytes
    data_at: Longs
    rows: Longs  # by column: rows of its table in the block
    reached: Longs  # by column: offsets written
    used: Longs  # by column: bytes written


@compiled
def _special(buffer: Bytes, span: tuple[int, int], alphabet: Alphabet, data: Bytes, at: int) -> int:
    """Write a value with references and carriage returns as UTF-8; gives the place after it."""
    i, end = span
    while i < end:
        c = buffer[i]
        if c == AMPERSAND:
            code, i = reference(buffer, i)
            width = code_width(code)
            if width == 1:
                data[at] = code
            else:
                for k in range(width - 1, 0, -1):
                    data[at + k] = 0x80 | (code & 0x3F)
                    code >>= 6
                data[at] = ((0xF00 >> width) & 0xFF) | code
            at += width
            continue
        if c == 13:
            if buffer[i + 1] != 10:
                data[at] = 10
                at += 1
        elif c < 0x80 or alphabet.utf8:
            data[at] = c
            at += 1
        else:
            for k in range(alphabet.width[c]):
                data[at + k] = alphabet.image[c, k]
            at += alphabet.width[c]
        i += 1
    return at


@compiled
def gather(buffer: Bytes, alphabet: Alphabet, found: Found, columns: Columns) -> None:
    """Fill the buffers of all columns with the values that ``scan`` found, as UTF-8."""
    data = columns.data
    for n in range(found.counts[LEAVES]):
        column = found.leaf[n, 0]
        row = found.leaf[n, 1]
        start = found.leaf[n, 2]
        size = found.leaf[n, 3]
        wide = found.leaf[n, 4]
        used = columns.used[column]
        base = columns.offsets_at[column]
        for r in range(columns.reached[column], row + 1):
            columns.offsets[base + r] = used
        columns.reached[column] = row + 1
        columns.validity[columns.validity_at[column] + (row >> 3)] |= np.uint8(1 << (row & 7))
        at = columns.data_at[column] + used
        if found.special[n]:
            _special(buffer, (start, start + size), alphabet, data, at)
        elif wide == size:
            for k in range(size):
                data[at + k] = buffer[start + k]
        else:
            for k in range(start, start + size):
                c = buffer[k]
                if c < 0x80:
                    data[at] = c
                    at += 1
                else:
                    for m in range(alphabet.width[c]):
                        data[at + m] = alphabet.image[c, m]
                    at += alphabet.width[c]
        columns.used[column] = used + wide
    for column in range(len(columns.rows)):
        if found.filled[column]:
            for r in range(columns.reached[column], columns.rows[column] + 1):
                columns.offsets[columns.offsets_at[column] + r] = columns.used[column]

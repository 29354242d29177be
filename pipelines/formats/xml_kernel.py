"""Compiled loops over the bytes of an XML file: ``scan`` finds values and rows, ``gather`` lays values out as Arrow does.

The scanner accepts a subset of XML (no attributes, comments, CDATA, instructions, DTD, names beyond ASCII) and checks that
subset completely; a negative result means "not sure", and the document goes to the reference reader. A buffer ends with
``SENTINEL`` zero bytes, which no rule of the scanner accepts, so that loops need no bounds.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar, cast

import numpy as np
import numpy.typing as npt
from numba import njit

Bytes = npt.NDArray[np.uint8]
Ints = npt.NDArray[np.int32]
Longs = npt.NDArray[np.int64]
F = TypeVar("F", bound=Callable[..., Any])

SENTINEL = 16
GIVE_UP = -1
BEFORE_ROOT, IN_ROOT, AFTER_ROOT = 0, 1, 2
# Places in Memory.scalars.
DEPTH, SERIAL, PHASE, PREVIOUS, UTF8_SO_FAR, CYRILLIC = range(6)
# Places in Found.counts.
LEAVES, ROWS, GROUPS, ANOMALIES = range(4)
UNKNOWN, REPEATED, DISORDERED = range(3)
PLAIN, TAG, REFERENCE, BRACKET, RETURN, HIGH, ILLEGAL = range(7)
_LT, _GT, _SLASH, _BRACKET_END, _AMPERSAND, _HASH, _SEMICOLON = 60, 62, 47, 93, 38, 35, 59


class Plan(NamedTuple):
    """A layout as arrays by node: 0 is the root, the others are the elements in document order, from 1."""

    group: Bytes
    head: Bytes
    repeated: Bytes
    table: Ints  # -1 for the root
    parent_table: Ints
    column: Ints  # of a value or of a merged group, each counted over all tables
    name_at: Ints
    name_size: Ints
    names: Bytes
    first_child: Ints  # children of node are child[first_child[node]:first_child[node + 1]]
    child: Ints


class Alphabet(NamedTuple):
    """What bytes mean: ``kind`` in text, ``name`` 1 starts a name, 2 goes on with it; ``wide`` and ``utf8`` of windows-1251."""

    kind: Bytes
    name: Bytes
    utf8: bool
    width: Bytes  # bytes of the character in UTF-8
    image: Bytes  # those bytes, [256, 3]
    text_limit: int
    depth_limit: int


class Memory(NamedTuple):
    """What the scanner remembers from block to block."""

    scalars: Longs
    node: Ints
    serial: Longs
    latest: Ints
    disordered: Bytes
    seen: Longs  # by node: serial of the group instance in which it was last met
    follow: Ints  # by what came before: the node that came next when last seen; a guess
    rows: Longs  # by table
    base: Longs  # the same at the beginning of the block
    skipped: Ints  # [depth, 2] names of open elements in a subtree that is passed over


class Found(NamedTuple):
    """What a block holds; only the first ``counts`` of each kind are meant."""

    counts: Longs
    leaf: Ints  # [n, 5] column, row in the block, start, bytes, bytes as UTF-8
    special: Bytes  # [n] whether the value has references or carriage returns
    row: Longs  # [n, 3] table, parent row, offset of the start tag
    group: Ints  # [n, 2] column, row in the block
    anomaly: Longs  # [n, 8] kind, node or -1, group node, row, name start, name end, text start or -1, text end
    filled: Longs  # by column: values
    size: Longs  # by column: bytes


def compiled(function: F) -> F:
    """Compile at first use, without the interpreter's lock, and keep the machine code on disk."""
    return cast(F, njit(cache=True, nogil=True)(function))


@compiled
def _utf8_length(buffer: Bytes, at: int) -> int:
    """Bytes of the UTF-8 sequence beyond ASCII at a place; 0 where there is none."""
    lead, second = buffer[at], buffer[at + 1]
    if lead < 0xC2 or lead > 0xF4 or second & 0xC0 != 0x80:
        return 0
    if lead < 0xE0:
        return 2
    if buffer[at + 2] & 0xC0 != 0x80:
        return 0
    if lead < 0xF0:
        return 0 if (lead == 0xE0 and second < 0xA0) or (lead == 0xED and second > 0x9F) else 3
    if buffer[at + 3] & 0xC0 != 0x80 or (lead == 0xF0 and second < 0x90) or (lead == 0xF4 and second > 0x8F):
        return 0
    return 4


@compiled
def _reference(buffer: Bytes, at: int) -> tuple[int, int]:
    """Code of the character that the reference at ``&`` means and the place after it; code -1 when in doubt."""
    i = at + 1
    c = buffer[i]
    if c == _HASH:
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
        if i == first or c != _SEMICOLON:
            return -1, i
        legal = (
            code in (9, 10, 13) or 0x20 <= code <= 0xD7FF or 0xE000 <= code <= 0xFFFD or 0x10000 <= code <= 0x10FFFF
        )
        return (code if legal else -1), i + 1
    d, e, f, g = buffer[i + 1], buffer[i + 2], buffer[i + 3], buffer[i + 4]
    if d == 116 and e == _SEMICOLON:  # lt; gt;
        if c == 108:
            return 60, i + 3
        if c == 103:
            return 62, i + 3
    if c == 97 and d == 109 and e == 112 and f == _SEMICOLON:
        return 38, i + 4
    if c == 97 and d == 112 and e == 111 and f == 115 and g == _SEMICOLON:
        return 39, i + 5
    if c == 113 and d == 117 and e == 111 and f == 116 and g == _SEMICOLON:
        return 34, i + 5
    return -1, i


@compiled
def _width(code: int) -> int:
    """Bytes of a character in UTF-8."""
    if code < 0x80:
        return 1
    if code < 0x800:
        return 2
    return 3 if code < 0x10000 else 4


@compiled
def _text(buffer: Bytes, start: int, alphabet: Alphabet, memory: Memory) -> tuple[int, int, int]:
    """Text up to the next ``<``: its end (GIVE_UP when in doubt), its bytes as UTF-8, whether it is special."""
    kind = alphabet.kind
    i = start
    growth = 0
    special = 0
    while True:
        k = kind[buffer[i]]
        if k == PLAIN:
            i += 1
        elif k == TAG:
            break
        elif k == HIGH:
            length = 1
            if alphabet.utf8:
                length = _utf8_length(buffer, i)
                if length == 0 or (buffer[i] == 0xEF and buffer[i + 1] == 0xBF and buffer[i + 2] >= 0xBE):
                    return GIVE_UP, 0, 0
            else:
                if memory.scalars[UTF8_SO_FAR]:
                    length = _utf8_length(buffer, i)
                    if length == 0:
                        memory.scalars[UTF8_SO_FAR] = 0
                        length = 1
                    elif buffer[i] == 0xD0 or buffer[i] == 0xD1:
                        memory.scalars[CYRILLIC] = 1
                for j in range(i, i + length):
                    if kind[buffer[j]] == ILLEGAL:
                        return GIVE_UP, 0, 0
                    growth += alphabet.width[buffer[j]] - 1
            i += length
        elif k == REFERENCE:
            code, after = _reference(buffer, i)
            if code < 0:
                return GIVE_UP, 0, 0
            growth += _width(code) - (after - i)
            special = 1
            i = after
        elif k == BRACKET:
            if buffer[i + 1] == _BRACKET_END and buffer[i + 2] == _GT:
                return GIVE_UP, 0, 0
            i += 1
        elif k == RETURN:
            special = 1
            if buffer[i + 1] == 10:
                growth -= 1
            i += 1
        else:
            return GIVE_UP, 0, 0
    if i - start > alphabet.text_limit:
        return GIVE_UP, 0, 0
    return i, i - start + growth, special


@compiled
def _name_end(buffer: Bytes, start: int, named: Bytes) -> int:
    """End of the name that begins here; GIVE_UP where none does."""
    if named[buffer[start]] != 1:
        return GIVE_UP
    i = start + 1
    while named[buffer[i]]:
        i += 1
    return i


@compiled
def _tag_end(buffer: Bytes, name_end: int) -> tuple[int, bool]:
    """Place after a start tag whose name ends here and whether it is an empty element; GIVE_UP at attributes and the like."""
    i = name_end
    while buffer[i] == 32 or buffer[i] == 10 or buffer[i] == 13 or buffer[i] == 9:
        i += 1
    if buffer[i] == _GT:
        return i + 1, False
    if buffer[i] == _SLASH and buffer[i + 1] == _GT:
        return i + 2, True
    return GIVE_UP, False


@compiled
def _is(buffer: Bytes, at: int, names: Bytes, start: int, size: int) -> bool:
    for k in range(size):  # noqa: SIM110 - compiled
        if buffer[at + k] != names[start + k]:
            return False
    return True


@compiled
def _skip(buffer: Bytes, name: int, name_end: int, alphabet: Alphabet, memory: Memory) -> tuple[int, int, int]:
    """Place after the element whose name is given, and its text where it has no elements inside (start -1 otherwise)."""
    skipped = memory.skipped
    i, empty = _tag_end(buffer, name_end)
    if i < 0 or empty:
        return i, i, i
    skipped[0, 0] = name
    skipped[0, 1] = name_end - name
    depth = 1
    text = i
    while True:
        i = _text(buffer, i, alphabet, memory)[0]
        if i < 0:
            return GIVE_UP, -1, -1
        if buffer[i + 1] == _SLASH:
            depth -= 1
            size = skipped[depth, 1]
            if not _is(buffer, i + 2, buffer, skipped[depth, 0], size) or buffer[i + 2 + size] != _GT:
                return GIVE_UP, -1, -1
            if depth == 0:
                return i + 3 + size, text, i
            i += 3 + size
            continue
        text = -1
        name = i + 1
        name_end = _name_end(buffer, name, alphabet.name)
        if name_end < 0:
            return GIVE_UP, -1, -1
        i, empty = _tag_end(buffer, name_end)
        if i < 0 or memory.scalars[DEPTH] + depth + 1 >= alphabet.depth_limit:
            return GIVE_UP, -1, -1
        if not empty:
            skipped[depth, 0] = name
            skipped[depth, 1] = name_end - name
            depth += 1


@compiled
def _child(buffer: Bytes, name: tuple[int, int], parent: int, plan: Plan) -> int:
    """Node of the child of ``parent`` whose name stands between two places, -1 if it has none."""
    size = name[1] - name[0]
    for k in range(plan.first_child[parent], plan.first_child[parent + 1]):
        node = plan.child[k]
        if plan.name_size[node] == size and _is(buffer, name[0], plan.names, plan.name_at[node], size):
            return node
    return -1


@compiled
def _open(node: int, memory: Memory) -> None:
    depth = memory.scalars[DEPTH]
    memory.scalars[SERIAL] += 1
    memory.node[depth] = node
    memory.serial[depth] = memory.scalars[SERIAL]
    memory.latest[depth] = 0
    memory.disordered[depth] = 0
    memory.scalars[DEPTH] = depth + 1


@compiled
def _tell(kind: int, node: int, span: tuple[int, int, int, int], plan: Plan, memory: Memory, found: Found) -> None:
    group = memory.node[memory.scalars[DEPTH] - 1]
    n = found.counts[ANOMALIES]
    found.anomaly[n, 0] = kind
    found.anomaly[n, 1] = node
    found.anomaly[n, 2] = group
    found.anomaly[n, 3] = memory.rows[plan.table[group]] - 1 if plan.table[group] >= 0 else -1
    for k in range(4):
        found.anomaly[n, 4 + k] = span[k]
    found.counts[ANOMALIES] = n + 1


@compiled
def _row(node: int, offset: int, plan: Plan, memory: Memory, found: Found) -> None:
    """A new row of the table that the node heads."""
    table = plan.table[node]
    n = found.counts[ROWS]
    found.row[n, 0] = table
    found.row[n, 1] = memory.rows[plan.parent_table[node]] - 1 if plan.parent_table[node] >= 0 else -1
    found.row[n, 2] = offset
    found.counts[ROWS] = n + 1
    memory.rows[table] += 1


@compiled
def scan(buffer: Bytes, size: int, plan: Plan, alphabet: Alphabet, memory: Memory, found: Found) -> int:
    """Go through a block that ends between two tags; 0, or GIVE_UP.

    ``size`` is the length without the sentinel. Fills ``found`` and carries ``memory`` on.
    """
    # Arrays are taken out of their tuples, and the usual case of each step is written out, because in the inner loop a call
    # with a tuple costs more than the step itself.
    kind, named = alphabet.kind, alphabet.name
    scalars, open_node, serial, latest, disordered = (
        memory.scalars, memory.node, memory.serial, memory.latest, memory.disordered,
    )  # fmt: skip
    seen, follow, rows, base = memory.seen, memory.follow, memory.rows, memory.base
    names, name_at, name_size, is_group, is_head = plan.names, plan.name_at, plan.name_size, plan.group, plan.head
    repeated, table_of, column_of = plan.repeated, plan.table, plan.column
    found_leaf, found_special, found_group = found.leaf, found.special, found.group
    counts, filled, sizes = found.counts, found.filled, found.size
    counts[:] = 0
    filled[:] = 0
    sizes[:] = 0
    base[:] = rows
    leaves = 0
    i = 0
    while True:
        while buffer[i] == 32 or buffer[i] == 10 or buffer[i] == 13 or buffer[i] == 9:
            i += 1
        if i >= size:
            counts[LEAVES] = leaves
            return 0 if i == size else GIVE_UP
        if buffer[i] != _LT:
            return GIVE_UP
        name = i + 1
        depth = scalars[DEPTH]
        if depth == 0:
            if scalars[PHASE] != BEFORE_ROOT or not _is(buffer, name, names, name_at[0], name_size[0]):
                return GIVE_UP
            i, empty = _tag_end(buffer, name + name_size[0])
            if i < 0:
                return GIVE_UP
            scalars[PHASE] = AFTER_ROOT if empty else IN_ROOT
            if not empty:
                _open(0, memory)
                scalars[PREVIOUS] = len(is_group)
            continue
        if buffer[name] == _SLASH:
            node = open_node[depth - 1]
            length = name_size[node]
            if not _is(buffer, name + 1, names, name_at[node], length) or buffer[name + 1 + length] != _GT:
                return GIVE_UP
            i = name + 2 + length
            scalars[DEPTH] = depth - 1
            scalars[PREVIOUS] = node
            if depth == 1:
                scalars[PHASE] = AFTER_ROOT
            continue
        node = follow[scalars[PREVIOUS]]
        name_end = name
        if node >= 0:
            k = name_at[node]
            last = k + name_size[node]
            while k < last and buffer[name_end] == names[k]:
                k += 1
                name_end += 1
            if k < last or named[buffer[name_end]]:
                node = -1
        if node < 0:
            name_end = _name_end(buffer, name, named)
            if name_end < 0:
                return GIVE_UP
            node = _child(buffer, (name, name_end), open_node[depth - 1], plan)
        if node < 0 or (seen[node] == serial[depth - 1] and not repeated[node]):
            i, text, text_end = _skip(buffer, name, name_end, alphabet, memory)
            if i < 0:
                return GIVE_UP
            _tell(UNKNOWN if node < 0 else REPEATED, node, (name, name_end, text, text_end), plan, memory, found)
            continue
        follow[scalars[PREVIOUS]] = node
        scalars[PREVIOUS] = node
        seen[node] = serial[depth - 1]
        if node >= latest[depth - 1]:
            latest[depth - 1] = node
        elif not disordered[depth - 1]:
            disordered[depth - 1] = 1
            _tell(DISORDERED, node, (name, name_end, -1, -1), plan, memory, found)
        empty = False
        if buffer[name_end] == _GT:
            i = name_end + 1
        else:
            i, empty = _tag_end(buffer, name_end)
            if i < 0:
                return GIVE_UP
        if is_head[node]:
            _row(node, name - 1, plan, memory, found)
        table = table_of[node]
        row = rows[table] - base[table] - 1
        column = column_of[node]
        if row < 0:
            return GIVE_UP
        if is_group[node]:
            if not is_head[node]:
                n = counts[GROUPS]
                found_group[n, 0] = column
                found_group[n, 1] = row
                counts[GROUPS] = n + 1
            if not empty:
                _open(node, memory)
                scalars[PREVIOUS] = node + len(is_group)
            continue
        start = i
        end = i
        wide = 0
        special = 0
        if not empty:
            while kind[buffer[end]] == PLAIN:
                end += 1
            if buffer[end] == _LT and end - start <= alphabet.text_limit:
                wide = end - start
            else:
                end, wide, special = _text(buffer, start, alphabet, memory)
                if end < 0:
                    return GIVE_UP
            if buffer[end + 1] != _SLASH:
                return GIVE_UP
            i = end + 2
            for k in range(name, name_end):
                if buffer[i] != buffer[k]:
                    return GIVE_UP
                i += 1
            if buffer[i] != _GT:
                return GIVE_UP
            i += 1
        found_leaf[leaves, 0] = column
        found_leaf[leaves, 1] = row
        found_leaf[leaves, 2] = start
        found_leaf[leaves, 3] = end - start
        found_leaf[leaves, 4] = wide
        found_special[leaves] = special
        leaves += 1
        filled[column] += 1
        sizes[column] += wide


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
        if c == _AMPERSAND:
            code, i = _reference(buffer, i)
            width = _width(code)
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

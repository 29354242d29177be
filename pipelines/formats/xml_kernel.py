"""What the compiled loops over the bytes of an XML file share: their arrays and the names of places in them.

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
LT, GT, SLASH, BRACKET_END, AMPERSAND, HASH, SEMICOLON = 60, 62, 47, 93, 38, 35, 59


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
    """What bytes mean: ``kind`` in text, ``name`` 1 starts a name, 2 goes on with it; and the limits of the scanner."""

    kind: Bytes
    name: Bytes
    utf8: bool
    width: Bytes  # of windows-1251: bytes of the character in UTF-8
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
    """Compile at first use, without the interpreter's lock, and keep the machine code on disk.

    What is on disk is thought fresh as long as the function's own file is: a change here must touch its users as well.
    """
    return cast(F, njit(cache=True, nogil=True)(function))

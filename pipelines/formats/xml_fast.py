"""The fast reader of XML: blocks of a few megabytes through the compiled scanner, straight into Arrow buffers.

It gives up, rather than judge, on whatever the scanner does not know; then the reference reader (``xml_lxml``) decides.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from pipelines.formats import xml_kernel as kernel
from pipelines.formats.layout import Element, Layout
from pipelines.formats.tables import OFFSET, PARENT, Tables
from pipelines.formats.xml_assembly import Anomaly, Assembly, Block
from pipelines.formats.xml_gather import Columns, gather
from pipelines.formats.xml_scan import scan
from pipelines.formats.xml_source import Encoding, Source

BLOCK = 4 << 20
_LARGEST_BLOCK = 64 << 20
_DEPTH = 64
_S = rb"[ \t\r\n]"
_DECLARATION = re.compile(
    rb"<\?xml" + _S + rb"+version" + _S + rb"*=" + _S + rb"*(?:\"1\.0\"|'1\.0')"
    rb"(?:" + _S + rb"+encoding" + _S + rb"*=" + _S + rb"*(?:\"[A-Za-z][A-Za-z0-9._-]*\"|'[A-Za-z][A-Za-z0-9._-]*'))?"
    rb"(?:" + _S + rb"+standalone" + _S + rb"*=" + _S + rb"*(?:\"yes\"|\"no\"|'yes'|'no'))?" + _S + rb"*\?>"
)  # fmt: skip
_CODES = {kernel.UNKNOWN: "STR.010", kernel.REPEATED: "STR.020", kernel.DISORDERED: "STR.030"}
_PREDEFINED = {"amp": "&", "lt": "<", "gt": ">", "quot": '"', "apos": "'"}
_REFERENCE = re.compile(r"&(?:#x([0-9a-fA-F]+)|#([0-9]+)|([a-z]+));")


def read(source: Source, encoding: Encoding, layout: Layout) -> Tables | None:
    """Read a file, or give up (None). Raises only what ``source`` does."""
    if source.limits.depth < _DEPTH:
        return None
    reading = _Reading(source, encoding, layout)
    for offset, block in _blocks(source, layout):
        if not reading.block(offset, block):
            return None
    return reading.assembly.finish() if reading.complete() else None


def _blocks(source: Source, layout: Layout) -> Iterator[tuple[int, bytes]]:
    """Blocks that end with a record, each with its offset in the file; one too large ends the file short."""
    cut_after = b"</%b>" % layout.record.rpartition("/")[2].encode()
    pieces: list[bytes | memoryview] = []
    size = offset = 0
    for piece in source.pieces():
        pieces.append(piece)
        size += len(piece)
        if size < BLOCK:
            continue
        block = b"".join(pieces)
        cut = block.rfind(cut_after)
        if cut < 0:
            if size > _LARGEST_BLOCK:
                return
            pieces = [block]
            continue
        cut += len(cut_after)
        yield offset, block[:cut]
        offset += cut
        pieces = [block[cut:]]
        size -= cut
    yield offset, b"".join(pieces)


class _Spots(NamedTuple):
    """What nodes and columns stand for: elements by node (None: the root), by value column and by group column."""

    plan: kernel.Plan
    nodes: tuple[Element | None, ...]
    values: tuple[Element, ...]
    groups: tuple[Element, ...]
    tables: tuple[str, ...]
    value_table: kernel.Longs


@cache
def _compile(layout: Layout) -> _Spots:
    tables = tuple(layout.tables)
    number = {name: place for place, name in enumerate(tables)}
    nodes = (None, *layout.elements)
    values = tuple(element for element in layout.elements if element.type != "S")
    groups = tuple(element for element in layout.elements if element.type == "S" and not element.table_head)
    columns = {element.path: place for part in (values, groups) for place, element in enumerate(part)}
    children = [[child.position + 1 for child in layout.children(node.path if node else "")] for node in nodes]
    names = [node.name.encode() if node else layout.root.encode() for node in nodes]
    parents = [layout.tables[node.table].parent if node and node.table_head else None for node in nodes]

    def ints(numbers: list[int]) -> kernel.Ints:
        return np.array(numbers, np.int32)

    def flags(marks: list[bool]) -> kernel.Bytes:
        return np.array(marks, np.uint8)

    plan = kernel.Plan(
        group=flags([node is None or node.type == "S" for node in nodes]),
        head=flags([node is not None and node.table_head for node in nodes]),
        repeated=flags([node is not None and node.repeated for node in nodes]),
        table=ints([number[node.table] if node else -1 for node in nodes]),
        parent_table=ints([number[parent] if parent else -1 for parent in parents]),
        column=ints([columns.get(node.path, -1) if node else -1 for node in nodes]),
        name_at=ints([0, *np.cumsum([len(name) for name in names])[:-1].tolist()]),
        name_size=ints([len(name) for name in names]),
        names=np.frombuffer(b"".join(names), np.uint8),
        first_child=ints([0, *np.cumsum([len(some) for some in children]).tolist()]),
        child=ints([child for some in children for child in some]),
    )
    return _Spots(plan, nodes, values, groups, tables, np.array([number[e.table] for e in values], np.int64))


@cache
def _alphabet(codec: str, text_limit: int) -> kernel.Alphabet:
    kind = np.full(256, kernel.HIGH, np.uint8)
    kind[:128] = kernel.PLAIN
    kind[:32] = kernel.ILLEGAL
    kind[[9, 10]] = kernel.PLAIN
    kind[13] = kernel.RETURN
    kind[ord("<")] = kernel.TAG
    kind[ord("&")] = kernel.REFERENCE
    kind[ord("]")] = kernel.BRACKET
    width = np.ones(256, np.int64).astype(np.uint8)
    image = np.zeros((256, 3), np.uint8)
    if codec == "cp1251":
        kind[0x98] = kernel.ILLEGAL
        for code in range(128, 256):
            encoded = bytes([code]).decode(codec, "ignore").encode()
            width[code] = len(encoded)
            image[code, : len(encoded)] = list(encoded)
    name = np.zeros(256, np.uint8)
    for char in b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_":
        name[char] = 1
    for char in b"0123456789-.":
        name[char] = 2
    return kernel.Alphabet(kind, name, codec == "utf-8", width, image, text_limit, _DEPTH)


class _Reading:
    """One file on its way through the scanner."""

    def __init__(self, source: Source, encoding: Encoding, layout: Layout) -> None:
        self.assembly = Assembly(layout, source)
        self._limits = source.limits
        self._codec = encoding.codec
        self._bom = encoding.bom
        self._layout = layout
        self._spots = _compile(layout)
        self._alphabet = _alphabet(encoding.codec, source.limits.text)
        nodes = len(self._spots.nodes)
        tables = len(self._spots.tables)
        self._memory = kernel.Memory(
            scalars=np.zeros(6, np.int64),
            node=np.zeros(_DEPTH, np.int32),
            serial=np.zeros(_DEPTH, np.int64),
            latest=np.zeros(_DEPTH, np.int32),
            disordered=np.zeros(_DEPTH, np.uint8),
            seen=np.zeros(nodes, np.int64),
            follow=np.full(2 * nodes, -1, np.int32),
            rows=np.zeros(tables, np.int64),
            base=np.zeros(tables, np.int64),
            skipped=np.zeros((_DEPTH, 2), np.int32),
        )
        self._memory.scalars[kernel.UTF8_SO_FAR] = encoding.codec == "cp1251"
        self._found = self._room(0)

    def _room(self, size: int) -> kernel.Found:
        most = size // 4 + 1  # the shortest element is <X/>
        values = len(self._spots.values)
        return kernel.Found(
            counts=np.zeros(4, np.int64),
            leaf=np.empty((most, 5), np.int32),
            special=np.empty(most, np.uint8),
            row=np.empty((most, 3), np.int64),
            group=np.empty((most, 2), np.int32),
            anomaly=np.empty((most, 8), np.int64),
            filled=np.zeros(values, np.int64),
            size=np.zeros(values, np.int64),
        )

    def complete(self) -> bool:
        """Whether the document ended, in the encoding that it declares."""
        scalars = self._memory.scalars
        return bool(
            scalars[kernel.PHASE] == kernel.AFTER_ROOT and not scalars[kernel.UTF8_SO_FAR] * scalars[kernel.CYRILLIC]
        )

    def block(self, offset: int, content: bytes) -> bool:
        """Read one block; False to give up."""
        start = 0 if offset else self._bom
        if offset == 0 and content.startswith(b"<?", start):
            declaration = _DECLARATION.match(content, start)
            if declaration is None:
                return False
            start = declaration.end()
        buffer = np.frombuffer(content[start:] + bytes(kernel.SENTINEL), np.uint8)
        size = len(content) - start
        if len(self._found.special) < size // 4 + 1:
            self._found = self._room(size + size // 8)
        memory, found = self._memory, self._found
        if scan(buffer, size, self._spots.plan, self._alphabet, memory, found) < 0:
            return False
        if memory.rows.sum() > self._limits.rows:
            return False
        if len(self.assembly.anomalies) + found.counts[kernel.ANOMALIES] > self._limits.anomalies:
            return False
        self._anomalies(content[start:], offset + start)
        self._tables(buffer, offset + start)
        return True

    def _anomalies(self, content: bytes, offset: int) -> None:
        spots = self._spots
        for kind, node, group, row, name, name_end, text, text_end in self._found.anomaly[
            : self._found.counts[kernel.ANOMALIES]
        ].tolist():
            element, holder = spots.nodes[node] if node >= 0 else None, spots.nodes[group]
            unknown = f"{holder.path if holder else ''}/{content[name:name_end].decode('ascii')}".lstrip("/")
            value = None if text < 0 else _plain(content[text:text_end].decode(self._codec))
            path = element.path if element else unknown
            self.assembly.anomalies.append(
                Anomaly(_CODES[kind], holder.table if holder else "", row, path, value, offset + name - 1)
            )

    def _tables(self, buffer: kernel.Bytes, offset: int) -> None:
        spots, memory, found = self._spots, self._memory, self._found
        rows = memory.rows - memory.base
        columns: list[dict[str, pa.Array]] = [{} for _ in spots.tables]
        for column, array in self._values(buffer, rows[spots.value_table]):
            columns[spots.value_table[column]][spots.values[column].column] = array
        starts = found.row[: found.counts[kernel.ROWS]]
        groups = found.group[: found.counts[kernel.GROUPS]]
        for column in np.unique(groups[:, 0]).tolist():
            element = spots.groups[column]
            table = spots.tables.index(element.table)
            there = np.zeros(rows[table], np.bool_)
            there[groups[groups[:, 0] == column, 1]] = True
            columns[table][element.column] = pa.array(there)
        record = self._layout.by_path[self._layout.record].table
        for table, name in enumerate(spots.tables):
            if rows[table]:
                mine = starts[starts[:, 0] == table]
                columns[table][PARENT] = pa.array(mine[:, 1])
                if name == record:
                    columns[table][OFFSET] = pa.array(mine[:, 2] + offset)
            self.assembly.add(name, Block(int(rows[table]), columns[table]))

    def _values(self, buffer: kernel.Bytes, rows: kernel.Longs) -> Iterator[tuple[int, pa.Array]]:
        """Columns that hold anything, as Arrow arrays over shared buffers."""
        found = self._found
        filled = found.filled > 0
        offsets_at, offsets_size = _places(np.where(filled, rows + 1, 0), 16)
        validity_at, validity_size = _places(np.where(filled, (rows + 7) // 8, 0), 64)
        data_at, data_size = _places(found.size, 64)
        columns = Columns(
            offsets=np.empty(offsets_size, np.int32),
            offsets_at=offsets_at,
            validity=np.zeros(validity_size, np.uint8),
            validity_at=validity_at,
            data=np.empty(data_size, np.uint8),
            data_at=data_at,
            rows=rows,
            reached=np.zeros(len(rows), np.int64),
            used=np.zeros(len(rows), np.int64),
        )
        gather(buffer, self._alphabet, found, columns)
        offsets, validity, data = pa.py_buffer(columns.offsets), pa.py_buffer(columns.validity), pa.py_buffer(columns.data)
        for column in np.flatnonzero(filled).tolist():
            count = int(rows[column])
            nulls = count - int(found.filled[column])
            buffers = [
                validity.slice(int(validity_at[column]), (count + 7) // 8) if nulls else None,
                offsets.slice(int(offsets_at[column]) * 4, (count + 1) * 4),
                data.slice(int(data_at[column]), int(found.size[column])),
            ]
            yield column, pa.StringArray.from_buffers(count, buffers[1], buffers[2], buffers[0], nulls)


def _places(sizes: kernel.Longs, alignment: int) -> tuple[kernel.Longs, int]:
    """Where parts of these sizes begin, one after another, each aligned, and the size of the whole."""
    ends = np.cumsum((sizes + alignment - 1) // alignment * alignment)
    return np.concatenate(([0], ends[:-1])), int(ends[-1])


def _plain(text: str) -> str:
    """Text with newlines normalised and references replaced; both are known to be in order."""

    def character(match: re.Match[str]) -> str:
        if match[3]:
            return _PREDEFINED[match[3]]
        return chr(int(match[1], 16) if match[1] else int(match[2]))

    return _REFERENCE.sub(character, text.replace("\r\n", "\n").replace("\r", "\n"))

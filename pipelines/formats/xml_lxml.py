"""The reference reader of XML: lxml's parser feeding a state machine made from the layout.

It reads every well-formed document without a DTD, and its word is final: the compiled scanner (``xml_fast``) hands over
whatever it does not know.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, cast

import numpy as np
import pyarrow as pa
from lxml import etree

from pipelines.formats.layout import Element, Layout
from pipelines.formats.tables import OFFSET, PARENT, Tables
from pipelines.formats.xml_assembly import Anomaly, Assembly, Block
from pipelines.formats.xml_faults import is_limit, reason
from pipelines.formats.xml_source import Encoding, Source, broken_bytes, free_character, transcoded

BLANKS = " \t\r\n"
_FLUSH_AT = 200_000  # values held as Python objects before they become Arrow columns
_SCHEMA_INSTANCE = "{http://www.w3.org/2001/XMLSchema-instance}"
_MARKUP = re.compile(rb"<(!--|!\[CDATA\[|!(?:DOCTYPE|ENTITY)?|\?|[^/!?][^\s/>]*)", re.IGNORECASE)
_ENDS = {b"!--": b"-->", b"![cdata[": b"]]>", b"?": b"?>"}


def read(source: Source, encoding: Encoding, layout: Layout) -> Tables:
    """Read a whole file; raises ``FileFault`` XML.010, XML.020, XML.030, XML.040, XML.060."""
    raw = source.whole()
    if b"<!" in raw and any(mark.lower() in {b"!doctype", b"!entity"} for _, mark in _markup(raw)):
        raise source.fault("XML.010")
    stand_in = free_character(raw, encoding, source) if broken_bytes(raw, encoding, source) else None
    machine = _Machine(source, layout, raw, stand_in)
    parser = etree.XMLParser(
        target=cast(Any, machine), encoding="utf-8", resolve_entities=False, no_network=True, load_dtd=False, huge_tree=True
    )
    try:
        for piece in transcoded(raw, encoding.codec, stand_in):
            parser.feed(piece)
        parser.close()
    except etree.XMLSyntaxError as error:
        # Not chained: the message of libxml2 may quote the document.
        raise _fault(source, error) from None
    return machine.assembly.finish()


def _fault(source: Source, error: etree.XMLSyntaxError) -> Exception:
    code: int | None = getattr(error, "code", None)
    if is_limit(code):
        return source.beyond("сложности разметки")
    line, column = error.position
    return _malformed(source, code, line, column)


def _malformed(source: Source, code: int | None, line: int, column: int) -> Exception:
    return source.fault("XML.030", f"{line}:{column}", reason=reason(code), line=line, column=column)


def _markup(raw: bytes) -> Iterator[tuple[int, bytes]]:
    """Places of start tags with names, and of declarations with ``!`` and their kind, outside comments and the like."""
    skip = 0
    for match in _MARKUP.finditer(raw):
        start, mark = match.start(), match[1]
        if start < skip:
            continue
        end = _ENDS.get(mark.lower()) if mark[0] in b"!?" else None
        if end is None:
            yield start, mark
            continue
        skip = raw.find(end, match.end())
        if skip < 0:
            return


class _Node:
    """An element of the layout (None: the root) with its children by name, the table and the column that hold it."""

    def __init__(self, layout: Layout, element: Element | None) -> None:
        self.element = element
        self.path = element.path if element else ""
        self.group = element is None or element.type == "S"
        self.head = element is not None and element.table_head
        self.repeated = element is not None and element.repeated
        self.position = element.position if element else -1
        self.bit = 1 << self.position if element else 0
        self.table = element.table if element else ""
        self.column = element.column if element else ""
        self.record = self.path == layout.record
        self.parent_table = layout.tables[self.table].parent if self.head else None
        self.children = {child.name: _Node(layout, child) for child in layout.children(self.path)}


@cache
def _tree(layout: Layout) -> _Node:
    return _Node(layout, None)


class _Open:
    """An open element: children ``seen`` as bits by position, ``latest`` position among them, its own ``texts``."""

    __slots__ = ("disordered", "latest", "nested", "node", "offset", "seen", "texts")

    def __init__(self, node: _Node, offset: int) -> None:
        self.node = node
        self.offset = offset
        self.seen = 0
        self.latest = -1
        self.disordered = False
        self.nested = False
        self.texts: list[str] = []


class _Machine:
    """Target of lxml's parser: turns its calls into rows and columns."""

    def __init__(self, source: Source, layout: Layout, raw: bytes, stand_in: str | None) -> None:
        self.assembly = Assembly(layout, source)
        self._source = source
        self._layout = layout
        self._raw = raw
        self._tags = _markup(raw)
        self._stand_in = stand_in
        self._root = _tree(layout)
        self._stack: list[_Open] = []
        self._skipped = 0  # depth inside a subtree that is passed over
        self._unknown: _Open | None = None  # outermost element of that subtree, if its text is to be told
        self._unknown_place: tuple[str, tuple[str, int], str] = ("", ("", -1), "")
        self._rows: dict[str, int] = dict.fromkeys(layout.tables, 0)
        self._flushed = dict(self._rows)
        self._total = 0
        self._held = 0
        self._clear()

    def _clear(self) -> None:
        self._values: defaultdict[tuple[str, str], tuple[list[int], list[str]]] = defaultdict(lambda: ([], []))
        self._groups: defaultdict[tuple[str, str], list[int]] = defaultdict(list)
        self._numbers: defaultdict[tuple[str, str], list[int]] = defaultdict(list)
        self._held = 0

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        offset, raw_name = next(self._tags, (-1, b""))
        if b":" in raw_name and not tag.startswith("{"):
            line, column = self._raw.count(b"\n", 0, offset) + 1, offset - self._raw.rfind(b"\n", 0, offset)
            raise _malformed(self._source, etree.ErrorTypes.NS_ERR_UNDEFINED_NAMESPACE, line, column)
        if len(self._stack) + self._skipped >= self._source.limits.depth:
            raise self._source.beyond(f"вложенности элементов ({self._source.limits.depth})")
        if not self._stack:
            if tag != self._layout.root:
                raise self._source.fault("XML.040", found=tag[:100], expected=self._layout.root)
            self._stack.append(_Open(self._root, offset))
            self._attributes(attributes, offset)
            return
        top = self._stack[-1]
        if self._skipped or not top.node.group:
            (self._unknown or top).nested = True
            self._skipped += 1
            return
        node = top.node.children.get(tag)
        if node is None:
            self._pass_over("STR.010", top, f"{top.node.path}/{tag}".lstrip("/"), offset)
            return
        if node.bit & top.seen and not node.repeated:
            self._pass_over("STR.020", top, node.path, offset)
            return
        top.seen |= node.bit
        if node.position >= top.latest:
            top.latest = node.position
        elif not top.disordered:
            top.disordered = True
            self._tell("STR.030", self._holder(top), node.path, None, offset)
        self._enter(node, offset)
        if attributes:
            self._attributes(attributes, offset)

    def _enter(self, node: _Node, offset: int) -> None:
        self._stack.append(_Open(node, offset))
        if node.head:
            self._rows[node.table] += 1
            self._total += 1
            self._held += 1
            if self._total > self._source.limits.rows:
                raise self._source.beyond(f"числа записей ({self._source.limits.rows})")
            if node.parent_table is not None:
                self._numbers[node.table, PARENT].append(self._rows[node.parent_table] - 1)
            if node.record:
                self._numbers[node.table, OFFSET].append(offset)
        elif node.group:
            self._groups[node.table, node.column].append(self._row(node))

    def _row(self, node: _Node) -> int:
        return self._rows[node.table] - 1 if node.table else -1

    def _holder(self, group: _Open) -> tuple[str, int]:
        return group.node.table, self._row(group.node)

    def _pass_over(self, code: str, top: _Open, path: str, offset: int) -> None:
        self._skipped = 1
        self._unknown = _Open(self._root, offset)
        self._unknown_place = (code, self._holder(top), path)

    def _attributes(self, attributes: Mapping[str, str], offset: int) -> None:
        node = self._stack[-1].node
        for name, value in attributes.items():
            if not name.startswith(_SCHEMA_INSTANCE):
                self._tell("STR.010", self._holder(self._stack[-1]), f"{node.path}/@{name}".lstrip("/"), value, offset)

    def _tell(self, code: str, holder: tuple[str, int], element: str, value: str | None, offset: int) -> None:
        if value is not None and self._stand_in is not None:
            value = value.replace(self._stand_in, "\ufffd")
        if len(self.assembly.anomalies) >= self._source.limits.anomalies:
            raise self._source.too_many_anomalies()
        self.assembly.anomalies.append(Anomaly(code, *holder, element, value, offset))

    def data(self, text: str) -> None:
        if self._skipped == 1 and self._unknown is not None:
            self._unknown.texts.append(text)
        elif not self._skipped:
            self._stack[-1].texts.append(text)

    def end(self, tag: str) -> None:
        if self._skipped:
            self._skipped -= 1
            if not self._skipped and self._unknown is not None:
                skipped, self._unknown = self._unknown, None
                text = None if skipped.nested else self._text(skipped)
                code, holder, path = self._unknown_place
                self._tell(code, holder, path, text, skipped.offset)
            return
        top = self._stack.pop()
        text = self._text(top)
        if not top.node.group:
            self._leaf(top, text)
        else:
            if text.strip(BLANKS):
                self._tell("STR.050", self._holder(top), top.node.path, text.strip(BLANKS), top.offset)
            if len(self._stack) == 1 and self._held >= _FLUSH_AT:
                self._flush()

    def _text(self, element: _Open) -> str:
        text = element.texts[0] if len(element.texts) == 1 else "".join(element.texts)
        if len(text) > self._source.limits.text and text.strip(BLANKS):
            raise self._source.beyond(f"длины значения ({self._source.limits.text})")
        return text

    def _leaf(self, leaf: _Open, text: str) -> None:
        node, row = leaf.node, self._row(leaf.node)
        if self._stand_in is not None and self._stand_in in text:
            self._tell("VAL.040", (node.table, row), node.path, text, leaf.offset)
            text = text.replace(self._stand_in, "\ufffd")
        if leaf.nested:
            self._tell("STR.050", (node.table, row), node.path, text, leaf.offset)
        rows, values = self._values[node.table, node.column]
        rows.append(row)
        values.append(text)
        self._held += 1

    def close(self) -> None:
        self._flush()

    def _flush(self) -> None:
        """Hand the rows so far to the assembly; called when no record is open."""
        columns: defaultdict[str, dict[str, pa.Array]] = defaultdict(dict)
        for (table, column), numbers in self._numbers.items():
            columns[table][column] = pa.array(numbers, pa.int64())
        for (table, column), rows in self._groups.items():
            there = np.zeros(self._rows[table] - self._flushed[table], np.bool_)
            there[np.array(rows) - self._flushed[table]] = True
            columns[table][column] = pa.array(there)
        for (table, column), (rows, texts) in self._values.items():
            dense: list[Any] = [None] * (self._rows[table] - self._flushed[table])
            for row, text in zip(rows, texts, strict=True):
                dense[row - self._flushed[table]] = text
            columns[table][column] = pa.array(dense, pa.string())
        for table, rows_now in self._rows.items():
            self.assembly.add(table, Block(rows_now - self._flushed[table], columns[table]))
        self._flushed = dict(self._rows)
        self._clear()

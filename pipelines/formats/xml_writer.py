"""Columnar tables to XML, by a layout: whole columns are joined at once, a slice of records at a time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.formats.layout import Element, Layout
from pipelines.formats.tables import PARENT

_SLICE = 5_000  # rows of a table below the root that are written at once
_ILLEGAL = "[\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\x{fffe}\\x{ffff}]"
_MARKUP = (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ("\r", "&#13;"))
_ANY_MARKUP = "[&<>\\r]"
_BEYOND_1251 = "[^{}]".format("".join(f"\\x{{{ord(char):x}}}" for char in bytes(range(256)).decode("cp1251", "ignore")))
_CODECS = {"windows-1251": "cp1251", "utf-8": "utf-8"}


def write_xml(
    tables: Mapping[str, pa.Table], layout: Layout, encoding: str = "windows-1251", version: str | None = None
) -> bytes:
    """The file of ``tables`` in one piece; see ``iter_xml``."""
    return b"".join(iter_xml(tables, layout, encoding, version))


def iter_xml(
    tables: Mapping[str, pa.Table], layout: Layout, encoding: str = "windows-1251", version: str | None = None
) -> Iterator[bytes]:
    """The file of ``tables`` (as in ``Tables.data``; tables and columns that are not there are empty) in pieces.

    Elements come in the layout's order, null ones are left out; a merged group is written when its column is true or
    anything in it is there. With ``version``, elements that a later version brought are left out. ``encoding`` is
    windows-1251 or utf-8; characters beyond it become numeric references. Raises ``ValueError`` for characters that XML
    cannot hold, for a ``_parent`` that is not in ascending order, and for an unknown encoding or version.
    """
    if encoding not in _CODECS:
        raise ValueError(f"encoding {encoding}")
    codec = _CODECS[encoding]
    writer = _Writer(tables, layout, codec, _left_out(layout, version))
    yield f'<?xml version="1.0" encoding="{encoding}"?>\n<{layout.root}>\n'.encode(codec)
    for element in layout.children(""):
        if element.path not in writer.left_out:
            for start in range(0, writer.rows(element), _SLICE):
                texts = writer.instances(element, start, min(start + _SLICE, writer.rows(element)))
                yield b"".join(text.encode(codec) for text in texts.to_pylist())
    yield f"</{layout.root}>\n".encode(codec)


def _left_out(layout: Layout, version: str | None) -> frozenset[str]:
    if version is None:
        return frozenset()
    known = layout.versions.index(version)
    return frozenset(e.path for e in layout.elements if e.since is not None and layout.versions.index(e.since) > known)


class _Writer:
    def __init__(self, tables: Mapping[str, pa.Table], layout: Layout, codec: str, left_out: frozenset[str]) -> None:
        self.left_out = left_out
        self._tables = tables
        self._layout = layout
        self._codec = codec
        self._parents = {name: self._parents_of(name) for name, spec in layout.tables.items() if spec.parent is not None}

    def _parents_of(self, name: str) -> np.ndarray:
        if name not in self._tables:
            return np.empty(0, np.int64)
        parents: np.ndarray = self._tables[name][PARENT].to_numpy()
        if np.any(parents[1:] < parents[:-1]):
            raise ValueError(f"{PARENT} of {name} is not in ascending order")
        return parents

    def rows(self, element: Element) -> int:
        return self._tables[element.table].num_rows if element.table in self._tables else 0

    def instances(self, element: Element, start: int, stop: int) -> pa.Array:
        """Text of each row ``start:stop`` of the table that ``element`` heads."""
        if element.type != "S":
            return self._leaf(element, start, stop)
        inner, _ = self._inside(element, start, stop)
        return _join(f"<{element.name}>\n", inner, f"</{element.name}>\n")

    def _inside(self, group: Element, start: int, stop: int) -> tuple[pa.Array, pa.Array]:
        """Text between the tags of a group for the rows ``start:stop`` of its table, and whether there is any."""
        pieces = [pa.array([""] * (stop - start), pa.string())]
        there = pa.array(np.zeros(stop - start, np.bool_))
        for child in self._layout.children(group.path):
            if child.path in self.left_out:
                continue
            piece = self._merged(child, start, stop) if not child.table_head else self._repeated(child, start, stop)
            if piece.null_count < len(piece):
                pieces.append(piece)
                there = pc.or_(there, piece.is_valid())
        return pc.binary_join_element_wise(*pieces, "", null_handling="skip"), there

    def _merged(self, element: Element, start: int, stop: int) -> pa.Array:
        if element.type != "S":
            return self._leaf(element, start, stop)
        inner, there = self._inside(element, start, stop)
        marks = self._column(element, start, stop, pa.bool_())
        there = pc.or_(there, pc.fill_null(marks, False))
        return pc.if_else(there, _join(f"<{element.name}>\n", inner, f"</{element.name}>\n"), pa.scalar(None, pa.string()))

    def _repeated(self, element: Element, start: int, stop: int) -> pa.Array:
        """All instances of a repeated element for each row ``start:stop`` of the table above, null where there is none."""
        bounds = np.searchsorted(self._parents[element.table], np.arange(start, stop + 1))
        first, last = int(bounds[0]), int(bounds[-1])
        if first == last:
            return pa.nulls(stop - start, pa.string())
        texts = self.instances(element, first, last)
        joined = pc.binary_join(pa.ListArray.from_arrays(pa.array(bounds - first, pa.int32()), texts), "")
        return pc.if_else(pa.array(bounds[1:] > bounds[:-1]), joined, pa.scalar(None, pa.string()))

    def _column(self, element: Element, start: int, stop: int, kind: pa.DataType) -> pa.Array:
        table = self._tables.get(element.table)
        if table is None or element.column not in table.column_names:
            return pa.nulls(stop - start, kind)
        column = table[element.column].slice(start, stop - start).cast(kind)
        return column.combine_chunks() if column.num_chunks != 1 else column.chunk(0)

    def _leaf(self, element: Element, start: int, stop: int) -> pa.Array:
        values = self._column(element, start, stop, pa.string())
        if values.null_count == len(values):
            return values
        if _any(values, _ILLEGAL):
            raise ValueError(f"{element.path}: a character that XML cannot hold")
        if _any(values, _ANY_MARKUP):
            for char, reference in _MARKUP:
                values = pc.replace_substring(values, char, reference)
        if self._codec != "utf-8":
            beyond = pc.fill_null(pc.match_substring_regex(values, _BEYOND_1251), False)
            if pc.any(beyond).as_py():
                texts = [
                    text.encode(self._codec, "xmlcharrefreplace").decode(self._codec)
                    for text in values.filter(beyond).to_pylist()
                ]
                values = pc.replace_with_mask(values, beyond, pa.array(texts, pa.string()))
        return _join(f"<{element.name}>", values, f"</{element.name}>\n")


def _any(values: pa.Array, pattern: str) -> bool:
    return bool(pc.any(pc.match_substring_regex(values, pattern)).as_py())


def _join(before: str, texts: pa.Array, after: str) -> pa.Array:
    """Texts between two constants; nulls stay null."""
    return pc.binary_join_element_wise(before, texts, after, "")

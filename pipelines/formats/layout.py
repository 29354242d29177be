"""Layouts: the one declaration of a record, from which reader, writer, load tables and generator are made.

A layout lists its elements in document order. Repeated groups and repeated elements become tables of their own; a group
that occurs at most once is merged into the table of its parent, leaving a boolean column of its own name that says whether
it was there. So the register of Д.1 gives the tables ZGLV, SCHET, ZAP (with PACIENT), Z_SL, SL (with KSG_KPG), USL, DS2, …
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any, Literal

import yaml

from pipelines.ground.settings import ROOT

TypeCode = Literal["T", "N", "D", "S"]


@dataclass(frozen=True)
class Element:
    """An element of a file: ``path`` below the root (``ZAP/PACIENT/SMO``), in document order ``position``.

    ``type`` T text, N number, D date, S group; ``length`` characters (T) or integer digits (N); ``scale`` fraction digits.
    ``table``/``column`` say where its values land.
    """

    path: str
    type: TypeCode
    length: int
    scale: int
    required: bool
    repeated: bool
    title: str
    since: str | None
    position: int
    table: str
    column: str

    @property
    def name(self) -> str:
        return self.path.rpartition("/")[2]

    @property
    def parent_path(self) -> str:
        return self.path.rpartition("/")[0]

    @property
    def table_head(self) -> bool:
        """Whether a table begins here: repeated elements, and groups directly below the root."""
        return self.repeated or (self.type == "S" and "/" not in self.path)


@dataclass(frozen=True)
class TableSpec:
    """A table of a layout: ``columns`` hold values (type not S), ``groups`` the presence of merged groups.

    ``parent`` is the name of the table that its ``_parent`` column points into; ``None`` for a table below the root.
    """

    name: str
    path: str
    parent: str | None
    columns: tuple[Element, ...]
    groups: tuple[Element, ...]


@dataclass(frozen=True)
class Layout:
    """A file kind: its root element, elements in document order and the table whose rows are accepted or refused."""

    code: str
    title: str
    source: str
    root: str
    versions: tuple[str, ...]
    record: str
    elements: tuple[Element, ...]

    @cached_property
    def by_path(self) -> Mapping[str, Element]:
        return {element.path: element for element in self.elements}

    @cached_property
    def tables(self) -> Mapping[str, TableSpec]:
        """Tables by name, parents before children."""
        specs: dict[str, TableSpec] = {}
        for head in self.elements:
            if head.table_head:
                members = [element for element in self.elements if element.table == head.table]
                specs[head.table] = TableSpec(
                    name=head.table,
                    path=head.path,
                    parent=self.table_of(head.parent_path) if head.parent_path else None,
                    columns=tuple(element for element in members if element.type != "S"),
                    groups=tuple(element for element in members if element.type == "S" and not element.table_head),
                )
        return specs

    def table_of(self, path: str) -> str:
        """Name of the table that holds the group at ``path``."""
        return self.by_path[path].table

    def children(self, path: str) -> Iterator[Element]:
        """Direct children of a group in document order; ``""`` is the root."""
        return (element for element in self.elements if element.parent_path == path)

    def element(self, table: str, column: str) -> Element:
        """The element whose values are ``table.column``; raises ``KeyError``."""
        return self._by_column[table, column]

    @cached_property
    def _by_column(self) -> Mapping[tuple[str, str], Element]:
        return {(element.table, element.column): element for element in self.elements}

    def ancestors(self, table: str) -> tuple[str, ...]:
        """Names of the tables above ``table``, nearest first."""
        chain: list[str] = []
        parent = self.tables[table].parent
        while parent is not None:
            chain.append(parent)
            parent = self.tables[parent].parent
        return tuple(chain)


_TYPE = re.compile(r"(?P<type>[TNDS])(?P<length>\d+)?(?:\.(?P<scale>\d+))?")


def parse(declaration: Mapping[str, object]) -> Layout:
    """Layout from its YAML declaration; raises ``ValueError`` for a malformed or ambiguous one."""
    elements: list[Element] = []
    tables: dict[str, str] = {}
    used: set[tuple[str, str]] = set()
    rows = declaration["elements"]
    assert isinstance(rows, list)
    for position, row in enumerate(rows):
        path, type_text, obligation, title, *rest = row
        options = rest[0] if rest else {}
        match = _TYPE.fullmatch(type_text)
        if match is None:
            raise ValueError(f"{declaration['code']}: type {type_text!r} of {path}")
        parent, _, name = path.rpartition("/")
        repeated = "М" in obligation
        is_head = repeated or (not parent and match["type"] == "S")
        if is_head:
            table = name if name not in tables.values() else f"{tables[parent]}_{name}"
            if table in tables.values():
                raise ValueError(f"{declaration['code']}: two tables {table}")
        else:
            table = tables[parent]
        if match["type"] == "S" or is_head:
            tables[path] = table
        if (table, name) in used:
            raise ValueError(f"{declaration['code']}: two elements {name} in table {table}")
        used.add((table, name))
        elements.append(
            Element(
                path=path,
                type=match["type"],  # type: ignore[arg-type]
                length=int(match["length"] or 0),
                scale=int(match["scale"] or 0),
                required="О" in obligation,
                repeated=repeated,
                title=title,
                since=options.get("since"),
                position=position,
                table=table,
                column=name,
            )
        )
    return Layout(
        code=str(declaration["code"]),
        title=str(declaration["title"]),
        source=str(declaration["source"]),
        root=str(declaration["root"]),
        versions=tuple(declaration["versions"]),  # type: ignore[arg-type]
        record=str(declaration["record"]),
        elements=tuple(elements),
    )


@cache
def load(code: str) -> Layout:
    """The layout ``include/layouts/<code>.yaml``; one that ``extends`` another has that one's elements before its own."""
    return parse(_declaration(code))


def _declaration(code: str) -> dict[str, Any]:
    text = (ROOT / "include" / "layouts" / f"{code}.yaml").read_text(encoding="utf-8")
    declaration: dict[str, Any] = yaml.safe_load(text)
    if extended := declaration.get("extends"):
        declaration["elements"] = _declaration(extended)["elements"] + declaration["elements"]
    return declaration

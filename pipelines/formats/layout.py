"""Layouts: the one declaration of a record, from which reader, writer, load tables and generator are made.

A layout lists its elements in document order. Repeated groups and repeated elements become tables of their own; a group
that occurs at most once is merged into the table of its parent, leaving a boolean column of its own name that says whether
it was there. So the register of Д.1 gives the tables ZGLV, SCHET, ZAP (with PACIENT and Z_SL), SL (with KSG_KPG), USL, DS2.
Where two elements of a table would share a name, the later one declares its ``column``.
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
        return {(e.table, e.column): e for e in self.elements if not (e.table_head and e.type == "S")}

    def ancestors(self, table: str) -> tuple[str, ...]:
        """Names of the tables above ``table``, nearest first."""
        chain: list[str] = []
        parent = self.tables[table].parent
        while parent is not None:
            chain.append(parent)
            parent = self.tables[parent].parent
        return tuple(chain)


_TYPE = re.compile(r"[DS]|T(?P<characters>[1-9]\d*)|N(?P<digits>\d+)(?:\.(?P<scale>\d+))?")
_OBLIGATIONS = frozenset({"О", "У", "ОМ", "УМ"})
_OPTIONS = frozenset({"since", "column"})
_FOLDER = ROOT / "include" / "layouts"
_KEYS = frozenset({"code", "title", "source", "root", "versions", "record", "elements"})


def version_number(text: str) -> tuple[int, ...] | None:
    """A version of the exchange as numbers that compare (3.11 is above 3.2); ``None`` for what is not one."""
    return tuple(int(part) for part in text.split(".")) if re.fullmatch(r"[0-9]{1,2}(\.[0-9]{1,2})+", text) else None


def parse(declaration: Mapping[str, object]) -> Layout:
    """Layout from its YAML declaration; raises ``ValueError`` for a malformed or ambiguous one."""
    if set(declaration) != _KEYS:
        raise ValueError(f"{declaration.get('code')}: keys {sorted(set(declaration) ^ _KEYS)}")
    code, versions, rows = str(declaration["code"]), declaration["versions"], declaration["elements"]
    if not isinstance(versions, list) or not isinstance(rows, list):
        raise ValueError(f"{code}: versions and elements are lists")
    numbers = [version_number(str(version)) or () for version in versions]
    if () in numbers or numbers != sorted(set(numbers)):
        raise ValueError(f"{code}: versions {versions}")
    elements = _elements(code, rows, versions)
    record = str(declaration["record"])
    if not any(element.path == record and element.type == "S" and element.repeated for element in elements):
        raise ValueError(f"{code}: record {record} is not a repeated group")
    return Layout(
        code=code,
        title=str(declaration["title"]),
        source=str(declaration["source"]),
        root=str(declaration["root"]),
        versions=tuple(versions),
        record=record,
        elements=elements,
    )


def _elements(code: str, rows: list[list[Any]], versions: list[str]) -> tuple[Element, ...]:
    elements: list[Element] = []
    tables: dict[str, str] = {}
    heads: set[str] = set()
    used: set[tuple[str, str]] = set()
    seen: set[str] = set()
    above: list[str] = []  # groups that are open where the element stands
    for position, row in enumerate(rows):
        path, type_text, obligation, title, options = _fields(code, row, versions)
        match = _TYPE.fullmatch(type_text)
        if match is None:
            raise ValueError(f"{code}: type {type_text!r} of {path}")
        parent, _, name = path.rpartition("/")
        above = above[: parent.count("/") + 1] if parent else []
        if path in seen or (parent and above[-1:] != [parent]):
            raise ValueError(f"{code}: place of {path}")
        seen.add(path)
        repeated = "М" in obligation
        group = type_text == "S"
        head = repeated or (not parent and group)
        if not (head or parent):
            raise ValueError(f"{code}: {path} is in no table")
        table = (name if name not in heads else f"{tables[parent]}_{name}") if head else tables[parent]
        if head and table in heads:
            raise ValueError(f"{code}: two tables {table}")
        if group:
            above.append(path)
            tables[path] = table
        if head:
            heads.add(table)
        column = options.get("column", name)
        if not (head and group):  # which has a table, and no column
            if (table, column) in used:
                raise ValueError(f"{code}: two elements {column} in table {table}")
            used.add((table, column))
        elements.append(
            Element(
                path=path,
                type=type_text[0],  # type: ignore[arg-type]
                length=int(match["characters"] or match["digits"] or 0),
                scale=int(match["scale"] or 0),
                required="О" in obligation,
                repeated=repeated,
                title=title,
                since=options.get("since"),
                position=position,
                table=table,
                column=column,
            )
        )
    return tuple(elements)


def _fields(code: str, row: list[Any], versions: list[str]) -> tuple[str, str, str, str, dict[str, str]]:
    """A row of a declaration, checked: path, type, obligation, title, options."""
    options = row[4] if len(row) == 5 else {}
    if len(row) not in {4, 5} or not all(isinstance(value, str) for value in row[:4]) or not isinstance(options, dict):
        raise ValueError(f"{code}: row {row}")
    path, type_text, obligation, title = row[:4]
    if obligation not in _OBLIGATIONS:
        raise ValueError(f"{code}: obligation {obligation!r} of {path}")
    if not set(options) <= _OPTIONS or ("since" in options and options["since"] not in versions):
        raise ValueError(f"{code}: options {options} of {path}")
    return path, type_text, obligation, title, options


def load(code: str, *regions: str) -> Layout:
    """The layout ``include/layouts/<code>.yaml``; one that ``extends`` another has that one's elements before its own.

    ``regions``: with the elements of these regions' own files (``regional``); those that have none make no difference, so
    the result is the same object whichever of them are named.
    """
    return _load(code, tuple(sorted(region for region in set(regions) if code in regional().get(region, {}))))


@cache
def regional() -> Mapping[str, Mapping[str, list[dict[str, Any]]]]:
    """Elements that single regions added, by region and layout: ``include/layouts/regional/<region>.yaml``.

    Each addition has ``elements`` as a layout has them, and the element ``after`` which they stand with all that it holds.
    """
    found: dict[str, dict[str, list[dict[str, Any]]]] = {}
    for path in sorted((_FOLDER / "regional").glob("*.yaml")):
        of_region = found.setdefault(path.stem, {})
        for addition in yaml.safe_load(path.read_text(encoding="utf-8"))["additions"]:
            for kind in addition["kinds"]:
                of_region.setdefault(kind, []).append(addition)
    return found


@cache
def _load(code: str, regions: tuple[str, ...]) -> Layout:
    declaration = _declaration(code)
    for region in regions:
        for addition in regional()[region][code]:
            declaration["elements"] = _added(declaration["elements"], addition["after"], addition["elements"])
    return parse(declaration)


def _added(rows: list[list[Any]], after: str, more: list[list[Any]]) -> list[list[Any]]:
    """The rows with others behind an element and all that it holds; raises ``ValueError`` where there is no such element."""
    held = [number for number, row in enumerate(rows) if row[0] == after or row[0].startswith(f"{after}/")]
    if not held:
        raise ValueError(f"no element {after} for {more[0][0]} to follow")
    return [*rows[: held[-1] + 1], *more, *rows[held[-1] + 1 :]]


def _declaration(code: str) -> dict[str, Any]:
    declaration: dict[str, Any] = yaml.safe_load((_FOLDER / f"{code}.yaml").read_text(encoding="utf-8"))
    if extended := declaration.pop("extends", None):
        declaration["elements"] = _declaration(extended)["elements"] + declaration["elements"]
    return declaration

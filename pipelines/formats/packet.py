"""Packets of the federal dictionaries: ``packet`` of ``zglv`` (type, version, date) and ``zap`` records.

Their fields are known only from the file: the layout is made of the elements that it holds, and the file is then read by it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from io import BytesIO

import pyarrow.compute as pc
from lxml import etree

from pipelines.formats.layout import Layout, parse
from pipelines.formats.tables import OFFSET, PARENT, Tables
from pipelines.formats.xml_reader import read_xml
from pipelines.formats.xml_source import Source, XmlLimits

ROOT, HEADER, RECORD = "packet", "zglv", "zap"
MOST_ELEMENTS = 200
"""Different elements that a packet may have; the widest dictionary has some fifty."""

_TEXT = "T100000"
_HEADER = ("type", "version", "date")
_ANY_ORDER = "STR.030"


@dataclass
class _Found:
    """An element as the file has it: its children by name in the order of their first appearance."""

    repeated: bool = False
    children: dict[str, _Found] = field(default_factory=dict)


def read_packet(content: Iterable[bytes], code: str, role: str) -> Tables:
    """Read a packet under a layout ``code`` that is made for it; the order of elements is not judged.

    Tables are ``zglv``, ``zap`` and one for every element that repeats in a record. Raises ``FileFault`` as ``read_xml``
    does, and NSI.010 for a record whose elements make no tables.
    """
    source = Source(content, role, XmlLimits())
    raw = source.whole()
    try:
        layout = _layout(code, _elements(raw, source))
    except ValueError:
        raise source.fault("NSI.010") from None
    tables = read_xml(raw, layout, role)
    judged = pc.not_equal(tables.anomalies["code"], _ANY_ORDER)
    return Tables(tables.layout, tables.data, tables.anomalies.filter(judged))


def rows(tables: Tables) -> list[dict[str, str]]:
    """Records as fields and texts without blanks around, in the order of the file; an absent field is an empty text.

    Values of elements that repeat in a record are joined by commas (``TYPE_D``: ``C,H,T``).
    """
    records: list[dict[str, str]] = [{} for _ in range(tables.data[RECORD].num_rows)]
    for name, spec in tables.layout.tables.items():
        if name == HEADER:
            continue
        above = _records_of(tables, name)
        for element in spec.columns:
            values = tables.data[name][element.column].to_pylist()
            if name == RECORD:
                for record, value in zip(records, values, strict=True):
                    record[element.column] = (value or "").strip()
                continue
            for record in records:
                record.setdefault(element.column, "")
            seen: set[int] = set()
            for row, value in zip(above, values, strict=True):
                before = f"{records[row][element.column]}," if row in seen else ""
                records[row][element.column] = before + (value or "").strip()
                seen.add(row)
    return records


def header(tables: Tables) -> Mapping[str, str]:
    """``type``, ``version`` and ``date`` as they stand in the header; empty where it has none."""
    data = tables.data[HEADER]
    return {name: (data[name][0].as_py() or "").strip() if data.num_rows else "" for name in _HEADER}


def _records_of(tables: Tables, table: str) -> list[int]:
    """Row of the record above every row of a table."""
    above = list(range(tables.data[table].num_rows))
    while table != RECORD:
        parents = tables.data[table][PARENT].to_pylist()
        above = [parents[row] for row in above]
        table = tables.layout.tables[table].parent or RECORD
    return above


def _elements(raw: bytes, source: Source) -> _Found:
    """Elements of all records; of a file that breaks off, those before the break: the reader proper says what is wrong."""
    record, count = _Found(), 0
    if b"<!DOCTYPE" in raw.upper():
        return record
    stack: list[tuple[_Found, set[str]]] = []
    try:
        for event, element in _events(raw):
            depth = len(stack)
            if event == "end":
                stack.pop()
                element.clear()
                continue
            if depth < 2:
                stack.append((record if depth == 1 and element.tag == RECORD else _Found(), set()))
                continue
            above, seen = stack[-1]
            name = str(element.tag)
            if name not in above.children:
                above.children[name] = _Found()
                count += 1
            if count > MOST_ELEMENTS:
                raise source.beyond(f"числа разных элементов ({MOST_ELEMENTS})")
            above.children[name].repeated |= name in seen
            seen.add(name)
            stack.append((above.children[name], set()))
    except etree.XMLSyntaxError:
        pass
    return record


def _events(raw: bytes) -> Iterator[tuple[str, etree._Element]]:
    return iter(etree.iterparse(BytesIO(raw), events=("start", "end"), resolve_entities=False, no_network=True))


def _layout(code: str, record: _Found) -> Layout:
    names: set[str] = set()
    declared: list[list[object]] = [[HEADER, "S", "О", "Заголовок"]]
    declared += [[f"{HEADER}/{name}", _TEXT, "О", name] for name in _HEADER]
    declared.append([RECORD, "S", "ОМ", "Запись"])
    declared += _declared(RECORD, record, names)
    return parse(
        {
            "code": code,
            "title": f"Справочник {code}",
            "source": "Пакет федерального справочника",
            "root": ROOT,
            "versions": [],
            "record": RECORD,
            "elements": declared,
        }
    )


def _declared(path: str, group: _Found, names: set[str]) -> Iterator[list[object]]:
    """Rows of a layout's declaration; a name that is there already gets the path before it as its column."""
    for name, found in group.children.items():
        below = f"{path}/{name}"
        column = name if name not in names and name not in (OFFSET, PARENT) else below.replace("/", "_")
        names.add(column)
        options = [] if column == name else [{"column": column}]
        yield [below, "S" if found.children else _TEXT, "УМ" if found.repeated else "У", name, *options]
        yield from _declared(below, found, names)

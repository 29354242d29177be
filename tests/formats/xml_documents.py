"""Documents for the tests of the XML readers: random tables by a layout, files of them, and mutations of files."""

from __future__ import annotations

import random
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pyarrow as pa

from pipelines.formats import xml_fast, xml_lxml
from pipelines.formats.layout import Element, Layout
from pipelines.formats.tables import OFFSET, PARENT, FileFault, Tables, table_schema
from pipelines.formats.xml_source import Source, XmlLimits, declared_encoding

_TEXTS = "|1|2026-10-01|СИНТЕТИК-СОВСКИЙ|№ 5 «а» – €|a&b<c>d| x |ё\r\ny\rz\n|]]>|é|e\u0301|'\"|\u0085|😀"
TEXTS = _TEXTS.split("|")
_LEAF = re.compile(rb"<(\w+)>[^<]*</\1>\n?")
_SNIPPETS = (
    b"<!-- c -->|<!--|-->|<![CDATA[x]]>|<![CDATA[|]]>|]]|<?pi x?>|<?|?>|<!|<|>|<!DOCTYPE a>|<!ENTITY a 'b'>|text| |\t"
    b"|&amp;|&lt;|&gt;|&quot;|&apos;|&#1078;|&#x41F;|&#13;|&#0;|&#xD800;|&#xFFFE;|&|&foo;|&#;|&#x;|&#X41;|&amp|&#65"
    b"|&#x10FFFF;|&#x110000;|&#99999999999;|;|#|-|0|:|\x98|\xd0\x96|\xcf\xf0|\xc2\x85|\xff|\x00|\x01|\x1f|\x7f|\r\n|\r|\n"
    b"|\xef\xbf\xbd|\xef\xbf\xbe|\xed\xa0\x80|\xf0\x9f\x98\x80|\xf4\x90\x80\x80|\xc0\x80|\xef\xbb\xbf"
    b"|<FOO>1</FOO>|<FOO/>|<FOO ><B/></FOO>|<FOO>&amp;\r\n<B>x</B></FOO>|<FOO>|</FOO>|<a:b/>|<\xc6/>"
    b"|<FAM>x</FAM>|<FAM/>|<SL><SL_ID>1</SL_ID></SL>|<PACIENT/>|<ZGLV/>|<PERS>|</PERS>|<ZAP>|</ZAP>"
    b"| a='1'| a='<'| xmlns='u'| xmlns:a='u'|/|</|/>"
)


def random_tables(rng: random.Random, layout: Layout, records: int, texts: Sequence[str] = TEXTS) -> dict[str, pa.Table]:
    """Tables that a file of ``records`` records could give, in which anything optional may be absent."""
    columns: dict[str, dict[str, list[Any]]] = {
        table: {name: [] for name in table_schema(layout, table).names} for table in layout.tables
    }

    def fill(group: str, rows: dict[str, list[Any]]) -> bool:
        there = False
        for child in layout.children(group):
            if child.table_head:
                times = 1 if child.required else rng.choice((0, 0, 1, 2))
                times = (records if child.path == layout.record else 1) if not group else times
                for _ in range(times):
                    row(child, len(next(iter(rows.values()))) - 1 if group else None)
                there = there or times > 0
            elif child.type == "S":
                inside = child.required or rng.random() < 0.5
                rows[child.column][-1] = inside
                if inside:
                    fill(child.path, rows)
                there = there or inside
            elif rng.random() < 0.6:
                rows[child.column][-1] = rng.choice(texts)
                there = True
        return there

    def row(head: Element, parent: int | None) -> None:
        rows = columns[head.table]
        for field in table_schema(layout, head.table):
            rows[field.name].append(False if field.type == pa.bool_() else None)
        if parent is not None:
            rows[PARENT][-1] = parent
        if OFFSET in rows:
            rows[OFFSET][-1] = -1
        if head.type == "S":
            fill(head.path, rows)
        else:
            rows[head.column][-1] = rng.choice(texts)

    fill("", {})
    header = columns["ZGLV"]
    header["FILENAME"][0] = "Я-1"  # Cyrillic that is no UTF-8, so that windows-1251 cannot be mistaken for it
    return {table: pa.table(data, schema=table_schema(layout, table)) for table, data in columns.items()}


def values(data: Mapping[str, pa.Table]) -> dict[str, pa.Table]:
    """Tables without the places of records."""
    return {name: table.drop_columns([OFFSET]) if OFFSET in table.column_names else table for name, table in data.items()}


def mutated(rng: random.Random, document: bytes) -> bytes:
    """The document with one to three changes, most of which make it odd or malformed."""
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        document = _mutation(rng, document)
    return document


def _other_elements(rng: random.Random, document: bytes) -> bytes:
    """Whole elements dropped, repeated, moved, renamed or emptied: the document stays well-formed."""
    elements = list(_LEAF.finditer(document))
    if not elements:
        return document
    element, place = rng.choice(elements), rng.choice(elements).end()
    start, end = element.span()
    change = rng.randrange(5)
    if change == 0:
        return document[:start] + document[end:]
    if change == 1:
        return document[:place] + element[0] + document[place:]
    if change == 2:
        rest = document[:start] + document[end:]
        at = place if place <= start else place - (end - start)
        return rest[:at] + element[0] + rest[at:]
    if change == 3:
        return (
            document[:start] + element[0].replace(element[1], rng.choice((b"FOO", b"IM", b"DOST", b"DS2"))) + document[end:]
        )
    return document[:start] + b"<%b/>" % element[1] + document[end:]


def _mutation(rng: random.Random, document: bytes) -> bytes:
    if rng.random() < 0.35:
        return _other_elements(rng, document)
    places = [place for place, byte in enumerate(document) if byte in b"<>"] or [0]
    at = rng.choice(places) + rng.randrange(2) if rng.random() < 0.7 else rng.randrange(len(document) + 1)
    first, second = sorted((rng.choice(places), rng.choice(places)))
    change = rng.randrange(8)
    if change == 0 and at < len(document):
        return document[:at] + bytes([document[at] ^ (1 << rng.randrange(8))]) + document[at + 1 :]
    if change == 1:
        return document[:first] + document[min(second, first + 80) :]
    if change == 2:
        return document[:second] + document[first:second][:200] + document[second:]
    if change == 3:
        middle = rng.randrange(first, second + 1)
        return document[:first] + document[middle:second] + document[first:middle] + document[second:]
    if change == 4:
        return document[: rng.randrange(len(document) + 1)] if rng.random() < 0.2 else document.replace(b"\n", b"\r\n")
    if change == 5:
        old, new = rng.choice(((b"></", b"> </"), (b">\n<", b"><"), (b"><", b">  \t<"), (b">", b" >"), (b"\n", b"\r")))
        return document.replace(old, new, rng.choice((1, 3, -1)))
    return document[:at] + rng.choice(_SNIPPETS.split(b"|")) + document[at:]


def outcome(reader: str, content: bytes | Iterable[bytes], layout: Layout, limits: XmlLimits | None = None) -> Any:
    """What a reader (``fast`` or ``lxml``) makes of a document: tables, a fault as a tuple, None where it gives up."""
    try:
        source = Source(content, "H", limits or XmlLimits())
        encoding = declared_encoding(source)
        read = xml_fast.read if reader == "fast" else xml_lxml.read
        return read(source, encoding, layout)
    except FileFault as fault:
        return fault.code, fault.place, tuple(sorted(fault.parameters.items()))


def differences(one: Tables, other: Tables) -> list[str]:
    """Names of tables in which two results differ, ``anomalies`` among them; checks that both are proper Arrow."""
    for tables in (one, other):
        for table in tables.data.values():
            table.validate(full=True)
    found = [name for name in one.layout.tables if not one.data[name].equals(other.data[name])]
    return found + ([] if one.anomalies.equals(other.anomalies) else ["anomalies"])

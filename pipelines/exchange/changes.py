"""What a file that somebody holds differs in from the one that the journal knows under its name: elements, cells, bytes."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

from lxml import etree
from python_calamine import CalamineError, CalamineWorkbook

from pipelines.formats.archive import ArchiveLimits, open_archive
from pipelines.formats.tables import FileFault
from pipelines.formats.workbook import column_letter

LONGEST = 32 << 20
"""Longest file, in bytes, whose contents are compared; of longer ones only the first byte that differs is told."""
MOST = 50
SHOWN = 200
"""Differences that are kept; characters of a value."""
_LIMITS = ArchiveLimits(package_bytes=LONGEST, members=64, inflated_bytes=8 * LONGEST)
_UNREADABLE = (FileFault, CalamineError, etree.XMLSyntaxError, ValueError)


@dataclass(frozen=True)
class Change:
    """``place`` in the file, what stands there in the journal's and in the held one; None where it has no such place."""

    place: str
    known: str | None
    held: str | None


@dataclass(frozen=True)
class Changes:
    """The first ``MOST`` differences, and how many there are."""

    shown: Sequence[Change]
    count: int


def compare(name: str, known: bytes, held: bytes) -> Changes:
    """Differences of two files of one name: cells of a workbook, members of an archive, elements of XML, else bytes."""
    found = list(_differences(name.lower(), known, held)) if max(len(known), len(held)) <= LONGEST else []
    if not found and known != held:
        found = [_bytes(known, held)]
    return Changes(found[:MOST], len(found))


def _differences(name: str, known: bytes, held: bytes) -> Iterator[Change]:
    try:
        if name.endswith(".zip"):
            yield from _of_members(_members(known), _members(held))
        elif name.endswith(".xml"):
            yield from _of_values(_elements(known), _elements(held))
        elif name.endswith(".xlsx"):
            yield from _of_values(_cells(known), _cells(held))
    except _UNREADABLE:
        return  # one of them is not what its name says


def _of_values(known: Mapping[str, str], held: Mapping[str, str]) -> Iterator[Change]:
    for place in _places(known, held):
        before, after = known.get(place), held.get(place)
        if before != after:
            yield Change(place, before and before[:SHOWN], after and after[:SHOWN])


def _of_members(known: Mapping[str, bytes], held: Mapping[str, bytes]) -> Iterator[Change]:
    for name in _places(known, held):
        before, after = known.get(name), held.get(name)
        if before is None or after is None:
            yield Change(name, None if before is None else "есть", None if after is None else "есть")
        elif before != after:
            for change in compare(name, before, after).shown:
                yield Change(f"{name}: {change.place}", change.known, change.held)


def _places(known: Mapping[str, object], held: Mapping[str, object]) -> Iterator[str]:
    return chain(known, (place for place in held if place not in known))


def _bytes(known: bytes, held: bytes) -> Change:
    at = next(
        (at for at, (one, other) in enumerate(zip(known, held, strict=False)) if one != other), min(len(known), len(held))
    )
    return Change(f"байт {at} (от 0)", _around(known, at), _around(held, at))


def _around(content: bytes, at: int) -> str:
    found = content[at : at + 16].hex(" ") or "конец"
    return f"{found}, всего байт {len(content)}"


def _members(content: bytes) -> dict[str, bytes]:
    return {member.name: member.read() for member in open_archive(content, _LIMITS)}


def _elements(content: bytes) -> dict[str, str]:
    """Text by path of every element and attribute; of several elements of one name each has its number, from 1."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
    root = etree.fromstring(content, parser)
    found: dict[str, str] = {}
    walk = [(root, str(root.tag))]
    while walk:
        element, path = walk.pop()
        found[path] = (element.text or "").strip()
        found |= {f"{path}/@{name!s}": str(value) for name, value in element.attrib.items()}
        children = list(element.iterchildren(tag=etree.Element))
        together = Counter(str(child.tag) for child in children)
        numbers: Counter[str] = Counter()
        below = []
        for child in children:
            name = str(child.tag)
            numbers[name] += 1
            below.append((child, f"{path}/{name}" + (f"[{numbers[name]}]" if together[name] > 1 else "")))
        walk += reversed(below)
    return found


def _cells(content: bytes) -> dict[str, str]:
    """Text by place of every cell that has one."""
    book = CalamineWorkbook.from_filelike(io.BytesIO(content))
    return {
        f"лист «{sheet}», {column_letter(column)}{row}": str(value)
        for sheet in book.sheet_names
        for row, cells in enumerate(book.get_sheet_by_name(sheet).to_python(skip_empty_area=False), start=1)
        for column, value in enumerate(cells)
        if value != ""
    }

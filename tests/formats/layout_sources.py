"""What is known of the structures outside the project, in the form that the tests of layouts compare with."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from lxml import etree


def flat(schema: Path) -> dict[str, tuple[bool, bool]]:
    """Paths below the root of an XSD in document order: is it a group, does it repeat."""
    name = "{http://www.w3.org/2001/XMLSchema}%s"
    types: dict[str, Any] = {}
    roots: list[Any] = []
    waiting, seen = [schema], set()
    while waiting:
        file = waiting.pop()
        if file in seen:
            continue
        seen.add(file)
        tree = etree.parse(str(file)).getroot()
        waiting += [file.parent / include.get("schemaLocation") for include in tree.findall(name % "include")]
        types |= {each.get("name"): each for each in tree.findall(name % "complexType")}
        roots += tree.findall(name % "element")
    found: dict[str, tuple[bool, bool]] = {}

    def walk(element: Any, above: str) -> None:
        inner = element.find(name % "complexType")
        inner = types.get(element.get("type")) if inner is None else inner
        sequence = None if inner is None else inner.find(name % "sequence")
        path = f"{above}/{element.get('name')}"
        found[path] = (sequence is not None, element.get("maxOccurs") == "unbounded")
        for child in [] if sequence is None else sequence.findall(name % "element"):
            walk(child, path)

    for root in roots:
        walk(root, "")
    return {path.split("/", 2)[2]: kind for path, kind in found.items() if path.count("/") > 1}


def structures(page: str) -> Iterator[tuple[str, frozenset[str]]]:
    """Element paths of the 2026 structures with the kinds that have them, from the page about Q015."""
    kinds: dict[str, frozenset[str]] = {"ZL_LIST": frozenset("HCTX"), "PERS_LIST": frozenset("L")}
    trees = page.partition("## Structures of 2026")[2].partition("\n## ")[0].replace("; ", ", ")
    for block, members in re.findall(r"^- \*\*(\w+(?:/\w+)*)\*\*: (.*)$", trees, re.MULTILINE):
        if block in {"FLK_P", "PR"}:
            continue
        above = next(path for path in reversed(kinds) if f"/{path}".endswith(f"/{block}"))
        for member in members.rstrip(".").split(", "):
            match = re.fullmatch(r"(?P<name>\w+) (?P<type>[sidn{][\d.}]*)[*!]*(?:\[(?P<mark>[A-Z]+|\+)\])?", member)
            if match is None:
                continue
            marked = frozenset(match["mark"]) if match["mark"] and match["mark"] != "+" else kinds[above]
            path = f"{above}/{match['name']}"
            if match["type"] == "{}":
                kinds[path] = marked
            yield path, marked & kinds[above]

"""PDF of the documents: templates of ``include/templates/*.typ`` over JSON. The same data give the same bytes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from typing import Any

import typst

from pipelines.formats.sheets import clean
from pipelines.ground.settings import ROOT

TEMPLATES = ROOT / "include" / "templates"


def pdf(template: str, data: Mapping[str, Any]) -> bytes:
    """A document by a template, which reads ``sys.inputs.data``; its own fonts only, no creation date.

    Values are data and never markup. Raises ``LookupError`` for a template that is not there.
    """
    path = TEMPLATES / f"{template}.typ"
    if not path.is_file():
        raise LookupError(f"no template {path.name}")
    inputs = {"data": json.dumps(_plain(data), ensure_ascii=False)}
    made = _compiler().compile(input=str(path), format="pdf", sys_inputs=inputs, pdf_tags=False)
    assert isinstance(made, bytes)
    return made


@cache
def _compiler() -> typst.Compiler:
    return typst.Compiler(root=str(TEMPLATES), ignore_system_fonts=True)


def _plain(value: Any) -> Any:
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, Mapping):
        return {name: _plain(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    return value

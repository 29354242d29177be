"""Texts of the findings that the exchange itself makes: ``include/exchange/messages.yaml``."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import yaml

from pipelines.ground.settings import ROOT


@dataclass(frozen=True)
class Message:
    """A finding of the exchange: severity, Russian text with ``{placeholders}``, and what the sender should do."""

    code: str
    severity: str
    text: str
    advice: str


@cache
def catalogue() -> dict[str, Message]:
    """All messages by id."""
    rows = yaml.safe_load((ROOT / "include" / "exchange" / "messages.yaml").read_text(encoding="utf-8"))
    return {code: Message(code, *row) for code, row in rows.items()}


def finding(code: str, **places: object) -> dict[str, object]:
    """A row for ``pipelines.checks.findings.frame``: placeholders of the text and columns of the frame in one call."""
    message = catalogue()[code]
    place = {
        "member": places.pop("role", ""),
        "table": places.pop("table", ""),
        "row": places.pop("row", -1),
        "element": places.pop("element", ""),
        "value": places.pop("value", None),
    }
    return {
        **place,
        "rule": code,
        "severity": message.severity,
        "message": message.text.format(**places),
    }

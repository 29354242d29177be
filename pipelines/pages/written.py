"""Rules that no suite holds: findings of the exchange itself, and what the systems check by functions of their own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from pipelines.erz import rules as erz
from pipelines.exchange import messages


@dataclass(frozen=True)
class Written:
    """A rule in words: where it comes from, what it finds, what the sender should do (empty: the text says it)."""

    id: str
    origin: str
    severity: str
    element: str
    text: str
    advice: str


def written() -> dict[str, Written]:
    """All of them by id."""
    return {one.id: one for one in (*_of_exchange(), *_of_erz())}


def _of_exchange() -> Iterator[Written]:
    for code, message in messages.catalogue().items():
        yield Written(code, "обмен", message.severity, "", message.text, message.advice)


def _of_erz() -> Iterator[Written]:
    for declaration in (erz.PR, erz.OPLIST):
        for rule in erz.written(declaration):
            yield Written(rule.id, "ЕРЗ", rule.severity, rule.element, rule.text, "")

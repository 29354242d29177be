"""A package's way as a line of time: its events in words, with the time from one to the next."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from pipelines.exchange.journal import SYSTEM
from pipelines.pages.rendering import number, roubles, size
from pipelines.pages.words import CHANNELS, EVENTS, RESULTS, SEVERITIES

BAD = frozenset({"FAILED"})
PERSONAL = frozenset({"RESENT", "AGAIN"})


@dataclass(frozen=True)
class Step:
    """An event: ``said`` in words what it came to, ``after`` the time since the one before, ``by`` a person or empty."""

    seq: int
    at: datetime
    title: str
    said: str
    after: timedelta | None
    by: str
    tone: str


def steps(events: Iterable[Mapping[str, Any]]) -> list[Step]:
    """The events of a package in their order."""
    made: list[Step] = []
    for event in events:
        name, details = event["name"], event["details"]
        made.append(
            Step(
                seq=event["seq"],
                at=event["at"],
                title=EVENTS.get(name, name),
                said=_SAID[name](details) if name in _SAID else "",
                after=event["at"] - made[-1].at if made else None,
                by="" if event["actor"] == SYSTEM else event["actor"],
                tone="bad" if name in BAD else "person" if name in PERSONAL else "",
            )
        )
    return made


def _received(details: Mapping[str, Any]) -> str:
    return CHANNELS.get(str(details.get("channel")), str(details.get("channel", "")))


def _opened(details: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} {size(bytes_)}" for name, bytes_ in dict(details.get("members", {})).items())


def _checked(details: Mapping[str, Any]) -> str:
    counts = [f"{SEVERITIES.get(name, name)}: {number(count)}" for name, count in details.items() if count]
    return ", ".join(counts) or "замечаний нет"


def _applied(details: Mapping[str, Any]) -> str:
    money = dict(details.get("sums") or {}).get("SUMV")
    loaded = f"принято {number(details.get('accepted'))} из {number(details.get('records'))}"
    return f"{loaded}, {roubles(money)} руб." if money is not None else loaded


def _answered(details: Mapping[str, Any]) -> str:
    files = len(details.get("outgoing") or [])
    return f"{RESULTS.get(str(details.get('result')), '')}, файлов в ответе {files}"


def _delivered(details: Mapping[str, Any]) -> str:
    return f"{details.get('name', '')}, {_received(details)}"


def _asked(details: Mapping[str, Any]) -> str:
    return str(details.get("reason", ""))


def _failed(details: Mapping[str, Any]) -> str:
    return str(details.get("error", ""))


def _documented(details: Mapping[str, Any]) -> str:
    return "совпали с протоколом" if details.get("agrees") else "расходятся с протоколом"


_SAID: Mapping[str, Callable[[Mapping[str, Any]], str]] = {
    "RECEIVED": _received,
    "OPENED": _opened,
    "CHECKED": _checked,
    "APPLIED": _applied,
    "ANSWERED": _answered,
    "DELIVERED": _delivered,
    "FAILED": _failed,
    "RESENT": _asked,
    "AGAIN": _asked,
    "DOCUMENTED": _documented,
}

"""A package's way as a line of time: what happened in words, with the time from one step to the next."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from pipelines.exchange.journal import SYSTEM
from pipelines.pages.rendering import month, roubles, size
from pipelines.pages.rendering import number as plain
from pipelines.pages.words import CHANNELS, EVENTS, RESULTS, SEVERITIES

BAD = frozenset({"FAILED"})
PERSONAL = frozenset({"RESENT", "AGAIN"})


@dataclass(frozen=True)
class Step:
    """What happened ``at`` a moment: ``said`` in words what it came to, ``after`` the time since the step before.

    ``by`` is a person or empty, ``closing`` the control or month that it belongs to.
    """

    at: datetime
    title: str
    said: str
    by: str
    tone: str
    closing: int | None = None
    after: timedelta | None = None


def steps(
    events: Iterable[Mapping[str, Any]],
    closings: Iterable[Mapping[str, Any]] = (),
    payments: Iterable[Mapping[str, Any]] = (),
) -> list[Step]:
    """The way of a package in the order of time: its events, the closings that decided on it, files of payment sent."""
    found = [_of_event(event) for event in events]
    for closing in closings:
        found += _of_closing(closing)
    found += [_of_payment(payment) for payment in payments]
    found.sort(key=lambda step: step.at)
    before = [None, *(step.at for step in found[:-1])] if found else []
    return [replace(step, after=step.at - at if at else None) for step, at in zip(found, before, strict=True)]


def _of_event(event: Mapping[str, Any]) -> Step:
    name, details = event["name"], event["details"]
    said = _SAID[name](details) if name in _SAID else ""
    tone = "bad" if name in BAD else "person" if name in PERSONAL else ""
    return Step(event["at"], EVENTS.get(name, name), said, "" if event["actor"] == SYSTEM else event["actor"], tone)


def _of_closing(row: Mapping[str, Any]) -> Iterator[Step]:
    """Control (or freezing, until that is done or where its moment is not seen), decision, hand-over of the files."""
    number = row["id"]
    what = f"закрытие месяца № {number}" if row["kind"] == "month" else f"контроль за день № {number}"
    if row["cases"] is None:
        yield Step(row["frozen_at"], f"Вошёл в состав: {what}", f"за {month(row['period'])}", "", "", number)
        return
    sums = f"случаев {plain(row['cases'])}, принято {roubles(row['sump'])}, отказано {roubles(row['sank_it'])} руб."
    said = f"заключение {row['act_number']}: {sums}"
    yield Step(row["controlled_at"] or row["frozen_at"], f"Проведён МЭК: {what}", said, "", "", number)
    if row["decided_at"] is not None:
        title = "Закрытие отклонено" if row["state"] == "REJECTED" else "Оплата утверждена"
        tone = "bad" if row["state"] == "REJECTED" else "person"
        yield Step(row["decided_at"], f"{title}: {what}", row["reason"] or "", row["decided_by"] or "", tone, number)
    if row["delivered_at"] is not None:
        yield Step(row["delivered_at"], f"Документы переданы на отправку: {what}", "", "", "", number)


def _of_payment(row: Mapping[str, Any]) -> Step:
    said = f"{row['name']}, {row['recipient']}, {CHANNELS.get(row['channel'], row['channel'])}"
    return Step(row["sent_at"], "Отправлен реестр с результатами", said, "", "", row["closing"])


def _received(details: Mapping[str, Any]) -> str:
    return CHANNELS.get(str(details.get("channel")), str(details.get("channel", "")))


def _opened(details: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} {size(bytes_)}" for name, bytes_ in dict(details.get("members", {})).items())


def _checked(details: Mapping[str, Any]) -> str:
    counts = [f"{SEVERITIES.get(name, name)}: {plain(count)}" for name, count in details.items() if count]
    return ", ".join(counts) or "замечаний нет"


def _applied(details: Mapping[str, Any]) -> str:
    money = dict(details.get("sums") or {}).get("SUMV")
    loaded = f"принято {plain(details.get('accepted'))} из {plain(details.get('records'))}"
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

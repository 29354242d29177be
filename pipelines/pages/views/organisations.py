"""Организации: who sends, who is silent, how often they err. Сроки: what is due in a report month, and who is late."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from typing import Any

import numpy as np
from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from pipelines.exchange.protocol import LOCAL
from pipelines.pages.errors import Told, absent
from pipelines.pages.filters import After, local_today
from pipelines.pages.site import Site, rows, site_of
from pipelines.pump.closing import calendar
from pipelines.pump.settlement.settings import before, deadlines
from pipelines.pump.terms import section

WATCHED = 20
"""Working days that say whether a sender is expected every day: it is where packages came on at least half of them."""
SHOWN_DAYS = 90
LATEST = 20
router = APIRouter()


@router.get("/organisations")
def organisations(request: Request) -> HTMLResponse:
    site, today = site_of(request), local_today()
    first = today - timedelta(days=2 * WATCHED)
    with site.reading(request) as connection:
        found = rows(connection, "organisation_latest")
        period = {"first": first, "last": today, "counted": today - timedelta(days=29), "zone": LOCAL.key}
        activity = {row["sender"]: row for row in rows(connection, "organisation_activity", **period)}
    expected = expected_today({sender: row["days"] for sender, row in activity.items()}, today, _holidays(site))
    for row in found:
        row["silent"] = row["code"] in expected and (row["received_at"] is None or _local(row) < today)
        row["active"] = row["valid_from"] <= today and (row["valid_until"] is None or today <= row["valid_until"])
        row["counts"] = activity.get(row["code"], {"packages": 0, "faulty": 0})
    return site.page(request, "organisations", rows=found, today=today, watched=WATCHED)


@router.get("/organisations/{code}")
def organisation(request: Request, code: str) -> HTMLResponse:
    site, today = site_of(request), local_today()
    first = today - timedelta(days=SHOWN_DAYS - 1)
    nothing = dict.fromkeys(("since", "until", "kind", "channel", "result", "state", "begins", "part", "hash", "id"))
    with site.reading(request) as connection:
        found = next((row for row in rows(connection, "organisation_latest") if row["code"] == code), None)
        if found is None:
            raise absent("Такой организации нет, или она вам не видна.")
        days = rows(connection, "organisation_days", first=first, last=today, sender=code, zone=LOCAL.key)
        sought = nothing | {"sender": code, "stranger": False, "limit": LATEST} | After().parameters()
        latest = rows(connection, "journal_rows", **sought)
        period = {"first": first, "last": today, "zone": LOCAL.key, "whole": False}
        rules = rows(connection, "rules_days", **period, rule=None, sender=code)
    profile = site.region.by_code(code)
    kinds = [kind for kind in site.exchange.catalogue.kinds if found["kind"] in kind.senders]
    return site.page(
        request,
        "organisation",
        organisation=found,
        profile=profile,
        kinds=kinds,
        latest=latest,
        rules=rules[:15],
        chart=error_rate(days, first, today),
        users=[name for name, of in site.region.users.items() if of == code] + ([profile.login] if profile else []),
    )


@router.get("/deadlines")
def due(request: Request, period: str = "") -> HTMLResponse:
    site, today = site_of(request), local_today()
    month = _month(period) if period else before(today.replace(day=1))
    with site.reading(request) as connection:
        registers = calendar.registers_of(connection, month)
    steps = deadlines(site.region.folder, month)
    last_day = calendar.last_day(steps)
    for row in registers:
        row["standing"] = calendar.standing(row, last_day, today)
    return site.page(
        request,
        "deadlines",
        month=month,
        earlier=before(month),
        later=(month + timedelta(days=31)).replace(day=1),
        steps=[(step, (step.day - today).days) for step in steps],
        registers=registers,
        last_day=last_day,
        today=today,
    )


def expected_today(came: Mapping[str, Iterable[date]], today: date, holidays: Iterable[date]) -> set[str]:
    """Senders of whom something is expected on a working day: it came on half of the ``WATCHED`` working days before it.

    ``came``: by sender the days on which packages came.
    """
    off = np.array(list(holidays), dtype="datetime64[D]")
    if not np.is_busday(np.datetime64(today, "D"), holidays=off):
        return set()
    watched = {
        np.busday_offset(np.datetime64(today, "D"), -number, holidays=off).astype(object) for number in range(1, WATCHED + 1)
    }
    return {sender for sender, days in came.items() if len(watched.intersection(days)) * 2 >= WATCHED}


def error_rate(days: Iterable[Mapping[str, Any]], first: date, last: date) -> dict[str, Any]:
    """Packages of each day, taken and refused in whole or part, and the share of the latter, for a chart."""
    labels = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    good, bad = dict.fromkeys(labels, 0), dict.fromkeys(labels, 0)
    for row in days:
        if row["day"] in good:
            into = bad if row["result"] in FAULTY else good
            into[row["day"]] += row["packages"]
    share = [round(100 * bad[day] / (good[day] + bad[day]), 1) if good[day] + bad[day] else None for day in labels]
    return {
        "labels": [f"{day:%d.%m}" for day in labels],
        "bars": [
            {"label": "приняты и повторы", "values": list(good.values()), "tone": "good"},
            {"label": "отклонены, приняты частично", "values": list(bad.values()), "tone": "bad"},
        ],
        "line": {"label": "доля с отказами, %", "values": share},
    }


FAULTY = frozenset({"PARTIAL", "REJECTED", "QUARANTINED"})


def _holidays(site: Site) -> list[date]:
    return list(section("calendar", site.region.folder).get("holidays", []))


def _local(row: Mapping[str, Any]) -> date:
    found: date = row["received_at"].astimezone(LOCAL).date()
    return found


def _month(text: str) -> date:
    try:
        return date.fromisoformat(f"{text}-01")
    except ValueError:
        raise Told(400, "Месяц записан неверно: нужно ГГГГ-ММ.") from None

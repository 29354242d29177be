"""Сводки: the registered panels over a period."""

from __future__ import annotations

from datetime import timedelta

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from pipelines.pages.errors import Told
from pipelines.pages.filters import day_of, local_today
from pipelines.pages.panels import PANELS
from pipelines.pages.periods import Period
from pipelines.pages.site import site_of, visitor_of

USUAL_DAYS = 30
MOST_DAYS = 800
router = APIRouter()


@router.get("/summaries")
def summaries(request: Request, since: str = "", until: str = "") -> HTMLResponse:
    site, today = site_of(request), local_today()
    last = day_of(until) or today
    first = day_of(since) or last - timedelta(days=USUAL_DAYS - 1)
    if not timedelta(0) <= last - first < timedelta(days=MOST_DAYS):
        raise Told(400, f"Период — от одного дня до {MOST_DAYS}.")
    sees_all = visitor_of(request).sees_all
    period = Period(first, last, sees_all)
    with site.reading(request) as connection:
        panels = [(panel, panel.gather(connection, period)) for panel in PANELS if sees_all or panel.for_organisations]
    return site.page(request, "summaries", panels=panels, period=period, today=today)

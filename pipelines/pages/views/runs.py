"""Пакеты задачи: from a task of Airflow to the packages that it received or processed."""

from __future__ import annotations

import json
from dataclasses import asdict

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from pipelines.exchange.runs import Run
from pipelines.pages.site import base, site_of, visitor_of
from pipelines.pages.views.package import of_task

SHOWN = 500
"""Packages of a task shown at once; a batch holds far fewer, a reception may hold more."""
router = APIRouter()


@router.get("/runs")
def packages(request: Request, dag: str, run: str, task: str, index: int = -1) -> Response:
    asked = Run(dag, run, task, index)
    found = site_of(request).rows(request, "run_packages", run=json.dumps(asdict(asked)), limit=SHOWN + 1)
    if len(found) == 1:
        return RedirectResponse(f"{base(request)}/packages/{found[0]['id']}")
    return _list(request, asked, found)


def _list(request: Request, asked: Run, found: list[dict[str, object]]) -> HTMLResponse:
    airflow = of_task(request, asdict(asked)) if visitor_of(request).sees_all else None
    more = len(found) > SHOWN
    return site_of(request).page(request, "runs", rows=found[:SHOWN], more=more, asked=asked, airflow=airflow)

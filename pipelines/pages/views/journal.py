"""Журнал обмена: packages by filter, newest first, with what the filter comes to; export of the filter."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response, StreamingResponse

from pipelines.exchange.protocol import LOCAL
from pipelines.pages import exports
from pipelines.pages.filters import STRANGER, After, Filter, local_today
from pipelines.pages.site import query, rows, site_of, visitor_of
from pipelines.pages.words import CHANNELS, RESULTS

PAGE = 50
COUNTED = 10_000
"""Packages that a search counts; more are "более 10 000"."""
router = APIRouter()


@router.get("/journal")
def journal(request: Request) -> HTMLResponse:
    site = site_of(request)
    asked = Filter.of(request.query_params, local_today())
    after = After.of(request.query_params.get("after", ""))
    conditions = asked.conditions()
    with site.reading(request) as connection:
        found = rows(
            connection,
            "journal_rows",
            **conditions,
            **asked.moments(),
            **asked.sought(),
            **after.parameters(),
            limit=PAGE + 1,
        )
        senders = rows(connection, "organisations")
        if asked.search:
            parameters = conditions | asked.moments() | asked.sought() | {"most": COUNTED + 1}
            totals = rows(connection, "journal_found", **parameters)
        else:
            whole = visitor_of(request).sees_all and not asked.sender
            period = {"first": asked.first, "last": asked.last, "zone": LOCAL.key, "whole": whole}
            totals = rows(connection, "journal_totals", **conditions, **period)
    more = len(found) > PAGE
    found = found[:PAGE]
    following = After.text(found[-1]["received_at"], found[-1]["id"]) if more else ""
    return site.page(
        request,
        "journal",
        filter=asked,
        rows=found,
        totals={row["result"]: row for row in totals},
        whole=_whole(totals),
        counted=COUNTED if asked.search and sum(row["packages"] for row in totals) > COUNTED else None,
        next=query(asked.query() | {"after": following}) if more else "",
        address=query(asked.query()),
        later=bool(after.id),
        senders=senders if visitor_of(request).sees_all else [],
        stranger=STRANGER,
        kinds=[(kind.code, kind.title) for kind in site.exchange.catalogue.kinds],
        channels=CHANNELS,
        results=RESULTS,
    )


def _whole(totals: list[dict[str, Any]]) -> Mapping[str, int]:
    names = ("packages", "records", "accepted", "findings", "kopecks")
    return {name: sum(row[name] or 0 for row in totals) for name in names}


@router.get("/journal/export.csv")
def export_csv(request: Request) -> Response:
    asked = Filter.of(request.query_params, local_today())
    asked.conditions()  # a wrong filter is refused before anything is sent
    name = exports.file_name(asked, "csv")
    return StreamingResponse(exports.csv_pieces(_all(request, asked)), media_type="text/csv", headers=exports.attached(name))


@router.get("/journal/export.xlsx")
def export_xlsx(request: Request) -> Response:
    asked = Filter.of(request.query_params, local_today())
    content = exports.workbook(_all(request, asked))
    return Response(content, media_type=exports.XLSX, headers=exports.attached(exports.file_name(asked, "xlsx")))


def _all(request: Request, asked: Filter) -> Iterator[Any]:
    """Packages of the filter, page after page, not more than an export holds."""
    site, after, left = site_of(request), After(), exports.MOST
    conditions = asked.conditions() | asked.moments() | asked.sought()
    while left:
        limit = min(exports.STEP, left)
        with site.reading(request) as connection:
            found = exports.packages(connection, conditions | after.parameters() | {"limit": limit})
        yield from found
        if len(found) < limit:
            return
        left -= len(found)
        after = After(found[-1].received_at, found[-1].id)

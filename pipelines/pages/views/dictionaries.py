"""НСИ: dictionaries and their editions, rows of an edition on a date, differences between two editions."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse
from sqlalchemy import Connection

from pipelines import nsi
from pipelines.exchange.whereabouts import begins
from pipelines.nsi.compare import CHANGE_TITLES, compare
from pipelines.nsi.declared import key_of, title_of
from pipelines.nsi.dictionaries import BEGIN, END
from pipelines.pages.errors import absent
from pipelines.pages.filters import day_of
from pipelines.pages.site import Site, rows, site_of, visitor_of

PAGE = 100
MOST_CHANGES = 500
COMPARED = 60_000
"""Rows of an edition that are compared on a page."""
router = APIRouter(prefix="/dictionaries")


@router.get("")
def dictionaries(request: Request) -> HTMLResponse:
    site = _site(request)
    return site.page(request, "dictionaries", rows=site.rows(request, "dictionaries"), title_of=title_of)


@router.get("/{name}")
def dictionary(request: Request, name: str, edition: int = 0, on: str = "", q: str = "", after: int = -1) -> HTMLResponse:
    site, day = _site(request), day_of(on)
    with site.reading(request) as connection:
        kept = _editions(connection, name)
        shown = next((one for one in kept if one["id"] == edition), kept[0])
        contains = f"%{begins(q.strip())}" if q.strip() else None
        place = {"edition": shown["id"], "after": min(after, 2**31 - 1), "day": day, "contains": contains}
        found = rows(connection, "dictionary_rows", **place, limit=PAGE + 1)
    there = {field for row in found for field in row["fields"]} - {BEGIN, END}
    first = [field for field in key_of(name, [row["fields"] for row in found]).key if field in there]
    return site.page(
        request,
        "dictionary",
        name=name,
        title=title_of(name, kept[0]["title"]),
        editions=kept,
        shown=shown,
        rows=found[:PAGE],
        fields=first + sorted(there.difference(first)),
        more=len(found) > PAGE,
        asked={"on": day, "q": q},
    )


@router.get("/{name}/differences")
def differences(request: Request, name: str, older: int, newer: int) -> HTMLResponse:
    site = _site(request)
    with site.reading(request) as connection:
        kept = {one["id"]: one for one in _editions(connection, name)}
        if older not in kept or newer not in kept:
            raise absent("Такой редакции у справочника нет.")
        too_many = max(kept[older]["rows"], kept[newer]["rows"]) > COMPARED
        before, after = ([], []) if too_many else (nsi.entries(connection, older), nsi.entries(connection, newer))
    told = key_of(name, after or before)
    changes = compare(before, after, told.key, told.order)
    return site.page(
        request,
        "differences",
        name=name,
        title=title_of(name, kept[newer]["title"]),
        older=kept[older],
        newer=kept[newer],
        key=told.key,
        kinds=CHANGE_TITLES,
        changes=changes[:MOST_CHANGES],
        count=len(changes),
        too_many=too_many,
        most=COMPARED,
    )


def _site(request: Request) -> Site:
    if not visitor_of(request).sees_all:
        raise absent("Справочники НСИ видят сотрудники фонда.")
    return site_of(request)


def _editions(connection: Connection, name: str) -> list[dict[str, Any]]:
    kept = rows(connection, "dictionary_editions", dictionary=name)
    if not kept:
        raise absent("Такого справочника нет.")
    return kept

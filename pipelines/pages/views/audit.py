"""Аудит: the chain verified, a file recognised, what people did."""

from __future__ import annotations

import hashlib
from contextlib import suppress

from fastapi import APIRouter, File, Form, Request, UploadFile
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from pipelines.exchange import verification
from pipelines.exchange.changes import Changes, compare
from pipelines.exchange.whereabouts import Whereabouts, find
from pipelines.ground.store import StoreError
from pipelines.pages.acting import form_of
from pipelines.pages.errors import Told, absent
from pipelines.pages.site import Site, base, site_of, visitor_of

SHOWN = 50
CHUNK = 1 << 20
router = APIRouter(prefix="/audit")


@router.get("")
def audit(request: Request) -> HTMLResponse:
    site = site_of(request)
    verified = site.rows(request, "verifications", limit=5) if visitor_of(request).sees_all else []
    return site.page(request, "audit", checking=site.checking, verified=verified, limit=_limit(request))


@router.post("/verify")
def verify(request: Request, token: str = Form("")) -> Response:
    who, site = form_of(request, token), site_of(request)
    if not who.sees_all:
        raise Told(403, "Цепочку целиком проверяют сотрудники фонда.")
    url, exchange = site.settings().database_url, site.exchange
    site.checking.start(lambda watch: verification.verify(url, exchange.store, who.name, watch, exchange.verifiers))
    return RedirectResponse(f"{base(request)}/audit#verify", 303)


@router.get("/verify")
def verifying(request: Request) -> HTMLResponse:
    """How the verification goes on: a part of the page."""
    site = site_of(request)
    if not visitor_of(request).sees_all:
        raise absent("Цепочку целиком проверяют сотрудники фонда.")
    return site.page(request, "verifying", checking=site.checking, verified=site.rows(request, "verifications", limit=5))


@router.post("/file")
def file(request: Request, file: UploadFile = File(), token: str = Form("")) -> HTMLResponse:
    """Where the journal knows a file from, and what differs from the one of its name. It is looked at and forgotten."""
    form_of(request, token)
    site, limit = site_of(request), _limit(request)
    digest, size = hashlib.sha256(), 0
    while chunk := file.file.read(CHUNK):
        size += len(chunk)
        if size > limit:
            raise Told(413, "Файл больше, чем бывает у пакетов обмена.")
        digest.update(chunk)
    with site.reading(request) as connection:
        found = find(connection, file.filename or "", digest.hexdigest(), size)
    return site.page(request, "file", found=found, changes=_changes(site, found, file))


def _changes(site: Site, found: Whereabouts, file: UploadFile) -> Changes | None:
    """What differs from the latest file of the same name; None where there is none, or it is not kept any longer."""
    if not found.named:
        return None
    file.file.seek(0)
    with suppress(StoreError):
        return compare(found.named[0].name, site.exchange.store.get(found.named[0].sha256), file.file.read())
    return None


@router.get("/actions")
def actions(request: Request, before: int = 0, actor: str = "") -> HTMLResponse:
    site = site_of(request)
    if not visitor_of(request).sees_all:
        raise absent("Действия сотрудников видят сотрудники фонда.")
    found = site.rows(request, "actions", before=before or None, actor=actor or None, limit=SHOWN + 1)
    return site.page(request, "actions", rows=found[:SHOWN], more=len(found) > SHOWN, actor=actor)


def _limit(request: Request) -> int:
    """The longest file that is looked at, in bytes: the longest package."""
    return site_of(request).region.settings.limits.package_bytes

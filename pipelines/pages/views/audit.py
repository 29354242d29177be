"""Аудит: the chain verified, a file recognised, a case followed back to its bytes, what people did."""

from __future__ import annotations

import hashlib

from fastapi import APIRouter, File, Form, Request, UploadFile
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from pipelines.exchange import verification
from pipelines.exchange.places import NoPlace, place
from pipelines.exchange.whereabouts import find
from pipelines.formats.tables import FileFault
from pipelines.ground import database
from pipelines.ground.store import StoreError
from pipelines.pages.acting import form_of
from pipelines.pages.errors import Told, absent
from pipelines.pages.site import base, rows, site_of, visitor_of

SHOWN = 50
CHUNK = 1 << 20
DIGITS = 11
"""Greatest length of IDCASE."""
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
    """Where the journal knows a file from. It is hashed and forgotten."""
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
    return site.page(request, "file", found=found)


@router.get("/case")
def case(request: Request, idcase: str = "") -> HTMLResponse:
    site = site_of(request)
    if not visitor_of(request).sees_all:
        raise absent("Историю случая видят сотрудники фонда.")
    number = idcase.strip()
    if number and not (number.isascii() and number.isdigit() and len(number) <= DIGITS):
        raise Told(400, f"Номер случая (IDCASE) состоит из цифр, не больше {DIGITS}.")
    with site.reading(request) as connection:
        found = rows(connection, "case_places", idcase=int(number)) if number else []
        for row in found:
            row["findings"] = rows(connection, "case_findings", package=row["package"], idcase=int(number))
    return site.page(request, "case", idcase=number, rows=found)


@router.get("/case/{package:int}/{row:int}")
def element(request: Request, package: int, row: int) -> HTMLResponse:
    """Where the record stands in the bytes that arrived: a part of the page."""
    site = site_of(request)
    if not visitor_of(request).sees_all or package >= 2**63 or not site.rows(request, "package", id=package):
        raise absent("Такого пакета нет, или он вам не виден.")
    exchange = site.exchange
    try:
        with database.transaction(site.settings().database_url) as connection:
            found = place(connection, exchange.store, exchange.catalogue, exchange.processor.rules.limits, package, row)
    except (NoPlace, StoreError) as error:
        return site.page(request, "element", place=None, reason=str(error))
    except FileFault as fault:
        return site.page(request, "element", place=None, reason=f"файл не читается ({fault.code})")
    return site.page(request, "element", place=found, reason="")


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

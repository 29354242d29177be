"""Пакет: its way, findings, files, answers; sending the answer again, processing again."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from sqlalchemy import Connection

from pipelines.exchange import manual
from pipelines.exchange import signatures as signing
from pipelines.exchange.documents import TITLES
from pipelines.formats.tables import FileFault
from pipelines.ground import database
from pipelines.ground.sql import statement
from pipelines.ground.store import StoreError
from pipelines.pages import exports, timeline
from pipelines.pages.acting import acting
from pipelines.pages.errors import Told, absent
from pipelines.pages.site import base, rows, site_of, visitor_of

FINDINGS = 100
VERIFIED = 64 << 20
"""Bytes of signed files that the page verifies: some two seconds of one core."""
DONE = {
    "resent": "Ответ поставлен в очередь отправки: уйдёт с ближайшей доставкой.",
    "again": "Пакет снова ждёт обработки: его возьмёт ближайший приём.",
}
router = APIRouter(prefix="/packages/{number:int}")
log = logging.getLogger(__name__)


@router.get("")
def package(request: Request, number: int, done: str = "") -> HTMLResponse:
    site = site_of(request)
    with site.reading(request) as connection:
        found = _found(connection, number)
        closings = rows(connection, "package_closings", id=number)
        payments = rows(connection, "package_payments", id=number)
        events = timeline.steps(_events(connection, number), closings, payments)
        members = rows(connection, "package_members", id=number)
        values = {
            "rules": rows(connection, "package_rules", id=number),
            "outgoing": rows(connection, "package_outgoing", id=number),
            "documents": rows(connection, "package_documents", id=number),
            "repeats": rows(connection, "package_repeats", id=number, sha256=found["sha256"]),
        }
    kind = site.exchange.catalogue.by_code.get(found["kind"] or "")
    return site.page(
        request,
        "package",
        package=found,
        kind_title=kind.title if kind else "вид не опознан",
        steps=events,
        whole=found["answered_at"] - found["received_at"] if found["answered_at"] else None,
        members=members,
        titles=TITLES,
        run=of_task(request, found["run"]) if visitor_of(request).sees_all else None,
        done=DONE.get(done, ""),
        longest=manual.LONGEST,
        **values,
    )


@router.get("/signatures")
def signatures(request: Request, number: int) -> HTMLResponse:
    """Signatures in the stored package, verified: a part of the page."""
    site = site_of(request)
    with site.reading(request) as connection:
        found = _found(connection, number)
    try:
        packed = site.exchange.store.get(found["sha256"])
        limits, trusted = site.exchange.processor.rules.limits, signing.read_trust(site.settings().region_dir)
        signed = signing.examine(found["name"], packed, limits, trusted, found["received_at"], VERIFIED)
    except StoreError as error:
        raise Told(410, f"Файл пакета не отдаётся: {error}.") from None
    except FileFault as fault:
        raise Told(409, f"Архив пакета не читается ({fault.code}).") from None
    return site.page(request, "signatures", package=found, signatures=signed, trusted=trusted, most=VERIFIED >> 20)


@router.get("/findings")
def findings(request: Request, number: int, rule: str, member: str = "", after: int = 0) -> HTMLResponse:
    site = site_of(request)
    with site.reading(request) as connection:
        found = _found(connection, number)
        of_rule = rows(
            connection,
            "package_findings",
            id=number,
            rule=rule,
            member=member,
            after=min(after, 2**31 - 1),
            limit=FINDINGS + 1,
        )
    return site.page(
        request, "findings", package=found, rule=rule, member=member, rows=of_rule[:FINDINGS], more=len(of_rule) > FINDINGS
    )


@router.get("/answers/{file:int}")
def answer(request: Request, number: int, file: int) -> Response:
    return stored_file(request, "outgoing_file", number, file)


@router.get("/documents/{file:int}")
def document(request: Request, number: int, file: int) -> Response:
    return stored_file(request, "document_file", number, file)


@router.post("/resend")
def resend(request: Request, number: int, reason: str = Form(""), token: str = Form("")) -> Response:
    who = acting(request, token)
    with _change(request, number) as connection:
        _refusing(manual.resend, connection, number, who.name, reason)
    _at_once(request, "deliver")
    return RedirectResponse(f"{base(request)}/packages/{number}?done=resent", 303)


@router.post("/again")
def again(request: Request, number: int, reason: str = Form(""), token: str = Form("")) -> Response:
    who = acting(request, token)
    with _change(request, number) as connection:
        _refusing(manual.again, connection, number, who.name, reason)
    _at_once(request, "receive")
    return RedirectResponse(f"{base(request)}/packages/{number}?done=again", 303)


def _change(request: Request, number: int) -> Any:
    """A transaction that may write, for a package that the visitor sees."""
    site = site_of(request)
    with site.reading(request) as connection:
        _found(connection, number)
    return database.transaction(site.settings().database_url)


def _at_once(request: Request, dag: str) -> None:
    """Start the process that does what was asked; where it cannot be started, its schedule does the same in minutes."""
    try:
        site_of(request).start(request, dag, {})
    except Told as refusal:
        log.warning("%s is left to its schedule: %s", dag, refusal.detail)


def _refusing(act: Any, *given: object) -> None:
    try:
        act(*given)
    except manual.Refused as refusal:
        raise Told(409, str(refusal)) from None


def _found(connection: Connection, number: int) -> dict[str, Any]:
    """The package, if the visitor may see it."""
    found = rows(connection, "package", id=number) if number < 2**63 else []
    if not found:
        raise absent(f"Пакета № {number} в журнале нет, или он вам не виден.")
    return found[0]


def _events(connection: Connection, number: int) -> list[dict[str, Any]]:
    return [dict(row) for row in connection.execute(statement("exchange/package_events"), {"package": number}).mappings()]


def stored_file(request: Request, name: str, number: int, file: int) -> Response:
    """A file of a package or closing as the visitor may see it; its name comes from the database, never from the address."""
    found = site_of(request).rows(request, name, id=number, file=file) if max(number, file) < 2**63 else []
    return stored(request, found)


def stored(request: Request, found: Sequence[Mapping[str, Any]]) -> Response:
    """The first of the files found (``name``, ``sha256``), to keep; 404 for none."""
    if not found:
        raise absent("Такого файла нет, или он вам не виден.")
    try:
        content = site_of(request).exchange.store.get(found[0]["sha256"])
    except StoreError as error:
        raise Told(410, f"Файл не отдаётся: {error}.") from None
    return Response(content, media_type="application/octet-stream", headers=exports.attached(found[0]["name"]))


def of_task(request: Request, run: Mapping[str, Any] | None) -> dict[str, str] | None:
    """Addresses of the DAG run and of the task in Airflow's own pages."""
    if run is None:
        return None
    airflow = base(request).rpartition("/")[0]
    of_run = f"{airflow}/dags/{quote(run['dag'])}/runs/{quote(run['run'])}"
    task = f"{of_run}/tasks/{quote(run['task'])}"
    mapped = f"{task}/mapped/{int(run['index'])}" if int(run["index"]) >= 0 else task
    return {"dag": run["dag"], "run": of_run, "task": mapped}

"""История случая: from the payment back to the decision, the load and the bytes of the element that arrived."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse
from sqlalchemy import Connection

from pipelines.exchange.places import NoPlace, place
from pipelines.formats.tables import FileFault
from pipelines.ground import database
from pipelines.ground.store import StoreError
from pipelines.pages.errors import Told, absent
from pipelines.pages.site import rows, site_of, visitor_of
from pipelines.pages.words import CONTROLS, OPLATA
from pipelines.pump.closing.service import TITLES

DIGITS = 11
"""Greatest length of IDCASE."""
router = APIRouter(prefix="/audit/case")


@router.get("")
def case(request: Request, idcase: str = "", mo: str = "") -> HTMLResponse:
    site = site_of(request)
    if not visitor_of(request).sees_all:
        raise absent("Историю случая видят сотрудники фонда.")
    number = idcase.strip()
    if number and not (number.isascii() and number.isdigit() and len(number) <= DIGITS):
        raise Told(400, f"Номер случая (IDCASE) состоит из цифр, не больше {DIGITS}.")
    with site.reading(request) as connection:
        found = _found(connection, int(number), mo.strip() or None) if number else []
        organisations = [row for row in rows(connection, "organisations") if row["kind"] == "МО"]
    return site.page(
        request,
        "case",
        idcase=number,
        mo=mo.strip(),
        rows=found,
        organisations=organisations,
        states=TITLES,
        oplata=OPLATA,
        controls=CONTROLS,
    )


@router.get("/{package:int}/{row:int}")
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


def _found(connection: Connection, idcase: int, mo: str | None) -> list[dict[str, Any]]:
    """Loaded cases of a number: each with ``decisions`` (the last first), ``acts`` of insurers, ``findings`` of ФЛК."""
    found = rows(connection, "case_places", idcase=idcase, mo=mo)
    decisions = rows(connection, "case_decisions", idcase=idcase) if found else []
    for row in found:
        at = {"package": row["package"], "row": row["row"]}
        row["findings"] = rows(connection, "case_findings", package=row["package"], idcase=idcase)
        row["acts"] = rows(connection, "case_acts", **at)
        row["decisions"] = [one for one in decisions if (one["package"], one["row"]) == (row["package"], row["row"])]
        for decision in row["decisions"]:
            whose = {"code_mo": decision["code_mo"], "payer": decision["payer"] or ""}
            decision["hits"] = rows(connection, "case_hits", closing=decision["closing"], **at)
            decision["documents"] = rows(
                connection, "case_documents", closing=decision["closing"], package=row["package"], **whose
            )
    return found

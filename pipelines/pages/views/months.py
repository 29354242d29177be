"""Месяцы: closings of report months and controls of days – sums by payer, stage, account and ground, documents."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from pipelines.pages import money
from pipelines.pages.errors import Told, absent
from pipelines.pages.filters import DIGITS
from pipelines.pages.site import rows, site_of
from pipelines.pages.views.package import stored_file
from pipelines.pages.words import OPLATA
from pipelines.pump.closing.packages import MO_REGISTER, SMO_REGISTER
from pipelines.pump.closing.service import STATES, TITLES
from pipelines.pump.documents.titles import TITLES as DOCUMENTS

SHOWN, FILES, CASES = 60, 200, 100
"""Closings of the list; files of a closing and cases of an account shown at once."""
KEY = ("code_mo", "package", "payer")
"""What accounts are ordered by."""
KINDS = {
    MO_REGISTER: "Реестр с результатами для организации",
    SMO_REGISTER: "Реестр с результатами для страховой компании",
    **DOCUMENTS,
}
TONES = {"DELIVERED": "good", "APPROVED": "good", "PACKED": "warn", "REJECTED": "bad"}
EVENTS = {
    "MONTH_FROZEN": "зафиксирован состав",
    "MONTH_CONTROLLED": "проведён МЭК",
    "MONTH_SETTLED": "рассчитан",
    "MONTH_PACKED": "сделаны документы",
    "MONTH_APPROVED": "утверждён",
    "MONTH_REJECTED": "отклонён",
    "MONTH_DELIVERED": "переданы на отправку",
}
router = APIRouter(prefix="/months")


@router.get("")
def months(request: Request) -> HTMLResponse:
    site = site_of(request)
    found = site.rows(request, "months", limit=SHOWN)
    return site.page(request, "months", rows=found, states=TITLES, tones=TONES)


@router.get("/{number:int}")
def month(request: Request, number: int, kind: str = "", after: int = 0, accounts_after: str = "") -> HTMLResponse:
    site = site_of(request)
    with site.reading(request) as connection:
        found = next(iter(rows(connection, "month", id=number)), None) if number < 2**63 else None
        if found is None:
            raise absent("Такого закрытия нет.")
        lines = rows(connection, "month_lines", id=number)
        accounts = rows(connection, "month_accounts", id=number, package=None, **_after(accounts_after), limit=CASES + 1)
        sums = rows(connection, "money_accounts", closings=[number])
        grounds = rows(connection, "money_grounds", closings=[number])
        intake = rows(connection, "money_intake", closings=[number])[0]
        events = rows(connection, "month_events", id=number)
        kinds = rows(connection, "month_document_kinds", id=number)
        files = rows(connection, "month_documents", id=number, kind=kind or None, after=after, limit=FILES + 1)
    bases = [row for row in grounds if row["osn"]]
    return site.page(
        request,
        "month",
        closing=found,
        state=TITLES[found["state"]],
        tone=TONES.get(found["state"], "live"),
        steps=STATES,
        lines=lines,
        payers=by_payer(lines),
        accounts=accounts[:CASES],
        more_accounts="-".join(str(accounts[CASES - 1][name]) for name in KEY) if len(accounts) > CASES else "",
        total=money.total(sums, money.SUMS),
        stages=by_stages(sums, grounds, intake),
        bases=bases,
        of_bases=money.total(bases, ("positions", "cases", "amount")),
        chart=money.of_grounds(bases[: money.TOP]),
        conditions=conditions(lines),
        events=[(row, EVENTS.get(row["name"], row["name"])) for row in events],
        kinds=[(row["kind"], KINDS.get(row["kind"], row["kind"]), row["files"]) for row in kinds],
        files=files[:FILES],
        more=files[FILES - 1]["ordinal"] if len(files) > FILES else None,
        kind=kind,
        titles=KINDS,
    )


@router.get("/{number:int}/accounts/{package:int}")
def account(
    request: Request, number: int, package: int, payer: str | None = None, every: bool = False, after: int = -1
) -> HTMLResponse:
    """Cases of an account: those that are not paid in full, or all."""
    site = site_of(request)
    if max(number, package) >= 2**63:
        raise absent("Такого счёта в закрытии нет.")
    with site.reading(request) as connection:
        found = next(iter(rows(connection, "month", id=number)), None)
        sums = rows(connection, "month_accounts", id=number, package=package, **_after(""), limit=CASES)
        asked = {"payer": payer, "every": every, "after": min(after, 2**31 - 1), "limit": CASES + 1}
        cases = rows(connection, "month_cases", id=number, package=package, **asked)
    if found is None or not sums:
        raise absent("Такого счёта в закрытии нет, или он вам не виден.")
    return site.page(
        request,
        "account",
        closing=found,
        accounts=sums,
        payer=payer,
        every=every,
        rows=cases[:CASES],
        more=cases[CASES - 1]["row"] if len(cases) > CASES else None,
        oplata=OPLATA,
    )


@router.get("/{number:int}/files/{file:int}")
def file(request: Request, number: int, file: int) -> Response:
    return stored_file(request, "month_file", number, file)


def _after(text: str) -> dict[str, Any]:
    """Where the accounts go on: after ``<organisation>-<package>-<payer>``; raises ``Told`` for anything else."""
    parts = text.split("-") if text else ["", "0", ""]
    if len(parts) != len(KEY) or not (parts[1].isascii() and parts[1].isdigit() and len(parts[1]) <= DIGITS):
        raise Told(400, "Такой страницы счетов нет.")
    code, package, payer = parts
    return {"after_mo": code, "after_package": int(package), "after_payer": payer}


def by_payer(lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Sums of the lines of each payer, kopecks."""
    sums: dict[str, dict[str, Any]] = {}
    for line in lines:
        row = sums.setdefault(
            line["payer"],
            {"payer": line["payer"], "name": line["payer_name"], "gross": 0, "withheld": 0, "payable": 0, "carried": 0},
        )
        row["gross"] += line["gross"]
        row["withheld"] += line["advance"] + line["debt"] + line["sanction"] + line["fine"]
        row["payable"] += line["payable"]
        row["carried"] += line["carried"]
    return list(sums.values())


def by_stages(sums: list[dict[str, Any]], grounds: list[dict[str, Any]], intake: dict[str, Any]) -> list[money.Stage]:
    """«По этапам обработки» of a closing, empty before its control."""
    refused = [row for row in grounds if row["stage"]]
    return money.stages(money.total(sums, money.SUMS), refused, intake) if sums else []


def conditions(lines: list[dict[str, Any]]) -> dict[str, Any]:
    """Chart of accepted sums by condition of care and of norms, thousands of roubles, by payer."""
    sums = [money.thousands(sum(norms(line)[name] for line in lines)) for name in money.CONDITIONS]
    return {
        "labels": list(money.CONDITIONS.values()),
        "bars": [{"label": "тыс. руб.", "values": sums, "tone": "good"}],
    }


def norms(line: dict[str, Any]) -> dict[str, int]:
    """A line with its norms of attached people as one sum."""
    return line | {"norms": line["capita"] + line["result"] + line["stations"]}

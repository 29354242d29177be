"""Месяцы: closings of report months and controls of days – sums by payer, stage, account and ground, documents."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from pipelines.pages.errors import absent
from pipelines.pages.site import rows, site_of
from pipelines.pages.views.package import stored_file
from pipelines.pump.closing.packages import MO_REGISTER, SMO_REGISTER
from pipelines.pump.closing.service import STATES, TITLES
from pipelines.pump.documents.titles import TITLES as DOCUMENTS
from pipelines.pump.settlement.summaries import PAYABLE, PRESENTED, STAGES, STRUCTURE, TAKEN

SHOWN, FILES = 60, 200
"""Closings of the list; files of a closing shown at once."""
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
def month(request: Request, number: int, kind: str = "", after: int = 0) -> HTMLResponse:
    site = site_of(request)
    with site.reading(request) as connection:
        found = next(iter(rows(connection, "month", id=number)), None) if number < 2**63 else None
        if found is None:
            raise absent("Такого закрытия нет.")
        lines = rows(connection, "month_lines", id=number)
        accounts = rows(connection, "month_accounts", id=number)
        stages = rows(connection, "month_stages", id=number)
        bases = rows(connection, "month_bases", id=number)
        intake = rows(connection, "month_intake", period=found["period"], frozen_at=found["frozen_at"])[0]
        events = rows(connection, "month_events", id=number)
        kinds = rows(connection, "month_document_kinds", id=number)
        files = rows(connection, "month_documents", id=number, kind=kind or None, after=after, limit=FILES + 1)
    return site.page(
        request,
        "month",
        closing=found,
        state=TITLES[found["state"]],
        tone=TONES.get(found["state"], "live"),
        steps=STATES,
        lines=lines,
        payers=by_payer(lines),
        accounts=accounts,
        stages=by_stages(accounts, stages, intake),
        bases=bases,
        chart=grounds(bases),
        conditions=conditions(lines),
        events=[(row, EVENTS.get(row["name"], row["name"])) for row in events],
        kinds=[(row["kind"], KINDS.get(row["kind"], row["kind"]), row["files"]) for row in kinds],
        files=files[:FILES],
        more=files[FILES - 1]["ordinal"] if len(files) > FILES else None,
        kind=kind,
        titles=KINDS,
    )


@router.get("/{number:int}/files/{file:int}")
def file(request: Request, number: int, file: int) -> Response:
    return stored_file(request, "month_file", number, file)


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


def by_stages(
    accounts: list[dict[str, Any]], stages: list[dict[str, Any]], intake: dict[str, Any]
) -> list[tuple[str, int, int]]:
    """«По этапам обработки»: title, cases, kopecks; what is refused and what is accepted add up to what was taken."""
    taken = sum(row["cases"] for row in accounts), sum(row["sumv"] for row in accounts)
    refused = {row["stage"]: (row["cases"], row["amount"]) for row in stages}
    paid = sum(row["cases"] - row["refused"] for row in accounts), sum(row["sump"] for row in accounts)
    return [
        (PRESENTED, taken[0] + intake["cases"], taken[1] + intake["amount"]),
        (STRUCTURE, intake["cases"], intake["amount"]),
        (TAKEN, *taken),
        *((f"Отказано на МЭК: {title}", *refused[stage]) for stage, title in STAGES.items() if stage in refused),
        (PAYABLE, *paid),
    ]


def grounds(bases: list[dict[str, Any]]) -> dict[str, Any]:
    """Chart of refused sums by ground, thousands of roubles."""
    values = [row["amount"] // 100_000 for row in bases]
    return {
        "labels": [row["osn"] for row in bases],
        "across": True,
        "bars": [{"label": "тыс. руб.", "values": values, "tone": "bad"}],
    }


def conditions(lines: list[dict[str, Any]]) -> dict[str, Any]:
    """Chart of accepted sums by condition of care and of norms, thousands of roubles, by payer."""
    columns = {
        "стационар": "accepted_1",
        "дневной стационар": "accepted_2",
        "амбулаторно": "accepted_3",
        "скорая": "accepted_4",
        "подушевое": "capita",
        "ФАП": "stations",
        "скорая, подушевое": "ambulance",
    }
    sums = [sum(line[name] for line in lines) // 100_000 for name in columns.values()]
    return {"labels": list(columns), "bars": [{"label": "тыс. руб.", "values": sums, "tone": "good"}]}

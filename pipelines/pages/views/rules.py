"""Правила: the catalogue of what is checked on a date, coverage, editions; the page of a rule with its hits."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any
from urllib.parse import quote

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from sqlalchemy import Connection

from pipelines.checks import editions, rulebook
from pipelines.checks import pages as rule_pages
from pipelines.checks.compiler import by_exchange
from pipelines.checks.suites import Check, Suite
from pipelines.exchange.impact import proposal, service
from pipelines.exchange.impact.actions import ACTIONS, EDITION, MOST_MONTHS
from pipelines.exchange.impact.replay import ImpactError
from pipelines.exchange.protocol import LOCAL
from pipelines.ground import database
from pipelines.pages import catalogue
from pipelines.pages.acting import acting
from pipelines.pages.errors import Told, absent
from pipelines.pages.filters import day_of, local_today
from pipelines.pages.rendering import markdown
from pipelines.pages.site import base, rows, site_of, visitor_of
from pipelines.pages.views.package import stored
from pipelines.pages.written import written

HIT_DAYS = 90
PAGE, IMPACTS, ASKED = 100, 20, 3
"""Rules of a page; reports on a rule and replays asked for that its page lists."""
MONTHS = 3
"""Months that a replay takes unless another number is asked for."""
PROCESS = "rule_impact"
"""The DAG that replays a change of the rules and asks for a decision on it."""
router = APIRouter()


@router.get("/rules")
def rules(
    request: Request,
    on: str = "",
    q: str = "",
    kind: str = "",
    dictionary: str = "",
    state: str = "",
    page: int = 1,
    done: str = "",
) -> HTMLResponse:
    site, today = site_of(request), local_today()
    day = day_of(on) or today
    with database.transaction(site.settings().database_url) as connection:  # the rules are nobody's secret
        book, switches = rulebook.in_force(connection), rulebook.switches(connection)
        kept = editions.stored(connection)
    with site.reading(request) as connection:
        hits = _hits(connection, today, visitor_of(request).sees_all)
        asked = _asked(connection, request, None)
    listed = [
        {**line, "packages": packages, "findings": findings}
        for line in catalogue.of(book).on(day)
        for packages, findings in [hits.get(line["rule"], (0, 0))]
    ]
    chosen = [row for row in listed if _chosen(row, q.strip().lower(), kind, dictionary, state)]
    last = max(1, -(-len(chosen) // PAGE))
    here = min(max(1, page), last)
    return site.page(
        request,
        "rules",
        rows=chosen[(here - 1) * PAGE : here * PAGE],
        found=len(chosen),
        page=here,
        pages=last,
        asked={"on": day, "q": q, "kind": kind, "dictionary": dictionary, "state": state},
        kinds=sorted({one for row in listed for one in row["kinds"]}),
        coverage=_coverage(listed),
        editions=kept,
        switches=[one for one in switches if one.until is None or one.until >= today],
        hit_days=HIT_DAYS,
        airflow=base(request).rpartition("/")[0],
        replays=asked,
        proposed=[one for one in kept if one.state == "proposed"],
        form=_form(today),
        edition_action=EDITION,
        done=done == "asked",
    )


@router.post("/rules/impact")
def impact(
    request: Request,
    action: str = Form(""),
    since: str = Form(""),
    months: int = Form(MONTHS),
    rule: str = Form(""),
    kind: str = Form(""),
    text: str = Form(""),
    edition: int | None = Form(None),
    token: str = Form(""),
) -> Response:
    """Start the replay of a change; what it finds and the question whether to put it in force come with its run."""
    who, site = acting(request, token), site_of(request)
    values = {
        "action": action,
        "since": since,
        "months": months,
        "rule": rule,
        "kind": kind,
        "text": text,
        "edition": edition,
    }
    if "\x00" in f"{rule}{kind}{text}":
        raise Told(400, "В форме есть знак с кодом 0.")
    try:
        asked = proposal.Request.of(values, local_today())
        service.ask(site.exchange, asked, who.name, lambda given: site.start(request, PROCESS, given))
    except ImpactError as error:
        raise Told(409, f"Пересчёт не запущен: {error}.") from None
    return RedirectResponse(f"{base(request)}/rules{'/' + quote(asked.rule) if asked.rule else ''}?done=asked", 303)


@router.get("/rules/{rule}")
def rule(request: Request, rule: str, done: str = "") -> HTMLResponse:
    site, today = site_of(request), local_today()
    with database.transaction(site.settings().database_url) as connection:
        book = rulebook.in_force(connection)
    placed = catalogue.of(book).placed.get(rule)
    message = written().get(rule)
    first = today - timedelta(days=HIT_DAYS - 1)
    with site.reading(request) as connection:
        period = {"first": first, "last": today, "zone": LOCAL.key, "whole": visitor_of(request).sees_all}
        hits = rows(connection, "rules_days", **period, rule=rule, sender=None)
        impacts = rows(connection, "rule_impacts", rule=rule, limit=IMPACTS) if visitor_of(request).sees_all else []
        asked = _asked(connection, request, rule)
    if placed is None and message is None and not hits:
        raise absent("Такого правила среди проверяемых нет.")
    text = markdown(rule_pages.page(rule, placed), _links(base(request), rule, placed)) if placed else None
    return site.page(
        request,
        "rule",
        rule=rule,
        text=text,
        message=message,
        executed=by_exchange(site.region.rules_regions).get(rule, ()),
        hits=hits,
        hit_days=HIT_DAYS,
        impacts=[row | {"title": ACTIONS.get(row["request"]["action"], row["request"]["action"])} for row in impacts],
        since={row["seq"]: day_of(row["request"]["since"]) for row in impacts},
        replays=asked,
        form=_form(today),
        actions={name: title for name, title in ACTIONS.items() if name != EDITION},
        kinds=sorted({suite.layout for suite, _ in placed or ()}),
        done=done == "asked",
        airflow=base(request).rpartition("/")[0],
        switchable=placed is not None and visitor_of(request).acts,
    )


@router.get("/rules/{rule}/impacts/{seq:int}/{name}")
def impact_file(request: Request, rule: str, seq: int, name: str) -> Response:
    """A report on a change of the rule, as the store has it."""
    if not visitor_of(request).sees_all or seq >= 2**63:
        raise absent("Такого отчёта нет.")
    return stored(request, site_of(request).rows(request, "rule_impact_file", rule=rule, seq=seq, file=name))


def _form(today: date) -> dict[str, object]:
    """What the form of a change begins with: from the first day of the next month, replayed over some last ones."""
    following = (today.replace(day=28) + timedelta(days=4)).replace(day=1)
    return {"since": following.isoformat(), "months": MONTHS, "most": MOST_MONTHS}


def _asked(connection: Connection, request: Request, rule: str | None) -> list[dict[str, Any]]:
    """Replays of a rule (None: of editions) that people have asked for, with the addresses of their runs in Airflow."""
    if not visitor_of(request).sees_all:
        return []
    airflow = base(request).rpartition("/")[0]
    return [
        row | {"address": f"{airflow}/dags/{PROCESS}/runs/{quote(row['run'], safe='')}"}
        for row in rows(connection, "rule_asked", rule=rule, limit=ASKED)
    ]


def _links(at: str, rule: str, placed: Iterable[tuple[Suite, Check]]) -> dict[str, str]:
    """Where the links of a rule's page lead here: its class and kinds of files are filters of the catalogue."""
    name = rule.partition(".")[0]
    kinds = {f"kind-{suite.layout}.md": f"{at}/rules?kind={suite.layout}" for suite, _ in placed}
    return kinds | {f"class-{name}.md": f"{at}/rules?q={name}."}


def _chosen(row: dict[str, Any], text: str, kind: str, dictionary: str, state: str) -> bool:
    if state not in ("", "on", "off", "hit"):
        raise Told(400, "Такого состояния правил нет.")
    wanted = {"": True, "on": row["on"], "off": bool(row["off"]) or not row["on"], "hit": row["findings"] > 0}[state]
    return wanted and text in row["said"] and kind in ("", *row["kinds"]) and dictionary in ("", row["dictionary"])


def _coverage(listed: Iterable[dict[str, Any]]) -> list[tuple[str, int, int, int]]:
    """By dictionary: rules that are executed, those in force on the day, those with findings."""
    all_of: Counter[str] = Counter()
    on: Counter[str] = Counter()
    hit: Counter[str] = Counter()
    for row in listed:
        all_of[row["dictionary"]] += 1
        on[row["dictionary"]] += row["on"]
        hit[row["dictionary"]] += row["findings"] > 0
    return [(name, count, on[name], hit[name]) for name, count in sorted(all_of.items())]


def _hits(connection: Connection, today: date, whole: bool) -> dict[str, tuple[int, int]]:
    first = today - timedelta(days=HIT_DAYS - 1)
    counts: dict[str, tuple[int, int]] = {}
    period = {"first": first, "last": today, "zone": LOCAL.key, "whole": whole}
    for row in rows(connection, "rules_days", **period, rule=None, sender=None):
        packages, findings = counts.get(row["rule"], (0, 0))
        counts[row["rule"]] = (packages + row["packages"], findings + row["findings"])
    return counts

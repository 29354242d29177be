"""Правила: the catalogue of what is checked on a date, coverage, editions; the page of a rule with its hits."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse
from sqlalchemy import Connection

from pipelines.checks import editions, rulebook
from pipelines.checks import pages as rule_pages
from pipelines.checks.compiler import by_exchange
from pipelines.checks.suites import Check, Suite
from pipelines.exchange.protocol import LOCAL
from pipelines.ground import database
from pipelines.pages.errors import Told, absent
from pipelines.pages.filters import day_of, local_today
from pipelines.pages.rendering import markdown
from pipelines.pages.site import base, rows, site_of, visitor_of
from pipelines.pages.written import written

HIT_DAYS = 90
PAGE = 100
router = APIRouter()


@router.get("/rules")
def rules(
    request: Request, on: str = "", q: str = "", kind: str = "", dictionary: str = "", state: str = "", page: int = 1
) -> HTMLResponse:
    site, today = site_of(request), local_today()
    day = day_of(on) or today
    with database.transaction(site.settings().database_url) as connection:  # the rules are nobody's secret
        book, switches = rulebook.in_force(connection), rulebook.switches(connection)
        kept = editions.stored(connection)
    with site.reading(request) as connection:
        hits = _hits(connection, today, visitor_of(request).sees_all)
    listed = [_line(rule, placed, day, hits) for rule, placed in rule_pages.by_rule(s for _, s in book.every()).items()]
    listed += _of_functions(hits, {row["rule"] for row in listed})
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
    )


@router.get("/rules/{rule}")
def rule(request: Request, rule: str) -> HTMLResponse:
    site, today = site_of(request), local_today()
    with database.transaction(site.settings().database_url) as connection:
        book = rulebook.in_force(connection)
    placed = rule_pages.by_rule(suite for _, suite in book.every()).get(rule)
    message = written().get(rule)
    first = today - timedelta(days=HIT_DAYS - 1)
    with site.reading(request) as connection:
        period = {"first": first, "last": today, "zone": LOCAL.key, "whole": visitor_of(request).sees_all}
        hits = rows(connection, "rules_days", **period, rule=rule, sender=None)
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
        airflow=base(request).rpartition("/")[0],
        switchable=placed is not None and visitor_of(request).acts,
    )


def _links(at: str, rule: str, placed: Iterable[tuple[Suite, Check]]) -> dict[str, str]:
    """Where the links of a rule's page lead here: its class and kinds of files are filters of the catalogue."""
    name = rule.partition(".")[0]
    kinds = {f"kind-{suite.layout}.md": f"{at}/rules?kind={suite.layout}" for suite, _ in placed}
    return kinds | {f"class-{name}.md": f"{at}/rules?q={name}."}


def _line(rule: str, placed: Iterable[tuple[Suite, Check]], day: date, hits: dict[str, tuple[int, int]]) -> dict[str, Any]:
    """A rule of the catalogue as of a day."""
    all_of = list(placed)
    holding = [(suite, check) for suite, check in all_of if check.valid_on(day)]
    check = (holding or all_of)[0][1]
    packages, findings = hits.get(rule, (0, 0))
    return {
        "rule": rule,
        "kinds": sorted({suite.layout for suite, _ in all_of}),
        "off": sorted({suite.layout for suite, _ in all_of} - {suite.layout for suite, _ in holding}),
        "on": bool(holding),
        "dictionary": check.dictionary,
        "severity": check.severity,
        "element": check.element,
        "text": check.text,
        "since": min((one.since for _, one in all_of if one.since), default=None),
        "until": max((one.until for _, one in all_of if one.until), default=None) if not holding else check.until,
        "packages": packages,
        "findings": findings,
    }


def _of_functions(hits: dict[str, tuple[int, int]], known: set[str]) -> list[dict[str, Any]]:
    """Rules that no suite holds: they have no dates."""
    made = []
    for code, rule in written().items():
        if code not in known:
            packages, findings = hits.get(code, (0, 0))
            made.append(
                {"rule": code, "kinds": [], "off": [], "on": True, "dictionary": rule.origin, "severity": rule.severity}
                | {"element": rule.element, "text": rule.text, "since": None, "until": None}
                | {"packages": packages, "findings": findings}
            )
    return made


def _chosen(row: dict[str, Any], text: str, kind: str, dictionary: str, state: str) -> bool:
    if state not in ("", "on", "off", "hit"):
        raise Told(400, "Такого состояния правил нет.")
    wanted = {"": True, "on": row["on"], "off": bool(row["off"]) or not row["on"], "hit": row["findings"] > 0}[state]
    said = f"{row['rule']} {row['element']} {row['text']}".lower()
    return wanted and text in said and kind in ("", *row["kinds"]) and dictionary in ("", row["dictionary"])


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

"""Every page of the exchange: the route it shows, its address in a demonstration, what must stand on it, who sees it."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from pipelines.ground.settings import ROOT
from tests.demonstration.stand import Demonstration

FUND = ("admin", "oper", "audit")
EVERYBODY = (*FUND, "mo980001")
OWN = "980001"
"""The organisation whose auditor takes part; packages and cases of the tour are its own."""
DICTIONARY = "F003"


@dataclass(frozen=True)
class Stop:
    """A page. ``address`` (below the pages' prefix) and ``says`` are filled with the facts of the demonstration."""

    name: str
    route: str
    address: str
    says: str
    users: Sequence[str] = EVERYBODY


STOPS = (
    Stop("journal", "/journal", "/journal", "Журнал обмена"),
    Stop("journal-search", "/journal", "/journal?q={name}", "{name}"),
    Stop("package", "/packages/{number:int}", "/packages/{package}", "Путь пакета"),
    Stop("findings", "/packages/{number:int}/findings", "/packages/{package}/findings?rule={rule}", "{rule}"),
    Stop("organisations", "/organisations", "/organisations", "Краевая больница"),
    Stop("organisation", "/organisations/{code}", f"/organisations/{OWN}", "МО {own}"),
    Stop("deadlines", "/deadlines", "/deadlines", "Сроки"),
    Stop("months", "/months", "/months", "Месяцы"),
    Stop("month", "/months/{number:int}", "/months/{closing}", "Плательщики"),
    Stop(
        "account", "/months/{number:int}/accounts/{package:int}", "/months/{closing}/accounts/{account}", "Случаи с отказом"
    ),
    Stop("runs", "/runs", "/runs?dag={dag}&run={run}&task={task}&index={index}", "{name}"),
    Stop("summaries", "/summaries", "/summaries", "Сводки"),
    Stop("rules", "/rules", "/rules", "Правила"),
    Stop("rule", "/rules/{rule}", "/rules/{rule}", "{rule}"),
    Stop("dictionaries", "/dictionaries", "/dictionaries", DICTIONARY, FUND),
    Stop("dictionary", "/dictionaries/{name}", f"/dictionaries/{DICTIONARY}", DICTIONARY, FUND),
    Stop(
        "differences",
        "/dictionaries/{name}/differences",
        f"/dictionaries/{DICTIONARY}/differences?older={{older}}&newer={{newer}}",
        DICTIONARY,
        FUND,
    ),
    Stop("audit", "/audit", "/audit", "Чей это файл"),
    Stop("case", "/audit/case", "/audit/case?idcase={idcase}", "История случая {idcase}", FUND),
    Stop("actions", "/audit/actions", "/audit/actions", "Действия сотрудников", FUND),
)
PARTS = {"/audit/verify", "/audit/case/{package:int}/{row:int}", "/packages/{number:int}/signatures"}
"""Parts of pages, which htmx asks for: tests that do something see them."""
FILES = {
    "/journal/export.csv",
    "/journal/export.xlsx",
    "/packages/{number:int}/answers/{file:int}",
    "/packages/{number:int}/documents/{file:int}",
    "/months/{number:int}/files/{file:int}",
    "/rules/{rule}/impacts/{seq:int}/{name}",
    "/static/{name}",
}
"""Routes that answer with a file."""
REDIRECTS = {"/"}

QUERIES = {
    "package": "select min(id) from exchange.package where sender = :own and result = 'PARTIAL' and kind = 'PUMP_H'",
    "name": "select name from exchange.package where id = :package",
    "rule": "select rule from exchange.finding where package = :package group by 1 order by count(*) desc, 1 limit 1",
    "closing": "select min(id) from pump.closing where kind = 'month' and state = 'DELIVERED'",
    "idcase": "select min(idcase) from pump.decision where closing = :closing and code_mo = :own and sank_it > 0",
    "account": "select min(package) from pump.decision where closing = :closing and code_mo = :own and sank_it > 0",
    "dag": "select run ->> 'dag' from exchange.package where id = :package",
    "run": "select run ->> 'run' from exchange.package where id = :package",
    "task": "select run ->> 'task' from exchange.package where id = :package",
    "index": "select run ->> 'index' from exchange.package where id = :package",
    "older": "select min(id) from nsi.edition where dictionary = :dictionary",
    "newer": "select max(id) from nsi.edition where dictionary = :dictionary",
}
"""Where each fact comes from; a query may use those before it."""


def until(condition: Callable[[], object], seconds: float = 300) -> None:
    """Wait for what the exchange does in its own time: its schedules run every few minutes at the longest."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.5)


def arrive(demonstration: Demonstration) -> None:
    """Send a second edition of a dictionary, which the demonstration's own traffic lacks, and wait for it."""
    editions = "select count(*) from nsi.edition where dictionary = :dictionary"
    if demonstration.value(editions, dictionary=DICTIONARY) > 1:
        return
    content = (ROOT / "include" / "region" / "demo" / "nsi" / f"{DICTIONARY}.csv").read_text(encoding="utf-8")
    with demonstration.party("nsi") as department:
        department.drop(f"{DICTIONARY}.csv", content.replace("Детская больница", "Краевая детская больница").encode())
    until(lambda: demonstration.value(editions, dictionary=DICTIONARY) > 1)


def facts_of(demonstration: Demonstration) -> Mapping[str, str]:
    """The facts that addresses and texts are filled with; all must be there."""
    found: dict[str, str] = {"own": OWN, "dictionary": DICTIONARY}
    for name, query in QUERIES.items():
        value = demonstration.value(query, **found)
        assert value is not None, name
        found[name] = str(value)
    return found

"""Bodies of the DAG that replays a change of the rules, asks a person, and puts it in force."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, TypedDict

from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException

from pipelines.orchestration import answers
from pipelines.orchestration.connections import exchange
from pipelines.orchestration.duties import local_day
from pipelines.orchestration.report import without_values

if TYPE_CHECKING:
    from pipelines.exchange.impact.proposal import Request

log = logging.getLogger(__name__)

APPROVE = "Ввести в действие"
REJECT = "Отклонить"


class Month(TypedDict):
    """A report month to replay (ISO, its first day): the request, and the digest of the rules that it is about."""

    request: dict[str, str | int | None]
    digest: str
    month: str
    label: str


class Reported(TypedDict):
    """A report that was made: text for the one who decides, addresses in the store by file name."""

    request: dict[str, str | int | None]
    digest: str
    brief: str
    files: dict[str, str]


def plan(params: Mapping[str, Any], run_after: datetime) -> list[Month]:
    """Months of the replay; fails for good when the change cannot be made."""
    from pipelines.exchange.impact import service
    from pipelines.exchange.impact.proposal import Request

    with _refusals():
        request = Request.of(params, local_day(run_after))
        digest = service.plan(exchange(), request)
    values = request.to_json()
    return [
        {"request": values, "digest": digest, "month": month.isoformat(), "label": f"{month:%m.%Y}"}
        for month in request.periods
    ]


def replay(month: Month) -> str:
    """Replay a report month; returns the address of its figures in the store."""
    from pipelines.exchange.impact import service

    day = date.fromisoformat(month["month"])
    with _refusals():
        return service.replay_months(exchange(), _request(month["request"]), month["digest"], day, day)


def report(months: Sequence[Month], parts: Sequence[str]) -> Reported:
    """Make the report of all months and put it into the auditors' folder."""
    from pipelines.exchange.impact import service

    request, digest = months[0]["request"], months[0]["digest"]
    with _refusals():
        made = service.report(exchange(), _request(request), digest, list(parts))
    log.info("Отчёт: %s", ", ".join(made.paths))
    paths = "\n\n".join(f"**Отчёт:** {path}" for path in made.paths)
    return {"request": request, "digest": digest, "brief": f"{made.brief}\n\n{paths}", "files": dict(made.files)}


def decide(reported: Reported, answer: Mapping[str, Any]) -> int:
    """Do what the person has decided; returns the id of the edition put in force, and is skipped for a rejection."""
    from pipelines.exchange.impact import service

    approved, by, reason = answers.read(answer, APPROVE)
    request, digest, files = _request(reported["request"]), reported["digest"], reported["files"]
    with _refusals():
        if not approved:
            service.reject(exchange(), request, digest, files, by, reason)
            raise AirflowSkipException(f"Изменение отклонено: {by}, {reason}")
        edition = service.approve(exchange(), request, digest, files, by, reason)
    log.info("Изменение введено в действие: %s, %s, редакция № %d", by, reason, edition)
    return edition


def _request(values: Mapping[str, object]) -> Request:
    from pipelines.exchange.impact.proposal import Request

    return Request.from_json(values)


@contextmanager
def _refusals() -> Iterator[None]:
    """What cannot be done is not tried again; other errors are ours and quote no data."""
    from pipelines.exchange.impact.replay import ImpactError

    with without_values():
        try:
            yield
        except ImpactError as error:
            raise AirflowFailException(str(error)) from None

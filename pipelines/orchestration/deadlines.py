"""Deadlines of the month's calendar: when a run of the closing must have come how far, and what happens if it has not."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import quote
from zoneinfo import ZoneInfo

from airflow.sdk import conf
from airflow.sdk.definitions.callback import AsyncCallback
from airflow.sdk.definitions.deadline import BaseDeadlineReference, DeadlineAlert

from pipelines.orchestration.links import airflow_address
from pipelines.orchestration.report import trail

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from pipelines.pump.settlement.settings import Deadline

log = logging.getLogger(__name__)


@dataclass
class MonthDeadline(BaseDeadlineReference):
    """End of the day by which a step of the calendar must be done for the month that a run closes."""

    step: str = ""

    required_kwargs: ClassVar[set[str]] = {"dag_id", "run_id"}

    def serialize_reference(self) -> dict[str, Any]:
        return {**super().serialize_reference(), "step": self.step}

    @classmethod
    def deserialize_reference(cls, reference_data: dict[str, Any]) -> MonthDeadline:
        return cls(reference_data["step"])

    def _evaluate_with(self, *, session: Session, dag_id: str, run_id: str) -> datetime | None:
        """None where the calendar has no such step, or cannot be read: a run must start all the same."""
        from airflow.models import DagRun
        from sqlalchemy import select

        asked = select(DagRun.conf, DagRun.run_after).where(DagRun.dag_id == dag_id, DagRun.run_id == run_id)
        run = session.execute(asked).one()
        try:
            found = step_of(self.step, month_of(run.conf, run.run_after))
        except Exception as error:
            log.error("Срок «%s» не определён: %s", self.step, trail(error))
            return None
        return None if found is None else end_of(found.day)


def alert(step: str, title: str) -> DeadlineAlert:
    """A deadline of the closing's DAG: operators are mailed when the month is not there by the end of the step's day."""
    return DeadlineAlert(MonthDeadline(step), timedelta(0), AsyncCallback(missed, kwargs={"step": step}), name=title)


async def missed(step: str, context: Mapping[str, Any]) -> str:
    """What the triggerer does when a deadline has passed; returns what came of it."""
    return await asyncio.to_thread(tell, step, context["dag_run"])


def tell(step: str, run: Mapping[str, Any]) -> str:
    """Mail the operators unless the month has come as far as the step asks. ``run``: the DAG run as the REST API has it."""
    from pipelines.ground import database, settings
    from pipelines.orchestration.notifiers import mail
    from pipelines.pump.closing import freeze
    from pipelines.pump.closing.calendar import reached
    from pipelines.pump.closing.service import TITLES

    month = month_of(run["conf"], datetime.fromisoformat(run["run_after"]))
    found = step_of(step, month)
    if found is None or not found.state:
        return "нечего сверять"
    with database.transaction(settings.load().database_url) as connection:
        if reached(connection, month, found.state):
            return "сделано в срок"
        closing = freeze.of_period(connection, month)
    mail(
        "notice_deadline",
        f"deadline {month} {step} {run['dag_run_id']}",
        title=found.title,
        month=f"{month:%m.%Y}",
        day=f"{found.day:%d.%m.%Y}",
        state=TITLES[closing.state] if closing else "состав не зафиксирован",
        link=f"{airflow_address()}/dags/{run['dag_id']}/runs/{quote(run['dag_run_id'])}",
    )
    return "сообщено"


def month_of(given: Mapping[str, Any] | None, run_after: datetime) -> date:
    """The month that a run closes."""
    from pipelines.orchestration.month import period_of

    return period_of((given or {}).get("period"), run_after)


def step_of(name: str, month: date) -> Deadline | None:
    """A step of the region's calendar for a month; None where it has no such step."""
    from pipelines.ground import settings
    from pipelines.pump.settlement.settings import deadlines

    return next((one for one in deadlines(settings.load().region_dir, month) if one.name == name), None)


def end_of(day: date) -> datetime:
    """Midnight after a day where the fund is."""
    return datetime.combine(day + timedelta(days=1), time.min, ZoneInfo(conf.get("core", "default_timezone")))

"""The morning letter about the month's calendar."""

from __future__ import annotations

import logging
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

from airflow.sdk import conf

from pipelines.orchestration.duties import local_day
from pipelines.orchestration.links import airflow_address
from pipelines.orchestration.notifiers import mail
from pipelines.orchestration.policy import PAGES
from pipelines.orchestration.report import without_values

log = logging.getLogger(__name__)

MAILED = "CALENDAR_MAILED"
"""Event of the journal: the letter of a day has been sent."""


def remind(asked: str | None, run_after: datetime) -> dict[str, int]:
    """Mail what is near, due and late on a day (ISO; None: that of the run); returns how many of each.

    Once a day, and not when there is nothing to say. A letter that the server does not take fails the task, which is tried
    again; one that left just before a crash leaves again under the same Message-ID.
    """
    from pipelines.exchange import journal, region
    from pipelines.ground import database, settings
    from pipelines.ground.sql import statement
    from pipelines.pump.closing.calendar import due

    day = date.fromisoformat(asked) if asked else local_day(run_after)
    installed = settings.load()
    with without_values():
        folder = region.load(installed.region_dir).folder
        with database.transaction(installed.database_url) as connection:
            midnight = datetime.combine(day, time.min, ZoneInfo(conf.get("core", "default_timezone")))
            mailed = {"since": midnight, "name": MAILED, "day": day.isoformat()}
            told = connection.execute(statement("exchange/event_of_day"), mailed).scalar_one()
            found = due(connection, folder, day)
        parts = {
            "late": [one for one in found if one.left < 0],
            "now": [one for one in found if one.left == 0],
            "soon": [one for one in found if one.left > 0],
        }
        counts = {name: len(ones) for name, ones in parts.items()}
        log.info("Сроки на %s: просрочено %d, сегодня %d, скоро %d", f"{day:%d.%m.%Y}", *counts.values())
        if told:
            log.info("Письмо за этот день уже отправлено")
        elif found:
            link = f"{airflow_address()}{PAGES}/deadlines"
            if mail("notice_calendar", f"calendar {day}", today=f"{day:%d.%m.%Y}", link=link, **parts):
                with database.transaction(installed.database_url) as connection:
                    journal.append(connection, None, journal.Event(MAILED, datetime.now(UTC), {"day": day, **counts}))
    return counts

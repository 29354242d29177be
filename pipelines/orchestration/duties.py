"""Bodies of the tasks other than the intake's; the DAG files give them pools, outlets and a place in time."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from airflow.sdk import Connection, conf
from airflow.sdk.exceptions import AirflowException

from pipelines.orchestration.assets import ANNOUNCED, ANSWERED, SUBSYSTEMS, received
from pipelines.orchestration.connections import exchange
from pipelines.orchestration.policy import METADATA
from pipelines.orchestration.report import trail, without_values

log = logging.getLogger(__name__)

METADATA_DAYS = 90
"""How long Airflow keeps runs and their logs; the exchange's own journal is kept by its own rules."""

DOCUMENTS_A_NIGHT = 100
"""Packages whose documents one night makes: some 15 seconds each, so the task ends well within its time."""


def receive(outlet_events: Any) -> dict[str, int]:
    """Claim what is ready and announce every subsystem that has something to do; returns the numbers of packages taken.

    What waits is announced whether it was taken now or not: so the retries that are due, and the packages of a reception
    that died after its claim, are found by the next one.
    """
    with without_values():
        opened = exchange()
        taken = {subsystem: len(packages) for subsystem, packages in opened.receive().items()}
        waiting = {subsystem: len(opened.pending(subsystem)) for subsystem in SUBSYSTEMS}
    for subsystem, count in waiting.items():
        if count:
            outlet_events[ANNOUNCED].add(received(subsystem), extra={"packages": count})
    if taken.get(""):
        outlet_events[ANNOUNCED].add(ANSWERED, extra={"packages": taken[""]})
    log.info("Принято пакетов: %d, ждут обработки: %d", sum(taken.values()), sum(waiting.values()))
    return taken


def deliver() -> dict[str, int]:
    """Send what the outbox holds; raises ``AirflowException`` when nothing could be sent."""
    with without_values():
        report = exchange().deliver()
    log.info("Доставлено ответов: %d, отложено: %d", report.sent, report.failed)
    if report.failed and not report.sent:
        raise AirflowException(f"Не доставлен ни один ответ из {report.failed}: проверьте каналы")
    return {"sent": report.sent, "failed": report.failed}


def daily_journal(day: str | None, run_after: datetime) -> list[str]:
    """Write the journal of a day (ISO; None: the day before the run); returns the names of the files."""
    chosen = date.fromisoformat(day) if day else local_day(run_after) - timedelta(days=1)
    with without_values():
        names = exchange().daily_journal(chosen)
    log.info("Журнал за %s: %s", chosen.strftime("%d.%m.%Y"), ", ".join(names))
    return names


def flk_documents(package: int | None, run_after: datetime) -> dict[str, int]:
    """Make the documents of a package, or of those answered the day before the run that have findings, at most a night's.

    A package that fails does not stop the others. Raises ``AirflowException`` when the one that was asked for, or all of
    them, failed.
    """
    results = {"made": 0, "failed": 0}
    day = local_day(run_after) - timedelta(days=1)
    with without_values():
        opened = exchange()
        wanted = [package] if package else opened.documents_wanted(day, DOCUMENTS_A_NIGHT)
    for package_id in wanted:
        try:
            opened.documents(package_id)
        except Exception as error:  # must not hurt the others
            results["failed"] += 1
            log.error("Пакет № %d: документы не созданы: %s", package_id, trail(error))
            continue
        results["made"] += 1
        log.info("Пакет № %d: документы созданы", package_id)
    if results["failed"] and not results["made"]:
        raise AirflowException(f"Не созданы документы ни одного пакета из {results['failed']}: см. сообщения выше")
    return results


def forget_expired(run_after: datetime) -> None:
    """Apply the exchange's retention terms as of the run's day."""
    with without_values():
        report = exchange().housekeeping(local_day(run_after))
    log.info("Сроки хранения применены: %s", report)


def clean_metadata(run_after: datetime) -> None:
    """Remove from Airflow's database (connection ``oms_metadata``) what is older than ``METADATA_DAYS``."""
    before = (run_after - timedelta(days=METADATA_DAYS)).isoformat()
    address = Connection.get(METADATA).get_uri().replace("postgres://", "postgresql+psycopg2://", 1)
    command = [sys.executable, "-m", "airflow", "db", "clean", "--clean-before-timestamp", before, "--skip-archive", "--yes"]
    done = subprocess.run(
        command,
        env=os.environ | {"AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": address},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode:
        raise AirflowException(f"airflow db clean завершился с кодом {done.returncode}: {done.stdout[-2000:]}")
    log.info("Метаданные Airflow до %s удалены", before)


def local_day(moment: datetime) -> date:
    """Calendar day of a moment where the fund is (``[core] default_timezone``)."""
    return moment.astimezone(ZoneInfo(conf.get("core", "default_timezone"))).date()

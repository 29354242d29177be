"""Airflow's notifiers that mail the fund's operators. A letter that cannot be sent is logged and harms nobody.

Recipients are data of the region (``operators`` in ``region.yaml``), the server is the connection ``oms_smtp``. Callbacks of
tasks run in the worker, or in the DAG processor when the worker is dead; those of deadlines in the triggerer.
"""

from __future__ import annotations

import hashlib
import logging
import os
import re
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from airflow.sdk import BaseNotifier, conf

from pipelines.orchestration.policy import SMTP
from pipelines.orchestration.report import trail

if TYPE_CHECKING:
    from airflow.sdk import Context

    from pipelines.exchange.notices import Notice

log = logging.getLogger(__name__)

TIMEOUT = 10.0
"""Seconds that the mail server may take for a step before the letter is given up: a task waits for its callbacks."""
_ADVICE = re.compile(r"^\*\*Если .*?(?=^\s*$|\Z)", re.MULTILINE | re.DOTALL)


def mail(template: str, key: str, **values: object) -> bool:
    """Mail the operators a notice of ``include/templates``; False where the region names none. Raises when it fails."""
    from pipelines.exchange import notices, region
    from pipelines.ground import settings

    profile = region.load(settings.load().region_dir)
    if not profile.operators.mail:
        log.info("Получатели писем оператору не указаны (operators в region.yaml)")
        return False
    notice = notices.compose(template, **values)
    _send(notice, profile.fund.mail, profile.operators.mail, key)
    return True


def _send(notice: Notice, sender: str, recipients: tuple[str, ...], key: str) -> None:
    from airflow.sdk.exceptions import AirflowException

    from pipelines.exchange import notices
    from pipelines.orchestration.connections import endpoint

    server = endpoint(SMTP)
    if server is None:
        raise AirflowException(f"Письмо операторам не отправлено: нет соединения {SMTP}")
    notices.send(server, notice, sender, recipients, key, TIMEOUT)
    log.info("Письмо операторам отправлено: %s", notice.subject)


def quiet_minutes() -> int:
    """Minutes in which the same fault is told once (``operators`` of the region)."""
    from pipelines.exchange import region
    from pipelines.ground import settings

    return region.load(settings.load().region_dir).operators.quiet


def mail_once(template: str, key: str, minutes: int, **values: object) -> bool:
    """``mail``, unless this machine has sent one of the same key in the current window of ``minutes``; never raises.

    The mark is a file in the installation's folder, so that it works while the database does not.
    """
    window = int(time.time() // (60 * minutes))
    mark = _marks() / f"{hashlib.sha256(key.encode()).hexdigest()[:24]}.{window}"
    try:
        mark.parent.mkdir(parents=True, exist_ok=True)
        mark.touch(exist_ok=False)
    except FileExistsError:
        log.info("Об этом уже сообщено письмом")
        return False
    except OSError as error:
        log.warning("Отметка о письме не записана: %s", trail(error))
    for earlier in mark.parent.glob(f"{mark.stem}.*"):
        if earlier != mark:
            earlier.unlink(missing_ok=True)
    try:
        return mail(template, f"{key} {window}", **values)
    except Exception as error:  # the task's own fate is decided; the next fault may be mailed
        mark.unlink(missing_ok=True)
        log.error("Письмо операторам не отправлено: %s", trail(error))
        return False


def _marks() -> Path:
    from pipelines.ground.settings import ROOT

    return Path(os.environ.get("OMS_VAR", ROOT / "var")) / "notices"


class FailedTask(BaseNotifier):
    """A task has failed for good: which, of which packages, what its DAG's manual says to do."""

    def notify(self, context: Context) -> None:
        try:
            task, dag = context["task"], context["dag"]
            instance: Any = context["ti"]
            minutes = quiet_minutes()
            mail_once(
                "notice_failed",
                f"failed {dag.dag_id} {task.task_id}",
                minutes,
                dag=dag.dag_display_name,
                task=task.task_display_name,
                label=getattr(instance, "rendered_map_index", None) or "",
                run=instance.run_id,
                tries=getattr(instance, "try_number", None),
                advice=advice(dag.doc_md),
                link=instance.log_url,
                quiet=minutes,
            )
        except Exception as error:  # a notifier must not hurt what it tells of
            log.error("Письмо операторам не отправлено: %s", trail(error))


class AwaitedDecision(BaseNotifier):
    """A task waits for a person: its question with the sums, and where to answer."""

    def notify(self, context: Context) -> None:
        try:
            task: Any = context["task"]
            instance: Any = context["ti"]
            zone = ZoneInfo(conf.get("core", "default_timezone"))
            until = datetime.now(UTC) + task.response_timeout
            mail_once(
                "notice_decision",
                f"decision {instance.dag_id} {instance.run_id}",
                24 * 60,
                dag=context["dag"].dag_display_name,
                subject=task.subject,
                brief=task.body,
                until=f"{until.astimezone(zone):%d.%m.%Y %H:%M}",
                default=task.defaults[0],
                options=task.options,
                link=instance.log_url,
            )
        except Exception as error:  # a notifier must not hurt what it tells of
            log.error("Письмо операторам не отправлено: %s", trail(error))


def advice(manual: str | None) -> str:
    """What a DAG's manual says to do about a red task: its paragraph that begins with «Если»."""
    found = _ADVICE.search(manual or "")
    return found.group().strip() if found else ""

"""What all DAGs of the exchange have in common, and the names by which Airflow is told of it.

Only ``common`` imports Airflow.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

# Ids of Airflow's connections.
SFTP = "oms_sftp"
IMAP = "oms_imap"
SMTP = "oms_smtp"
FOLDER = "oms_folder"
METADATA = "oms_metadata"
"""Airflow's own database, for its cleaning only: tasks are not given its address otherwise."""

CHANNEL_POOL = "oms_channel"
"""Reception and delivery, a slot each: never more than two connections to a host besides the watcher's."""
INTAKE_POOL = "oms_intake"
"""As many slots as packages may be processed side by side."""
IMPACT_POOL = "oms_impact"
"""Replays of stored packages: they must not take the slots of what has just arrived."""
MONTH_POOL = "oms_month"
"""Closings: one step at a time, since a month fills the memory that several packages would."""
POOLS = {
    CHANNEL_POOL: (2, "Каналы: приём и доставка, по одному соединению"),
    INTAKE_POOL: (2, "Обработка пакетов: по числу процессоров"),
    IMPACT_POOL: (1, "Пересчёт влияния правил: по одному месяцу"),
    MONTH_POOL: (1, "Закрытие месяца и контроль за день: по одному шагу"),
}

PAGES = "/oms"
"""Path of the pages of the exchange in Airflow's web server; the plugin mounts them there."""

MONTH_ANSWERS = ("Утвердить и отправить", "Отклонить")
"""What a person may decide on a closed month."""


def common(timeout: timedelta) -> dict[str, Any]:
    """Arguments of ``@dag`` shared by all: one run at a time, on from the start, retries with growing pauses.

    ``timeout`` is the execution timeout of each task. A task that fails for good is told to the operators.
    """
    from pipelines.orchestration.notifiers import FailedTask

    return {
        "catchup": False,
        "max_active_runs": 1,
        "is_paused_upon_creation": False,
        "default_args": {
            "owner": "Отдел информационного обмена",
            "retries": 3,
            "retry_delay": timedelta(seconds=20),
            "retry_exponential_backoff": 2.0,
            "max_retry_delay": timedelta(minutes=10),
            "execution_timeout": timeout,
            "on_failure_callback": FailedTask(),
        },
    }

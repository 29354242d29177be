"""### Журнал за день

Каждую ночь пишет для аудиторов журнал прошедших суток: пакеты, отправители, результаты, сроки ответа — книгой XLSX и
таблицей CSV в папку `OMS_JOURNAL_URL`.
Чтобы получить журнал другого дня, запустите вручную и укажите день.

**Если задача красная.** Причина — в её журнале; после устранения нажмите «Clear».

**Повторный запуск безопасен**: журнал того же дня пишется заново на то же место.
"""

from datetime import timedelta

from airflow.sdk import Param, dag, task

from pipelines.orchestration import duties
from pipelines.orchestration.assets import DELIVERED, JOURNAL
from pipelines.orchestration.policy import common


@dag(
    dag_display_name="Журнал за день",
    doc_md=__doc__,
    schedule="30 0 * * *",
    params={
        "day": Param(
            None,
            type=["null", "string"],
            format="date",
            title="День",
            description="Пусто — сутки перед запуском, ГГГГ-ММ-ДД",
        )
    },
    tags=["обмен", "ежедневно"],
    **common(timeout=timedelta(minutes=20)),
)
def journal_daily() -> None:
    @task(task_display_name="Записать журнал", inlets=[DELIVERED], outlets=[JOURNAL])
    def write(*, params=None, dag_run=None) -> list[str]:  # type: ignore[no-untyped-def]
        return duties.daily_journal(params["day"], dag_run.run_after)

    write()


journal_daily()

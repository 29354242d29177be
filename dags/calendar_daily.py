"""### Сроки месяца

Каждое утро сверяет календарь территории (`month.yaml`) с журналом обмена и сообщает операторам письмом, что скоро, что
сегодня и что просрочено: какие организации не прислали реестры счетов, проведён ли МЭК, утверждён ли месяц, отправлены ли
документы оплаты. Нечего сообщить — письма нет. Получатели — `operators` в `region.yaml`. То же видно на странице «Сроки».

Чтобы сверить другой день, запустите вручную и укажите его.

**Если задача красная.** Письмо не ушло: почтовый сервер или база недоступны, причина — в журнале задачи. Проверьте
соединение `oms_smtp`, после устранения нажмите «Clear». Обмен от этого не страдает.

**Повторный запуск безопасен**: за день отправляется одно письмо, отметка о нём — в журнале обмена (`CALENDAR_MAILED`).
"""

from datetime import timedelta

from airflow.sdk import CronTriggerTimetable, Param, conf, dag, task

from pipelines.orchestration import reminder
from pipelines.orchestration.policy import common


@dag(
    dag_display_name="Сроки месяца",
    doc_md=__doc__,
    schedule=CronTriggerTimetable("0 8 * * *", timezone=conf.get("core", "default_timezone")),
    params={
        "day": Param(
            None, type=["null", "string"], format="date", title="День", description="Пусто — день запуска, ГГГГ-ММ-ДД"
        )
    },
    tags=["ПУМП", "ежедневно"],
    **common(timeout=timedelta(minutes=10)),
)
def calendar_daily() -> None:
    @task(task_display_name="Сверить сроки и сообщить", multiple_outputs=False)
    def remind(*, params=None, dag_run=None) -> dict[str, int]:  # type: ignore[no-untyped-def]
        return reminder.remind(params["day"], dag_run.run_after)

    remind()


calendar_daily()

"""### Уборка

Каждую ночь применяет сроки хранения: удаляет тела пакетов, срок которых вышел, и старые записи самого Airflow (запуски
старше 90 дней). Журнал обмена не сокращается, его цепочка хешей остаётся целой.

**Если задача красная.** Обмен не страдает: уборка повторится следующей ночью. Если красная вторая ночь подряд, проверьте
место на диске и журнал задачи.

**Повторный запуск безопасен**: удалённое второй раз не удаляется.
"""

from datetime import timedelta

from airflow.sdk import dag, task

from pipelines.orchestration import duties
from pipelines.orchestration.policy import common


@dag(
    dag_display_name="Уборка",
    doc_md=__doc__,
    schedule="0 3 * * *",
    tags=["обмен", "ежедневно"],
    **common(timeout=timedelta(hours=2)),
)
def housekeeping() -> None:
    @task(task_display_name="Сроки хранения")
    def forget_expired(*, dag_run=None) -> None:  # type: ignore[no-untyped-def]
        duties.forget_expired(dag_run.run_after)

    @task(task_display_name="Очистка базы Airflow")
    def clean_metadata(*, dag_run=None) -> None:  # type: ignore[no-untyped-def]
        duties.clean_metadata(dag_run.run_after)

    forget_expired()
    clean_metadata()


housekeeping()

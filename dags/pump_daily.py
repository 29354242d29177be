"""### ПУМП: контроль за день

Проводит МЭК и рассчитывает цены реестров, принятых с прошлого контроля, вместе со всеми реестрами того же отчётного
месяца, и отправляет предварительные результаты: организации — реестр счёта с решениями по случаям и заключение,
страховым компаниям — их случаи. Имена файлов начинаются с `PRE_`; окончательные суммы даёт закрытие месяца.

**Если задача красная.** Ни за один месяц контроль не проведён по вине фонда: причина в журнале задачи; после устранения
нажмите «Clear». Месяц, который не удался, других не останавливает и берётся следующим запуском.

**Повторный запуск безопасен**: каждый пакет получает результат один раз.
"""

from datetime import timedelta

from airflow.sdk import dag, task

from pipelines.orchestration import month
from pipelines.orchestration.assets import ANSWERED, checked
from pipelines.orchestration.policy import MONTH_POOL, common


@dag(
    dag_display_name="ПУМП: контроль за день",
    doc_md=__doc__,
    schedule="0 20 * * *",
    tags=["ПУМП", "ежедневно"],
    **common(timeout=timedelta(hours=2)),
)
def pump_daily() -> None:
    @task(
        task_display_name="МЭК и цены реестров дня",
        pool=MONTH_POOL,
        inlets=[checked("pump")],
        outlets=[ANSWERED],
        multiple_outputs=False,
    )
    def control(*, dag_run=None) -> dict[str, int]:  # type: ignore[no-untyped-def]
        return month.day(dag_run.run_after)

    control()


pump_daily()

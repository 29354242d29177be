"""### Доставка ответов

Рассылает готовые ответы: в папку отправителя на SFTP или письмом. Запускается, как только есть ответы, и раз в две минуты —
ради отложенных. Неотправленное повторяется само, с растущими паузами, не дольше часа между попытками.

**Если задача красная.** Не ушёл ни один ответ: недоступен канал. Ответы целы и ждут в журнале. Проверьте соединения
`oms_sftp`, `oms_smtp`; после восстановления канала ничего нажимать не нужно.

**Повторный запуск безопасен**: имя ответа постоянно, повтор кладёт тот же файл на то же место.
"""

from datetime import timedelta

from airflow.sdk import AssetOrTimeSchedule, CronTriggerTimetable, dag, task

from pipelines.orchestration import duties
from pipelines.orchestration.assets import ANSWERED, DELIVERED
from pipelines.orchestration.policy import CHANNEL_POOL, common


@dag(
    dag_display_name="Доставка ответов",
    doc_md=__doc__,
    schedule=AssetOrTimeSchedule(assets=[ANSWERED], timetable=CronTriggerTimetable("*/2 * * * *", timezone="UTC")),
    tags=["обмен", "по событию"],
    **common(timeout=timedelta(minutes=20)),
)
def deliver() -> None:
    @task(task_display_name="Разослать", pool=CHANNEL_POOL, inlets=[ANSWERED], outlets=[DELIVERED], multiple_outputs=False)
    def send() -> dict[str, int]:
        return duties.deliver()

    send()


deliver()

"""### Приём пакетов

Забирает из каналов (папки SFTP, почта) то, что передано полностью, и заносит в журнал обмена. Запускается сам, как только
опрос каналов нашёл готовый файл, и раз в пять минут на всякий случай. Затем объявляет подсистемам, что им есть что
обработать: новое, отложенное и то, что не обработалось раньше по вине фонда.

**Если задача красная.** Канал или база недоступны: пакеты остаются у отправителя и никуда не пропадут. Устраните причину по
журналу задачи и нажмите «Clear»; можно и ничего не делать — следующий запуск заберёт то же самое.

**Повторный запуск безопасен**: один файл заносится в журнал один раз.
"""

from datetime import timedelta

from airflow.sdk import AssetOrTimeSchedule, CronTriggerTimetable, dag

from pipelines.orchestration import duties
from pipelines.orchestration.assets import ANNOUNCED
from pipelines.orchestration.links import packages_task
from pipelines.orchestration.policy import CHANNEL_POOL, common
from pipelines.orchestration.watcher import INBOX


@dag(
    dag_display_name="Приём пакетов",
    doc_md=__doc__,
    schedule=AssetOrTimeSchedule(assets=[INBOX], timetable=CronTriggerTimetable("*/5 * * * *", timezone="UTC")),
    tags=["обмен", "по событию"],
    **common(timeout=timedelta(minutes=20)),
)
def receive() -> None:
    @packages_task(
        task_display_name="Забрать и записать в журнал",
        pool=CHANNEL_POOL,
        inlets=[INBOX],
        outlets=[ANNOUNCED],
        multiple_outputs=False,
    )
    def claim(*, outlet_events=None) -> dict[str, int]:  # type: ignore[no-untyped-def]
        return duties.receive(outlet_events)

    claim()


receive()

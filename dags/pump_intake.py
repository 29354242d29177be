"""### ПУМП: приём реестров счетов

Открывает реестры, проверяет (ФЛК), загружает принятые записи и готовит протоколы. Запускается, когда приём объявил реестры.
Реестры делятся на пачки; одна строка сетки — одна пачка, по имени первых файлов.

**Если пачка красная.** Ни один её пакет не обработан по вине фонда (база, место на диске, ошибка программы). Причина — в
журнале задачи. После устранения нажмите «Clear» на красной пачке. Отдельный несостоявшийся пакет пачку не останавливает:
его повторит ближайший приём.

**Повторный запуск безопасен**: пакет загружается и отвечается один раз, всё в одной транзакции.
"""

from datetime import timedelta

from airflow.sdk import dag

from pipelines.orchestration.assets import received
from pipelines.orchestration.intake import intake
from pipelines.orchestration.policy import common


@dag(
    dag_display_name="ПУМП: приём реестров счетов",
    doc_md=__doc__,
    schedule=[received("pump")],
    tags=["ПУМП", "по событию"],
    **common(timeout=timedelta(hours=1)),
)
def pump_intake() -> None:
    intake("pump")


pump_intake()

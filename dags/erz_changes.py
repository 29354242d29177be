"""### ЕРЗ: изменения и запросы

Принимает от страховых компаний изменения и полные списки застрахованных (`OPL…`, `OPF…`) и от организаций — запросы DBF
(`PR…`): проверяет их, ведёт регистр, идентификацию и прикрепление, готовит ответы.
Запускается, когда приём объявил файлы ЕРЗ. Файлы делятся на пачки; одна строка сетки — одна пачка, по имени первых файлов.

**Если пачка красная.** Ни один её файл не обработан по вине фонда. Причина — в журнале задачи. После устранения нажмите
«Clear» на красной пачке. Отдельный несостоявшийся файл пачку не останавливает: его повторит ближайший приём.

**Повторный запуск безопасен**: файл загружается и отвечается один раз, всё в одной транзакции.
"""

from datetime import timedelta

from airflow.sdk import dag

from pipelines.orchestration.assets import received
from pipelines.orchestration.intake import intake
from pipelines.orchestration.policy import common


@dag(
    dag_display_name="ЕРЗ: изменения и запросы",
    doc_md=__doc__,
    schedule=[received("erz")],
    tags=["ЕРЗ", "по событию"],
    **common(timeout=timedelta(hours=1)),
)
def erz_changes() -> None:
    intake("erz")


erz_changes()

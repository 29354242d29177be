"""### НСИ: приём редакций справочников

Принимает от отдела НСИ фонда пакеты федеральных справочников: проверяет строение, сроки действия и место среди загруженных
редакций, сохраняет редакцию и готовит отчёт о том, что в ней изменилось. Редакции правил контроля (Q015, Q016, Q022, Q023)
компилируются и *предлагаются*; действуют они только после решения `python -m pipelines checks enable`.
Остальные справочники действуют для проверок сразу.

**Если пачка красная.** Ни одна редакция не обработана по вине фонда. Причина — в журнале задачи. После устранения нажмите
«Clear» на красной пачке.

**Повторный запуск безопасен**: редакция сохраняется и отвечается один раз, всё в одной транзакции.
"""

from datetime import timedelta

from airflow.sdk import dag

from pipelines.orchestration.assets import received
from pipelines.orchestration.intake import intake
from pipelines.orchestration.policy import common


@dag(
    dag_display_name="НСИ: приём редакций справочников",
    doc_md=__doc__,
    schedule=[received("nsi")],
    tags=["НСИ", "по событию"],
    **common(timeout=timedelta(hours=1)),
)
def nsi_update() -> None:
    intake("nsi")


nsi_update()

"""### Документы ФЛК

Каждую ночь для пакетов прошедших суток, по которым есть замечания, делает результаты проверок Great Expectations (JSON) и
страницы Data Docs (ZIP) и записывает их в хранилище и журнал обмена. За ночь — не больше ста пакетов, по порядку номеров.
Чтобы получить документы одного пакета, запустите вручную и укажите его номер в журнале, затем
`python -m pipelines exchange documents НОМЕР --out ПАПКА`.

**Если задача красная.** Документы не созданы ни для одного пакета: причина — в журнале задачи. Обмен не страдает, протоколы
отправителям от этих документов не зависят. После устранения нажмите «Clear».

**Повторный запуск безопасен**: документы, которые уже есть, второй раз не делаются.
"""

from datetime import timedelta

from airflow.sdk import Param, dag, task

from pipelines.orchestration import duties
from pipelines.orchestration.policy import common


@dag(
    dag_display_name="Документы ФЛК",
    doc_md=__doc__,
    schedule="30 1 * * *",
    params={
        "package": Param(
            None,
            type=["null", "integer"],
            minimum=1,
            title="Пакет",
            description="Номер в журнале обмена; пусто — пакеты с замечаниями за сутки перед запуском",
        )
    },
    tags=["обмен", "ежедневно"],
    **common(timeout=timedelta(hours=2)),
)
def flk_documents() -> None:
    @task(task_display_name="Сделать документы", multiple_outputs=False)
    def make(*, params=None, dag_run=None) -> dict[str, int]:  # type: ignore[no-untyped-def]
        return duties.flk_documents(params["package"], dag_run.run_after)

    make()


flk_documents()

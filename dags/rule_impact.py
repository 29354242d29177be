"""### Изменение правил контроля

До ввода новой редакции справочника правил, выключения правила или смены его степени показывает, что изменится: сохранённые
реестры последних месяцев проверяются по правилам без изменения и с ним. Отчёт (XLSX и HTML: по правилам, по МО, случаи и
рубли) попадает в папку `OMS_JOURNAL_URL`, итоги — в задачу «Решение». Ответ даётся в «Необходимых действиях»: укажите
основание и нажмите «Ввести в действие» или «Отклонить». Кто, когда и почему решил, записывается в журнал обмена. Без ответа
за 14 суток изменение отклоняется.

**Если задача красная.** Причина — в её журнале: нет такого правила или редакции, изменение ничего не меняет, правила успели
измениться после пересчёта. Запустите DAG заново с верными данными. Сбой базы или хранилища: устраните и нажмите «Clear».

**Повторный запуск безопасен**: пересчёт ничего не загружает и не отвечает, одно решение вводится один раз.
"""

from datetime import timedelta

from airflow.sdk import Param, dag, task

from pipelines.exchange.impact.actions import ACTIONS, MOST_MONTHS
from pipelines.orchestration import impact
from pipelines.orchestration.answers import ask
from pipelines.orchestration.links import RuleLink, lead
from pipelines.orchestration.policy import IMPACT_POOL, common


@dag(
    dag_display_name="Изменение правил контроля",
    doc_md=__doc__,
    schedule=None,
    params={
        "action": Param("warning", type="string", enum=[*ACTIONS], values_display=ACTIONS, title="Что сделать"),
        "rule": Param(None, type=["null", "string"], title="Код правила", description="Например, 001F.00.0270"),
        "kind": Param(None, type=["null", "string"], title="Файл", description="H, L, C, T, X…; пусто — все"),
        "text": Param(None, type=["null", "string"], title="Текст сообщения", description="Пусто — прежний"),
        "edition": Param(None, type=["null", "integer"], title="Номер редакции", description="Для ввода редакции"),
        "since": Param(type="string", format="date", title="Действует с", description="Отчётный день, ГГГГ-ММ-ДД"),
        "months": Param(3, type="integer", minimum=1, maximum=MOST_MONTHS, title="Пересчитать месяцев"),
    },
    tags=["правила", "вручную"],
    **common(timeout=timedelta(hours=2)) | {"max_active_runs": 8},  # one that waits for its answer must not stop the others
)
def rule_impact() -> None:
    @task(task_display_name="Что меняется", multiple_outputs=False)
    def plan(*, params=None, dag_run=None) -> list[impact.Month]:  # type: ignore[no-untyped-def]
        return impact.plan(params, dag_run.run_after)

    @task(
        task_display_name="Пересчёт месяца",
        pool=IMPACT_POOL,
        map_index_template="{{ task.op_kwargs['month']['label'] }}",
    )
    def replay(month: impact.Month) -> str:
        return impact.replay(month)

    @task(task_display_name="Отчёт", multiple_outputs=False)
    def report(months: list[impact.Month], parts: list[str]) -> impact.Reported:
        return impact.report(months, parts)

    @task(task_display_name="Исполнить решение")
    def decide(reported: impact.Reported, answer: dict[str, object]) -> int:
        return impact.decide(reported, answer)

    months = plan()
    reported = report(months, replay.expand(month=months))
    decision = ask(
        "Ввести в действие изменение правил контроля?",
        "{{ ti.xcom_pull(task_ids='report')['brief'] }}",
        impact.APPROVE,
        impact.REJECT,
    )
    reported >> decision
    decide(reported, decision.output)
    lead(decision.dag, RuleLink())


rule_impact()

"""### ПУМП: закрытие месяца

Фиксирует состав отчётного месяца (принятые реестры, редакции НСИ, акты страховых компаний), определяет плательщиков,
проводит МЭК, рассчитывает цены и взаиморасчёты, готовит реестры с результатами, заключения, счета, платёжные поручения
и сводки. Затем ждёт решения: в «Необходимых действиях» показаны суммы; укажите основание и нажмите «Утвердить и
отправить» или «Отклонить». После утверждения файлы уходят организациям и страховым компаниям; кто, когда и почему
решил, записано в журнале обмена.

С начала закрытия реестры за этот месяц не принимаются. Отклонение открывает месяц снова. Без ответа за 14 суток
закрытие отклоняется.

К концу дней МЭК и окончательного расчёта по календарю территории (`month.yaml`) запуск должен дойти до этих шагов: иначе
Airflow отмечает просрочку, а операторы получают письмо.

**Если задача красная.** «Зафиксировать состав»: за месяц нет принятых реестров, какие-то ещё обрабатываются или не
закрыт прошлый месяц — причина в журнале задачи; она повторяется сама. Другие задачи: устраните причину и нажмите
«Clear».

**Повторный запуск безопасен**: каждый шаг делается один раз. Запуск за уже утверждённый месяц ничего не меняет и не
отправляет, а пересчитывает его и сверяет решения, суммы и файлы до байта; несовпадение делает задачу «Пересчитать и
сверить» красной.
"""

from datetime import timedelta

from airflow.sdk import Param, dag, task

from pipelines.orchestration import month
from pipelines.orchestration.answers import ask
from pipelines.orchestration.assets import ANSWERED, MONTH, checked
from pipelines.orchestration.deadlines import alert
from pipelines.orchestration.links import ClosingLink, lead
from pipelines.orchestration.policy import MONTH_POOL, common


@dag(
    dag_display_name="ПУМП: закрытие месяца",
    doc_md=__doc__,
    schedule=None,
    params={
        "period": Param(
            None,
            type=["null", "string"],
            pattern=r"^\d{4}-(0[1-9]|1[0-2])$",
            title="Отчётный месяц",
            description="ГГГГ-ММ; пусто — прошлый месяц",
        )
    },
    tags=["ПУМП", "ежемесячно"],
    deadline=[alert("control", "Медико-экономический контроль"), alert("final_payment", "Окончательный расчёт")],
    **common(timeout=timedelta(hours=2)) | {"max_active_runs": 8},  # one that waits for its answer must not stop the others
)
def pump_month() -> None:
    @task(task_display_name="Зафиксировать состав", pool=MONTH_POOL, inlets=[checked("pump")])
    def freeze(*, params=None, dag_run=None) -> int:  # type: ignore[no-untyped-def]
        return month.freeze(params["period"], dag_run.run_after)

    @task.branch(task_display_name="Закрыт ли месяц раньше")
    def way(closing: int) -> str:
        return month.way(closing)

    @task(task_display_name="Собрать сведения", pool=MONTH_POOL)
    def gather(closing: int) -> int:
        return month.gather(closing)

    @task(task_display_name="Цены и МЭК", pool=MONTH_POOL)
    def control(closing: int) -> int:
        return month.control(closing)

    @task(task_display_name="Взаиморасчёты", pool=MONTH_POOL)
    def settle(closing: int) -> int:
        return month.settle(closing)

    @task(task_display_name="Документы и пакеты оплаты", pool=MONTH_POOL)
    def pack(closing: int) -> str:
        return month.pack(closing)

    @task(task_display_name="Записать решение")
    def decide(closing: int, answer: dict) -> int:  # type: ignore[type-arg]
        return month.decide(closing, answer)

    @task(task_display_name="Передать на отправку", outlets=[ANSWERED, MONTH])
    def send(closing: int) -> int:
        return month.send(closing)

    @task(task_display_name="Пересчитать и сверить", pool=MONTH_POOL)
    def replay(closing: int) -> str:
        return month.replay(closing)

    closing = freeze()
    gathered = gather(closing)
    way(closing) >> [gathered, replay(closing)]
    packed = pack(settle(control(gathered)))
    decision = ask(
        "Утвердить закрытие месяца и отправить документы?",
        "{{ ti.xcom_pull(task_ids='pack') }}",
        month.APPROVE,
        month.REJECT,
    )
    packed >> decision
    send(decide(closing, decision.output))
    lead(decision.dag, ClosingLink())


pump_month()

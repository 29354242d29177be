"""What a person is asked before something is done, and what the answer says."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, NamedTuple

from airflow.providers.standard.operators.hitl import HITLOperator
from airflow.sdk import Param
from airflow.sdk.exceptions import AirflowFailException

from pipelines.orchestration.notifiers import AwaitedDecision

PATIENCE = timedelta(days=14)
"""How long an answer is waited for; without one the answer is the second option."""
NOBODY = "срок ответа истёк"
UNSTATED = "основание не указано"


class Answer(NamedTuple):
    """An answer: whether it is the one asked about, by whom it was given, on what ground."""

    approved: bool
    by: str
    reason: str


def ask(subject: str, body: str, approve: str, reject: str) -> HITLOperator:
    """The task ``decision``: ``body`` (Markdown, a template) is shown, operators are mailed, an answer needs a reason."""
    return HITLOperator(
        task_id="decision",
        task_display_name="Решение",
        subject=subject,
        body=body,
        options=[approve, reject],
        defaults=reject,
        response_timeout=PATIENCE,
        params={
            "reason": Param(
                "",
                type="string",
                title="Основание",
                description="Обязательно: приказ, письмо, причина отказа. Остаётся в журнале обмена с вашим именем",
            )
        },
        notifiers=[AwaitedDecision()],
    )


def read(answer: Mapping[str, Any], approve: str) -> Answer:
    """The answer of a task of ``ask``; nobody's when the time was over.

    Fails for good for a person's answer without a reason. (A form whose schema demands one would end the question itself, in
    English, when an answer comes past the form.)
    """
    reason = str((answer.get("params_input") or {}).get("reason") or "").strip()
    user = answer.get("responded_by_user")
    if not user:
        return Answer(answer["chosen_options"] == [approve], NOBODY, reason or UNSTATED)
    if not reason:
        raise AirflowFailException("Основание не указано: нажмите «Clear» на задаче «Решение» и ответьте снова")
    return Answer(answer["chosen_options"] == [approve], user["name"] or user["id"], reason)

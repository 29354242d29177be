"""What a person is asked before something is done, and what the answer says."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, NamedTuple

from airflow.providers.standard.operators.hitl import HITLOperator
from airflow.sdk import Param

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
                minLength=1,
                title="Основание",
                description="Обязательно: приказ, письмо, причина отказа. Остаётся в журнале обмена с вашим именем",
            )
        },
        notifiers=[AwaitedDecision()],
    )


def read(answer: Mapping[str, Any], approve: str) -> Answer:
    """The answer of a task of ``ask``; nobody's when the time was over."""
    user = answer.get("responded_by_user")
    by = user["name"] or user["id"] if user else NOBODY
    reason = str((answer.get("params_input") or {}).get("reason") or "").strip() or UNSTATED
    return Answer(answer["chosen_options"] == [approve], by, reason)

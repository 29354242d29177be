"""Which task of the scheduler is at work: kept beside the packages that it takes, so that their pages lead to its log."""

from __future__ import annotations

import json
from contextvars import ContextVar
from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class Run:
    """A task instance: names as the scheduler has them; ``index`` is -1 for a task that is not mapped."""

    dag: str
    run: str
    task: str
    index: int


CURRENT: ContextVar[Run | None] = ContextVar("run", default=None)
"""The task that this process works for; None outside the scheduler."""


def current() -> str | None:
    """The task at work as the JSON that is kept; None outside the scheduler."""
    run = CURRENT.get()
    return None if run is None else json.dumps(asdict(run))

"""Links from a task in Airflow to what it worked on, on the pages of the exchange; the tasks that carry them.

The link to packages is worked out by the API server from the task's own names (the plugin registers it), so it is there
while the task still runs. The others need a result of the run: the worker works them out and keeps them as an XCom.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode, urlsplit

from airflow.providers.standard.decorators.python import _PythonDecoratedOperator
from airflow.sdk import BaseOperatorLink, conf
from airflow.sdk.bases.decorator import task_decorator_factory
from airflow.sdk.execution_time.xcom import XCom

from pipelines.orchestration.policy import PAGES

if TYPE_CHECKING:
    from airflow.sdk import DAG, BaseOperator
    from airflow.sdk.bases.decorator import TaskDecorator
    from airflow.sdk.types import TaskInstanceKey


def airflow_address() -> str:
    """Address of Airflow's web server, for letters."""
    return str(conf.get("api", "base_url", fallback="")).rstrip("/")


def page(path: str) -> str:
    """Path of a page of the exchange as a browser asks for it: below the path of Airflow's own address."""
    return f"{urlsplit(airflow_address()).path}{PAGES}/{path}"


def closing_page(closing: int) -> str:
    """The page of a closing."""
    return page(f"months/{closing}")


class PackagesLink(BaseOperatorLink):
    """From a task that takes packages to these packages."""

    @property
    def name(self) -> str:
        return "Пакеты на страницах обмена"

    def get_link(self, operator: BaseOperator, *, ti_key: TaskInstanceKey) -> str:
        names = {"dag": ti_key.dag_id, "run": ti_key.run_id, "task": ti_key.task_id, "index": ti_key.map_index}
        return page(f"runs?{urlencode(names)}")


class ClosingLink(BaseOperatorLink):
    """From a task of a closing to its month; empty as long as the run has none."""

    @property
    def name(self) -> str:
        return "Закрытие на страницах обмена"

    def get_link(self, operator: BaseOperator, *, ti_key: TaskInstanceKey) -> str:
        closing = _result(ti_key, "freeze")
        return closing_page(closing) if closing else ""


class RuleLink(BaseOperatorLink):
    """From a task of a change of rules to the rule, or to all rules where an edition changes."""

    @property
    def name(self) -> str:
        return "Правило на страницах обмена"

    def get_link(self, operator: BaseOperator, *, ti_key: TaskInstanceKey) -> str:
        months = _result(ti_key, "plan")
        rule = months[0]["request"].get("rule") if months else None
        return page(f"rules/{quote(rule, safe='')}" if rule else "rules")


def _result(ti_key: TaskInstanceKey, task: str) -> Any:
    """What another task of the same run has returned; None while it has not."""
    return XCom.get_one(key="return_value", dag_id=ti_key.dag_id, run_id=ti_key.run_id, task_id=task)


class PackagesOperator(_PythonDecoratedOperator):
    """A ``@task`` whose task instances lead to their packages."""


PackagesLink.operators = [PackagesOperator]


def packages_task(python_callable: Callable[..., Any] | None = None, **options: Any) -> TaskDecorator:
    """``@task`` that takes packages."""
    return task_decorator_factory(
        python_callable=python_callable,
        multiple_outputs=options.pop("multiple_outputs", None),
        decorated_operator_class=PackagesOperator,
        **options,
    )


def lead(dag: DAG, link: BaseOperatorLink) -> None:
    """Give the tasks of a DAG a link; mapped ones go without, their workers would not know of it."""
    for one in (task for task in dag.tasks if not task.is_mapped):
        one.operator_extra_links = (*one.operator_extra_links, link)

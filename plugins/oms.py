"""Страницы обмена в Airflow и ссылки на них с задач."""

from airflow.plugins_manager import AirflowPlugin

from pipelines.orchestration.deadlines import MonthDeadline
from pipelines.orchestration.links import PackagesLink
from pipelines.orchestration.policy import PAGES
from pipelines.pages.lazy import LazyApplication, installed


class ExchangePages(AirflowPlugin):
    """The pages as an application behind Airflow's login, their menu entry, links from tasks, the month's calendar."""

    name = "oms"
    fastapi_apps = [{"app": LazyApplication(installed), "url_prefix": PAGES, "name": "Обмен"}]  # noqa: RUF012
    external_views = [  # noqa: RUF012  (Airflow reads lists)
        {
            "name": "Обмен",
            "href": f"{PAGES}/journal",
            "destination": "nav",
            "nav_top_level": True,
            "url_route": "oms",
            "icon": f"{PAGES}/static/icon.svg",
        }
    ]
    operator_extra_links = [PackagesLink()]  # noqa: RUF012
    deadline_references = [MonthDeadline]  # noqa: RUF012

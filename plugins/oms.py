"""Страницы обмена в Airflow: журнал, пакеты, организации, сводки, правила, НСИ, аудит."""

from airflow.plugins_manager import AirflowPlugin

from pipelines.pages.lazy import LazyApplication, installed

PREFIX = "/oms"


class ExchangePages(AirflowPlugin):
    """The pages as an application behind Airflow's login, and their entry in its menu."""

    name = "oms"
    fastapi_apps = [{"app": LazyApplication(installed), "url_prefix": PREFIX, "name": "Обмен"}]  # noqa: RUF012
    external_views = [  # noqa: RUF012  (Airflow reads lists)
        {
            "name": "Обмен",
            "href": f"{PREFIX}/journal",
            "destination": "nav",
            "nav_top_level": True,
            "url_route": "oms",
            "icon": f"{PREFIX}/static/icon.svg",
            "icon_dark_mode": f"{PREFIX}/static/icon-dark.svg",
        }
    ]

"""Airflow's own interface as the operators see it: the pages in its menu, its names, its question with the sums."""

from __future__ import annotations

from collections.abc import Mapping

from playwright.sync_api import expect

from tests.demonstration.chromium import FRAME
from tests.demonstration.conftest import MARKS, Windows

pytestmark = MARKS


def test_from_the_menu_to_a_package_to_its_task(windows: Windows, facts: Mapping[str, str]) -> None:
    window = windows("oper")
    page = window.page
    window.open("/")
    page.get_by_role("link", name="Обмен").click()
    pages = page.frame_locator(FRAME)
    expect(pages.locator("h1")).to_have_text("Журнал обмена")
    assert "/plugin/oms" in page.url
    pages.get_by_role("searchbox").fill(facts["name"])  # it may be below the first page of the journal
    pages.get_by_role("searchbox").press("Enter")
    pages.get_by_role("link", name=facts["name"], exact=True).click()
    expect(pages.get_by_role("heading", name="Путь пакета")).to_be_visible()
    window.picture("airflow-package", whole=False)
    pages.get_by_role("link", name="задача и её журнал").click()
    page.wait_for_url("**/dags/pump_intake/runs/*/tasks/process/mapped/*")
    expect(page.get_by_text(f"Пакет {facts['name']}: принят частично")).to_be_visible()
    window.picture("airflow-task", whole=False)


def test_the_pages_take_the_theme_of_airflow(windows: Windows, facts: Mapping[str, str]) -> None:
    window = windows("oper")
    window.open("/")
    window.page.evaluate("localStorage.setItem('theme', 'dark')")
    window.open("/plugin/oms")
    shown = window.page.frame_locator(FRAME).locator("html")
    expect(shown).to_have_attribute("data-theme", "dark")
    window.picture("airflow-dark", whole=False)


def test_processes_have_russian_names_and_tags(windows: Windows, facts: Mapping[str, str]) -> None:
    window = windows("audit")
    page = window.page
    window.open("/dags")
    for name in ("Приём пакетов", "Доставка ответов", "ПУМП: закрытие месяца"):
        expect(page.get_by_role("link", name=name)).to_be_visible()
    for tag in ("ПУМП", "ЕРЗ", "НСИ", "ежемесячно"):
        expect(page.get_by_role("link", name=tag).first).to_be_visible()
    window.picture("airflow-dags", whole=False)


def test_the_question_of_a_month_shows_its_sums(windows: Windows, facts: Mapping[str, str]) -> None:
    window = windows("oper")
    page = window.page
    window.open("/required_actions?response_received=all")
    page.get_by_role("link", name="Утвердить закрытие месяца и отправить документы?").first.click()
    expect(page.get_by_text("К оплате").first).to_be_visible()
    window.picture("airflow-question", whole=False)

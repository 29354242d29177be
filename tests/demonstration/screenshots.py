"""``make screenshots``: the pictures of the guides, of a demonstration (of the one that is up with OMS_DEMONSTRATION=up)."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Page

from pipelines.ground.settings import ROOT
from tests.demonstration.chromium import FRAME, OPTIONS, PATIENCE_MS, Window, chromium, log_in
from tests.demonstration.stand import already_up, demonstrated
from tests.demonstration.tour import arrive, facts_of

FOLDER = ROOT / "docs" / "screenshots"
USER = "oper"
DRAWN_MS = 2500
"""Airflow's own pages draw themselves after they have loaded."""

PAGES = {
    "journal": "/journal",
    "package": "/packages/{package}",
    "organisation": "/organisations/{own}",
    "deadlines": "/deadlines",
    "month": "/months/{closing}",
    "summaries": "/summaries",
    "rules": "/rules",
    "differences": "/dictionaries/{dictionary}/differences?older={older}&newer={newer}",
    "case": "/audit/case?idcase={idcase}",
}
"""Pictures of pages inside Airflow by name."""


def processes(window: Window) -> None:
    window.open("/dags")
    window.page.get_by_role("link", name="Доставка ответов").wait_for()


def task(window: Window) -> None:
    window.page.frame_locator(FRAME).get_by_role("link", name="задача и её журнал").click()
    window.page.get_by_text("принят частично").first.wait_for()


def question(window: Window) -> None:
    window.open("/required_actions?response_received=all")
    window.page.get_by_role("link", name="Утвердить закрытие месяца и отправить документы?").first.click()
    window.page.get_by_text("К оплате").first.wait_for()


AIRFLOW: dict[str, Callable[[Window], None]] = {"airflow": processes, "question": question}
"""Pictures of Airflow's own pages by name."""


def framed(page: Page, address: str) -> None:
    """Show a page of the exchange in Airflow's frame, as one comes to it from the menu."""
    frame = page.locator(FRAME).element_handle().content_frame()
    assert frame is not None
    frame.goto(address)


def main() -> int:
    FOLDER.mkdir(parents=True, exist_ok=True)
    up = already_up() if os.environ.get("OMS_DEMONSTRATION") == "up" else demonstrated()
    with up as demonstration, chromium() as browser:
        arrive(demonstration)
        facts = facts_of(demonstration)
        context = browser.new_context(**OPTIONS)
        log_in(context, demonstration.stand.url, USER)
        window = Window(context.new_page(), demonstration.stand.url)
        for name, address in PAGES.items():
            window.open("/plugin/oms")
            window.page.frame_locator(FRAME).locator("h1").wait_for(timeout=PATIENCE_MS)
            framed(window.page, f"{window.url}/oms{address.format_map(facts)}")
            _keep(window, name)
            if name == "package":
                task(window)
                _keep(window, "task")
        for name, show in AIRFLOW.items():
            show(window)
            _keep(window, name)
        assert window.strangers == []
    return 0


def _keep(window: Window, name: str) -> None:
    window.page.wait_for_timeout(DRAWN_MS)
    path = Path(FOLDER / f"{name}.png")
    window.page.screenshot(path=path, animations="disabled")
    print(path.relative_to(ROOT))


if __name__ == "__main__":
    raise SystemExit(main())

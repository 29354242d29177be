"""Debian's Chromium through Playwright: a window of a user of Airflow, and what the browser had to complain of."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request, Response, sync_playwright

from pipelines.demo.config import USERS
from pipelines.ground.settings import ROOT

CHROMIUM = Path(os.environ.get("OMS_CHROMIUM", "/usr/bin/chromium"))
QUIET = (
    "--no-sandbox",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--lang=ru",
)
SIZE = {"width": 1360, "height": 850}
OPTIONS = {"viewport": SIZE, "locale": "ru-RU", "timezone_id": "Europe/Moscow"}
PATIENCE_MS = 60_000
SERIOUS = frozenset({"serious", "critical"})
FRAME = "iframe"


def artefacts() -> Path:
    """Folder that a run leaves its pictures in."""
    found = Path(os.environ.get("OMS_ARTEFACTS", ROOT / "build" / "seen")) / "pages"
    found.mkdir(parents=True, exist_ok=True)
    return found


@contextmanager
def chromium() -> Iterator[Browser]:
    """A browser; without one a test fails in CI and is skipped elsewhere."""
    if not CHROMIUM.exists():
        told = f"no Chromium at {CHROMIUM} (Debian's package chromium, or OMS_CHROMIUM)"
        if os.environ.get("CI"):
            raise AssertionError(told)
        pytest.skip(told)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=list(QUIET), env=os.environ | {"LANGUAGE": "ru", "LANG": "ru_RU.UTF-8"}
        )
        try:
            yield browser
        finally:
            browser.close()


@dataclass
class Window:
    """A user's window: its page, and everything that went where it should not or did not go well."""

    page: Page
    url: str
    strangers: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.set_default_timeout(PATIENCE_MS)
        self.page.on("console", self._said)
        self.page.on("pageerror", lambda error: self.complaints.append(f"{self.page.url}: {error}"))
        self.page.on("response", self._answered)
        self.page.context.on("request", self._asked)

    def open(self, address: str) -> Response:
        """Go to an address below the API server's."""
        response = self.page.goto(f"{self.url}{address}", wait_until="load")
        assert response is not None
        return response

    def picture(self, name: str, *, whole: bool = True, of: Any = None) -> Path:
        """A picture of the page, or of a part of it."""
        path = artefacts() / f"{name}.png"
        if of is None:
            self.page.screenshot(path=path, full_page=whole, animations="disabled")
        else:
            of.screenshot(path=path, animations="disabled")
        return path

    def barriers(self) -> list[str]:
        """What axe finds serious or worse on the page: rule, help, elements."""
        found = Axe().run(self.page, options={"resultTypes": ["violations"]}).response["violations"]
        return [
            f"{one['id']} ({one['impact']}): {one['help']}: " + "; ".join(str(node["target"]) for node in one["nodes"][:5])
            for one in found
            if one["impact"] in SERIOUS
        ]

    def theme(self, name: str) -> None:
        """Light or dark, as Airflow keeps the choice."""
        self.page.evaluate("theme => { localStorage.setItem('theme', theme); location.reload(); }", name)
        self.page.wait_for_function("theme => document.documentElement.dataset.theme === theme", arg=name)

    def _asked(self, request: Request) -> None:
        parts = urlsplit(request.url)
        if parts.scheme in ("http", "https", "ws", "wss") and f"{parts.scheme}://{parts.netloc}" != self.url:
            self.strangers.append(request.url)

    def _answered(self, response: Response) -> None:
        if response.status >= 400 and response.request.resource_type != "document":
            self.complaints.append(f"{response.status} {response.url}")

    def _said(self, message: ConsoleMessage) -> None:
        if message.type == "error" and "Failed to load resource" not in message.text:  # answers are looked at by themselves
            self.complaints.append(f"{self.page.url}: {message.text}")


def log_in(context: BrowserContext, url: str, user: str) -> None:
    """Through Airflow's own form."""
    page = context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    page.goto(f"{url}/auth/login")
    page.locator("input[name=username]").fill(user)
    page.locator("input[name=password]").fill(USERS[user])
    page.locator("button[type=submit]").click()
    page.wait_for_url(f"{url}/")
    page.close()

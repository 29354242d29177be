"""A browser, and windows of Airflow's users on the demonstration."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from functools import cache

import pytest
from playwright.sync_api import Browser, expect

from tests.demonstration.chromium import OPTIONS, PATIENCE_MS, Window, chromium, log_in
from tests.demonstration.stand import Demonstration, already_up, demonstrated
from tests.demonstration.tour import arrive, facts_of

Windows = Callable[..., Window]
MARKS = [pytest.mark.airflow, pytest.mark.timeout(1500)]
"""Of all modules here; the first test waits for the demonstration."""
expect.set_options(timeout=PATIENCE_MS)


@pytest.fixture(scope="package")
def demonstration() -> Iterator[Demonstration]:
    """One for all tests of the folder, closed after the last of them."""
    with already_up() if os.environ.get("OMS_DEMONSTRATION") == "up" else demonstrated() as found:
        yield found


@pytest.fixture(scope="package")
def facts(demonstration: Demonstration) -> Mapping[str, str]:
    """The facts of the tour."""
    arrive(demonstration)
    return facts_of(demonstration)


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    with chromium() as found:
        yield found


@pytest.fixture(scope="package")
def logins(browser: Browser, demonstration: Demonstration) -> Callable[[str], object]:
    """What a browser keeps of a user who has logged in through Airflow's form."""

    @cache
    def of(user: str) -> object:
        context = browser.new_context(**OPTIONS)
        log_in(context, demonstration.stand.url, user)
        state = context.storage_state()
        context.close()
        return state

    return of


@pytest.fixture
def windows(browser: Browser, demonstration: Demonstration, logins: Callable[[str], object]) -> Iterator[Windows]:
    """Opens a window of a user, or of nobody; at the end no window may have asked another machine for anything."""
    opened: list[Window] = []

    def of(user: str | None, **options: object) -> Window:
        state = {"storage_state": logins(user)} if user else {}
        context = browser.new_context(**OPTIONS | state | options)
        opened.append(Window(context.new_page(), demonstration.stand.url))
        return opened[-1]

    yield of
    for window in opened:
        window.page.context.close()
    assert [address for window in opened for address in window.strangers] == []

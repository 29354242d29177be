"""Every page for every role in a real browser: it shows, fits, is accessible in light and dark, and asks nobody else."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote

import pytest

from pipelines.pages.application import create_app
from tests.demonstration.chromium import SIZE, Window
from tests.demonstration.conftest import MARKS, Windows
from tests.demonstration.tour import EVERYBODY, FILES, PARTS, REDIRECTS, STOPS, Stop
from tests.pages.site import admit

pytestmark = MARKS

PREFIX = "/oms"
SEEN = [pytest.param(stop, user, id=f"{stop.name}-{user}") for stop in STOPS for user in stop.users]
HIDDEN = [
    pytest.param(stop, user, id=f"{stop.name}-{user}") for stop in STOPS for user in EVERYBODY if user not in stop.users
]
BY_NAME = [pytest.param(stop, id=stop.name) for stop in STOPS]
OVERFLOW = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
ON_SCREEN_ONLY = """() => Array.from(document.querySelectorAll('nav, button, .noprint'))
    .filter(one => one.checkVisibility()).map(one => one.innerText)"""
BLANK = """() => Array.from(document.querySelectorAll('canvas[data-chart]')).filter(canvas => {
    const pixels = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
    return !pixels.some(value => value !== 0);
}).length"""


def visit(window: Window, stop: Stop, facts: Mapping[str, str]) -> int:
    address = stop.address.format_map({name: quote(value) for name, value in facts.items()})
    return window.open(PREFIX + address).status


def test_the_tour_knows_every_page() -> None:
    routes = {route.path for route in create_app(None, admit).routes if "GET" in route.methods}
    assert {stop.route for stop in STOPS} | PARTS | FILES | REDIRECTS == routes


@pytest.mark.parametrize(("stop", "user"), SEEN)
def test_a_page_shows(windows: Windows, facts: Mapping[str, str], stop: Stop, user: str) -> None:
    window = windows(user)
    assert visit(window, stop, facts) == 200
    page = window.page
    assert stop.says.format_map(facts) in page.locator("main").inner_text()
    assert page.locator("h1").count() == 1
    assert f"{user}," in page.locator(".who").inner_text()
    assert page.evaluate(OVERFLOW) == 0
    assert page.evaluate(BLANK) == 0
    window.picture(f"{stop.name}-{user}")
    assert window.complaints == []


@pytest.mark.parametrize(("stop", "user"), HIDDEN)
def test_a_page_is_not_there_for_an_organisation(windows: Windows, facts: Mapping[str, str], stop: Stop, user: str) -> None:
    window = windows(user)
    assert visit(window, stop, facts) == 404
    assert "не видн" in window.page.locator("main").inner_text() or "видят" in window.page.locator("main").inner_text()


@pytest.mark.parametrize("stop", BY_NAME)
def test_light_dark_narrow_printed(windows: Windows, facts: Mapping[str, str], stop: Stop) -> None:
    window = windows("oper")
    visit(window, stop, facts)
    page = window.page
    assert window.barriers() == []
    window.theme("dark")
    assert window.barriers() == []
    window.picture(f"{stop.name}-dark")
    page.set_viewport_size({"width": 420, "height": 800})
    assert page.evaluate(OVERFLOW) == 0
    page.set_viewport_size(SIZE)
    page.emulate_media(media="print")
    assert page.evaluate(ON_SCREEN_ONLY) == []


@pytest.mark.parametrize("stop", BY_NAME)
def test_a_page_needs_no_scripts(windows: Windows, facts: Mapping[str, str], stop: Stop) -> None:
    window = windows("oper", java_script_enabled=False)
    assert visit(window, stop, facts) == 200
    assert stop.says.format_map(facts) in window.page.locator("main").inner_text()


def test_nobody_without_a_login(windows: Windows) -> None:
    window = windows(None)
    assert window.open("/oms/journal").status == 401
    window.page.get_by_role("link", name="Войти").click()
    window.page.wait_for_url("**/auth/login**")
    window.page.locator("input[name=username]").fill("oper")
    window.page.locator("input[name=password]").fill("oper")
    window.page.locator("button[type=submit]").click()
    window.page.wait_for_url("**/oms/journal")
    assert "оператор" in window.page.locator(".who").inner_text()

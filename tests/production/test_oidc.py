"""Logins through a provider of OpenID Connect: a browser's whole way from the pages to the provider and back."""

from __future__ import annotations

from tests.production.application import application  # isort: skip  (before airflow)

import re
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass
from html import unescape
from threading import Thread
from urllib.parse import parse_qs, urlencode, urljoin, urlsplit

import httpx
import pytest
import uvicorn

from tests.demonstration.chromium import OPTIONS, chromium
from tests.exchange.world import World
from tests.pages.site import Pages, pages_of
from tests.production.provider import Provider, provider

BACK = "/auth/oauth-authorized/oidc"
"""The address that is registered at the provider."""
JOURNAL = "/oms/journal"
EARLIER, PASSWORD = "oidc-prezhniy", "password-of-earlier-times"


@dataclass
class Site:
    """Airflow on an address, and the provider that it trusts."""

    url: str
    provider: Provider

    def browser(self) -> httpx.Client:
        return httpx.Client(base_url=self.url, timeout=60)

    def ask(self, browser: httpx.Client, address: str = JOURNAL, **more: str) -> str:
        """From a page that asks for the login to the provider's address."""
        refused = browser.get(address)
        assert refused.status_code == 401
        login = unescape(re.findall(r'href="([^"]*/auth/login/[^"]*)"', refused.text)[0])
        form = browser.get(login)
        assert 'id="btn-signin-oidc"' in form.text
        asked = {"next": parse_qs(urlsplit(login).query)["next"][0], **more}
        sent = browser.get(f"{urlsplit(login).path}oidc?{urlencode(asked)}")
        assert sent.status_code == 302, sent.text
        return sent.headers["location"]

    def consent(self, browser: httpx.Client, location: str, person: str) -> str:
        """The person tells the provider who it is; the address that the provider sends the browser back to."""
        assert browser.get(location).status_code == 200
        sent = browser.post(location, data={"sub": person})
        assert sent.status_code == 302, sent.text
        return sent.headers["location"]

    def log_in(self, browser: httpx.Client, person: str, address: str = JOURNAL) -> httpx.Response:
        """The page after the whole way."""
        back = browser.get(self.consent(browser, self.ask(browser, address), person))
        assert (back.status_code, back.headers["location"]) == (302, self.url + address)
        return browser.get(back.headers["location"])


@pytest.fixture(scope="module")
def pages(module_database: str, tmp_path_factory: pytest.TempPathFactory) -> Pages:
    """The pages over a world in which nothing has come yet."""
    return pages_of(World(module_database, tmp_path_factory.mktemp("oidc")).set_up())


@pytest.fixture(scope="module")
def site(pages: Pages) -> Iterator[Site]:
    """Airflow and the provider, each served over HTTP."""
    with socket.socket() as listening, pytest.MonkeyPatch.context() as patch, provider() as found:
        listening.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        patch.setenv("AUTHLIB_INSECURE_TRANSPORT", "1")  # the provider's: here it has no TLS
        client, secret = found.client(url + BACK)
        login = {
            "OMS_AUTH": "oidc",
            "OMS_OIDC_ISSUER": f"{found.url}/",
            "OMS_OIDC_CLIENT": client,
            "OMS_OIDC_SECRET": secret,
        }
        with application(pages, _prepare, **login) as airflow:
            server = uvicorn.Server(uvicorn.Config(airflow, log_config=None, proxy_headers=True, lifespan="off"))
            thread = Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
            thread.start()
            while not server.started:
                assert thread.is_alive()
                time.sleep(0.05)
            yield Site(url, found)
            server.should_exit = True
            thread.join()


def _prepare() -> None:
    """Roles, and an account of the time before the provider."""
    from airflow.providers.fab.auth_manager.cli_commands.utils import get_application_builder

    from pipelines.orchestration import roles

    with get_application_builder() as builder:
        roles.sync(builder.sm, roles.wanted(builder.sm))
        mail, role = f"{EARLIER}@fond.example", builder.sm.find_role("oms_operator")
        assert builder.sm.add_user(EARLIER, EARLIER, EARLIER, mail, role, PASSWORD)


def account(name: str) -> tuple[str, set[str]] | None:
    """Mail and roles of an account in Airflow's database."""
    from airflow.providers.fab.auth_manager.models import User
    from airflow.utils.session import create_session
    from sqlalchemy import select

    with create_session() as session:
        found = session.scalars(select(User).where(User.username == name)).one_or_none()
        return (found.email, {role.name for role in found.roles}) if found else None


def switch(name: str, *, active: bool) -> None:
    """What the administrator does with «Is Active?»."""
    from airflow.providers.fab.auth_manager.models import User
    from airflow.utils.session import create_session
    from sqlalchemy import update

    with create_session() as session:
        session.execute(update(User).where(User.username == name).values(active=active))


@pytest.mark.parametrize(
    ("person", "group", "role", "title"),
    [
        ("oidc-glavny", "oms-admins", "Admin", "оператор"),
        ("oidc-smena", "oms-operators", "oms_operator", "оператор"),
        ("oidc-proverka", "oms-auditors", "oms_auditor", "аудитор"),
        ("mo980002", "oms-organisations", "oms_organisation", "аудитор организации"),
    ],
)
def test_a_group_gives_its_role(site: Site, person: str, group: str, role: str, title: str) -> None:
    site.provider.person(person, group, "other-people")
    page = site.log_in(site.browser(), person)
    assert page.status_code == 200, page.text
    assert f"<b>{person}</b>, {title}" in page.text
    assert account(person) == (f"{person}@fond.example", {role, "Public"})


def test_the_buttons_lead_there_and_back(site: Site) -> None:
    """In a browser: the pages' «Войти», Airflow's button of the provider, the provider's form, the page asked for."""
    site.provider.person("oidc-smena", "oms-operators")
    with chromium() as browser:
        page = browser.new_page(**OPTIONS)
        page.route(lambda url: urlsplit(url).hostname not in ("127.0.0.1", "localhost"), lambda route: route.abort())
        page.goto(site.url + JOURNAL)
        page.get_by_role("link", name="Войти").click()
        page.locator("#btn-signin-oidc").click()
        page.locator("input[name=sub]").fill("oidc-smena")
        page.get_by_role("button", name="Authorize").click()
        page.wait_for_url(site.url + JOURNAL)
        assert "oidc-smena, оператор" in page.inner_text("body")


def test_without_a_group_everything_is_closed(site: Site) -> None:
    site.provider.person("oidc-gost", "other-people")
    browser = site.browser()
    assert site.log_in(browser, "oidc-gost").status_code == 403
    assert browser.get("/api/v2/dags").status_code == 403
    assert account("oidc-gost") == ("oidc-gost@fond.example", {"Public"})


def test_the_role_follows_the_group_at_the_next_login(site: Site) -> None:
    for groups, status, roles in (
        (["oms-operators"], 200, {"oms_operator", "Public"}),
        (["oms-auditors"], 200, {"oms_auditor", "Public"}),
        ([], 403, {"Public"}),
    ):
        site.provider.person("oidc-perevod", *groups)
        _forget()
        assert site.log_in(site.browser(), "oidc-perevod").status_code == status
        assert account("oidc-perevod") == ("oidc-perevod@fond.example", roles)


def _forget() -> None:
    """Airflow keeps an account for 30 seconds."""
    from airflow.providers.fab.auth_manager.fab_auth_manager import FabAuthManager

    FabAuthManager.cache.clear()


def refused(site: Site, browser: httpx.Client, back: str, reason: str) -> None:
    """Airflow sends the browser back to the login, and the pages remain closed."""
    answer = browser.get(back)
    assert (answer.status_code, urlsplit(answer.headers["location"]).path) == (302, "/auth/login/")
    told = browser.get(urljoin(site.url, answer.headers["location"])).text
    assert reason in told
    assert browser.get(JOURNAL).status_code == 401


INVALID = "Invalid login"
DENIED = "The request to sign in was denied."


def test_another_state_is_refused(site: Site) -> None:
    site.provider.person("oidc-smena", "oms-operators")
    browser = site.browser()
    back = site.consent(browser, site.ask(browser), "oidc-smena")
    (state,) = parse_qs(urlsplit(back).query)["state"]
    refused(site, browser, back.replace(state, state[:-4]), DENIED)


def test_the_answer_to_another_browser_is_refused(site: Site) -> None:
    """Whoever is led to a link of another's login does not become that other."""
    site.provider.person("oidc-smena", "oms-operators")
    stolen = site.consent(first := site.browser(), site.ask(first), "oidc-smena")
    second = site.browser()
    site.ask(second)
    refused(site, second, stolen, DENIED)


def test_the_code_of_another_login_is_refused(site: Site, caplog: pytest.LogCaptureFixture) -> None:
    """The ID token names the login that asked for it."""
    site.provider.person("oidc-smena", "oms-operators")
    site.provider.person("oidc-gost")
    stolen = site.consent(first := site.browser(), site.ask(first), "oidc-smena")
    (code,) = parse_qs(urlsplit(stolen).query)["code"]
    second = site.browser()
    own = site.consent(second, site.ask(second), "oidc-gost")
    (own_code,) = parse_qs(urlsplit(own).query)["code"]
    refused(site, second, own.replace(own_code, code), DENIED)
    assert "nonce" in caplog.text


def test_a_token_of_another_key_is_refused(site: Site, caplog: pytest.LogCaptureFixture) -> None:
    site.provider.person("oidc-smena", "oms-operators")
    browser = site.browser()
    back = site.consent(browser, site.ask(browser), "oidc-smena")
    site.provider.impostor = True
    try:
        refused(site, browser, back, DENIED)
    finally:
        site.provider.impostor = False
    assert "bad_signature" in caplog.text
    assert site.log_in(browser, "oidc-smena").status_code == 200  # with the published key the same browser is let in


def test_nobody_chooses_a_name(site: Site) -> None:
    site.provider.person("oidc-smena", "oms-operators")
    site.provider.person("oidc-gost")
    other = {"username": "oidc-smena", "preferred_username": "oidc-smena", "login_hint": "oidc-smena"}
    browser = site.browser()
    back = site.consent(browser, site.ask(browser, **other), "oidc-gost")
    browser.get(f"{back}&{urlencode(other)}")
    assert browser.get("/ui/auth/me").json()["username"] == "oidc-gost"
    assert browser.get(JOURNAL).status_code == 403


def test_a_person_without_a_name_is_refused(site: Site) -> None:
    site.provider.person("oidc-bez-imeni", "oms-admins", preferred_username="", email="oidc-smena@fond.example")
    browser = site.browser()
    refused(site, browser, site.consent(browser, site.ask(browser), "oidc-bez-imeni"), INVALID)


def test_no_password_opens_an_account_of_the_provider(site: Site) -> None:
    site.provider.person("oidc-smena", "oms-operators")
    assert site.log_in(site.browser(), "oidc-smena").status_code == 200
    for password in ("oidc-smena", "None", " "):
        answer = site.browser().post("/auth/token", json={"username": "oidc-smena", "password": password})
        assert answer.status_code == 401


def test_an_earlier_password_is_good_for_rest_until_the_account_is_switched_off(site: Site) -> None:
    told = {"username": EARLIER, "password": PASSWORD}
    assert site.browser().post("/auth/token", json=told).status_code == 201
    switch(EARLIER, active=False)
    assert site.browser().post("/auth/token", json=told).status_code == 401


def test_an_account_switched_off_is_closed_and_does_not_come_back(site: Site) -> None:
    site.provider.person("oidc-uvolen", "oms-operators")
    browser = site.browser()
    assert site.log_in(browser, "oidc-uvolen").status_code == 200
    switch("oidc-uvolen", active=False)
    _forget()
    assert browser.get(JOURNAL).status_code == 403
    again = site.browser()
    refused(site, again, site.consent(again, site.ask(again), "oidc-uvolen"), INVALID)


def test_logging_out_closes_the_pages(site: Site) -> None:
    site.provider.person("oidc-smena", "oms-operators")
    browser = site.browser()
    assert site.log_in(browser, "oidc-smena").status_code == 200
    assert browser.get("/auth/logout").status_code == 307
    assert browser.get(JOURNAL).status_code == 401


def test_behind_a_proxy_with_tls_the_address_is_of_the_proxy(site: Site) -> None:
    """What ``airflow api-server --proxy-headers`` makes of the headers; it is what has to be registered."""
    sent = site.browser().get("/auth/login/oidc", headers={"Host": "obmen.fond.example", "X-Forwarded-Proto": "https"})
    (address,) = parse_qs(urlsplit(sent.headers["location"]).query)["redirect_uri"]
    assert address == f"https://obmen.fond.example{BACK}"


def test_the_provider_knows_what_it_was_told_only(site: Site) -> None:
    """The address to come back to is the registered one; nothing is asked for that a provider may not know."""
    location = site.ask(site.browser())
    asked = {name: value for name, (value,) in parse_qs(urlsplit(location).query).items()}
    assert (asked["response_type"], asked["scope"]) == ("code", "openid email profile")
    assert asked["redirect_uri"] == site.url + BACK
    other = httpx.get(location.partition("?")[0], params=asked | {"redirect_uri": "http://elsewhere.example/"})
    assert other.status_code == 400

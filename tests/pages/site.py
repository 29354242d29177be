"""The pages over a world of packages, with visitors that a header names: what Airflow's login says is tested elsewhere."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from fastapi import Request
from fastapi.testclient import TestClient
from starlette.exceptions import HTTPException

from pipelines.ground.settings import Settings
from pipelines.pages.application import create_app
from pipelines.pages.site import Site
from pipelines.pages.visitor import Visitor, visitor
from tests.exchange.world import REGION, World

SECRET = "of-the-tests"
OPERATORS = frozenset({"oper", "admin"})


def admit(request: Request) -> Visitor:
    """The visitor whom the test's header names."""
    name = request.headers.get("X-Test-User")
    if name is None:
        raise HTTPException(401, "Not authenticated")
    return visitor(name, name in OPERATORS, REGION)


@dataclass(frozen=True)
class Pages:
    """The application, and a client of it for each user; ``started`` processes with their configurations."""

    app: Any
    world: World
    started: list[tuple[str, dict[str, object]]] = field(default_factory=list)

    def client(self, user: str | None) -> TestClient:
        headers = {"X-Test-User": user} if user else {}
        return TestClient(self.app, headers=headers, follow_redirects=False, raise_server_exceptions=True)

    def get(self, user: str | None, address: str, **options: Any) -> Any:
        return self.client(user).get(address, **options)

    def text(self, user: str, address: str) -> str:
        """A page that must be there."""
        answer = self.get(user, address)
        assert answer.status_code == 200, (address, answer.status_code, answer.text[-500:])
        return str(answer.text)

    def token(self, user: str, address: str) -> str:
        """The token of the form of a page."""
        found = re.search(r'name="token" value="([^"]+)"', self.text(user, address))
        assert found, address
        return found.group(1)


def pages_of(world: World) -> Pages:
    """The pages of a world."""
    settings = Settings(world.url, (world.root / "store").as_uri(), (world.root / "journal").as_uri(), world.region)
    started: list[tuple[str, dict[str, object]]] = []

    def start(_: Request, dag: str, given: Mapping[str, object]) -> str:
        started.append((dag, dict(given)))
        return f"manual__{len(started)}"

    site = Site(lambda: SECRET, lambda back: f"/auth/login?next={back}", start, lambda: settings)
    return Pages(create_app(site, admit), world, started)


def routes(pages: Pages) -> list[tuple[str, str]]:
    """Every method and address of the application, numbers and names filled in."""
    found = []
    for route in pages.app.routes:
        address = re.sub(r"\{\w+\}", "x", re.sub(r"\{\w+:int\}", "1", route.path))
        found += [(method, address) for method in sorted(route.methods - {"HEAD"})]
    return found

"""What the pages of an installation are made of: its settings, profile, exchange, and the way its templates are filled."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse
from sqlalchemy import Connection

from pipelines.exchange import region
from pipelines.exchange.region import Region
from pipelines.exchange.service import Exchange
from pipelines.ground import settings
from pipelines.ground.settings import Settings
from pipelines.ground.sql import statement
from pipelines.pages.checking import Checking
from pipelines.pages.rendering import environment
from pipelines.pages.visitor import ROLE_TITLES, Visitor, reading, token
from pipelines.systems import open_exchange

FRAGMENT = "HX-Request"
"""Header of a request for a part of a page."""


@dataclass(frozen=True)
class Site:
    """The pages' surroundings.

    ``secret`` signs forms, ``login_address`` is where one logs in to come back to an address, ``start`` starts a process
    (its DAG) with a configuration in the name of the one who sent a request, and returns the id of the run.
    """

    secret: Callable[[], str]
    login_address: Callable[[str], str]
    start: Callable[[Request, str, Mapping[str, object]], str]
    settings: Callable[[], Settings] = settings.load
    checking: Checking = field(default_factory=Checking)

    @property
    def region(self) -> Region:
        """The territory's profile, read again when it changes."""
        return profile(self.settings().region_dir)

    @cached_property
    def exchange(self) -> Exchange:
        """The exchange without channels: it can open stored packages, and neither receive nor deliver."""
        return open_exchange(self.settings())

    @contextmanager
    def reading(self, request: Request) -> Iterator[Connection]:
        """A transaction that sees what the visitor may see."""
        with reading(self.settings().database_url, visitor_of(request)) as connection:
            yield connection

    def rows(self, request: Request, name: str, **parameters: object) -> list[dict[str, Any]]:
        """Rows of ``sql/pages/<name>.sql`` as the visitor may see them."""
        with self.reading(request) as connection:
            return rows(connection, name, **parameters)

    def page(self, request: Request, template: str, /, **values: Any) -> HTMLResponse:
        """``include/pages/<template>.html.j2`` filled for the visitor."""
        who = visitor_of(request)
        given: dict[str, object] = {
            "base": base(request),
            "visitor": who,
            "role_title": ROLE_TITLES[who.role],
            "token": token(self.secret(), who.name) if who.acts or template in FORMS else "",
            "fragment": FRAGMENT in request.headers,
            "territory": self.region.fund.name,
        }
        return HTMLResponse(environment().get_template(f"{template}.html.j2").render(given | values))


FORMS = ("audit", "verifying")
"""Templates with forms for everybody; those of others are for operators."""


def rows(connection: Connection, name: str, **parameters: object) -> list[dict[str, Any]]:
    """Rows of ``sql/pages/<name>.sql``."""
    return [dict(row) for row in connection.execute(statement(f"pages/{name}"), parameters).mappings()]


def site_of(request: Request) -> Site:
    """The site that a request came to."""
    found: Site = request.app.state.site
    return found


def visitor_of(request: Request) -> Visitor:
    """The visitor whom the application's dependency has let in."""
    found: Visitor = request.state.visitor
    return found


def base(request: Request) -> str:
    """Path that the application is mounted under, without a slash at its end."""
    return str(request.scope.get("root_path", "")).rstrip("/")


def profile(folder: Path) -> Region:
    """A territory's profile, kept while its file stays as it is."""
    return _profile(folder, (folder / "region.yaml").stat().st_mtime_ns)


@lru_cache(maxsize=4)
def _profile(folder: Path, changed: int) -> Region:
    return region.load(folder)


def query(values: Mapping[str, object]) -> str:
    """A query string of the values that say something."""
    from urllib.parse import urlencode

    return urlencode({name: value for name, value in values.items() if value not in (None, "")})

"""Who looks at the pages: the role decides which of the database's roles reads for them."""

from __future__ import annotations

import hashlib
import hmac
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import Connection, text

from pipelines.exchange.region import Region
from pipelines.ground import database

PATIENCE_MS = 20_000
"""Longest statement of a page."""
TOKEN_SECONDS = 12 * 3600
"""How long a form may stay open before it is sent."""


class Role(StrEnum):
    """What a visitor may do: look and act, look, look at one organisation."""

    OPERATOR = "operator"
    AUDITOR = "auditor"
    ORGANISATION = "organisation"


ROLE_TITLES = {Role.OPERATOR: "оператор", Role.AUDITOR: "аудитор", Role.ORGANISATION: "аудитор организации"}


@dataclass(frozen=True)
class Visitor:
    """A person who has logged in; ``organisation`` is the code of the only one that the person sees, None for all."""

    name: str
    role: Role
    organisation: str | None = None

    @property
    def acts(self) -> bool:
        """Whether the visitor may change anything."""
        return self.role is Role.OPERATOR

    @property
    def sees_all(self) -> bool:
        """Whether the visitor sees the fund's own matters: rules, dictionaries, actions of people."""
        return self.role is not Role.ORGANISATION


def visitor(name: str, acts: bool, region: Region) -> Visitor:
    """The visitor of a login: one organisation's where the region's profile says so, whatever else the login may do."""
    only = region.of_user(name)
    if only is not None:
        return Visitor(name, Role.ORGANISATION, only.code)
    return Visitor(name, Role.OPERATOR if acts else Role.AUDITOR)


@contextmanager
def reading(url: str, of: Visitor) -> Iterator[Connection]:
    """A transaction in the visitor's role of the database: row-level security limits it. Plans are made for the values."""
    with database.transaction(url, f"oms_{of.role}", of.organisation) as connection:
        connection.execute(text(f"set local statement_timeout = {PATIENCE_MS}"))
        connection.execute(text("set local plan_cache_mode = force_custom_plan"))
        yield connection


def token(secret: str, name: str, now: float | None = None) -> str:
    """What a form carries to show that it was made for this user."""
    moment = str(int(time.time() if now is None else now))
    return f"{moment}.{_sign(secret, name, moment)}"


def token_holds(secret: str, name: str, given: str, now: float | None = None) -> bool:
    """Whether a form's token was made for this user and is not too old."""
    moment, _, signature = given.partition(".")
    if not moment.isascii() or not moment.isdigit():
        return False
    age = (time.time() if now is None else now) - int(moment)
    return age + 60 >= 0 and age <= TOKEN_SECONDS and hmac.compare_digest(signature, _sign(secret, name, moment))


def _sign(secret: str, name: str, moment: str) -> str:
    return hmac.new(secret.encode(), f"oms-pages\n{name}\n{moment}".encode(), hashlib.sha256).hexdigest()

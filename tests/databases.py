"""Databases of tests, on the server of their process."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager

from pipelines.demo.servers.postgres import Postgres
from pipelines.ground import database

MIGRATED = "template_oms"
"""The empty migrated database that each server of tests holds."""


@contextmanager
def fresh(postgres: Postgres, source: str | None = None) -> Iterator[str]:
    """URL of a database of its own: migrated and empty, or a copy of the one that ``source`` names; dropped at the end."""
    if source is not None:
        database.engine(source).dispose()  # a database that somebody is at is not copied
    name = f"test_{secrets.token_hex(6)}"
    url = postgres.create_database(name, template=source.rpartition("/")[2] if source else MIGRATED)
    try:
        yield url
    finally:
        database.engine(url).dispose()
        postgres.drop_database(name)

"""Organisations of the exchange: loaded from the region's profile, recognised by folder or trusted address."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection, text

from pipelines.exchange.region import Region
from pipelines.ground.sql import statement


@dataclass(frozen=True)
class Subscriber:
    """An organisation as the exchange knows it."""

    code: str
    kind: str
    valid_from: date
    valid_until: date | None

    def active(self, on: date) -> bool:
        return self.valid_from <= on and (self.valid_until is None or on <= self.valid_until)


@dataclass(frozen=True)
class Subscribers:
    """Who is who: by code, by the login of the folder, by trusted mail address (lower case)."""

    by_code: Mapping[str, Subscriber]
    by_login: Mapping[str, str]
    by_address: Mapping[str, str]

    def sender(self, address: str) -> str | None:
        """Code of the organisation behind a login or a mail address; None for a stranger."""
        if "@" in address:
            return self.by_address.get(address.lower())
        return self.by_login.get(address)


def load_region(connection: Connection, region: Region) -> None:
    """Bring the organisations of a region's profile into the database; repeating it changes nothing."""
    for organisation in region.organisations:
        connection.execute(
            statement("exchange/organisation_upsert"),
            {
                "code": organisation.code,
                "kind": organisation.kind,
                "name": organisation.name,
                "short_name": organisation.short,
                "mnemonic": organisation.mnemonic,
                "login": organisation.login,
                "valid_from": organisation.since,
                "valid_until": organisation.until,
            },
        )
        connection.execute(statement("exchange/address_clear"), {"code": organisation.code})
        for address in organisation.addresses:
            connection.execute(statement("exchange/address_insert"), {"address": address, "code": organisation.code})


def read(connection: Connection) -> Subscribers:
    """The organisations that the database knows."""
    rows = connection.execute(text("select code, kind, login, valid_from, valid_until from exchange.organisation")).all()
    addresses = connection.execute(text("select address, organisation from exchange.trusted_address")).all()
    return Subscribers(
        by_code={row.code: Subscriber(row.code, row.kind, row.valid_from, row.valid_until) for row in rows},
        by_login={row.login: row.code for row in rows},
        by_address={row.address: row.organisation for row in addresses},
    )

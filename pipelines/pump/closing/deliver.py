"""What a closing sends: its files into the outbox, each to the folder or address of the organisation that it is for."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection

from pipelines.exchange.region import Organisation, Region
from pipelines.ground.sql import statement


def place(organisation: Organisation, channels: frozenset[str]) -> tuple[str, str]:
    """Channel and address of an organisation: its first channel that the installation has, or another that this one has.

    Without channels at hand (the command line) it is the organisation's first.
    """
    has = [channel for channel in organisation.channels if channel in channels]
    chosen = next(iter([*has, *sorted(channels - {"mail", "sftp"}), *organisation.channels]))
    return chosen, organisation.addresses[0] if chosen == "mail" else organisation.login


def send(connection: Connection, region: Region, closing: int, channels: frozenset[str], now: datetime) -> int:
    """Put the files of a closing into the outbox; those that are there already stay. Returns how many are for sending.

    Raises ``LookupError`` for a receiver that the region's profile does not name.
    """
    rows = connection.execute(statement("pump/documents_to_send"), {"closing": closing}).all()
    for row in rows:
        organisation = region.by_code(row.recipient)
        if organisation is None:
            raise LookupError(f"the profile has no organisation {row.recipient}")
        channel, address = place(organisation, channels)
        connection.execute(
            statement("pump/document_send"),
            {
                "channel": channel,
                "address": address,
                "name": row.name,
                "sha256": row.sha256,
                "size": row.size,
                "subject": row.title,
                "body": f"{row.title}. Файл {row.name} во вложении.",
                "created_at": now,
                "recipient": row.recipient,
            },
        )
    return len(rows)

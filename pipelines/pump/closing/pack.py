"""All files of a closing: payment packages of its accounts, then its documents."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import Connection

from pipelines.exchange.service import Exchange
from pipelines.pump.closing.gather import Registers
from pipelines.pump.closing.model import Closed, Document
from pipelines.pump.closing.packages import registers


def documents(connection: Connection, exchange: Exchange, terms: Path, closed: Closed) -> Iterator[Document]:
    """Registers with decisions for the accounts that the closing answers, and the documents; always in the same order."""
    for _, opened, _ in Registers(connection, exchange).opened(closed.closing.fresh):
        yield from registers(closed, opened, exchange.region.code)

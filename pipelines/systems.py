"""The systems of the fund that take part in the exchange: the one list of all package kinds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from sqlalchemy import Connection

from pipelines import erz, pump, reference
from pipelines.exchange.channels.base import Channel
from pipelines.exchange.journal import Problem
from pipelines.exchange.metrics import Metric, exchange, read
from pipelines.exchange.service import Exchange
from pipelines.ground.settings import Settings
from pipelines.ground.store import Store
from pipelines.pump.closing.metrics import closings

KINDS = (*pump.KINDS, *erz.KINDS, *reference.KINDS)


def _closings(connection: Connection, store: Store) -> Iterator[Problem]:
    from pipelines.pump.closing.verify import verify  # imports all of the control: seconds

    return verify(connection, store)


VERIFIERS = (_closings,)
"""What subsystems compare with the journal when it is verified."""


def metrics(settings: Settings) -> list[Metric]:
    """Figures of the exchange and of its subsystems at this moment."""
    return read(settings.database_url, (exchange, closings))


def open_exchange(settings: Settings, channels: Mapping[str, Channel] | None = None) -> Exchange:
    """The exchange of an installation with all its kinds; without channels it can process, but not receive or deliver."""
    return Exchange(settings, channels or {}, KINDS, verifiers=VERIFIERS)

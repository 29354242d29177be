"""The systems of the fund that take part in the exchange: the one list of all package kinds."""

from __future__ import annotations

from collections.abc import Mapping

from pipelines import erz, pump, reference
from pipelines.exchange.channels.base import Channel
from pipelines.exchange.service import Exchange
from pipelines.ground.settings import Settings

KINDS = (*pump.KINDS, *erz.KINDS, *reference.KINDS)


def open_exchange(settings: Settings, channels: Mapping[str, Channel] | None = None) -> Exchange:
    """The exchange of an installation with all its kinds; without channels it can process, but not receive or deliver."""
    return Exchange(settings, channels or {}, KINDS)

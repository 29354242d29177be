"""Watches the channels from the triggerer, and starts the reception when something is ready."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from typing import Any

from airflow.sdk import Asset, AssetWatcher
from airflow.triggers.base import BaseEventTrigger, TriggerEvent

from pipelines.orchestration.assets import GROUP
from pipelines.orchestration.report import trail

log = logging.getLogger(__name__)


class InboxTrigger(BaseEventTrigger):
    """Polls all channels every ``interval`` seconds; fires with the number of items ready, and with nothing else.

    After an event it gives the reception ``rest`` seconds to take what is there. Errors are logged and the pauses after
    them grow up to ``longest``: the watcher never ends by itself. The channels are reopened after an error, so that changed
    connections are taken up.
    """

    def __init__(self, interval: float = 1.0, rest: float = 3.0, longest: float = 120.0) -> None:
        super().__init__()
        self.interval = interval
        self.rest = rest
        self.longest = longest
        self._exchange: Any = None

    def serialize(self) -> tuple[str, dict[str, Any]]:
        own = type(self)
        return f"{own.__module__}.{own.__qualname__}", {
            "interval": self.interval,
            "rest": self.rest,
            "longest": self.longest,
        }

    def look(self) -> int:
        """One poll; blocks, so it is called in a thread."""
        if self._exchange is None:
            from pipelines.orchestration.connections import exchange

            self._exchange = exchange()
        return int(self._exchange.look())

    async def run(self) -> AsyncIterator[TriggerEvent]:
        pause = self.interval
        while True:
            try:
                ready = await asyncio.to_thread(self.look)
            except Exception as error:  # whatever it is, the next poll may go through
                self._exchange = None
                pause = min(pause * 2, self.longest)
                log.warning("Каналы не опрошены, повтор через %.0f с: %s", pause, trail(error))
            else:
                pause = self.interval
                if ready:
                    yield TriggerEvent({"ready": ready})
                    pause = self.rest
            await asyncio.sleep(pause)


INBOX = Asset(
    "Входящие пакеты",
    "oms://exchange/inbox",
    group=GROUP,
    watchers=[AssetWatcher(name="Опрос каналов", trigger=InboxTrigger())],
)
"""Something ready lies in a channel."""

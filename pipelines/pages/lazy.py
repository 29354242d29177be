"""An application that is built when it is first asked: the plugin is imported by processes that never show a page."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

Message = MutableMapping[str, Any]
Application = Callable[
    [Message, Callable[[], Awaitable[Message]], Callable[[Message], Awaitable[None]]],
    Awaitable[None],
]


class LazyApplication:
    """An ASGI application made by ``build`` in a thread at the first request; one that fails is built anew at the next."""

    def __init__(self, build: Callable[[], Application]) -> None:
        self._build = build
        self._built: Application | None = None
        self._lock = asyncio.Lock()

    async def __call__(
        self, scope: Message, receive: Callable[[], Awaitable[Message]], send: Callable[[Message], Awaitable[None]]
    ) -> None:
        if self._built is None:
            async with self._lock:
                if self._built is None:
                    self._built = await asyncio.to_thread(self._build)
        await self._built(scope, receive, send)


def installed() -> Application:
    """The pages of this installation behind Airflow's login."""
    from pipelines.pages import access
    from pipelines.pages.application import create_app
    from pipelines.pages.site import Site

    return create_app(Site(access.secret, access.login_address, access.start), access.admit)

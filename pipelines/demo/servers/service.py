"""A server on an event loop of its own: in a thread (tests, the stand's process) or as a process."""

from __future__ import annotations

import asyncio
import signal
import threading
from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Self

from pipelines.demo.servers import ports


class Service(ABC):
    """``ports`` names each port by its service; ``greetings`` what each of them says first."""

    ports: Mapping[str, int]
    greetings: Mapping[str, bytes]

    @abstractmethod
    async def open(self) -> None:
        """Listen on the ports."""

    @abstractmethod
    async def close(self) -> None:
        """Stop listening and drop the connections."""

    def start(self) -> Self:
        """Serve from a thread; returns once the ports are open. Raises ``PortBusyError``."""
        self._require_ports()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        try:
            asyncio.run_coroutine_threadsafe(self.open(), self._loop).result(30)
        except BaseException:
            self._end_thread()
            raise
        return self

    def stop(self) -> None:
        """End what ``start`` began."""
        asyncio.run_coroutine_threadsafe(self.close(), self._loop).result(30)
        self._end_thread()

    def run(self) -> None:
        """Serve in this thread until SIGTERM or SIGINT. Raises ``PortBusyError``."""
        self._require_ports()
        asyncio.run(self._until_terminated())

    def healthy(self) -> bool:
        """Whether every port answers with its greeting."""
        return all(ports.greets(port, self.greetings[name]) for name, port in self.ports.items())

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    async def _until_terminated(self) -> None:
        ended = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, ended.set)
        await self.open()
        try:
            await ended.wait()
        finally:
            await self.close()

    def _require_ports(self) -> None:
        for name, port in self.ports.items():
            ports.require_free(port, name)

    def _end_thread(self) -> None:
        asyncio.run_coroutine_threadsafe(_cancel_others(), self._loop).result(30)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(30)
        self._loop.close()


async def _cancel_others() -> None:
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)

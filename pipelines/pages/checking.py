"""Verification of the journal in the background of the pages' process: one at a time, watched from the page."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

from pipelines.exchange.journal import Watch
from pipelines.exchange.verification import AlreadyRunning, Verification

log = logging.getLogger(__name__)


class Checking:
    """The verification that this process runs, or has run last."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._started = 0.0
        self.part = ""
        self.done = 0
        self.failure = ""
        self.result: Verification | None = None

    @property
    def running(self) -> bool:
        return self._thread is not None and self._thread.is_alive()

    @property
    def seconds(self) -> int:
        """How long the one under way has been going."""
        return int(time.monotonic() - self._started)

    def start(self, verify: Callable[[Watch], Verification]) -> bool:
        """Start in a thread; False when one is under way already."""
        with self._lock:
            if self.running:
                return False
            self.part, self.done, self.failure, self.result = "начало", 0, "", None
            self._started = time.monotonic()
            self._thread = threading.Thread(target=self._run, args=(verify,), name="oms-verify", daemon=True)
            self._thread.start()
            return True

    def wait(self, seconds: float) -> None:
        """Wait for the end of the one under way."""
        if self._thread is not None:
            self._thread.join(seconds)

    def _run(self, verify: Callable[[Watch], Verification]) -> None:
        try:
            self.result = verify(self._watch)
        except AlreadyRunning as busy:
            self.failure = str(busy)
        except Exception as error:
            log.error("Проверка журнала прервана: %s", type(error).__name__)
            self.failure = f"Проверка прервана: {type(error).__name__}"

    def _watch(self, part: str, done: int) -> None:
        self.part, self.done = part, done

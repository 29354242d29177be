"""Child processes of the stand: each in a session of its own, so that nothing that it started outlives it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil  # type: ignore[import-untyped]

GRACE = 12.0
"""Seconds that processes get to end by themselves."""


class ChildDiedError(RuntimeError):
    """A process of the stand ended by itself; the text is in Russian and names its log."""


@dataclass(frozen=True)
class Child:
    """A process under way; ``log`` takes what it writes. Later waves use the earlier ones and end before them.

    ``ends`` says that the process does its work and ends by itself.
    """

    name: str
    process: subprocess.Popen[bytes]
    log: Path
    wave: int
    ends: bool

    @property
    def session(self) -> int:
        return self.process.pid


class Children:
    """The processes of a stand. ``record`` keeps their ids, so that a later stand can clear up after one that was killed."""

    def __init__(self, record: Path, environment: Mapping[str, str], folder: Path) -> None:
        self._record = record
        self._environment = dict(environment)
        self._folder = folder
        self.running: list[Child] = []

    def start(self, name: str, command: Sequence[str], log: Path, *, wave: int = 0, ends: bool = False) -> Child:
        """Start a process; its output goes to ``log``, which is begun anew."""
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("wb") as output:
            process = subprocess.Popen(
                list(command),
                env=self._environment,
                cwd=self._folder,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        child = Child(name, process, log, wave, ends)
        self.running.append(child)
        self._note()
        return child

    def finish(self, child: Child) -> None:
        """Wait for a process that ends by itself; raises ``ChildDiedError`` unless its code is 0."""
        code = child.process.wait()
        self.running.remove(child)
        self._note()
        if code:
            raise ChildDiedError(f"{child.name}: код завершения {code}, см. {child.log}")

    def check(self) -> None:
        """Raise ``ChildDiedError`` if a process has ended that should not have."""
        for child in self.running:
            code = child.process.poll()
            if code or (code is not None and not child.ends):
                raise ChildDiedError(f"{child.name}: процесс завершился (код {code}), см. {child.log}")

    def stop(self) -> None:
        """End all processes and whatever they started."""
        for wave in sorted({child.wave for child in self.running}, reverse=True):
            children = [child for child in self.running if child.wave == wave]
            end_sessions([child.session for child in children], [child.process.poll for child in children])
        self.running.clear()
        self._record.unlink(missing_ok=True)

    def _note(self) -> None:
        sessions = [[child.session, _born(child.session)] for child in self.running]
        self._record.parent.mkdir(parents=True, exist_ok=True)
        self._record.write_text(json.dumps({"stand": [os.getpid(), _born(os.getpid())], "sessions": sessions}))


def alive_stand(record: Path) -> int | None:
    """Process id of the stand that keeps the record, if it is still there."""
    if not record.exists():
        return None
    pid, born = json.loads(record.read_text())["stand"]
    return int(pid) if pid != os.getpid() and _born(pid) == born else None


def clear_up(record: Path) -> int:
    """End what a stand that was killed has left; returns the number of its processes."""
    if not record.exists():
        return 0
    sessions = [int(pid) for pid, born in json.loads(record.read_text())["sessions"] if _born(pid) in (born, 0.0)]
    left = len(_members(sessions))
    end_sessions(sessions)
    record.unlink()
    return left


def end_sessions(sessions: Sequence[int], reap: Iterable[Callable[[], object]] = ()) -> None:
    """SIGTERM to the leaders of sessions and their groups, then SIGKILL to all that is left of the sessions."""
    reapers = list(reap)
    for session in sessions:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(session, signal.SIGTERM)
    deadline = time.monotonic() + GRACE
    while _members(sessions) and time.monotonic() < deadline:
        for call in reapers:
            call()
        time.sleep(0.1)
    while left := _members(sessions):
        for process in left:
            with suppress(psutil.NoSuchProcess):
                process.kill()
        for call in reapers:
            call()
        time.sleep(0.05)


def _members(sessions: Sequence[int]) -> list[psutil.Process]:
    """Living processes of the sessions; those that ended and wait for their parent do not count."""
    wanted = set(sessions)
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.NoSuchProcess, ProcessLookupError, PermissionError):
            if os.getsid(process.pid) in wanted and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
    return found


def _born(pid: int) -> float:
    """Start time of a process, which with its id names it for good; 0 when it is gone."""
    try:
        return float(psutil.Process(pid).create_time())
    except psutil.NoSuchProcess:
        return 0.0

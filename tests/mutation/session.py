"""Mutants under the tests: one pytest session that collects once, then forks for every mutant.

The session first runs each test and keeps which functions of the mutated modules it enters and how long it takes. A mutant
is then judged by the tests that enter its function (a constant: anything of its module) until one fails: first those that
caught others there, then the quickest.
"""

from __future__ import annotations

import gc
import os
import signal
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from types import FrameType
from typing import Any

import pytest
from _pytest.runner import runtestprotocol

from tests.mutation.mutants import Mutant
from tests.mutation.patching import Loaded, Misplaced

SURVIVED, CAUGHT, UNJUDGED = range(3)
PATIENCE = 10
"""A mutant whose tests take so many times longer than without it is caught: it made something endless."""

Progress = Callable[[Mutant, bool], None]


class Hunt:
    """Plugin of pytest that takes the place of the run of the collected tests; ``survivors`` is the result."""

    def __init__(self, chosen: Sequence[Mutant], jobs: int, progress: Progress) -> None:
        self.chosen, self.jobs, self.progress = chosen, jobs, progress
        self.survivors: list[Mutant] = []
        self.paths = {str(mutant.path) for mutant in chosen}
        self.entered: dict[tuple[str, str], set[int]] = defaultdict(set)
        self.seconds: list[float] = []
        self.catchers: dict[tuple[str, str], Counter[int]] = defaultdict(Counter)
        self.items: list[pytest.Item] = []

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Run the tests once as they are, then the mutants."""
        self.items = session.items
        for number in range(len(self.items)):
            started = time.perf_counter()
            sys.settrace(self._tracer(number))
            passed = self._passes([number])
            sys.settrace(None)
            self.seconds.append(time.perf_counter() - started)
            if not passed:
                raise pytest.UsageError(f"fails without a mutant: {self.items[number].nodeid}")
        self.loaded = Loaded({mutant.path for mutant in self.chosen})
        gc.collect()
        gc.freeze()  # so that the children share the parent's memory
        print(f"{len(self.items)} tests judge: {sum(self.seconds):.0f} s", file=sys.stderr, flush=True)
        waiting = iter(self.chosen)
        running: dict[int, tuple[Mutant, int]] = {}
        while self._fill(waiting, running):
            pid, status = os.wait()
            self._judged(*running.pop(pid), status)
        return True

    def _tracer(self, number: int) -> Callable[[FrameType, str, Any], None]:
        def enter(frame: FrameType, _event: str, _argument: Any) -> None:
            code = frame.f_code
            if code.co_filename in self.paths:
                self.entered[code.co_filename, code.co_qualname.partition(".<")[0]].add(number)

        return enter

    def _passes(self, numbers: Sequence[int]) -> bool:
        """Whether all of some tests pass."""
        for number, following in zip(numbers, [*numbers[1:], None], strict=True):
            nextitem = None if following is None else self.items[following]
            for report in runtestprotocol(self.items[number], log=False, nextitem=nextitem):
                if report.failed:
                    return False
        return True

    def _fill(self, waiting: Iterator[Mutant], running: dict[int, tuple[Mutant, int]]) -> bool:
        """Start children for the mutants that wait; False when nothing runs any more."""
        while len(running) < self.jobs and (mutant := next(waiting, None)) is not None:
            reading, writing = os.pipe()
            pid = os.fork()
            if pid == 0:
                os._exit(self._child(mutant, writing))
            os.close(writing)
            running[pid] = mutant, reading
        return bool(running)

    def _child(self, mutant: Mutant, writing: int) -> int:
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.alarm(60 + int(PATIENCE * sum(self.seconds[number] for number in self._judges(mutant))))
        quiet = os.open(os.devnull, os.O_WRONLY)
        os.dup2(quiet, 1)
        os.dup2(quiet, 2)
        try:
            self.loaded.apply(mutant)
        except Misplaced:
            return UNJUDGED
        except Exception:
            return CAUGHT  # a constant that cannot be made
        for number in self._judges(mutant):
            if not self._passes([number]):
                os.write(writing, str(number).encode())
                return CAUGHT
        return SURVIVED

    def _judges(self, mutant: Mutant) -> list[int]:
        """Tests that enter the mutant's function or, when it is in none, any of its module."""
        place = self._place(mutant)
        entering = self.entered.get(place, set())
        if not entering and not any(path == place[0] and name == place[1] for path, name in self.entered):
            entering = set().union(*(found for (path, _), found in self.entered.items() if path == place[0]))
        return sorted(entering, key=lambda number: (-self.catchers[place][number], self.seconds[number]))

    def _place(self, mutant: Mutant) -> tuple[str, str]:
        """The function that tests enter, of a place that may be inside it."""
        path, name = str(mutant.path), mutant.place
        while name and (path, name) not in self.entered:
            name = name.rpartition(".")[0]
        return path, name

    def _judged(self, mutant: Mutant, reading: int, status: int) -> None:
        caught_by = os.read(reading, 20)
        os.close(reading)
        code = os.waitstatus_to_exitcode(status)
        if code == UNJUDGED:
            raise RuntimeError(f"cannot be put in: {mutant}")
        if caught_by:
            self.catchers[self._place(mutant)][int(caught_by)] += 1
        if code == SURVIVED:
            self.survivors.append(mutant)
        self.progress(mutant, code == SURVIVED)


def hunt(chosen: Sequence[Mutant], tests: Sequence[str], jobs: int, progress: Progress) -> list[Mutant]:
    """Mutants that no test catches; raises ``RuntimeError`` when the tests themselves do not run."""
    plugin = Hunt(chosen, jobs, progress)
    options = ["-q", "-s", "-o", "addopts=", "-p", "no:timeout", "-p", "no:cacheprovider", "--no-header", "--tb=no"]
    code = pytest.main([*options, *tests], plugins=[plugin])
    if code not in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED) or not plugin.seconds:
        raise RuntimeError(f"the tests did not run: {code!r}")
    return plugin.survivors

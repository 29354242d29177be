"""Body of the intake DAGs: packages that wait -> batches -> processing, one transaction a package."""

from __future__ import annotations

import logging
from collections import Counter, deque
from collections.abc import Callable
from itertools import pairwise
from math import ceil
from typing import TYPE_CHECKING, TypedDict

from airflow.sdk import task
from airflow.sdk.exceptions import AirflowException

from pipelines.orchestration.assets import ANSWERED, checked, received
from pipelines.orchestration.links import packages_task
from pipelines.orchestration.policy import INTAKE_POOL
from pipelines.orchestration.report import label, shown, trail, without_values

if TYPE_CHECKING:
    from pipelines.exchange.service import Exchange

log = logging.getLogger(__name__)

Newcomer = Callable[[], "int | None"]

MOST_BATCHES = 64
"""More mapped instances than this slow the scheduler and the UI down."""
LEAST_IN_BATCH = 8
"""Fewer small packages than this do not pay for a task of their own. A large one does."""
MOST_NEWCOMERS = 8
"""Small packages that a batch takes in addition: its answers leave when it ends."""


class Batch(TypedDict):
    """Packages of one mapped task, what the grid calls it, and the last package that was there when it was dealt."""

    packages: list[int]
    label: str
    last: int


def batches(exchange: Exchange, subsystem: str) -> list[Batch]:
    """What waits in a subsystem, in at most ``MOST_BATCHES`` batches: small packages first, large ones by themselves."""
    from pipelines.exchange.bulk import SMALL

    waiting = exchange.pending(subsystem)
    small = [package for package, size in waiting.items() if size <= SMALL]
    large = [package for package, size in waiting.items() if size > SMALL]
    most = MOST_BATCHES // 2 if small and large else MOST_BATCHES
    dealt = _dealt(small, min(most, ceil(len(small) / LEAST_IN_BATCH))) + _dealt(large, min(most, len(large)))
    last = max(waiting, default=0)
    return [{"packages": part, "label": label(part, exchange.name_of), "last": last} for part in dealt]


def _dealt(packages: list[int], count: int) -> list[list[int]]:
    """Packages in a number of parts of nearly equal length."""
    edges = [len(packages) * number // count for number in range(count + 1)] if count else [0]
    return [packages[start:end] for start, end in pairwise(edges)]


def process_batch(exchange: Exchange, packages: list[int], come: Newcomer = lambda: None) -> dict[str, int]:
    """Process packages one by one, prepared many at a time; returns how many ended with which result.

    Small packages that ``come`` meanwhile do not wait for the next run: they are taken before the next of the batch.
    A package that fails through our own fault is noted as such by the exchange and tried again when it is due; the others
    go on. One that waits for an earlier package (same bytes, same number) gets a second chance at the end of the batch.
    Raises ``AirflowException`` only when every package of the batch failed.
    """
    results: Counter[str] = Counter()
    failed = 0
    bulk = exchange.bulk(packages)
    left = deque((package_id, False) for package_id in packages)
    while left:
        if newcomer := come():
            left.appendleft((newcomer, True))
        package_id, again = left.popleft()
        try:
            outcome = exchange.process(package_id, bulk.take(package_id))
        except Exception as error:  # noted by the exchange; must not hurt the others
            failed += 1
            log.error("Пакет № %d не обработан, будет повторён: %s", package_id, trail(error))
            continue
        if outcome.result is None and not again:
            left.append((package_id, True))
            continue
        log.info("Пакет %s: %s", shown(package_id, outcome.name), outcome.summary)
        results[outcome.result.value if outcome.result else "POSTPONED"] += 1
    if failed and not results:
        raise AirflowException(f"Не обработан ни один пакет из {failed}: см. сообщения выше")
    if failed:
        log.warning("Не обработано по нашей вине: %d из %d", failed, failed + results.total())
    return dict(results)


def newcomers(exchange: Exchange, subsystem: str, last: int) -> Newcomer:
    """What a batch asks between packages: the next small package received after ``last``; each once, not too many."""
    named: set[int] = set()

    def come() -> int | None:
        found = exchange.newcomer(subsystem, last, named) if len(named) < MOST_NEWCOMERS else None
        if found is not None:
            named.add(found)
        return found

    return come


def intake(subsystem: str) -> None:
    """Tasks of a subsystem's intake; call inside its DAG function."""

    @task(task_display_name="Что ждёт обработки")
    def waiting() -> list[Batch]:
        from pipelines.orchestration.connections import exchange

        with without_values():
            dealt = batches(exchange(), subsystem)
        log.info("Ждут обработки: %d", sum(len(batch["packages"]) for batch in dealt))
        return dealt

    @packages_task(
        task_display_name="Обработка",
        pool=INTAKE_POOL,
        multiple_outputs=False,
        map_index_template="{{ task.op_kwargs['batch']['label'] }}",
        inlets=[received(subsystem)],
        outlets=[checked(subsystem), ANSWERED],
    )
    def process(batch: Batch) -> dict[str, int]:
        from pipelines.orchestration.connections import exchange

        with without_values():
            opened = exchange()
            return process_batch(opened, batch["packages"], newcomers(opened, subsystem, batch["last"]))

    process.expand(batch=waiting())

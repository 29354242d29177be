"""Body of the intake DAGs: packages that wait -> batches -> processing, one transaction a package."""

from __future__ import annotations

import logging
from collections import Counter, deque
from itertools import pairwise
from math import ceil
from typing import TYPE_CHECKING, TypedDict

from airflow.sdk import task
from airflow.sdk.exceptions import AirflowException

from pipelines.orchestration.assets import ANSWERED
from pipelines.orchestration.policy import INTAKE_POOL
from pipelines.orchestration.report import label, shown, trail, without_values

if TYPE_CHECKING:
    from pipelines.exchange.service import Exchange

log = logging.getLogger(__name__)

MOST_BATCHES = 64
"""More mapped instances than this slow the scheduler and the UI down."""
LEAST_IN_BATCH = 8
"""Fewer packages than this do not pay for a task of their own."""


class Batch(TypedDict):
    """Packages of one mapped task, and what the grid calls it."""

    packages: list[int]
    label: str


def batches(exchange: Exchange, subsystem: str) -> list[Batch]:
    """What waits in a subsystem, dealt into at most ``MOST_BATCHES`` batches of nearly equal size, oldest first."""
    packages = exchange.pending(subsystem)
    count = min(MOST_BATCHES, ceil(len(packages) / LEAST_IN_BATCH))
    edges = [len(packages) * number // count for number in range(count + 1)] if count else [0]
    dealt = (packages[start:end] for start, end in pairwise(edges))
    return [{"packages": part, "label": label(part, exchange.name_of)} for part in dealt]


def process_batch(exchange: Exchange, packages: list[int]) -> dict[str, int]:
    """Process packages one by one, prepared many at a time; returns how many ended with which result.

    A package that fails through our own fault is noted as such by the exchange and tried again when it is due; the others
    go on. One that waits for an earlier package (same bytes, same number) gets a second chance at the end of the batch.
    Raises ``AirflowException`` only when every package of the batch failed.
    """
    results: Counter[str] = Counter()
    failed = 0
    bulk = exchange.bulk(packages)
    left = deque((package_id, False) for package_id in packages)
    while left:
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
    if failed and failed == len(packages):
        raise AirflowException(f"Не обработан ни один пакет из {failed}: см. сообщения выше")
    if failed:
        log.warning("Не обработано по нашей вине: %d из %d", failed, len(packages))
    return dict(results)


def intake(subsystem: str) -> None:
    """Tasks of a subsystem's intake; call inside its DAG function."""

    @task(task_display_name="Что ждёт обработки")
    def waiting() -> list[Batch]:
        from pipelines.orchestration.connections import exchange

        with without_values():
            dealt = batches(exchange(), subsystem)
        log.info("Ждут обработки: %d", sum(len(batch["packages"]) for batch in dealt))
        return dealt

    @task(
        task_display_name="Обработка",
        pool=INTAKE_POOL,
        multiple_outputs=False,
        map_index_template="{{ task.op_kwargs['batch']['label'] }}",
        outlets=[ANSWERED],
    )
    def process(batch: Batch) -> dict[str, int]:
        from pipelines.orchestration.connections import exchange

        with without_values():
            return process_batch(exchange(), batch["packages"])

    process.expand(batch=waiting())

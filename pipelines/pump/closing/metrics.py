"""Closings for Prometheus."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Connection

from pipelines.exchange.metrics import Metric
from pipelines.ground.sql import statement


def closings(connection: Connection) -> Iterator[Metric]:
    """Closings of months and controls of days by state."""
    rows = connection.execute(statement("pump/metrics_closings"))
    samples = [({"kind": row.kind, "state": row.state}, row.value) for row in rows]
    yield Metric("oms_closings", "gauge", "Закрытия месяцев и контроли за день по состояниям", samples)

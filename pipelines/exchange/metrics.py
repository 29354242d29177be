"""Figures of the exchange for Prometheus: read from the journal when asked, so that nothing is counted on the hot path.

Only numbers, codes of kinds, states and channels: nothing of persons or organisations.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Literal

from sqlalchemy import Connection, text

from pipelines.exchange.protocol import LOCAL
from pipelines.ground import database
from pipelines.ground.sql import statement

log = logging.getLogger(__name__)
TYPE = "application/openmetrics-text; version=1.0.0; charset=utf-8"
PATIENCE_MS = 10_000
"""Longest query of a scrape."""

Sample = tuple[dict[str, str], float]


@dataclass(frozen=True)
class Metric:
    """A family of OpenMetrics: name without ``_total``, what it is, samples with their labels."""

    name: str
    kind: Literal["counter", "gauge"]
    help: str
    samples: Sequence[Sample]


Source = Callable[[Connection], Iterable[Metric]]
"""What a subsystem adds."""


def exchange(connection: Connection) -> Iterator[Metric]:
    """Packages and their answers, the queues, the journal."""
    rows = connection.execute(statement("exchange/metrics_packages"), {"zone": str(LOCAL)}).all()
    answered = [({"kind": row.kind, "result": row.result}, row.value) for row in rows]
    yield Metric("oms_packages", "counter", "Пакеты, на которые дан ответ, по видам и результатам", answered)
    waiting = connection.execute(statement("exchange/metrics_waiting")).all()
    queues = [({"subsystem": row.subsystem, "state": row.state}, row) for row in waiting]
    yield Metric(
        "oms_packages_waiting", "gauge", "Пакеты без ответа: ждут или не удались", [(key, row.value) for key, row in queues]
    )
    oldest = max((row.oldest for row in waiting), default=0.0)
    yield Metric("oms_packages_oldest_seconds", "gauge", "Сколько ждёт самый старый пакет без ответа", [({}, oldest)])
    found = connection.execute(statement("exchange/metrics_answered")).one()
    seconds = found.seconds or ()
    yield Metric(
        "oms_answer_seconds",
        "gauge",
        "От получения до ответа за последний час",
        [({"quantile": name}, value) for name, value in zip(("0.5", "0.95", "1"), seconds, strict=False)],
    )
    outgoing = connection.execute(statement("exchange/metrics_outgoing")).all()
    yield Metric(
        "oms_files_waiting",
        "gauge",
        "Файлы, которые не отправлены",
        [({"channel": row.channel}, row.value) for row in outgoing],
    )
    yield Metric(
        "oms_files_failing",
        "gauge",
        "Файлы, отправка которых не удалась и повторяется",
        [({"channel": row.channel}, row.failing) for row in outgoing],
    )
    late = max((row.oldest for row in outgoing), default=0.0)
    yield Metric("oms_files_oldest_seconds", "gauge", "Сколько ждёт отправки самый старый файл", [({}, late)])
    head = connection.execute(text("select coalesce(max(seq), 0) from exchange.event")).scalar_one()
    yield Metric("oms_events", "counter", "События журнала обмена", [({}, head)])


def read(url: str, sources: Iterable[Source]) -> list[Metric]:
    """All figures of one moment; the transaction cannot write."""
    with database.transaction(url) as connection:
        connection.execute(text("set transaction isolation level repeatable read, read only"))
        connection.execute(text(f"set local statement_timeout = {PATIENCE_MS}"))
        return [metric for source in sources for metric in source(connection)]


def openmetrics(metrics: Iterable[Metric]) -> str:
    """OpenMetrics text."""
    lines = []
    for metric in metrics:
        lines += [f"# TYPE {metric.name} {metric.kind}", f"# HELP {metric.name} {metric.help}"]
        name = f"{metric.name}_total" if metric.kind == "counter" else metric.name
        for labels, value in metric.samples:
            told = ",".join(f'{key}="{_escaped(text)}"' for key, text in labels.items())
            lines.append(f"{name}{{{told}}} {value:.17g}" if told else f"{name} {value:.17g}")
    return "\n".join([*lines, "# EOF", ""])


def server(host: str, port: int, told: Callable[[], str]) -> ThreadingHTTPServer:
    """A server of ``/metrics``; 503 while the database is away. ``serve_forever`` runs it."""

    class Scrape(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path != "/metrics":
                self.send_error(404)
                return
            try:
                body = told().encode()
            except Exception as error:
                log.warning("Показатели не прочитаны: %s", type(error).__name__)
                self.send_error(503)
                return
            self.send_response(200)
            self.send_header("Content-Type", TYPE)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """A line for each scrape tells nothing."""

    return ThreadingHTTPServer((host, port), Scrape)


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")

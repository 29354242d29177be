"""Starts and stops a whole stand: PostgreSQL, SFTP and mail servers, Airflow, over one folder."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from importlib.metadata import version
from pathlib import Path
from shlex import quote
from urllib.parse import urlsplit

import psycopg
from psycopg import sql

from pipelines.demo.airflow_api import COMPONENTS, AirflowApi
from pipelines.demo.children import Children, alive_stand, clear_up
from pipelines.demo.config import SERVICES, USERS, Stand, write_private
from pipelines.demo.servers.ports import PortBusyError, greets, require_free
from pipelines.demo.servers.postgres import Postgres
from pipelines.demo.servers.sftp import SftpServer, read_accounts
from pipelines.erz import load_persons
from pipelines.ground import database, migrations
from pipelines.ground.settings import ROOT
from pipelines.orchestration.policy import POOLS
from pipelines.synthetic.identification import generate_persons
from pipelines.systems import open_exchange

Report = Callable[[str], None]

START_TIMEOUT = 240.0
"""Seconds that each step of the start may take."""
WARMING = "pipelines.orchestration.warm"
GREETINGS = {"sftp": b"SSH-2.0", "smtp": b"220", "imap": b"* OK"}
"""What the servers say first."""
AIRFLOW: Sequence[tuple[Sequence[Sequence[str]], AbstractSet[str]]] = (
    ((("api-server",), ("dag-processor",)), {"api-server"}),
    ((("scheduler", "--skip-serve-logs"), ("triggerer", "--skip-serve-logs")), frozenset(COMPONENTS)),
)
"""Airflow's programs in the order of their start, each with what must be healthy before the next. Tasks are of no use before
the API answers, and their libraries would slow its start down."""


class StandError(RuntimeError):
    """The stand cannot be started; the text is in Russian and says what to do."""


@dataclass(frozen=True)
class Running:
    """A stand that is up: its Airflow, the host key that its SFTP server shows, its processes."""

    api: AirflowApi
    sftp_host_key: str
    children: Children

    def check(self) -> None:
        """Raise ``ChildDiedError`` if a process of the stand has ended."""
        self.children.check()


@contextmanager
def running(stand: Stand, report: Report) -> Iterator[Running]:
    """A stand for the length of the block: everything that was started is stopped at its end, however it ends.

    Raises ``StandError`` before anything is started when a port is busy or the stand is up already, and
    ``ChildDiedError`` when a process of the stand does not come up.
    """
    record = stand.var / "stand.json"
    _clear_the_way(stand, record, report)
    postgres = None if stand.database else embedded_postgres(stand)
    write_private(stand.var / "airflow" / "passwords.json", json.dumps(USERS))
    write_private(stand.var / "servers" / "sftp.json", json.dumps(stand.sftp_accounts))
    write_private(stand.var / "servers" / "mail.json", json.dumps(stand.mail_accounts))
    write_private(stand.environment_file, "".join(f"{name}={quote(value)}\n" for name, value in stand.variables.items()))
    host_key = SftpServer(stand.sftp_root, stand.ports["sftp"], read_accounts(stand.var / "servers" / "sftp.json")).host_key
    children = Children(record, stand.environment(stand.connections(host_key)), ROOT)
    try:
        _start_servers(stand, children)
        warming = children.start("Подготовка библиотек", [sys.executable, "-m", WARMING], stand.log / "warm.log", ends=True)
        report("PostgreSQL…" if postgres else "PostgreSQL: сервер из OMS_DATABASE_URL…")
        if postgres:
            postgres.start()
        for url in (stand.database_url, stand.metadata_url):
            create_database(url)
        api = _start_airflow(stand, children, report)
        children.finish(warming)
        yield Running(api, host_key, children)
    finally:
        report("Остановка…")
        children.stop()
        if postgres:
            postgres.stop()


def create_database(url: str) -> None:
    """Create the database of a URL unless it is there; needs the server's database ``postgres``."""
    name = urlsplit(url).path.lstrip("/")
    with psycopg.connect(urlsplit(url)._replace(path="/postgres").geturl(), autocommit=True) as connection:
        if not connection.execute("select 1 from pg_database where datname = %s", (name,)).fetchone():
            connection.execute(sql.SQL("create database {}").format(sql.Identifier(name)))


def _clear_the_way(stand: Stand, record: Path, report: Report) -> None:
    """End what a killed stand has left; raise ``StandError`` if one is up or a port is busy."""
    if pid := alive_stand(record):
        raise StandError(
            f"Стенд в {stand.var} уже работает (процесс {pid}): остановите его или задайте другую папку OMS_VAR"
        )
    if left := clear_up(record):
        report(f"Завершены процессы прошлого запуска: {left}")
    if not stand.database:
        embedded_postgres(stand).stop()
    for name, port in stand.ports.items():
        if name == "postgres" and stand.database:
            continue
        try:
            require_free(port, SERVICES[name])
        except PortBusyError as error:
            raise StandError(f"{error} (переменная OMS_PORT_{name.upper()})") from None


def embedded_postgres(stand: Stand) -> Postgres:
    return Postgres(stand.postgres_data, stand.ports["postgres"], stand.secrets["postgres"])


def _start_airflow(stand: Stand, children: Children, report: Report) -> AirflowApi:
    """Bring up the databases' structure and the servers side by side, then Airflow; returns when it is healthy."""
    airflow = [sys.executable, "-m", "airflow"]
    with ThreadPoolExecutor(1) as beside:
        report("Структура баз данных…")
        prepared = beside.submit(_prepare_exchange, stand)
        marker = stand.var / "airflow" / "migrated"
        if not _migrated(stand, marker):
            log = stand.log / "migrate.log"
            children.finish(children.start("airflow db migrate", [*airflow, "db", "migrate"], log, ends=True))
            marker.write_text(_metadata_revision(stand), encoding="ascii")
        report("Airflow…")
        since = datetime.now(UTC)
        api = AirflowApi(stand.url, "admin", USERS["admin"])
        for wave, (programs, awaited) in enumerate(AIRFLOW, start=1):
            for arguments in programs:
                name = arguments[0]
                children.start(f"airflow {name}", [*airflow, *arguments], stand.log / f"{name}.log", wave=wave)
            _wait(stand, children, partial(_unhealthy, api, since, awaited))
        prepared.result()
    _wait(stand, children, lambda: {SERVICES[name] for name in GREETINGS if not greets(stand.ports[name], GREETINGS[name])})
    api.log_in()
    api.set_pools(POOLS)
    expected = {path.stem for path in (ROOT / "dags").glob("*.py")}
    _wait(stand, children, lambda: expected - set(api.dags()))
    for name in sorted(name for name, paused in api.dags().items() if paused):
        report(f"DAG {name} был приостановлен: включён")
        api.unpause(name)
    return api


def _start_servers(stand: Stand, children: Children) -> None:
    """SFTP and mail; they are up long before Airflow is."""
    accounts = stand.var / "servers"
    ports = {name: str(port) for name, port in stand.ports.items()}
    module = [sys.executable, "-m", "pipelines.demo.servers.sftp"]
    options = ["--root", str(stand.sftp_root), "--port", ports["sftp"], "--accounts", str(accounts / "sftp.json")]
    children.start("SFTP", [*module, *options], stand.log / "sftp.log")
    module = [sys.executable, "-m", "pipelines.demo.servers.mail"]
    options = ["--imap-port", ports["imap"], "--smtp-port", ports["smtp"], "--accounts", str(accounts / "mail.json")]
    children.start("Почта", [*module, *options], stand.log / "mail.log")


def _prepare_exchange(stand: Stand) -> None:
    """Structure of the exchange's database, the region's organisations and dictionaries, and the people it insures."""
    migrations.upgrade(stand.database_url)
    exchange = open_exchange(stand.settings)
    exchange.set_up()
    with database.transaction(stand.database_url) as connection:
        load_persons(connection, generate_persons(exchange.region))


def _unhealthy(api: AirflowApi, since: datetime, awaited: AbstractSet[str]) -> AbstractSet[str]:
    return awaited & set(api.unhealthy(since))


def _wait(stand: Stand, children: Children, missing: Callable[[], AbstractSet[str]]) -> None:
    """Wait until nothing is missing; raises ``StandError`` when the time is over, ``ChildDiedError`` when a process ends."""
    deadline = time.monotonic() + START_TIMEOUT
    while absent := missing():
        children.check()
        if time.monotonic() > deadline:
            raise StandError(f"Не поднялись за {START_TIMEOUT:.0f} с: {', '.join(sorted(absent))}; журналы — в {stand.log}")
        time.sleep(0.3)


def _migrated(stand: Stand, marker: Path) -> bool:
    """Whether Airflow's database is at the revision that this version of Airflow left it at."""
    return marker.exists() and marker.read_text(encoding="ascii") == _metadata_revision(stand)


def _metadata_revision(stand: Stand) -> str:
    """Airflow's version and the revision that its database has; only the version while there is none."""
    with psycopg.connect(stand.metadata_url) as connection:
        exists = connection.execute("select to_regclass('public.alembic_version') is not null").fetchone()
        row = connection.execute("select version_num from public.alembic_version").fetchone() if exists == (True,) else None
    return f"{version('apache-airflow')} {row[0] if row else ''}".strip()

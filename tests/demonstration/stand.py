"""``make demo`` as a user starts it, up for as long as the tests need it; shared by all that look at it."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import text

from pipelines.demo.config import PORTS, Stand
from pipelines.demo.parties import SftpParty
from pipelines.demo.servers.ports import free_port
from pipelines.demo.servers.sftp import SftpServer, read_accounts
from pipelines.ground import database
from pipelines.ground.settings import ROOT

UP = "Останов — Ctrl-C."
"""What the demonstration says last."""
PATIENCE = 1200
"""Seconds from the start to the closed month; some 200 on two idle cores."""


@dataclass(frozen=True)
class Demonstration:
    """A demonstration that is up, and what it has said so far."""

    stand: Stand
    said: str

    @contextmanager
    def party(self, login: str) -> Iterator[SftpParty]:
        """An organisation at the SFTP server."""
        stand = self.stand
        accounts = read_accounts(stand.var / "servers" / "sftp.json")
        host_key = SftpServer(stand.sftp_root, stand.ports["sftp"], accounts).host_key
        with closing(SftpParty(stand.ports["sftp"], login, stand.secrets[login], host_key)) as found:
            yield found

    def value(self, query: str, **parameters: object) -> Any:
        """The first value of a query of the exchange's database, None without rows; other parameters are left out."""
        with database.transaction(self.stand.database_url) as connection:
            statement = text(query)
            wanted = statement.compile().params.keys()
            return connection.execute(statement, {name: parameters[name] for name in wanted}).scalar()


def started(environment: Mapping[str, str]) -> tuple[subprocess.Popen[str], str]:
    """The process of ``demo run`` once it has shown everything; fails with what it said when it ends or takes too long."""
    command = [sys.executable, "-m", "pipelines.demo", "run"]
    process = subprocess.Popen(
        command,
        env=environment,
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    assert process.stdout is not None
    late = threading.Timer(PATIENCE, process.send_signal, [signal.SIGTERM])
    late.start()
    said = []
    for line in process.stdout:
        said.append(line)
        if UP in line:
            late.cancel()
            threading.Thread(target=process.stdout.read, daemon=True).start()  # or it would wait for a reader
            return process, "".join(said)
    late.cancel()
    process.wait()
    raise AssertionError(f"the demonstration ended with {process.returncode}:\n{''.join(said)[-8000:]}")


@contextmanager
def demonstrated() -> Iterator[Demonstration]:
    """A demonstration over a folder and ports of its own; everything is stopped and removed at the end."""
    place = Path(tempfile.mkdtemp(prefix="oms-demonstration-"))
    place.chmod(0o755)  # PostgreSQL runs under another account when tests run as root
    stand = Stand(place / "var", {name: free_port() for name in PORTS}, None, "demo")
    own = {"OMS_VAR": str(stand.var)} | {f"OMS_PORT_{name.upper()}": str(port) for name, port in stand.ports.items()}
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("OMS_", "AIRFLOW"))}
    process, said = started(inherited | own | {"PYTHONPATH": str(ROOT)})
    found = Demonstration(stand, said)
    try:
        yield found
    finally:
        database.engine(stand.database_url).dispose()
        process.send_signal(signal.SIGTERM)
        process.wait(180)
        shutil.rmtree(place, ignore_errors=True)


@contextmanager
def already_up() -> Iterator[Demonstration]:
    """The one that ``OMS_VAR`` and ``OMS_PORT_*`` name: for those who write tests and do not want to wait each time."""
    stand = Stand.from_environment()
    yield Demonstration(stand, "")
    database.engine(stand.database_url).dispose()

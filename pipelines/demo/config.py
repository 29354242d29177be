"""What a stand is: its folder, ports, secrets, and the environment that its processes get."""

from __future__ import annotations

import base64
import json
import os
import secrets
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from pipelines.demo.servers import mail
from pipelines.exchange.region import Fund, Organisation, Region
from pipelines.exchange.region import load as load_region
from pipelines.ground.settings import ROOT, Settings
from pipelines.orchestration.policy import IMAP, METADATA, SFTP, SMTP

HOST = "127.0.0.1"
PORTS = {"postgres": 15432, "airflow": 8080, "sftp": 2222, "smtp": 2525, "imap": 2143}
"""Default ports; ``OMS_PORT_POSTGRES`` and so on change them."""
SERVICES = {"postgres": "PostgreSQL", "airflow": "Airflow", "sftp": "SFTP", "smtp": "почта SMTP", "imap": "почта IMAP"}
USERS = {"admin": "admin", "oper": "oper", "audit": "audit", "mo980001": "mo980001"}
"""Logins of the demo with their passwords; the roles are in ``airflow.cfg``. The stand listens on loopback only."""
FUND_LOGIN = "fund"


@dataclass(frozen=True)
class Stand:
    """A stand over the folder ``var``; ``database`` is the URL of a server to use instead of an embedded one."""

    var: Path
    ports: Mapping[str, int]
    database: str | None
    region: str

    @classmethod
    def from_environment(cls) -> Stand:
        """The stand that ``OMS_VAR``, ``OMS_PORT_*``, ``OMS_DATABASE_URL`` and ``OMS_REGION`` describe."""
        return cls(
            var=Path(os.environ.get("OMS_VAR", ROOT / "var")).resolve(),
            ports={name: int(os.environ.get(f"OMS_PORT_{name.upper()}", port)) for name, port in PORTS.items()},
            database=os.environ.get("OMS_DATABASE_URL"),
            region=os.environ.get("OMS_REGION", "demo"),
        )

    @property
    def url(self) -> str:
        """Where the UI is."""
        return f"http://{HOST}:{self.ports['airflow']}"

    @property
    def log(self) -> Path:
        return self.var / "log"

    @property
    def answers(self) -> Path:
        """Where the demonstration keeps the answers that the organisations fetched."""
        return self.var / "answers"

    @property
    def environment_file(self) -> Path:
        """Variables of the exchange's command line for this stand, to be read by a shell."""
        return self.var / "stand.env"

    @property
    def sftp_root(self) -> Path:
        return self.var / "sftp"

    @property
    def postgres_data(self) -> Path:
        return self.var / "postgres"

    @cached_property
    def organisations(self) -> tuple[Organisation, ...]:
        """Organisations of the region's profile: each has an SFTP home, and a mailbox if it has an address."""
        return self._profile.organisations

    @cached_property
    def fund(self) -> Fund:
        """The fund itself, whose mailbox takes the mail."""
        return self._profile.fund

    @cached_property
    def operators(self) -> tuple[str, ...]:
        """Mailboxes of the fund's operators, whom the exchange mails about itself."""
        return self._profile.operators.mail

    @cached_property
    def _profile(self) -> Region:
        return load_region(ROOT / "include" / "region" / self.region)

    @cached_property
    def secrets(self) -> Mapping[str, str]:
        """Secrets of the stand by name, made once and kept in ``var/secrets.json`` for its owner only."""
        path = self.var / "secrets.json"
        known = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
        made = {
            "fernet": base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
            **{name: secrets.token_hex(32) for name in ("jwt", "session")},
            **{name: secrets.token_hex(12) for name in ("postgres", self.fund.mail, FUND_LOGIN, *self.operators)},
            **{name: secrets.token_hex(12) for one in self.organisations for name in (one.login, *one.addresses)},
        }
        if set(made) - set(known):
            known = made | known
            write_private(path, json.dumps(known, indent=1))
        return dict(known)

    @property
    def database_url(self) -> str:
        """The exchange's database."""
        return self.database or f"postgresql://oms:{self.secrets['postgres']}@{HOST}:{self.ports['postgres']}/oms"

    @property
    def metadata_url(self) -> str:
        """Airflow's database: on the same server, beside the exchange's."""
        parts = urlsplit(self.database_url)
        return urlunsplit(parts._replace(path=f"{parts.path}_airflow"))

    @property
    def settings(self) -> Settings:
        """Settings of the exchange on this stand."""
        return Settings(
            database_url=self.database_url,
            store_url=os.environ.get("OMS_STORE_URL", (self.var / "store").as_uri()),
            journal_url=os.environ.get("OMS_JOURNAL_URL", (self.var / "journal").as_uri()),
            region=self.region,
        )

    @property
    def variables(self) -> dict[str, str]:
        """Variables from which the exchange's processes and its command line read ``settings``."""
        return {
            "OMS_VAR": str(self.var),
            "OMS_DATABASE_URL": self.settings.database_url,
            "OMS_STORE_URL": self.settings.store_url,
            "OMS_JOURNAL_URL": self.settings.journal_url,
            "OMS_REGION": self.settings.region,
        }

    @property
    def sftp_accounts(self) -> dict[str, dict[str, object]]:
        """Accounts of the SFTP server: every organisation's, and the fund's."""
        logins = [organisation.login for organisation in self.organisations]
        accounts: dict[str, dict[str, object]] = {login: {"password": self.secrets[login]} for login in logins}
        return accounts | {FUND_LOGIN: {"password": self.secrets[FUND_LOGIN], "fund": True}}

    @property
    def mail_accounts(self) -> dict[str, str]:
        """Mailboxes with their passwords: every trusted address, the fund's, its operators'."""
        addresses = [address for organisation in self.organisations for address in organisation.addresses]
        return {address: self.secrets[address] for address in (*addresses, self.fund.mail, *self.operators)}

    def connections(self, sftp_host_key: str) -> dict[str, str]:
        """Airflow's connections by id, as JSON or URI."""
        mailbox = {"host": HOST, "login": self.fund.mail, "password": self.secrets[self.fund.mail]}
        described = {
            SFTP: {
                "conn_type": "sftp",
                "host": HOST,
                "port": self.ports["sftp"],
                "login": FUND_LOGIN,
                "password": self.secrets[FUND_LOGIN],
                "extra": {"host_key": sftp_host_key},
            },
            IMAP: mailbox
            | {
                "conn_type": "imap",
                "port": self.ports["imap"],
                "extra": {"tls": "none", "authentication_results_host": mail.NAME},
            },
            SMTP: mailbox | {"conn_type": "smtp", "port": self.ports["smtp"], "extra": {"tls": "none"}},
        }
        return {name: json.dumps(value) for name, value in described.items()} | {METADATA: self.metadata_url}

    def environment(self, connections: Mapping[str, str]) -> dict[str, str]:
        """Environment of the stand's processes, with Airflow's connections in it."""
        inherited = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
        return inherited | {
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{inherited.get('PATH', '')}",
            "PYTHONPATH": str(ROOT),
            "PYTHONUNBUFFERED": "1",
            "GX_ANALYTICS_ENABLED": "false",
            **self.variables,
            "AIRFLOW_HOME": str(ROOT),
            "AIRFLOW_CONFIG": str(ROOT / "airflow.cfg"),
            "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": self.metadata_url.replace("postgresql://", "postgresql+psycopg2://", 1),
            "AIRFLOW__CORE__FERNET_KEY": self.secrets["fernet"],
            "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"{self.url}/execution/",
            "AIRFLOW__API__PORT": str(self.ports["airflow"]),
            "AIRFLOW__API__BASE_URL": self.url,
            "AIRFLOW__API__SECRET_KEY": self.secrets["session"],
            "AIRFLOW__API_AUTH__JWT_SECRET": self.secrets["jwt"],
            **{f"AIRFLOW_CONN_{name.upper()}": value for name, value in connections.items()},
        }


def write_private(path: Path, content: str) -> None:
    """Write a text that only its owner may read."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(content)

"""Embedded mail server, SMTP and IMAP: a mailbox and a password per address, letters kept byte for byte in memory.

It is built of the parts of ``mail-devel`` (aiosmtpd and pymap). mail-devel's own multi-user mode gives every mailbox the
same password, delivers by the To header instead of the envelope and rewrites broken letters, which this stand must not.
As a mail server of the fund would, it says in Authentication-Results (host ``NAME``) whether the sender logged in.
Started by ``python -m pipelines.demo.servers.mail --imap-port 4143 --smtp-port 4025 --accounts accounts.json``.
"""

from __future__ import annotations

import asyncio
import hmac
import json
import logging
from argparse import Namespace
from collections.abc import Mapping
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from pymap.backend.dict import Config, DictBackend, Login
from pymap.backend.dict.filter import FilterSet
from pymap.backend.dict.mailbox import MailboxSet
from pymap.imap import IMAPService
from pymap.parsing.message import AppendMessage
from pymap.user import UserMetadata
from pysasl.hashing import Cleartext

from pipelines.demo.servers.ports import HOST, PortBusyError
from pipelines.demo.servers.service import Service

NAME = "mail.oms.example"
"""Name of the server in Authentication-Results: the setting ``authentication_results_host`` of the fund's mail channel."""

MAX_BYTES = 100 * 2**20


class MailServer(Service):
    """Server for ``accounts`` (address to password). Letters are lost when it stops."""

    greetings: Mapping[str, bytes] = {"SMTP": b"220", "IMAP": b"* OK"}

    def __init__(self, imap_port: int, smtp_port: int, accounts: Mapping[str, str]) -> None:
        self.ports = {"SMTP": smtp_port, "IMAP": imap_port}
        self.accounts = {address.lower(): password for address, password in accounts.items()}

    async def open(self) -> None:
        logging.getLogger("mail.log").setLevel(logging.ERROR)  # aiosmtpd warns of its own deprecation at every login
        arguments = Namespace(
            **{"demo_data": False, "demo_user": "", "demo_password": "", "host": HOST, "port": self.ports["IMAP"]},
            **dict.fromkeys(("debug", "tls"), False),
            **dict.fromkeys(("cert", "key", "passlib_cfg", "proxy_protocol", "inherited_sockets")),
        )
        config = Config.from_args(arguments, hash_context=Cleartext(), max_append_len=MAX_BYTES)
        config.apply_context()
        login = Login(config)
        for address, password in self.accounts.items():
            login.users_dict[address] = UserMetadata(config, address, password=password)
            config.set_cache[address] = (MailboxSet(), FilterSet())
        self._mailboxes = {address: mailboxes for address, (mailboxes, _) in config.set_cache.items()}
        self._stack = AsyncExitStack()
        await IMAPService(DictBackend(login, config), config).start(self._stack)
        self._smtp = await asyncio.get_running_loop().create_server(self._protocol, HOST, self.ports["SMTP"])

    async def close(self) -> None:
        self._smtp.close()
        await self._smtp.wait_closed()
        await self._stack.aclose()

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, rcpt_options: list[str]
    ) -> str:
        """Take letters for the server's own addresses only."""
        if address.lower() not in self._mailboxes:
            return "550 5.1.1 No such mailbox"
        envelope.rcpt_tos.append(address.lower())
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Put the letter into the mailboxes of the envelope, as it is, below the server's own headers."""
        mail_from = (envelope.mail_from or "").lower()
        login: Any = session.auth_data
        spf = "pass" if session.authenticated and login == mail_from else "fail"
        content = envelope.original_content or b""
        header = f"Authentication-Results: {NAME}; spf={spf} smtp.mailfrom={_quoted(mail_from)}\r\n"
        header += f"Received: by {NAME}; {format_datetime(datetime.now(UTC))}\r\n"
        for address in dict.fromkeys(envelope.rcpt_tos):
            inbox = await self._mailboxes[address].get_mailbox("INBOX")
            await inbox.append(AppendMessage(header.encode() + content, datetime.now(UTC), frozenset()), recent=True)
        return "250 OK"

    def _protocol(self) -> SMTP:
        return SMTP(
            self,
            hostname=NAME,
            data_size_limit=MAX_BYTES,
            enable_SMTPUTF8=True,
            authenticator=self._authenticate,
            auth_require_tls=False,
        )

    def _authenticate(self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any) -> AuthResult:
        if not isinstance(data, LoginPassword):
            return AuthResult(success=False, handled=False)
        address = data.login.decode("utf-8", "replace").lower()
        known = self.accounts.get(address)
        success = bool(known) and hmac.compare_digest(str(known).encode(), data.password)
        return AuthResult(success=success, handled=False, auth_data=address)


def _quoted(address: str) -> str:
    """The address as a value in a header: what could be taken for more of the header is hidden."""
    return address if all(char.isalnum() or char in "@.-_+=" for char in address) else '"hidden"'


def main(
    accounts: Annotated[Path, typer.Option(help="Адреса и пароли, JSON: {адрес: пароль}")],
    imap_port: Annotated[int, typer.Option(help="Порт IMAP на 127.0.0.1")] = 4143,
    smtp_port: Annotated[int, typer.Option(help="Порт SMTP на 127.0.0.1")] = 4025,
) -> None:
    """Запустить встроенный почтовый сервер."""
    try:
        MailServer(imap_port, smtp_port, json.loads(accounts.read_text(encoding="utf-8"))).run()
    except PortBusyError as error:
        raise SystemExit(str(error)) from None


if __name__ == "__main__":
    typer.run(main)

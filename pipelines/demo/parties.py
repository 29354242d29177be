"""The other side: organisations that send packages and fetch answers by SFTP and mail, with their own passwords."""

from __future__ import annotations

import email
import imaplib
import smtplib
from base64 import b64decode
from collections.abc import Iterator
from contextlib import suppress
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import make_msgid
from socket import create_connection

import paramiko

from pipelines.demo.config import HOST, Stand


class SftpParty:
    """An organisation at the SFTP server, over one connection; ``host_key`` is what the server must show."""

    def __init__(self, port: int, login: str, password: str, host_key: str) -> None:
        kind, blob = host_key.split()[:2]
        self._transport = paramiko.Transport(create_connection((HOST, port), 30))
        self._transport.connect(
            hostkey=paramiko.PKey.from_type_string(kind, b64decode(blob)), username=login, password=password
        )
        client = paramiko.SFTPClient.from_transport(self._transport)
        assert client
        self._client = client

    def drop(self, name: str, content: bytes, *, rename: bool = True) -> None:
        """Upload under a temporary name, then rename, as the regulation asks for; or straight under the final name."""
        uploaded = f"in/{name}.part" if rename else f"in/{name}"
        with self._client.open(uploaded, "wb") as file:
            file.set_pipelined(True)
            file.write(content)
        if rename:
            self._client.rename(uploaded, f"in/{name}")

    def answers(self) -> set[str]:
        """Names in ``out/``."""
        return set(self._client.listdir("out"))

    def fetch(self, name: str) -> bytes:
        """An answer's bytes."""
        with self._client.open(f"out/{name}", "rb") as file:
            return file.read()

    def close(self) -> None:
        self._transport.close()


class MailParty:
    """A sender at the mail server; without a ``password`` a stranger, who can only send."""

    def __init__(self, stand: Stand, address: str, password: str | None) -> None:
        self._ports = stand.ports
        self._fund = stand.fund.mail
        self.address = address
        self._password = password
        self._seen: dict[bytes, EmailMessage] = {}

    def send(self, subject: str, name: str | None, content: bytes) -> str:
        """Mail a package to the fund (``name`` None: a letter without attachment); returns the Message-ID."""
        letter = EmailMessage(policy=SMTP)
        letter["From"], letter["To"], letter["Subject"] = self.address, self._fund, subject
        letter["Message-ID"] = make_msgid(domain=self.address.rpartition("@")[2])
        letter.set_content("Пакет во вложении.")
        if name is not None:
            letter.add_attachment(content, maintype="application", subtype="zip", filename=name)
        with smtplib.SMTP(HOST, self._ports["smtp"], timeout=30) as server:
            if self._password:
                server.login(self.address, self._password)
            server.send_message(letter)
        return str(letter["Message-ID"])

    def answers(self) -> Iterator[tuple[str, dict[str, bytes]]]:
        """Letters from the fund: the Message-ID that each answers, and its attachments by name."""
        for letter in self.letters():
            attachments = {part.get_filename() or "": part.get_payload(decode=True) for part in letter.iter_attachments()}
            yield str(letter["In-Reply-To"] or ""), {name: bytes(content) for name, content in attachments.items()}

    def letters(self) -> Iterator[EmailMessage]:
        """All letters of the mailbox, in the order of their arrival."""
        if self._password is None:
            return
        server = imaplib.IMAP4(HOST, self._ports["imap"], timeout=30)
        try:
            server.login(self.address, self._password)
            server.select("INBOX", readonly=True)
            _, (found,) = server.uid("search", "ALL")
            for uid in found.split():
                if uid not in self._seen:
                    _, parts = server.uid("fetch", uid.decode(), "(BODY.PEEK[])")
                    raw = next(part[1] for part in parts if isinstance(part, tuple))
                    self._seen[uid] = email.message_from_bytes(raw, policy=SMTP)
        finally:
            with suppress(imaplib.IMAP4.error, OSError):
                server.logout()
        yield from self._seen.values()

"""The embedded mail server, as mail programs see it."""

from __future__ import annotations

import imaplib
import json
import signal
import smtplib
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipelines.demo.servers.mail import NAME, MailServer
from pipelines.demo.servers.ports import PortBusyError, free_port, greets

ACCOUNTS = {"fund@fund.example": "pw-fund", "Mo@mo.example": "pw-mo"}


@pytest.fixture(scope="module")
def server() -> Iterator[MailServer]:
    with MailServer(free_port(), free_port(), ACCOUNTS) as running:
        yield running


def connect(server: MailServer) -> smtplib.SMTP:
    return smtplib.SMTP("127.0.0.1", server.ports["SMTP"], timeout=10)


def inbox(server: MailServer, address: str, password: str) -> list[bytes]:
    imap = imaplib.IMAP4("127.0.0.1", server.ports["IMAP"], timeout=10)
    imap.login(address, password)
    imap.select("INBOX")
    found = [row[1] for row in imap.fetch("1:*", "(BODY.PEEK[])")[1] if isinstance(row, tuple)]
    imap.logout()
    return found


def test_a_letter_goes_to_the_envelope_and_stays_as_it_is(server: MailServer) -> None:
    raw = (
        "To: somebody@else.example\r\nSubject: Счёт\r\nX: \udcff\r\n\r\n".encode("utf-8", "surrogateescape")
        + b"\xff\xfe\r\n"
    )
    with connect(server) as smtp:
        smtp.login("mo@mo.example", "pw-mo")
        smtp.sendmail("mo@mo.example", ["FUND@fund.example"], raw)
    letter = inbox(server, "fund@fund.example", "pw-fund")[-1]
    assert letter.endswith(raw)
    assert letter.startswith(f"Authentication-Results: {NAME}; spf=pass smtp.mailfrom=mo@mo.example\r\n".encode())
    assert inbox(server, "mo@mo.example", "pw-mo") == []


@pytest.mark.parametrize(
    ("login", "mail_from", "verdict"),
    [
        (None, "mo@mo.example", "spf=fail smtp.mailfrom=mo@mo.example"),
        ("mo@mo.example", "fund@fund.example", "spf=fail smtp.mailfrom=fund@fund.example"),
        ("mo@mo.example", '<"a;spf=pass"@mo.example>', 'spf=fail smtp.mailfrom="hidden"'),
    ],
)
def test_who_did_not_log_in_as_the_sender_fails(server: MailServer, login: str | None, mail_from: str, verdict: str) -> None:
    with connect(server) as smtp:
        if login:
            smtp.login(login, "pw-mo")
        smtp.sendmail(mail_from, ["fund@fund.example"], b"\r\nx\r\n")
    assert inbox(server, "fund@fund.example", "pw-fund")[-1].split(b"\r\n")[0].endswith(f"; {verdict}".encode())


def test_each_address_has_its_own_password(server: MailServer) -> None:
    for address, password in (("mo@mo.example", "pw-fund"), ("nobody@mo.example", "pw-mo"), ("mo@mo.example", "")):
        with pytest.raises(imaplib.IMAP4.error):
            inbox(server, address, password)
        with connect(server) as smtp, pytest.raises(smtplib.SMTPAuthenticationError):
            smtp.login(address, password)


def test_it_relays_nothing(server: MailServer) -> None:
    with connect(server) as smtp, pytest.raises(smtplib.SMTPRecipientsRefused):
        smtp.sendmail("mo@mo.example", ["somebody@else.example"], b"\r\nx\r\n")


def test_health_and_a_busy_port() -> None:
    server = MailServer(free_port(), free_port(), {})
    assert not server.healthy()
    with server:
        assert server.healthy()
        with pytest.raises(PortBusyError, match=f"Порт {server.ports['IMAP']} для службы IMAP занят"):
            MailServer(server.ports["IMAP"], free_port(), {}).start()
    assert not server.healthy()


def test_the_process_serves_and_ends_on_sigterm(tmp_path: Path) -> None:
    (tmp_path / "accounts.json").write_text(json.dumps(ACCOUNTS), encoding="utf-8")
    imap, smtp = free_port(), free_port()
    command = [sys.executable, "-m", "pipelines.demo.servers.mail", "--accounts", str(tmp_path / "accounts.json")]
    process = subprocess.Popen([*command, "--imap-port", str(imap), "--smtp-port", str(smtp)])
    try:
        for _ in range(600):
            if greets(imap, b"* OK") and greets(smtp, b"220"):
                break
            time.sleep(0.1)
        with socket.create_connection(("127.0.0.1", imap), 5) as held:  # an open client does not keep it alive
            assert held.recv(4) == b"* OK"
            process.send_signal(signal.SIGTERM)
            assert process.wait(60) == 0
    finally:
        process.kill()

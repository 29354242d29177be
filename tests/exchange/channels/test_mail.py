"""The mail channel against a real SMTP and IMAP server."""

from __future__ import annotations

import imaplib
import smtplib
import socket
import time
from collections.abc import Callable, Iterator
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP, default

import pytest

from pipelines.demo.servers.mail import NAME, MailServer
from pipelines.demo.servers.ports import free_port
from pipelines.exchange.channels import MailChannel, mail
from pipelines.exchange.channels.base import ChannelError, Endpoint, TooLargeError

FUND, MO, SMO = "fund@fund.example", "mo@mo.example", "smo@smo.example"
ACCOUNTS = {FUND: "pw-fund", MO: "pw-mo", SMO: "pw-smo"}


@pytest.fixture
def server() -> Iterator[MailServer]:
    with MailServer(free_port(), free_port(), ACCOUNTS) as running:
        yield running


@pytest.fixture
def fund(server: MailServer) -> Callable[..., MailChannel]:
    """Makes the fund's channel."""

    def make(**changes: object) -> MailChannel:
        imap, smtp = (
            Endpoint("mail", "127.0.0.1", server.ports[name], FUND, ACCOUNTS[FUND], {"tls": "none"})
            for name in ("IMAP", "SMTP")
        )
        return MailChannel("mail", imap, smtp, FUND, authentication_results_host=NAME, **changes)

    return make


def deliver(server: MailServer, raw: bytes, login: str | None = MO, mail_from: str = MO) -> None:
    with smtplib.SMTP("127.0.0.1", server.ports["SMTP"], timeout=10) as smtp:
        if login:
            smtp.login(login, ACCOUNTS[login])
        smtp.sendmail(mail_from, [FUND], raw)


def compose(*files: tuple[str, bytes], sender: str = MO) -> bytes:
    message = EmailMessage(SMTP)
    message["From"], message["To"], message["Subject"] = sender, FUND, "Счета за январь"
    message["Message-ID"] = "<1@mo.example>"
    message["Date"] = "Mon, 15 Jan 2024 12:00:00 +0300"
    message.set_content("Направляем счета")
    for name, content in files:
        message.add_attachment(content, maintype="application", subtype="zip", filename=name)
    return message.as_bytes()


def letters(server: MailServer, address: str, folder: str = "INBOX") -> list[bytes]:
    imap = imaplib.IMAP4("127.0.0.1", server.ports["IMAP"])
    imap.login(address, ACCOUNTS[address])
    if imap.select(folder, readonly=True)[0] != "OK":
        return []
    found = [row[1] for row in imap.fetch("1:*", "(BODY.PEEK[])")[1] if isinstance(row, tuple)]
    imap.logout()
    return found


def test_a_letter_with_files_goes_all_the_way(server: MailServer, fund: Callable[..., MailChannel]) -> None:
    deliver(server, compose(("Реестр счёта №1.zip", b"PK1"), ('it\'s "2".zip', b"PK2")))
    with fund().session() as session:
        first, second = session.items()
        assert (first.name, first.address, first.size, first.marks) == ("Реестр счёта №1.zip", MO, 3, None)
        assert session.looks_whole(first)
        assert session.claim(first) == first
        taken = session.read(first)
        assert (taken.content, taken.reference, taken.attached) == (b"PK1", "<1@mo.example>", True)
        assert taken.sent_at is not None
        assert taken.sent_at.isoformat() == "2024-01-15T09:00:00+00:00"
        assert session.read(second).content == b"PK2"
        session.release(first)
        assert len(letters(server, FUND)) == 1
        session.release(second)
        session.release(second)
        assert list(session.items()) == []
        with pytest.raises(FileNotFoundError):
            fresh(fund, second)
    assert letters(server, FUND) == []
    (processed,) = letters(server, FUND, "Processed")
    assert b"<1@mo.example>" in processed


def fresh(fund: Callable[..., MailChannel], item: mail.Item) -> mail.Taken:
    with fund().session() as session:
        return session.read(item)


def test_nothing_is_marked_as_seen(server: MailServer, fund: Callable[..., MailChannel]) -> None:
    deliver(server, compose(("a.zip", b"PK")))
    with fund().session() as session:
        session.read(next(session.items()))
    imap = imaplib.IMAP4("127.0.0.1", server.ports["IMAP"])
    imap.login(FUND, ACCOUNTS[FUND])
    imap.select("INBOX")
    assert imap.search(None, "UNSEEN")[1] == [b"1"]
    imap.logout()


def test_a_run_that_died_is_continued_under_the_same_keys(server: MailServer, fund: Callable[..., MailChannel]) -> None:
    deliver(server, compose(("a.zip", b"PKa"), ("b.zip", b"PKb")))
    with fund().session() as session:
        before = list(session.items())
        session.release(before[0])
    with fund().session() as session:
        assert list(session.items()) == before
    assert fresh(fund, before[1]).content == b"PKb"
    with fund().session() as session:  # a session that has not listed anything
        session.release(before[0])
        assert len(letters(server, FUND)) == 1
        session.release(before[1])
    assert letters(server, FUND) == []


def test_two_letters_with_one_message_id_are_two(server: MailServer, fund: Callable[..., MailChannel]) -> None:
    for _ in range(2):
        deliver(server, compose(("a.zip", b"PK")))
    with fund().session() as session:
        items = list(session.items())
    assert len({item.key for item in items}) == 2


def test_a_letter_without_attachment_is_an_item_with_the_letter_itself(
    server: MailServer, fund: Callable[..., MailChannel]
) -> None:
    deliver(server, compose())
    with fund().session() as session:
        (item,) = session.items()
        taken = session.read(item)
        assert (taken.name, taken.attached, taken.address) == ("Счета за январь", False, MO)
        assert taken.content.endswith(letters(server, FUND)[0])
        session.release(item)
    assert letters(server, FUND) == []


@pytest.mark.parametrize(("login", "mail_from"), [(None, MO), (SMO, SMO), (SMO, MO)])
def test_a_forged_sender_is_a_stranger(
    server: MailServer, fund: Callable[..., MailChannel], login: str | None, mail_from: str
) -> None:
    forged = b"Authentication-Results: " + NAME.encode() + b"; dkim=pass header.d=mo.example\r\n"
    deliver(server, forged + compose(("a.zip", b"PK")), login, mail_from)
    with fund().session() as session:
        (item,) = session.items()
        assert item.address == ""
        assert session.read(item).address == ""


HOSTILE = {
    "no headers": b"\r\nbody",
    "bad character set": b"From: mo@mo.example\r\nContent-Type: application/zip; charset=no-such\r\n\r\n\xff\xfe",
    "raw bytes": "From: Больница <mo@mo.example>\r\nSubject: Счёт\r\n\r\nтекст".encode("cp1251"),
    "nested letters": b"From: mo@mo.example\r\n" + b"Content-Type: message/rfc822\r\n\r\nFrom: x\r\n" * 3,
    "1000 parts": b"From: mo@mo.example\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
    + b"--b\r\nContent-Type: application/zip\r\n\r\nPK\r\n" * 1_000,
    "deep": b"From: mo@mo.example\r\n"
    + b"".join(b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (n, n) for n in range(80)),
    "huge": b"From: mo@mo.example\r\nSubject: huge\r\nContent-Type: application/zip\r\n\r\n"
    + (b"PK" * 450 + b"\r\n") * 1_200,
    "broken base64": b"From: mo@mo.example\r\nContent-Type: application/zip\r\nContent-Transfer-Encoding: base64\r\n\r\n!=!",
}


def test_hostile_letters_become_items_and_hold_nobody_up(server: MailServer, fund: Callable[..., MailChannel]) -> None:
    for raw in HOSTILE.values():
        deliver(server, raw)
    deliver(server, compose(("good.zip", b"PK")))
    with fund(max_bytes=1_000_000).session() as session:
        items = list(session.items())
        assert len(items) == len(HOSTILE) + 1
        assert session.problems == []
        refused = []
        for item in items:
            item.name.encode()
            try:
                session.read(item)
            except TooLargeError as error:
                refused.append(error.reason)
            session.release(item)
    assert refused[:2] == ["вложений больше 50", "строение письма слишком сложно"]
    assert refused[2].endswith("байт больше 1000000")
    assert len(refused) == 3
    assert items[-1].name == "good.zip"
    assert letters(server, FUND) == []
    assert len(letters(server, FUND, "Processed")) == len(items)


@pytest.mark.parametrize("answer", ["NO", "BAD"])
def test_a_letter_that_the_server_will_not_give_does_not_stop_the_others(
    server: MailServer, fund: Callable[..., MailChannel], monkeypatch: pytest.MonkeyPatch, answer: str
) -> None:
    for name in ("a.zip", "b.zip"):
        deliver(server, compose((name, b"PK")))
    original = imaplib.IMAP4.uid

    def uid(self: imaplib.IMAP4, command: str, *arguments: str) -> tuple[str, list[object]]:
        if command == "FETCH" and arguments[0] == "101":
            if answer == "BAD":
                raise imaplib.IMAP4.error("FETCH command error: BAD")
            return answer, [b"internal error"]
        return original(self, command, *arguments)

    monkeypatch.setattr(imaplib.IMAP4, "uid", uid)
    with fund().session() as session:
        assert [item.name for item in session.items()] == ["b.zip"]
        assert session.problems == [f"Письмо с номером UID 101 не читается: сервер отвечает {answer}"]


def test_a_letter_that_another_run_has_moved_is_no_problem(server: MailServer, fund: Callable[..., MailChannel]) -> None:
    deliver(server, compose(("a.zip", b"PK")))
    with fund().session() as one, fund().session() as other:
        (item,) = one.items()
        other.release(item)
        with pytest.raises(FileNotFoundError):
            fresh(fund, item)
        one.release(item)
        assert one.problems == other.problems == []
    assert len(letters(server, FUND, "Processed")) == 1


def test_a_poll_looks_at_a_bounded_amount_of_mail(
    server: MailServer, fund: Callable[..., MailChannel], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mail, "SESSION_BYTES", 1_000)
    for name in ("a.zip", "b.zip", "c.zip"):
        deliver(server, compose((name, b"PK" * 1_000)))
    for name in ("a.zip", "b.zip", "c.zip"):
        with fund().session() as session:
            (item,) = session.items()
            assert item.name == name
            session.release(item)


def test_servers_without_move(server: MailServer, fund: Callable[..., MailChannel], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(imaplib.IMAP4, "capability", lambda _: ("OK", [b"IMAP4rev1"]))
    deliver(server, compose(("a.zip", b"PK")))
    deliver(server, compose(("b.zip", b"PK")))
    with fund().session() as session:
        session.release(next(session.items()))
        assert [item.name for item in session.items()] == ["b.zip"]
    assert len(letters(server, FUND)) == len(letters(server, FUND, "Processed")) == 1


def test_one_imap_connection_serves_a_poll(
    server: MailServer, fund: Callable[..., MailChannel], monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = []
    original = imaplib.IMAP4.open
    monkeypatch.setattr(imaplib.IMAP4, "open", lambda self, *rest, **more: (opened.append(1), original(self, *rest, **more)))
    for number in range(20):
        deliver(server, compose((f"{number}.zip", b"PK")))
    begun = time.monotonic()
    with fund().session() as session:
        for item in session.items():
            session.read(item)
            session.release(item)
    assert time.monotonic() - begun < 20
    assert len(opened) == 1
    assert len(letters(server, FUND, "Processed")) == 20


def test_an_answer_is_a_reply_in_russian_and_can_be_recognised_when_repeated(
    server: MailServer, fund: Callable[..., MailChannel]
) -> None:
    words = {"subject": "Протокол обработки пакета", "body": "Пакет принят.\nФонд", "reference": "<1@mo.example>"}
    with fund().session() as session:
        for _ in range(2):
            session.send(MO, "Протокол ФЛК.zip", b"PK-answer", **words)
        session.send(MO, "Протокол ФЛК.zip", b"PK-other", **words)
    first, again, other = (message_from_bytes(raw, policy=default) for raw in letters(server, MO))
    assert (first["Subject"], first["From"], first["In-Reply-To"]) == (words["subject"], FUND, "<1@mo.example>")
    assert first["Auto-Submitted"] == "auto-replied"
    assert first.get_body().get_content().splitlines() == words["body"].splitlines()
    (file,) = first.iter_attachments()
    assert (file.get_filename(), file.get_content()) == ("Протокол ФЛК.zip", b"PK-answer")
    assert first["Message-ID"] == again["Message-ID"] != other["Message-ID"]


def test_an_answer_that_is_refused_does_not_hold_up_the_next(server: MailServer, fund: Callable[..., MailChannel]) -> None:
    with fund().session() as session:
        with pytest.raises(ChannelError, match="SMTPRecipientsRefused") as refused:
            session.send("nobody@mo.example", "a.zip", b"x", subject="s", body="b", reference=None)
        assert "nobody" not in str(refused.value)
        session.send(MO, "a.zip", b"x", subject="s", body="b", reference=None)
    assert len(letters(server, MO)) == 1


def test_a_subject_cannot_add_headers(server: MailServer, fund: Callable[..., MailChannel]) -> None:
    with fund().session() as session, pytest.raises(ValueError, match="linefeed"):
        session.send(MO, "a.zip", b"x", subject="s\r\nBcc: evil@evil.example", body="b", reference=None)


def test_errors_of_the_mailbox_are_told(server: MailServer, fund: Callable[..., MailChannel]) -> None:
    wrong = Endpoint("mail", "127.0.0.1", server.ports["IMAP"], FUND, "wrong", {"tls": "none"})
    nobody = Endpoint("mail", "127.0.0.1", free_port(), FUND, "x", {"tls": "none"})
    for channel in (MailChannel("mail", wrong, wrong, FUND), MailChannel("mail", nobody, nobody, FUND)):
        with pytest.raises(ChannelError, match="нет соединения"), channel.session():
            pytest.fail("connected")
    with pytest.raises(ChannelError, match="папка Missing не открывается"), fund(mailbox="Missing").session():
        pytest.fail("selected")
    with pytest.raises(ChannelError, match="латиницей"):
        fund(processed="Обработано")
    with fund().session() as session:
        server.stop()
        try:
            with pytest.raises((ChannelError, imaplib.IMAP4.error, OSError)):
                list(session.items())
        finally:
            server.start()


def test_encryption_is_the_default(server: MailServer) -> None:
    with socket.create_server(("127.0.0.1", 0)) as plain:
        place = Endpoint("mail", "127.0.0.1", plain.getsockname()[1], FUND, "x")
        with pytest.raises(ChannelError), MailChannel("mail", place, place, FUND, timeout=0.5).session():
            pytest.fail("connected")
        connection, _ = plain.accept()
        assert connection.recv(1) == b"\x16"  # a TLS handshake came, not the password

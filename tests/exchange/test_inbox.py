"""When a file is ready, what becomes of one that never is, and who may take it."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from pipelines.demo.servers.mail import NAME, MailServer
from pipelines.demo.servers.ports import free_port
from pipelines.exchange.channels import MailChannel
from pipelines.exchange.channels.base import Endpoint
from pipelines.exchange.inbox import Readiness, Receiver, temporary
from pipelines.exchange.service import Exchange
from pipelines.ground import database as db
from pipelines.ground.settings import Settings
from pipelines.synthetic.broken import members
from pipelines.synthetic.packages import package
from pipelines.synthetic.registers import generate_register
from pipelines.systems import KINDS
from tests.exchange.test_processing import PERIOD
from tests.exchange.world import REGION, World

AT_ONCE = Readiness(polls=2, still=timedelta(0), incomplete_after=timedelta(hours=1))
NAME_OF, CONTENT = package(generate_register(REGION, "980003", "98001", PERIOD, 5, 11))
HOME = "mo980003"


@pytest.fixture
def world(database: str, tmp_path: Path) -> World:
    return World(database, tmp_path).set_up()


@pytest.fixture
def receiver(world: World) -> Receiver:
    return replace(world.exchange().receiver, readiness=AT_ONCE)


@pytest.fixture
def inbox(world: World) -> Path:
    return world.folders / HOME / "in"


def poll(world: World, receiver: Receiver) -> list[int]:
    return list(receiver.receive(world.exchange().channels["folder"], 100))


@pytest.mark.parametrize("name", ["a.zip.part", "a.zip.filepart", "a.tmp", "~a.zip", "a.zip~", ".a.zip", "A.ZIP.PART"])
def test_temporary_names(name: str) -> None:
    assert temporary(name) or name == "~a.zip"


@pytest.mark.parametrize("name", ["HM980001S98001_26101.zip", "part.zip", "tmp.xml", "a~b.zip"])
def test_final_names(name: str) -> None:
    assert not temporary(name)


def test_a_file_must_hold_still_over_two_polls(world: World, receiver: Receiver, inbox: Path) -> None:
    (inbox / NAME_OF).write_bytes(CONTENT)
    assert poll(world, receiver) == []
    assert len(poll(world, receiver)) == 1
    assert poll(world, receiver) == []


def test_a_growing_file_is_left_alone(world: World, receiver: Receiver, inbox: Path) -> None:
    for end in range(100, len(CONTENT), len(CONTENT) // 8):
        (inbox / NAME_OF).write_bytes(CONTENT[:end])
        assert poll(world, receiver) == []
    (inbox / NAME_OF).write_bytes(CONTENT)
    assert poll(world, receiver) == []
    assert len(poll(world, receiver)) == 1
    assert world.rows("select incomplete, size from exchange.package") == [{"incomplete": False, "size": len(CONTENT)}]


@pytest.mark.parametrize("cut", [1, 50, 90, 99])
def test_an_archive_without_its_end_is_not_taken_for_whole(world: World, receiver: Receiver, inbox: Path, cut: int) -> None:
    (inbox / NAME_OF).write_bytes(CONTENT[: len(CONTENT) * cut // 100])
    for _ in range(4):
        assert poll(world, receiver) == []
    (inbox / NAME_OF).write_bytes(CONTENT)  # the upload resumes
    poll(world, receiver)
    assert len(poll(world, receiver)) == 1


@pytest.mark.parametrize("name", [NAME_OF, f"{NAME_OF}.part"])
@pytest.mark.feature("PUMP-01")
def test_what_never_gets_ready_is_answered_as_incomplete(world: World, inbox: Path, name: str) -> None:
    content = CONTENT if name.endswith(".part") else CONTENT[: len(CONTENT) // 2]
    (inbox / name).write_bytes(content)
    patience = Readiness(polls=2, still=timedelta(0), incomplete_after=timedelta(seconds=2))
    receiver = replace(world.exchange().receiver, readiness=patience)
    assert poll(world, receiver) == []
    time.sleep(2.05)
    [number] = poll(world, receiver)
    outcome = world.exchange().process(number)
    assert str(outcome.result) == "REJECTED"
    assert [row["rule"] for row in world.rows("select rule from exchange.finding")] == ["PKG.120"]
    world.exchange().deliver()
    assert any(answer.endswith(".XML") for answer in world.answers("980003"))
    (inbox / NAME_OF).write_bytes(CONTENT)  # and then it comes whole, under the same name
    assert [str(outcome.result) for outcome in world.run()] == ["ACCEPTED"]


def test_only_one_of_two_pollers_takes_a_file(world: World, receiver: Receiver, inbox: Path) -> None:
    for number in range(20):
        (inbox / f"HM980003S98001_2610{number}.zip").write_bytes(CONTENT)
    poll(world, receiver)
    threads = [threading.Thread(target=poll, args=(world, receiver)) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    names = [row["name"] for row in world.rows("select name from exchange.package")]
    assert len(names) == len(set(names)) == 20


def test_an_oversized_file_is_answered_and_not_kept(world: World, inbox: Path) -> None:
    from pipelines.exchange.channels import FolderChannel

    exchange = world.exchange()
    (inbox / NAME_OF).write_bytes(CONTENT)
    small = FolderChannel("folder", world.folders, [HOME], limit=100)
    receiver = replace(exchange.receiver, readiness=AT_ONCE)
    list(receiver.receive(small, 10))
    [number] = list(receiver.receive(small, 10))
    limits = replace(exchange.processor.rules.limits, package_bytes=100)
    processor = replace(exchange.processor, rules=replace(exchange.processor.rules, limits=limits))
    assert str(processor.process(number).result) == "REJECTED"
    [row] = world.rows("select f.rule, p.size from exchange.package p join exchange.finding f on f.package = p.id")
    assert row == {"rule": "PKG.060", "size": len(CONTENT)}


def test_one_failing_channel_does_not_stop_the_others(world: World, inbox: Path) -> None:
    class Down:
        code = "down"

        def session(self) -> object:
            raise ConnectionRefusedError

    (inbox / NAME_OF).write_bytes(CONTENT)
    exchange = world.exchange()
    both = Exchange(exchange.settings, {"down": Down(), **exchange.channels}, KINDS)  # type: ignore[dict-item]
    assert [both.look(), both.look()] == [0, 0], "seen twice, but not still for a second"
    time.sleep(1.05)
    assert both.look() == 1
    assert both.receive() == {"pump": [1]}


@pytest.fixture
def mail() -> Iterator[MailServer]:
    accounts = {address: "secret-1" for found in REGION.organisations for address in found.addresses}
    with MailServer(
        free_port(), free_port(), accounts | {REGION.fund.mail: "secret-2", "x@faraway.example": "s"}
    ) as running:
        yield running


@pytest.fixture
def letters(world: World, mail: MailServer) -> Exchange:
    """The exchange with the mail channel only."""
    imap, smtp = (
        Endpoint("mail", "127.0.0.1", mail.ports[name], REGION.fund.mail, "secret-2", {"tls": "none"})
        for name in ("IMAP", "SMTP")
    )
    channel = MailChannel("mail", imap, smtp, REGION.fund.mail, authentication_results_host=NAME)
    settings = Settings(world.url, (world.root / "store").as_uri(), (world.root / "journal").as_uri(), "demo")
    return Exchange(settings, {"mail": channel}, KINDS)


def send(mail: MailServer, sender: str, password: str, attachment: tuple[str, bytes] | None) -> None:
    import smtplib
    from email.message import EmailMessage

    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = sender, REGION.fund.mail, "Реестр"
    message["Message-ID"] = f"<{sender}-{bool(attachment)}>"
    message.set_content("Направляем реестр")
    if attachment:
        message.add_attachment(attachment[1], maintype="application", subtype="zip", filename=attachment[0])
    with smtplib.SMTP("127.0.0.1", mail.ports["SMTP"]) as smtp:
        smtp.login(sender, password)
        smtp.send_message(message)


def inbox_of(mail: MailServer, address: str, password: str) -> list[bytes]:
    import imaplib

    with imaplib.IMAP4("127.0.0.1", mail.ports["IMAP"]) as imap:
        imap.login(address, password)
        imap.select()
        found = imap.search(None, "ALL")[1][0].split()
        return [imap.fetch(number, "(RFC822)")[1][0][1] for number in found]  # type: ignore[index,misc]


def run(exchange: Exchange) -> None:
    exchange.receive()
    for package_id in exchange.pending("pump"):
        exchange.process(package_id)
    exchange.deliver()


@pytest.mark.feature("PUMP-01")
def test_a_package_by_mail_is_answered_by_mail(world: World, letters: Exchange, mail: MailServer) -> None:
    sender = next(found for found in REGION.organisations if found.code == "980004").addresses[0]
    content = package(generate_register(REGION, "980004", "98001", PERIOD, 5, 12))
    send(mail, sender, "secret-1", content)
    run(letters)
    assert [row["result"] for row in world.rows("select result from exchange.package")] == ["ACCEPTED"]
    answers = inbox_of(mail, sender, "secret-1")
    assert len(answers) == 2
    assert all(f"<{sender}-True>".encode() in answer for answer in answers)
    assert inbox_of(mail, REGION.fund.mail, "secret-2") == []


def test_a_letter_without_attachment_is_told_so(world: World, letters: Exchange, mail: MailServer) -> None:
    sender = next(found for found in REGION.organisations if found.code == "980004").addresses[0]
    send(mail, sender, "secret-1", None)
    run(letters)
    assert world.rows("select rule, message from exchange.finding") == [
        {"rule": "PKG.130", "message": "к файлу ничего не присоединено"}
    ]
    assert len(inbox_of(mail, sender, "secret-1")) == 2


def test_a_stranger_gets_no_answer_but_a_row(world: World, letters: Exchange, mail: MailServer) -> None:
    send(mail, "x@faraway.example", "s", (NAME_OF, CONTENT))
    run(letters)
    assert [row["result"] for row in world.rows("select result from exchange.package")] == ["QUARANTINED"]
    assert inbox_of(mail, "x@faraway.example", "s") == []
    assert world.rows("select from exchange.outgoing") == []


def test_a_forged_sender_is_a_stranger(world: World, letters: Exchange, mail: MailServer) -> None:
    import smtplib

    trusted = next(found for found in REGION.organisations if found.code == "980004").addresses[0]
    with smtplib.SMTP("127.0.0.1", mail.ports["SMTP"]) as smtp:  # no login: anybody may write this From
        smtp.sendmail(trusted, [REGION.fund.mail], f"From: {trusted}\r\nSubject: x\r\n\r\nhello".encode())
    run(letters)
    assert [row["result"] for row in world.rows("select result from exchange.package")] == ["QUARANTINED"]
    assert inbox_of(mail, trusted, "secret-1") == []


def test_the_same_package_by_folder_and_by_mail_is_loaded_once(world: World, letters: Exchange, mail: MailServer) -> None:
    sender = next(found for found in REGION.organisations if found.code == "980004").addresses[0]
    name, content = package(generate_register(REGION, "980004", "98001", PERIOD, 5, 13))
    assert members(content)
    world.drop("980004", name, content)
    world.run()
    send(mail, sender, "secret-1", (name, content))
    run(letters)
    results = world.rows("select channel, result from exchange.package order by id")
    assert results == [{"channel": "folder", "result": "ACCEPTED"}, {"channel": "mail", "result": "DUPLICATE"}]
    assert world.rows("select count(*) as cases from pump.h_zap") == [{"cases": 5}]
    for answer in world.answers("980004").values():
        import base64

        encoded = base64.b64encode(answer)[:40]
        assert any(encoded in letter.replace(b"\r\n", b"") for letter in inbox_of(mail, sender, "secret-1"))


def test_small_packages_go_first_and_those_that_come_later_are_named(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run under way takes small packages that came after it began, but none that another run is at."""
    registers = [generate_register(REGION, "980003", "98002", PERIOD, cases, 12, number=cases) for cases in (60, 2, 3)]
    contents = [package(register) for register in registers]
    for name, content in contents:
        world.drop("980003", name, content)
    exchange = world.exchange()
    world.receive(exchange)
    sizes = sorted((len(content), name) for name, content in contents)
    monkeypatch.setattr("pipelines.exchange.service.SMALL", sizes[1][0])
    ids = {row["name"]: row["id"] for row in world.rows("select id, name from exchange.package")}
    small, large = [ids[name] for _, name in sizes[:2]], ids[sizes[2][1]]
    assert list(exchange.pending("pump")) == [*sorted(small), large]
    assert exchange.newcomer("pump", 0, []) == min(small)
    assert exchange.newcomer("pump", 0, [min(small)]) == max(small)
    assert exchange.newcomer("pump", max(ids.values()), []) is None
    assert exchange.newcomer("erz", 0, []) is None
    with db.transaction(world.url) as other:
        other.execute(text("select 1 from exchange.package where id = :id for update"), {"id": min(small)})
        assert exchange.newcomer("pump", 0, []) == max(small)
    exchange.process(min(small))
    assert exchange.newcomer("pump", 0, []) == max(small)

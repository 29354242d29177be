"""Letters that nobody vouches for: names, senders, authentication, and everything that mail can be broken by."""

from __future__ import annotations

import base64
import time
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.exchange.channels.letters import TOO_COMPLEX, Letter, read_letter

HOST = "mail.fund.example"


def read(raw: bytes, *, host: str | None = None, max_parts: int = 50) -> Letter:
    return read_letter(raw, max_parts=max_parts, authenticated_by=host)


def letter(*headers: bytes, body: bytes = b"text") -> bytes:
    return b"\r\n".join((*headers, b"", body))


def attached(*headers: bytes) -> str:
    (attachment,) = read(
        letter(*headers, b"Content-Transfer-Encoding: base64", body=base64.b64encode(b"content"))
    ).attachments
    assert attachment.content == b"content"
    return attachment.name


@pytest.mark.parametrize(
    ("header", "name"),
    [
        (b"attachment; filename=HM1.zip", "HM1.zip"),
        (b"attachment; filename*=utf-8''%D0%A1%D1%87%D1%91%D1%82.zip", "Счёт.zip"),
        (b"attachment; filename*=windows-1251''%D1%F7%E5%F2.zip", "Счет.zip"),
        (b"attachment;\r\n filename*0*=utf-8''%D0%A1%D1%87;\r\n filename*1*=%D1%91%D1%82.zip", "Счёт.zip"),
        (b'attachment; filename="=?utf-8?B?0KHRh9GR0YI=?= =?windows-1251?Q?_=E9.zip?="', "Счёт й.zip"),
        (b'attachment; filename="=?x-unknown?B?0KHRh9GR0YI=?=.zip"', "Счёт.zip"),
        ('attachment; filename="Счёт.zip"'.encode(), "Счёт.zip"),
        ('attachment; filename="Счёт.zip"'.encode("cp1251"), "Счёт.zip"),
        (b'attachment; filename="..\\..\\C:\\a/../b.zip"', "b.zip"),
        (b'attachment; filename="a\x07b\x1b.zip"', "a_b_.zip"),
        (b'attachment; filename="=?utf-7?Q?+2AA-.zip?="', "?.zip"),
        (b"attachment", "вложение-1"),
        (b'attachment; filename="/"', "вложение-1"),
        (b"attachment; filename=" + b"a" * 1_000 + b".zip", "a" * 98 + "…" + "a" * 94 + ".zip"),
    ],
)
def test_names_of_attachments(header: bytes, name: str) -> None:
    assert attached(b"Content-Type: application/zip", b"Content-Disposition: " + header) == name
    name.encode()


def test_the_name_may_stand_in_the_type_only() -> None:
    assert attached(b'Content-Type: application/zip; name="=?utf-8?B?0KHRh9GR0YI=?=.zip"') == "Счёт.zip"
    assert attached(b'Content-Type: text/plain; name="HM.txt"') == "HM.txt"


def test_what_counts_as_attached() -> None:
    message = EmailMessage(SMTP)
    message["From"] = "mo@mo.example"
    message.set_content("текст")
    message.add_alternative('<img src="cid:logo">', subtype="html")
    message.get_payload()[1].add_related(b"GIF", maintype="image", subtype="gif", cid="<logo>", filename="logo.gif")
    message.add_attachment(b"PK1", maintype="application", subtype="zip", filename="HM1.zip")
    message.add_attachment("примечание", filename="note.txt")
    nested = EmailMessage(SMTP)
    nested["Subject"] = "вложенное"
    nested.add_attachment(b"PK2", maintype="application", subtype="zip", filename="HM2.zip")
    message.add_attachment(nested)
    found = read(message.as_bytes())
    assert [attachment.name for attachment in found.attachments] == ["HM1.zip", "note.txt", "вложение-3"]
    assert found.attachments[0].content == b"PK1"
    assert b"HM2.zip" in found.attachments[2].content


def test_the_signature_of_a_letter_is_not_attached_to_it() -> None:
    raw = letter(
        b"Content-Type: multipart/signed; boundary=b; protocol=application/pkcs7-signature",
        body=b"--b\r\nContent-Type: text/plain\r\n\r\ntext\r\n"
        b"--b\r\nContent-Type: application/pkcs7-signature; name=smime.p7s\r\n\r\nsig\r\n--b--\r\n",
    )
    assert read(raw).attachments == ()


@pytest.mark.parametrize(
    ("header", "sender"),
    [
        (b"mo@mo.example", "mo@mo.example"),
        (b"MO <Mo@MO.example>", "mo@mo.example"),
        (b"J.R. Smith <mo@mo.example>", "mo@mo.example"),
        (b'"trusted@fund.example" <evil@evil.example>', "evil@evil.example"),
        (b"=?utf-8?q?trusted=40fund.example?= <evil@evil.example>", "evil@evil.example"),
        ("Больница <mo@mo.example>".encode("cp1251"), "mo@mo.example"),
        (b"trusted@fund.example <evil@evil.example>", ""),
        (b"<trusted@fund.example> <evil@evil.example>", ""),
        (b"trusted@fund.example, evil@evil.example", ""),
        (b"trusted@fund.example\r\nFrom: evil@evil.example", ""),
        (b"undisclosed:;", ""),
        (b"", ""),
        (b"<>", ""),
        (b"no address", ""),
        (b"a@" + b"(" * 5_000, ""),
        (b'"' + b"\\" * 1_500, ""),
    ],
)
def test_senders(header: bytes, sender: str) -> None:
    assert read(letter(b"From: " + header)).sender == sender


def test_no_sender_at_all() -> None:
    assert read(letter(b"Subject: x")).sender == ""


@pytest.mark.parametrize(
    "result",
    [
        b"spf=pass smtp.mailfrom=mo@mo.example",
        b"spf=pass (sender IP is 10.0.0.1) smtp.mailfrom=mo.example",
        b"spf=fail smtp.mailfrom=mo@mo.example; dkim=pass header.d=mo.example header.b=abc",
        b"dkim=pass header.d=example.org; dkim=pass header.d=mail.mo.example",
        b"dmarc=pass header.from=mo.example",
        b"DKIM = pass (2048-bit key) header.d = MO.Example",
    ],
)
def test_senders_that_the_mail_server_vouches_for(result: bytes) -> None:
    raw = letter(b"Authentication-Results: mail.fund.example 1; " + result, b"From: mo@mo.example")
    assert read(raw, host=HOST).sender == "mo@mo.example"


@pytest.mark.parametrize(
    "header",
    [
        b"",
        b"Authentication-Results: mail.fund.example; none",
        b"Authentication-Results: mail.fund.example; spf=fail smtp.mailfrom=mo@mo.example",
        b"Authentication-Results: mail.fund.example; spf=pass",
        b"Authentication-Results: mail.fund.example; spf=pass smtp.mailfrom=evil@evil.example",
        b"Authentication-Results: mail.fund.example; spf=pass smtp.mailfrom=evil@mo.example.evil.example",
        b"Authentication-Results: mail.fund.example; spf=pass smtp.mailfrom=evil@notmo.example",
        b"Authentication-Results: mail.fund.example; spf=pass smtp.mailfrom=evil@example",
        b"Authentication-Results: mail.fund.example; dkim=pass header.d=evil.example",
        b"Authentication-Results: mail.fund.example; spf=pass (dkim=pass header.d=mo.example) smtp.mailfrom=evil.example",
        b"Authentication-Results: mail.fund.example; spf=pass (;dkim=pass header.d=mo.example;) smtp.mailfrom=evil.example",
        b'Authentication-Results: mail.fund.example; spf=pass smtp.mailfrom=";dkim=pass header.d=mo.example;"@evil.example',
        b'Authentication-Results: mail.fund.example; dkim=pass header.d=mo.example reason="',
        b"Authentication-Results: mail.evil.example; dkim=pass header.d=mo.example",
        b"Authentication-Results: mail.fund.example; spf=fail\r\n"
        b"Authentication-Results: mail.fund.example; dkim=pass header.d=mo.example",
    ],
)
def test_senders_that_it_does_not_vouch_for_are_strangers(header: bytes) -> None:
    raw = letter(header, b"From: mo@mo.example") if header else letter(b"From: mo@mo.example")
    assert read(raw).sender == "mo@mo.example"
    assert read(raw, host=HOST).sender == ""


@pytest.mark.parametrize(
    ("header", "sent_at"),
    [
        (b"Mon, 15 Jan 2024 12:00:00 +0300", datetime(2024, 1, 15, 9, tzinfo=UTC)),
        (b"Mon, 15 Jan 2024 12:00:00 -0000", datetime(2024, 1, 15, 12, tzinfo=UTC)),
        (b"Mon, 15 Jan 2024 12:00:00 +9999", None),
        (b"Mon, 99 Jan 99999 99:00:00 +0300", None),
        (b"Fri, 31 Dec 9999 23:00:00 -1200", None),
        (b"yesterday", None),
        (b"", None),
    ],
)
def test_dates(header: bytes, sent_at: datetime | None) -> None:
    assert read(letter(b"Date: " + header)).sent_at == sent_at


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (b"<a.b@mo.example>", "<a.b@mo.example>"),
        (b" junk <a@b> <c@d>", "<a@b>"),
        (b"no brackets", None),
        (b"<" + b"a" * 300 + b">", None),
        ("<ю@b>".encode(), None),
        (b"<a b>", None),
    ],
)
def test_message_ids_are_safe_to_answer_to(header: bytes, expected: str | None) -> None:
    assert read(letter(b"Message-ID: " + header)).message_id == expected


def test_too_many_parts_make_one_item_of_the_letter() -> None:
    part = b"--b\r\nContent-Type: application/zip\r\nContent-Disposition: attachment; filename=a.zip\r\n\r\nPK\r\n"
    head = letter(b"From: mo@mo.example", b"Subject: s", b"Content-Type: multipart/mixed; boundary=b", body=b"")
    assert len(read(head + part * 50 + b"--b--").attachments) == 50
    found = read(head + part * 1_000 + b"--b--")
    assert (found.attachments, found.excess, found.sender) == ((), "вложений больше 50", "mo@mo.example")


def test_deep_or_countless_parts_are_refused_quickly() -> None:
    deep = b"".join(b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (n, n) for n in range(5_000))
    rfc822 = b"Content-Type: message/rfc822\r\n\r\n" * 5_000
    boundaries = b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + b"--b\r\n\r\nx\r\n" * 1_000_000
    begun = time.monotonic()
    for raw in (deep, rfc822, boundaries):
        assert read(raw).excess == TOO_COMPLEX
    assert time.monotonic() - begun < 20


BROKEN = [
    b"",
    b"\0" * 100,
    b"\r\n\r\n",
    b"From",
    b": \r\n: \r\n",
    b"Content-Type: multipart/mixed\r\n\r\nno boundary",
    b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n--b\r\n--b",
    b"Content-Type: text/plain; charset=no-such\r\n\r\n\xff\xfe",
    b"Content-Type: application/zip\r\nContent-Transfer-Encoding: base64\r\n\r\n!!!=A=B",
    b"Content-Type: application/zip\r\nContent-Transfer-Encoding: x-uuencode\r\n\r\nbegin 644 a\r\n\xff\r\n",
    b"Content-Type: application/zip\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n=ZZ=\r\n=",
    b"Content-Type: message/rfc822\r\nContent-Transfer-Encoding: base64\r\n\r\nUEs=",
    b"Content-Type: message/delivery-status\r\n\r\nAction: failed\r\n\r\n",
    b"Content-Type: message/partial; id=1; number=1\r\n\r\n\xff",
    b"Content-Type: ;;;=;\xff\r\nContent-Disposition: \xff; filename*=\xff''%\xff\r\n\r\n",
    b"Content-Disposition: attachment; filename*0*=utf-8''a; filename*0=b; filename*9*=c\r\n\r\n",
    b"Subject: =?utf-8?B?!!!?= =?=?= =?utf-8?X?a?=\r\n\r\n",
    b"Subject: =?utf-8?B?A?=\r\n\r\n",
]


@pytest.mark.parametrize("raw", BROKEN)
def test_broken_letters_are_read_all_the_same(raw: bytes) -> None:
    found = read(raw)
    found.subject.encode()
    assert found.subject
    assert all(attachment.name for attachment in found.attachments)


PIECES = [
    *(line + b"\r\n" for raw in BROKEN for line in raw.split(b"\r\n") if len(line) < 200),
    *(
        b"\r\n",
        b"--b\r\n",
        b"--b--\r\n",
        b"From: ",
        b"=?utf-8?B?",
        b"?=",
        b'"',
        b"<",
        b">",
        b"(",
        b"\\",
        b";",
        b"\xd0",
        b"\0",
    ),
    *(b"Content-Type: multipart/mixed; boundary=b\r\n", b"Authentication-Results: mail.fund.example; spf=pass "),
    *(b"Content-Disposition: attachment; filename=", b"Date: ", b"Message-ID: ", b"Subject: "),
]


@settings(max_examples=400, deadline=None)
@given(st.lists(st.one_of(st.sampled_from(PIECES), st.binary(max_size=20)), max_size=30).map(b"".join))
def test_no_letter_raises(raw: bytes) -> None:
    found = read(raw, host=HOST)
    for text in (found.subject, found.sender, found.message_id or "", *(item.name for item in found.attachments)):
        text.encode()
        assert "\0" not in text
        assert len(text.encode()) <= 2_000

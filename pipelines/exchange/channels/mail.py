"""Mail: packages come as attachments to a mailbox (IMAP), answers leave by SMTP."""

from __future__ import annotations

import hashlib
import imaplib
import logging
import re
import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from pipelines.exchange.channels.base import ChannelError, Endpoint, Item, Taken, TooLargeError
from pipelines.exchange.channels.letters import Letter, read_letter

log = logging.getLogger(__name__)

HEADER_BYTES = 65_536
SESSION_BYTES = 64 * 2**20  # letters held in memory during a poll; the rest waits for the next

_LISTED = re.compile(rb"(?=.*\bUID (\d+))(?=.*\bRFC822\.SIZE (\d+))(?!.*\\Deleted)", re.DOTALL | re.IGNORECASE)
_KEY = re.compile(r"(\d+):(\d+):(\d+):[0-9a-f]{16}")


class MailChannel:
    """Channel over a mailbox of the fund.

    ``imap`` and ``smtp``: host, login, password; option ``tls``: ``implicit`` (default), ``starttls`` or ``none``; option
    ``ca_file``. ``sender`` is the fund's address. With ``authentication_results_host``, a letter counts as sent by its From
    address only when that host (the fund's own mail server) vouches for it, otherwise by "" (see ``letters``).
    Letters above ``max_bytes`` or with more than ``max_parts`` attachments are one item that cannot be read.
    Finished letters go to the mailbox ``processed``. ``timeout`` in seconds.
    """

    def __init__(
        self,
        code: str,
        imap: Endpoint,
        smtp: Endpoint,
        sender: str,
        *,
        mailbox: str = "INBOX",
        processed: str = "Processed",
        authentication_results_host: str | None = None,
        max_bytes: int = 50 * 2**20,
        max_parts: int = 50,
        timeout: float = 30.0,
    ) -> None:
        if not (mailbox + processed).isascii():
            raise ChannelError("Имена почтовых папок задаются латиницей")
        self.code = code
        self.imap = imap
        self.smtp = smtp
        self.sender = sender
        self.mailbox = mailbox
        self.processed = processed
        self.authentication_results_host = authentication_results_host
        self.max_bytes = max_bytes
        self.max_parts = max_parts
        self.timeout = timeout

    @contextmanager
    def session(self) -> Iterator[MailSession]:
        """Log in to the mailbox; SMTP is entered by the first ``send``. Raises ``ChannelError``."""
        try:
            session = MailSession(self)
        except (imaplib.IMAP4.error, OSError) as error:
            raise ChannelError(f"IMAP {self.imap.host}: нет соединения: {error}") from error
        try:
            yield session
        except imaplib.IMAP4.error as error:
            raise ChannelError(f"IMAP {self.imap.host}: {error}") from error
        finally:
            session.close()


@dataclass(frozen=True)
class _Held:
    """A letter of this session; ``raw`` is its header alone when it is too large."""

    letter: Letter
    raw: bytes
    size: int
    keys: tuple[str, ...]


class MailSession:
    """One poll of the mailbox. Keys are ``UIDVALIDITY:UID:part:digest of the Message-ID``; part 0 is the letter itself."""

    def __init__(self, channel: MailChannel) -> None:
        self.problems: list[str] = []
        self._channel = channel
        self._smtp: smtplib.SMTP | None = None
        self._held: dict[int, _Held] = {}
        self._unreleased: dict[int, set[str]] = {}
        self._imap = _open_imap(channel.imap, channel.timeout)
        try:
            self._moves = self._select()
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Leave both servers; errors do not matter any more."""
        with suppress(imaplib.IMAP4.error, OSError):
            self._imap.logout()
        self._leave_smtp()

    def items(self) -> Iterator[Item]:
        """An item per attachment; a letter without any, or beyond the limits, is one item itself.

        At most 64 MiB of letters are looked at in one session. Nothing is marked as seen.
        """
        budget = SESSION_BYTES
        for uid, size in self._listing():
            if budget <= 0:
                return
            held = self._hold(uid, size)
            if held is None:
                continue
            budget -= len(held.raw)
            letter = held.letter
            if letter.attachments:
                for key, attachment in zip(held.keys, letter.attachments, strict=True):
                    yield Item(key, attachment.name, letter.sender, len(attachment.content), None)
            else:
                yield Item(held.keys[0], letter.subject, letter.sender, held.size, None)

    def looks_whole(self, item: Item) -> bool:
        """Mail is always whole."""
        return True

    def claim(self, item: Item) -> Item:
        """Nothing to do: a letter is out of its sender's reach, and its key never changes."""
        return item

    def read(self, item: Item) -> Taken:
        """The attachment; for a letter without any its own bytes, ``attached`` False. Raises ``TooLargeError``."""
        uid, part = self._place(item.key)
        held = self._held.get(uid) or self._hold(uid, None)
        if held is None or item.key not in held.keys:
            raise FileNotFoundError("the letter is not in the mailbox any more")
        letter = held.letter
        if letter.excess:
            raise TooLargeError(held.size, self._channel.max_bytes, letter.excess)
        name, content = letter.subject, held.raw
        if part:
            name, content = letter.attachments[part - 1].name, letter.attachments[part - 1].content
        return Taken(item.key, name, letter.sender, content, letter.message_id, letter.sent_at, attached=part > 0)

    def release(self, item: Item) -> None:
        """Once this session has released every part of the letter, move it to the mailbox of processed ones."""
        try:
            uid, _ = self._place(item.key)
        except FileNotFoundError:
            return
        if uid not in self._unreleased:
            held = self._held.get(uid) or self._hold(uid, None)
            self._unreleased[uid] = set(held.keys) if held else set()
        waiting = self._unreleased[uid]
        if item.key in waiting:
            waiting.discard(item.key)
            if not waiting:
                self._move(uid)
                self._held.pop(uid, None)

    def send(self, address: str, name: str, content: bytes, *, subject: str, body: str, reference: str | None) -> None:
        """Mail a file; raises ``ChannelError``, after which others can still be mailed.

        The Message-ID follows from the addressee, reference, name and content: a repetition has the same.
        """
        sender = self._channel.sender
        parts = (address, reference or "", name, hashlib.sha256(content).hexdigest())
        digest = hashlib.sha256("\n".join(parts).encode()).hexdigest()
        message = EmailMessage(SMTP)
        message["From"] = sender
        message["To"] = address
        message["Subject"] = subject
        message["Date"] = format_datetime(datetime.now(UTC))
        message["Message-ID"] = f"<{digest[:40]}@{sender.rpartition('@')[2]}>"
        message["Auto-Submitted"] = "auto-replied" if reference else "auto-generated"
        if reference:
            message["In-Reply-To"] = message["References"] = reference
        message.set_content(body, charset="utf-8", cte="base64")
        subtype = "zip" if name.lower().endswith(".zip") else "octet-stream"
        message.add_attachment(content, maintype="application", subtype=subtype, filename=name)
        try:
            if self._smtp is None:
                self._smtp = open_smtp(self._channel.smtp, self._channel.timeout)
            self._smtp.send_message(message, sender, [address])
        except OSError as error:  # smtplib's own errors among them; their texts quote addresses
            self._leave_smtp()
            reason = f"{type(error).__name__} {getattr(error, 'smtp_code', '')}".strip()
            raise ChannelError(f"SMTP {self._channel.smtp.host}: письмо не отправлено: {reason}") from error

    def _leave_smtp(self) -> None:
        if self._smtp:
            with suppress(OSError):
                self._smtp.quit()
        self._smtp = None

    def _select(self) -> bool:
        """Open the mailbox; tells whether the server can move."""
        state, _ = self._imap.select(f'"{self._channel.mailbox}"')
        if state != "OK":
            raise ChannelError(f"IMAP {self._channel.imap.host}: папка {self._channel.mailbox} не открывается")
        _, validity = self._imap.response("UIDVALIDITY")
        self._validity = int(validity[0] or 0) if validity else 0
        return b"MOVE" in b" ".join(self._imap.capability()[1]).upper().split()

    def _place(self, key: str) -> tuple[int, int]:
        match = _KEY.fullmatch(key)
        if not match or int(match[1]) != self._validity:
            raise FileNotFoundError("the mailbox was made anew")
        return int(match[2]), int(match[3])

    def _listing(self) -> list[tuple[int, int]]:
        """UIDs and sizes of all letters that are not about to be deleted."""
        state, rows = self._imap.uid("FETCH", "1:*", "(UID RFC822.SIZE FLAGS)")
        if state != "OK":
            return []  # how some servers answer for an empty mailbox
        found = (_LISTED.match(row) for row in rows if isinstance(row, bytes))
        return sorted((int(match[1]), int(match[2])) for match in found if match)

    def _hold(self, uid: int, size: int | None) -> _Held | None:
        """Fetch and parse a letter; None when it is gone or the server will not give it."""
        channel = self._channel
        if size is None:
            size = dict(self._listing()).get(uid)
            if size is None:
                return None
        large = size > channel.max_bytes
        raw = self._fetch(uid, f"BODY.PEEK[HEADER]<0.{HEADER_BYTES}>" if large else "BODY.PEEK[]")
        if raw is None:
            return None
        letter = read_letter(raw, max_parts=channel.max_parts, authenticated_by=channel.authentication_results_host)
        if large:
            excess = f"письмо в {size} байт больше {channel.max_bytes}"
            letter = Letter(letter.message_id, letter.sender, letter.subject, letter.sent_at, excess=excess)
        digest = hashlib.sha256((letter.message_id or "").encode() or raw[:HEADER_BYTES]).hexdigest()[:16]
        parts = range(1, len(letter.attachments) + 1) if letter.attachments else range(1)
        keys = tuple(f"{self._validity}:{uid}:{part}:{digest}" for part in parts)
        self._held[uid] = _Held(letter, raw, size, keys)
        return self._held[uid]

    def _fetch(self, uid: int, what: str) -> bytes | None:
        """Bytes of a letter; None when it is gone, or when the server will not give it, which goes to ``problems``."""
        try:
            state, rows = self._imap.uid("FETCH", str(uid), f"({what})")
        except imaplib.IMAP4.abort:
            raise
        except imaplib.IMAP4.error:
            state, rows = "BAD", []
        if state != "OK":
            self.problems.append(f"Письмо с номером UID {uid} не читается: сервер отвечает {state}")
            log.warning("Канал %s: письмо UID %s не читается: %s", self._channel.code, uid, state)
        return next((row[1] for row in rows if isinstance(row, tuple)), None)

    def _move(self, uid: int) -> None:
        target = f'"{self._channel.processed}"'
        command = "MOVE" if self._moves else "COPY"
        if self._imap.uid(command, str(uid), target)[0] != "OK":
            self._imap.create(target)
            if self._imap.uid(command, str(uid), target)[0] != "OK":
                raise ChannelError(f"IMAP {self._channel.imap.host}: письмо не переносится в {self._channel.processed}")
        if not self._moves:
            self._imap.uid("STORE", str(uid), "+FLAGS.SILENT", r"(\Deleted)")
            self._imap.expunge()


def _context(endpoint: Endpoint) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=endpoint.options.get("ca_file"))


def _open_imap(endpoint: Endpoint, timeout: float) -> imaplib.IMAP4:
    tls = endpoint.options.get("tls", "implicit")
    imap: imaplib.IMAP4
    if tls == "implicit":
        imap = imaplib.IMAP4_SSL(endpoint.host, endpoint.port or 993, ssl_context=_context(endpoint), timeout=timeout)
    else:
        imap = imaplib.IMAP4(endpoint.host, endpoint.port or 143, timeout=timeout)
    try:
        if tls == "starttls":
            imap.starttls(_context(endpoint))
        imap.login(endpoint.login, endpoint.password)
    except BaseException:
        imap.shutdown()
        raise
    return imap


def open_smtp(endpoint: Endpoint, timeout: float) -> smtplib.SMTP:
    """A session with the server of an endpoint, logged in; raises ``OSError`` (smtplib's errors are)."""
    tls = endpoint.options.get("tls", "implicit")
    smtp: smtplib.SMTP
    if tls == "implicit":
        smtp = smtplib.SMTP_SSL(endpoint.host, endpoint.port or 465, context=_context(endpoint), timeout=timeout)
    else:
        smtp = smtplib.SMTP(endpoint.host, endpoint.port or 587, timeout=timeout)
    try:
        if tls == "starttls":
            smtp.starttls(context=_context(endpoint))
        if endpoint.login:
            smtp.login(endpoint.login, endpoint.password)
    except BaseException:
        smtp.close()
        raise
    return smtp

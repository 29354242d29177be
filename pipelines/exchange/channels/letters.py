"""Mail as it arrives: a letter's sender, subject and attachments out of bytes that nobody vouches for.

Nothing here raises on a letter, however broken. The structure is parsed by the tolerant ``compat32`` policy; only the
sender's address is parsed strictly, because trust hangs on it.
"""

from __future__ import annotations

import email.errors
import email.header
import email.parser
import email.policy
import email.utils
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import Message
from typing import Any

from pipelines.exchange.channels.names import clean, shortened, text_of

# The parsers of the standard library take quadratic time on what only an attacker writes; these bounds keep it to seconds.
HEAD_BYTES = 256 * 1024
MAX_HEADER = 3_000  # characters of a header that are looked at
MAX_NESTED = 50  # containers named in a letter; ordinary ones have up to ten
MAX_BOUNDARIES = 2_000
MAX_LINES = 1_500_000  # 50 MiB of base64 have 700,000
MAX_WORK = 20_000_000  # lines times containers: each line passes through all that are open

SIGNATURES = frozenset({"pkcs7-signature", "x-pkcs7-signature", "pgp-signature"})
TOO_COMPLEX = "строение письма слишком сложно"


@dataclass(frozen=True)
class Attachment:
    """A file that came with a letter; ``name`` is never empty."""

    name: str
    content: bytes


@dataclass(frozen=True)
class Letter:
    """What is known of a letter.

    ``sender`` is the one address of its one From header in lower case, or "" (none, several, not authenticated).
    ``excess`` says in Russian why the attachments were not taken out, else "".
    """

    message_id: str | None
    sender: str
    subject: str
    sent_at: datetime | None
    attachments: tuple[Attachment, ...] = ()
    excess: str = ""


class _Part(Message):
    """A part whose headers are cut at ``MAX_HEADER`` wherever they are looked into."""

    def get(self, name: str, failobj: Any = None) -> Any:
        value = super().get(name, failobj)
        return str(value)[:MAX_HEADER] if isinstance(value, str | email.header.Header) else value


def read_letter(raw: bytes, *, max_parts: int, authenticated_by: str | None) -> Letter:
    """A letter out of its bytes (or out of its headers alone).

    The envelope is not to be had over IMAP, so the sender is the From header. With ``authenticated_by``, the host name of
    the fund's own mail server, it counts only when the topmost Authentication-Results header of that host says
    ``spf=pass``, ``dkim=pass`` or ``dmarc=pass`` for a domain that is the address's own (RFC 8601, alignment of RFC 7489).
    """
    head = re.split(rb"\r?\n\r?\n", raw[:HEAD_BYTES], maxsplit=1)[0]
    headers = _headers(email.parser.BytesHeaderParser(policy=email.policy.compat32).parsebytes(head))
    sender = _address(_all(headers, "from"))
    if authenticated_by and not _authenticated(_all(headers, "authentication-results"), authenticated_by, sender):
        sender = ""
    attachments, excess = _attachments(raw, max_parts)
    return Letter(
        message_id=_message_id(_first(headers, "message-id")),
        sender=sender,
        subject=shortened(_words(_first(headers, "subject"))).strip() or "без темы",
        sent_at=_date(_first(headers, "date")),
        attachments=attachments,
        excess=excess,
    )


def _headers(message: Message) -> list[tuple[str, str]]:
    """Names in lower case and unfolded texts; raw bytes beyond ASCII are read as UTF-8 or windows-1251."""
    found = []
    for name, value in message.raw_items():
        text = text_of(str(value).encode("ascii", "surrogateescape"))
        found.append((name.lower(), re.sub(r"[\r\n]+[ \t]*", " ", text).strip()[: MAX_HEADER + 1]))
    return found


def _all(headers: list[tuple[str, str]], name: str) -> list[str]:
    return [text for key, text in headers if key == name]


def _first(headers: list[tuple[str, str]], name: str) -> str:
    return next(iter(_all(headers, name)), "")


def _words(text: str) -> str:
    """Text with the encoded words of RFC 2047 decoded, also those of unknown character sets."""
    try:
        pieces = email.header.decode_header(text)
    except (ValueError, email.errors.HeaderParseError):
        return clean(text)
    return clean("".join(piece if isinstance(piece, str) else _decoded(piece, charset) for piece, charset in pieces))


def _decoded(piece: bytes, charset: str | None) -> str:
    try:
        return piece.decode(charset or "utf-8")
    except (LookupError, ValueError):
        return text_of(piece)


def _address(values: list[str]) -> str:
    if len(values) != 1 or len(values[0]) > MAX_HEADER:
        return ""
    try:
        header = email.policy.default.header_factory("from", values[0])
        addresses = [address.addr_spec for address in header.addresses]
    except Exception:
        return ""
    if any(isinstance(defect, email.errors.InvalidHeaderDefect) for defect in header.defects):
        return ""  # clients would show another address than the parser finds
    if len(addresses) != 1 or not re.fullmatch(r"[^@\s<>,;\"]+@[^@\s<>,;\"]+", addresses[0]):
        return ""
    return clean(addresses[0]).lower()


def _message_id(text: str) -> str | None:
    found = re.search(r"<[!-;=?-~]{1,250}>", text)
    return found[0] if found else None


def _date(text: str) -> datetime | None:
    try:
        date = email.utils.parsedate_to_datetime(text)
        return (date if date.tzinfo else date.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def _authenticated(values: list[str], host: str, sender: str) -> bool:
    domain = sender.rpartition("@")[2]
    for value in values:
        identity, *results = _bare(value).split(";")
        if identity.split()[:1] != [host.lower()]:
            continue
        return bool(domain) and any(_vouches(result, domain) for result in results)
    return False


def _bare(value: str) -> str:
    """A structured header without comments and with the insides of quoted strings hidden: a sender may have written them."""
    out: list[str] = []
    depth, quoted, escaped = 0, False, False
    for char in value.lower():
        if escaped:
            escaped = False
        elif char == "\\" and (quoted or depth):
            escaped = True
        elif char == '"' and not depth:
            quoted = not quoted
            out.append("_")
        elif char == "(" and not quoted:
            depth += 1
        elif char == ")" and not quoted:
            depth = max(0, depth - 1)
        elif not quoted and not depth:
            out.append(char)
    return re.sub(r"\s*=\s*", "=", "".join(out)) if not (quoted or depth) else ""


def _vouches(result: str, domain: str) -> bool:
    """Whether one result of the header is a pass of ``domain`` itself."""
    method, *properties = result.split() or [""]
    name = {"spf=pass": "smtp.mailfrom", "dkim=pass": "header.d", "dmarc=pass": "header.from"}.get(method)
    values = [value for key, _, value in (item.partition("=") for item in properties) if key == name]
    return len(values) == 1 and _aligned(values[0].rpartition("@")[2], domain)


def _aligned(one: str, other: str) -> bool:
    return "." in one and (one == other or one.endswith(f".{other}") or other.endswith(f".{one}"))


def _attachments(raw: bytes, max_parts: int) -> tuple[tuple[Attachment, ...], str]:
    lower = raw.lower()
    nested = lower.count(b"multipart/") + lower.count(b"message/")
    lines = raw.count(b"\n")
    work = lines * nested
    if nested > MAX_NESTED or raw.count(b"\n--") > MAX_BOUNDARIES or lines > MAX_LINES or work > MAX_WORK:
        return (), TOO_COMPLEX
    try:
        found: list[Attachment] = []
        for part in _attached(email.parser.BytesParser(_Part, policy=email.policy.compat32).parsebytes(raw)):
            if len(found) == max_parts:
                return (), f"вложений больше {max_parts}"
            found.append(Attachment(_file_name(part) or f"вложение-{len(found) + 1}", _content(part)))
    except Exception:
        return (), TOO_COMPLEX
    return tuple(found), ""


def _attached(letter: Message) -> Iterator[Message]:
    """Parts that somebody attached: not the text, the pictures inside it, nor the signature of the letter."""
    waiting = [(letter, "")]
    while waiting:
        part, inside = waiting.pop()
        main = part.get_content_maintype()
        if main == "multipart":
            kind, children = part.get_content_subtype(), part.get_payload()
            nested = children if isinstance(children, list) else []
            waiting += [(child, kind) for child in reversed(nested) if isinstance(child, Message)]
        elif not (
            (main == "text" and not _file_name(part) and part.get_content_disposition() != "attachment")
            or (inside == "related" and main == "image" and "content-id" in part)
            or (inside == "signed" and part.get_content_subtype() in SIGNATURES)
        ):
            yield part


def _file_name(part: Message) -> str:
    """Base name of an attachment, or ""; RFC 2231, RFC 2047 and raw bytes are understood."""
    headers = _headers(part)
    plain = Message()
    for name in ("content-disposition", "content-type"):
        plain[name] = _first(headers, name)
    return shortened(re.split(r"[\\/]", _words(plain.get_filename("")))[-1].strip())


def _content(part: Message) -> bytes:
    payload = part.get_payload()
    if isinstance(payload, list):
        return b"".join(inner.as_bytes() for inner in payload if isinstance(inner, Message))
    decoded = part.get_payload(decode=True)
    return decoded if isinstance(decoded, bytes) else b""

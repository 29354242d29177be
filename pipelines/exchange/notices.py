"""Mail to the fund's own operators: templates of ``include/templates``, one letter to all of them."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from functools import cache

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markdown_it import MarkdownIt

from pipelines.exchange.channels.base import ChannelError, Endpoint
from pipelines.exchange.channels.mail import open_smtp
from pipelines.ground.settings import ROOT

TEMPLATES = ROOT / "include" / "templates"


@dataclass(frozen=True)
class Notice:
    """A letter: subject, and a body in Markdown that reads well as it is."""

    subject: str
    body: str


def compose(template: str, /, **values: object) -> Notice:
    """``include/templates/<template>.md.j2`` filled: its first line is the subject, what follows is the body."""
    subject, _, body = _environment().get_template(f"{template}.md.j2").render(values).partition("\n")
    return Notice(subject.strip(), body.strip() + "\n")


def letter(notice: Notice, sender: str, recipients: Sequence[str], key: str, now: datetime) -> EmailMessage:
    """The letter as text and as HTML. Letters of the same ``key`` have the same Message-ID: readers show one of them."""
    message = EmailMessage(SMTP)
    message["From"] = sender
    message["To"] = ", ".join(recipients)
    message["Subject"] = notice.subject
    message["Date"] = format_datetime(now)
    message["Message-ID"] = f"<{hashlib.sha256(key.encode()).hexdigest()[:40]}@{sender.rpartition('@')[2]}>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(notice.body, charset="utf-8", cte="base64")
    html = MarkdownIt("commonmark", {"html": False}).enable("table").render(notice.body)
    page = f'<!DOCTYPE html><html lang="ru"><meta charset="utf-8"><body>{html}</body></html>'
    message.add_alternative(page, subtype="html", charset="utf-8", cte="base64")
    return message


def send(smtp: Endpoint, notice: Notice, sender: str, recipients: Sequence[str], key: str, timeout: float) -> None:
    """Mail a notice over the server of ``smtp``; raises ``ChannelError`` when it does not take the letter."""
    message = letter(notice, sender, recipients, key, datetime.now(UTC))
    try:
        with open_smtp(smtp, timeout) as server:
            server.send_message(message, sender, list(recipients))
    except OSError as error:  # smtplib's own errors among them; their texts quote addresses
        reason = f"{type(error).__name__} {getattr(error, 'smtp_code', '')}".strip()
        raise ChannelError(f"SMTP {smtp.host}: письмо операторам не отправлено: {reason}") from error


@cache
def _environment() -> Environment:
    """Not escaped: the bodies are text; what they hold of HTML is escaped when they are made into HTML."""
    return Environment(  # noqa: S701
        loader=FileSystemLoader(TEMPLATES), undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )

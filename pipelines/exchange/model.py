"""Words of the exchange: states, results, packages and what is sent."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class State(StrEnum):
    """Where a package is on its way, as committed. ANSWERED is final; FAILED is ours and is retried.

    OPENED, CHECKED and APPLIED lie inside the one transaction of a package: they are events of the journal, not states.
    """

    RECEIVED = "RECEIVED"
    ANSWERED = "ANSWERED"
    FAILED = "FAILED"


class Result(StrEnum):
    """How a package ended."""

    ACCEPTED = "ACCEPTED"
    PARTIAL = "PARTIAL"
    REJECTED = "REJECTED"
    DUPLICATE = "DUPLICATE"
    QUARANTINED = "QUARANTINED"


RESULT_TITLES = {
    Result.ACCEPTED: "принят",
    Result.PARTIAL: "принят частично",
    Result.REJECTED: "отклонён",
    Result.DUPLICATE: "повтор",
    Result.QUARANTINED: "карантин",
}


@dataclass(frozen=True)
class Package:
    """A row of the journal. ``sender`` is the organisation's code or None for a stranger.

    ``channel`` is the channel's code; ``address`` where the answer goes in it (a folder's login, a mail address);
    ``reference`` the Message-Id of the mail it came with, ``attached`` False for a mail that carried nothing;
    ``incomplete`` says that the file never finished arriving.
    """

    id: int
    sender: str | None
    channel: str
    address: str
    name: str
    reference: str | None
    sha256: str
    size: int
    received_at: datetime
    incomplete: bool
    attached: bool


@dataclass(frozen=True)
class Outgoing:
    """A file to send: through ``channel`` to ``address`` (a login's out/ folder or a mail address)."""

    name: str
    content: bytes

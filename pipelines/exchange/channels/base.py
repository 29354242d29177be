"""The interface of a channel, and what it is told about the other side."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol


class ChannelError(RuntimeError):
    """The channel could not do what was asked; the text is in Russian and tells the operator why."""


class TooLargeError(Exception):
    """An item is beyond the channel's limits and was not read; ``size`` in bytes, ``reason`` in Russian for a finding."""

    def __init__(self, size: int, limit: int, reason: str = "") -> None:
        self.size = size
        self.reason = reason or f"размер {size} байт больше {limit}"
        super().__init__(self.reason)


@dataclass(frozen=True)
class Endpoint:
    """Address and secrets of a channel, as an Airflow Connection gives them. Never printed: ``repr`` hides the password."""

    scheme: str  # sftp, mail, folder
    host: str = ""
    port: int = 0
    login: str = ""
    password: str = field(default="", repr=False)
    options: dict[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True)
class Item:
    """Something that lies in a channel.

    ``key`` identifies it there (path or mailbox UID and part); ``address`` is where an answer goes (login of the folder, or
    the sender's mail address); ``marks`` is what must hold still before it is ready (size and mtime), or None when the
    channel hands over whole things only (mail). ``claimed`` items were taken by a run that did not finish.
    """

    key: str
    name: str
    address: str
    size: int
    marks: str | None
    claimed: bool = False


@dataclass(frozen=True)
class Taken:
    """An item after the claim: ``key`` is its final, unique key in the channel; ``content`` its bytes.

    ``reference`` is the Message-Id, ``sent_at`` the time the other side gives; ``attached`` False for a mail without
    attachment (its ``name`` is then the subject).
    """

    key: str
    name: str
    address: str
    content: bytes
    reference: str | None = None
    sent_at: datetime | None = None
    attached: bool = True


class Session(Protocol):
    """One connection to the channel's host, used for everything that one poll does.

    ``problems`` tells in Russian what could not be looked at; the rest of the channel was.
    """

    problems: list[str]

    def items(self) -> Iterator[Item]:
        """What lies in the in/ folders (or the mailbox), unfinished claims included."""

    def looks_whole(self, item: Item) -> bool:
        """Whether the file's end is there (the directory of a ZIP); files of other kinds always look whole."""

    def claim(self, item: Item) -> Item:
        """Take the item out of the sender's reach by an atomic rename; returns it under its final key.

        Raises ``FileNotFoundError`` when another run was quicker or the sender took the file back.
        """

    def read(self, item: Item) -> Taken:
        """Bytes of a claimed item; a mail without attachment gives the mail itself, as it arrived.

        Raises ``TooLargeError`` above the channel's limits, ``FileNotFoundError`` when another run has released the item.
        """

    def release(self, item: Item) -> None:
        """Forget a claimed item once the journal has it; a second call does nothing."""

    def send(self, address: str, name: str, content: bytes, *, subject: str, body: str, reference: str | None) -> None:
        """Put a file into the addressee's out/ (temporary name, then rename; equal bytes are overwritten) or mail it."""


class Channel(Protocol):
    """A configured channel; ``code`` is its name in the journal."""

    code: str

    def session(self) -> AbstractContextManager[Session]: ...

"""Rules of the drop folders, the same on every file system.

An organisation's home is ``/<login>``: it uploads into ``in/`` and fetches from ``out/``. A file is claimed by an atomic
rename into ``.claim/<uuid>~<name>``, out of the organisation's reach; what lies there was taken by a run that has not
finished. An answer is written as ``out/.<name>.part`` and renamed, so that nobody ever sees half of it.
"""

from __future__ import annotations

import logging
import re
import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol
from uuid import uuid4

from pipelines.exchange.channels.base import ChannelError, Item, Taken
from pipelines.exchange.channels.names import clean, shortened, text_of

log = logging.getLogger(__name__)

IN, OUT, CLAIMED = "in", "out", ".claim"
MAX_BYTES = 512 * 2**20
"""Default size above which a file is not read (registers of a month have tens of megabytes)."""

_CLAIM = re.compile(r"[0-9a-f]{32}~(.+)", re.DOTALL)
_END = struct.Struct("<4s4H2LH")
_LOCATOR = struct.Struct("<4sLQL")
_RECORD = struct.Struct("<4sQ2H2L4Q")
_TAIL = _END.size + 0xFFFF + _LOCATOR.size + _RECORD.size


@dataclass(frozen=True)
class Entry:
    """A regular file of a folder; ``changed`` is its modification time in whatever unit the file system has."""

    name: str
    size: int
    changed: int


class Files(Protocol):
    """The little that the rules need of a file system. Paths are absolute, ``/``-separated; errors are ``OSError``."""

    def alive(self) -> bool:
        """Whether an error of one folder leaves the others usable."""

    def entries(self, folder: str) -> list[Entry]:
        """Regular files of a folder: no folders, no links."""

    def make(self, folder: str) -> None:
        """Make a folder that may be there already."""

    def rename(self, old: str, new: str) -> None:
        """Rename atomically, replacing ``new``."""

    def read(self, path: str, limit: int) -> bytes:
        """The whole file; raises ``TooLargeError`` above ``limit`` bytes without reading it."""

    def ends(self, path: str, length: int) -> tuple[bytes, bytes, int]:
        """First four bytes, last ``length`` bytes, size."""

    def write(self, path: str, content: bytes) -> None:
        """Write a file and see it safely stored."""

    def remove(self, path: str) -> None:
        """Remove a file; raises ``FileNotFoundError``."""


class Names:
    """Readable names of files whose bytes are not clean UTF-8, and the way back to those bytes."""

    def __init__(self) -> None:
        self._raw: dict[str, bytes] = {}

    def note(self, folder: str, raw: bytes) -> str:
        """The readable name of a file of ``folder``."""
        name = clean(text_of(raw))
        if name.encode() != raw:
            self._raw[f"{folder}/{name}"] = f"{folder}/".encode() + raw
        return name

    def raw(self, path: str) -> bytes:
        """The path as the file system knows it."""
        return self._raw.get(path) or path.encode()


def zip_ends(tail: bytes, size: int) -> bool:
    """Whether a ZIP's end of central directory closes a file of ``size`` bytes that ends in ``tail``.

    The directory must end exactly where its end record begins (APPNOTE.TXT 4.3.14-4.3.16, ZIP64 included).
    """
    start = size - len(tail)
    at = len(tail)
    while (at := tail.rfind(b"PK\x05\x06", 0, at)) >= 0:
        if at + _END.size > len(tail):
            continue
        *_, length, offset, comment = _END.unpack_from(tail, at)
        if at + _END.size + comment != len(tail):
            continue
        closes = start + at
        locator = at - _LOCATOR.size
        if locator >= 0 and tail[locator : locator + 4] == b"PK\x06\x07":
            closes = _LOCATOR.unpack_from(tail, locator)[2]
            record = closes - start
            if not 0 <= record <= locator - _RECORD.size or tail[record : record + 4] != b"PK\x06\x06":
                continue
            *_, length, offset = _RECORD.unpack_from(tail, record)
        return bool(offset + length == closes)
    return False


def plain(name: str) -> str:
    """The name itself if it names a file or folder of its own and not a way elsewhere; raises ``ChannelError``."""
    if not name or name in (".", "..") or "/" in name or "\0" in name:
        raise ChannelError("Имя файла или учётной записи недопустимо: в нём есть путь")
    return name


class DropSession:
    """One poll of the drop folders of ``logins`` on ``files``; ``limit`` in bytes."""

    def __init__(self, files: Files, logins: Iterable[str], limit: int) -> None:
        self.problems: list[str] = []
        self._files = files
        self._logins = tuple(map(plain, logins))
        self._limit = limit

    def items(self) -> Iterator[Item]:
        """Unfinished claims, then new files, home by home; a home that cannot be listed goes to ``problems``."""
        for login in self._logins:
            for entry in self._listed(login, CLAIMED):
                if match := _CLAIM.fullmatch(entry.name):
                    yield self._item(login, CLAIMED, entry, match[1], claimed=True)
            for entry in self._listed(login, IN):
                yield self._item(login, IN, entry, entry.name, claimed=False)

    def looks_whole(self, item: Item) -> bool:
        """Whether a ZIP has its end; other contents look whole. A file that is gone does not."""
        try:
            head, tail, size = self._files.ends(item.key, _TAIL)
        except FileNotFoundError:
            return False
        return not head.startswith(b"PK") or zip_ends(tail, size)

    def claim(self, item: Item) -> Item:
        """Rename the file into ``.claim``; raises ``FileNotFoundError`` when it is gone or another run was quicker.

        A leftover keeps its key. A name above 200 bytes (no kind of package has one) is shortened.
        """
        if item.claimed:
            return item
        folder = f"/{plain(item.address)}/{CLAIMED}"
        name = shortened(item.name)
        key = f"{folder}/{uuid4().hex}~{name}"
        try:
            self._files.rename(item.key, key)
        except FileNotFoundError:  # the file, or the folder of claims
            self._files.make(folder)
            self._files.rename(item.key, key)
        return Item(key, name, item.address, item.size, item.marks, claimed=True)

    def read(self, item: Item) -> Taken:
        """The file's bytes; raises ``TooLargeError``, and ``FileNotFoundError`` when another run has released it."""
        return Taken(item.key, item.name, item.address, self._files.read(item.key, self._limit))

    def release(self, item: Item) -> None:
        """Remove a claimed file; one that is gone already is no error."""
        if f"/{CLAIMED}/" not in item.key:
            raise ChannelError("Освободить можно только захваченный файл")
        try:
            self._files.remove(item.key)
        except FileNotFoundError:
            return

    def send(self, address: str, name: str, content: bytes, *, subject: str, body: str, reference: str | None) -> None:
        """Put a file into the addressee's ``out/``, replacing one of this name; mail's words do not apply."""
        if address not in self._logins:
            raise ChannelError(f"Учётная запись {address} не относится к этому каналу")
        folder = f"/{address}/{OUT}"
        part = f"{folder}/.{plain(name)}.part"
        self._files.write(part, content)
        self._files.rename(part, f"{folder}/{name}")

    def _listed(self, login: str, folder: str) -> list[Entry]:
        path = f"/{login}/{folder}"
        try:
            return sorted(self._files.entries(path), key=lambda entry: entry.name)
        except (ConnectionError, TimeoutError):
            raise
        except OSError as error:
            if not self._files.alive():
                raise
            if not (folder == CLAIMED and isinstance(error, FileNotFoundError)):
                problem = f"Каталог {path} недоступен: {error.strerror or error}"
                self.problems.append(problem)
                log.warning(problem)
            return []

    @staticmethod
    def _item(login: str, folder: str, entry: Entry, name: str, *, claimed: bool) -> Item:
        marks = f"{entry.size}:{entry.changed}"
        return Item(f"/{login}/{folder}/{entry.name}", name, login, entry.size, marks, claimed)

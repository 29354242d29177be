"""What the journal knows of a file that somebody holds: issued by us, received from somebody, or unlike what is known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePosixPath
from typing import Literal

from sqlalchemy import Connection

from pipelines.exchange.protocol import LOCAL
from pipelines.ground.sql import statement

Role = Literal["sent", "package", "member", "document"]
"""A file of an answer, a package as it arrived, a file of a package, a document made of a package."""
ROLE_TITLES: Mapping[Role, str] = {
    "sent": "выдан нами",
    "package": "получен",
    "member": "файл полученного пакета",
    "document": "документ проверки",
}
LIMIT = 20
SHORTEST = 6
"""Characters of a name that are enough to call another one like it."""


@dataclass(frozen=True)
class Known:
    """A file of the journal; ``at``: when it was sent (None: not yet), received or made; ``address`` in ``channel``."""

    role: Role
    name: str
    sha256: str
    size: int
    package: int | None
    package_name: str | None
    at: datetime | None
    address: str
    channel: str

    @property
    def summary(self) -> str:
        """What the file is to the journal, in Russian."""
        moment = f"{self.at.astimezone(LOCAL):%d.%m.%Y %H:%M:%S}" if self.at else "ещё не отправлен"
        return f"{ROLE_TITLES[self.role]} {self.name}, {moment}" + (f", {self.address}" if self.address else "")


@dataclass(frozen=True)
class Whereabouts:
    """``same``: files with the very bytes; ``named``: other bytes under the same name; ``like``: names that begin so."""

    name: str
    sha256: str
    size: int
    same: Sequence[Known]
    named: Sequence[Known]
    like: Sequence[Known]

    @property
    def summary(self) -> str:
        """What came of it, in a few Russian words."""
        if self.same:
            return "известен журналу, без изменений"
        return "отличается от того, что в журнале" if self.named else "такого файла в журнале нет"


def find(connection: Connection, name: str, sha256: str, size: int) -> Whereabouts:
    """What is known of bytes; names are looked at only where no file has the bytes. The connection's role limits it."""
    name = PurePosixPath(name.replace("\\", "/").replace("\x00", "")).name
    rows = connection.execute(statement("exchange/file_by_hash"), {"sha256": sha256, "limit": LIMIT})
    same = [Known(**row) for row in rows.mappings()]
    named = [] if same else [one for one in _begins(connection, name) if one.name.upper() == name.upper()]
    stem = PurePosixPath(name).stem
    like = [] if same or named or len(stem) < SHORTEST else _begins(connection, stem)
    return Whereabouts(name, sha256, size, same, named, like)


def _begins(connection: Connection, text: str) -> list[Known]:
    rows = connection.execute(statement("exchange/file_by_name"), {"begins": begins(text), "limit": LIMIT})
    return [Known(**row) for row in rows.mappings()]


def begins(text: str) -> str:
    """Pattern of LIKE for what begins with a text, whatever signs it has."""
    return "".join(f"\\{sign}" if sign in "\\%_" else sign for sign in text) + "%"

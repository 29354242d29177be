"""Opening a package: rights of the sender, archive, members, reading into tables."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from pipelines.exchange.kinds import Member, Opened, PackageKind
from pipelines.exchange.model import Package
from pipelines.exchange.subscribers import Subscriber
from pipelines.formats import layout as layouts
from pipelines.formats.archive import ArchiveLimits, ArchiveMember, open_archive
from pipelines.formats.dbf import read_dbf
from pipelines.formats.tables import FileFault, Tables
from pipelines.formats.xml import read_xml


@dataclass
class MemberRecord:
    """A file as it lay in the package, for the journal; ``size`` and ``sha256`` grow while it is read."""

    role: str
    name: str
    size: int = 0
    digest: hashlib._Hash = field(default_factory=hashlib.sha256)

    def watch(self, chunks: Iterator[bytes]) -> Iterator[bytes]:
        for chunk in chunks:
            self.size += len(chunk)
            self.digest.update(chunk)
            yield chunk


def check_arrival(package: Package) -> None:
    """Raise the ``FileFault`` of a package that has no content to open."""
    if not package.attached:
        raise FileFault("PKG.130")
    if package.incomplete:
        raise FileFault("PKG.120")
    if package.size == 0:
        raise FileFault("PKG.030")


def check_rights(package: Package, kind: PackageKind, match: re.Match[str], sender: Subscriber) -> None:
    """Raise the ``FileFault`` of a sender who may not send this package."""
    if sender.kind not in kind.senders or not sender.active(package.received_at.date()):
        raise FileFault("PKG.100")
    code = match.groupdict().get("sender")
    if code is not None and code != sender.code:
        raise FileFault("PKG.101", code=code)


def open_package(
    package: Package, content: bytes, kind: PackageKind, match: re.Match[str], limits: ArchiveLimits
) -> tuple[Opened, list[MemberRecord]]:
    """Read all members of a package; raises ``FileFault`` for what makes the whole of it unreadable."""
    found = _assign(open_archive(content, limits), kind, match)
    tables: dict[str, Tables] = {}
    records: list[MemberRecord] = []
    for member, archived in found:
        record = MemberRecord(member.role, archived.name)
        tables[member.role] = _read(member, record.watch(archived.stream()))
        records.append(record)
    names = {record.role: record.name for record in records}
    return Opened(package, match, tables, names), records


def _assign(archived: list[ArchiveMember], kind: PackageKind, match: re.Match[str]) -> list[tuple[Member, ArchiveMember]]:
    left = dict(enumerate(archived, start=1))
    found = []
    for member in kind.members:
        pattern = member.pattern(match)
        number = next((number for number, file in left.items() if pattern.fullmatch(file.name)), None)
        if number is None:
            raise FileFault("PKG.090", member=f"{member.role} (маска {pattern.pattern})")
        found.append((member, left.pop(number)))
    if left:
        raise FileFault("PKG.091", number=next(iter(left)))
    return found


def _read(member: Member, chunks: Iterator[bytes]) -> Tables:
    layout = layouts.load(member.layout)
    if member.format == "xml":
        return read_xml(chunks, layout, member.role)
    return read_dbf(b"".join(chunks), layout, member.role)

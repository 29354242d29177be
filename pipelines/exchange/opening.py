"""Opening a package: rights of the sender, archive, members, reading into tables."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import replace

import pyarrow as pa

from pipelines.exchange.kinds import Member, Opened, PackageKind
from pipelines.exchange.model import Package
from pipelines.exchange.signatures import signed_by
from pipelines.exchange.subscribers import Subscriber
from pipelines.formats import layout as layouts
from pipelines.formats.archive import ArchiveLimits, ArchiveMember, open_archive, plain
from pipelines.formats.csv_reader import read_csv
from pipelines.formats.dbf import read_dbf, read_own_dbf
from pipelines.formats.packet import read_packet
from pipelines.formats.tables import FileFault, Tables
from pipelines.formats.workbook import read_workbook
from pipelines.formats.xml_reader import read_xml


class WatchedMember:
    """A file of the package that counts and hashes what is read of it; each iteration reads it from its beginning."""

    def __init__(self, role: str, archived: ArchiveMember) -> None:
        self.role = role
        self.name = archived.name
        self.size = 0
        self.sha256 = ""
        self._archived: ArchiveMember | None = archived

    def close(self) -> None:
        """Let go of the archive's bytes; what was counted stays."""
        self._archived = None

    def __iter__(self) -> Iterator[bytes]:
        digest, size = hashlib.sha256(), 0
        assert self._archived is not None, "closed"
        for chunk in self._archived.stream():
            digest.update(chunk)
            size += len(chunk)
            yield chunk
        self.size, self.sha256 = size, digest.hexdigest()


def check_arrival(package: Package, limits: ArchiveLimits) -> None:
    """Raise the ``FileFault`` of a package that has no content to open."""
    if package.size > limits.package_bytes:
        raise FileFault("PKG.060", reason=f"размер {package.size} байт, допускается {limits.package_bytes}")
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
        raise FileFault("PKG.101", organisation=code)


def open_package(
    package: Package, content: bytes, kind: PackageKind, match: re.Match[str], limits: ArchiveLimits
) -> tuple[Opened, list[WatchedMember]]:
    """Read all members of a package; raises ``FileFault`` for what makes the whole of it unreadable."""
    found = _assign(_files(package, content, kind, limits), kind, match)
    tables: dict[str, Tables] = {}
    watched: list[WatchedMember] = []
    for member, archived in found:
        name = archived.name.rpartition("/")[2].rpartition(".")[0].upper()
        role = name if member.many else member.role
        watched.append(WatchedMember(role, archived))
        tables[role] = replace(_read(member, role, watched[-1], limits), name=name)
    for file in watched:
        file.close()
    pa.default_memory_pool().release_unused()
    return Opened(package, match, tables, {file.role: file.name for file in watched}), watched


def _files(package: Package, content: bytes, kind: PackageKind, limits: ArchiveLimits) -> list[ArchiveMember]:
    """Files of the package's archive, or the only one that came without."""
    if package.name.rpartition(".")[2].lower() in kind.bare:
        return [plain(package.name, content)]
    workbooks = any(member.format == "workbook" for member in kind.members)
    return open_archive(content, limits, zipped=(".xlsx",) if workbooks else ())


def _assign(archived: list[ArchiveMember], kind: PackageKind, match: re.Match[str]) -> list[tuple[Member, ArchiveMember]]:
    """Files by the members of the kind; a signature beside the file that it signs is none of them, and allowed."""
    names = [file.name for file in archived]
    left = {number: file for number, file in enumerate(archived, start=1) if not signed_by(file.name, names)}
    found = []
    for member in kind.members:
        pattern = member.pattern(match)
        numbers = [number for number, file in left.items() if pattern.fullmatch(file.name)]
        if not numbers:
            raise FileFault("PKG.090", member=f"{member.role} (маска {pattern.pattern})")
        found += [(member, left.pop(number)) for number in (numbers if member.many else numbers[:1])]
    if left:
        raise FileFault("PKG.091", number=next(iter(left)))
    return found


def _read(member: Member, role: str, file: Iterable[bytes], limits: ArchiveLimits) -> Tables:
    if member.format == "packet":
        return read_packet(file, member.layout, role)
    if member.format == "csv":
        return read_csv(file, role, role)
    if member.format == "own_dbf":
        return read_own_dbf(b"".join(file), role, role)
    if member.format == "workbook":
        return read_workbook(file, member.layout, role, limits)
    layout = layouts.load(member.layout, *member.regions)
    if member.format == "xml":
        return read_xml(file, layout, role)
    return read_dbf(b"".join(file), layout, role)

"""Where a loaded record stands in the bytes that arrived: file, path, offset and length of its element."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection

from pipelines.exchange.kinds import Catalogue
from pipelines.exchange.opening import open_package
from pipelines.exchange.processing import package_of
from pipelines.formats.archive import ArchiveLimits, open_archive
from pipelines.formats.tables import OFFSET
from pipelines.ground.sql import statement
from pipelines.ground.store import Store, digest


class NoPlace(LookupError):  # noqa: N818
    """The record cannot be shown in its file; the Russian text says why."""


@dataclass(frozen=True)
class Place:
    """An element: ``member`` and ``sha256`` of the file, ``path`` with its number, first byte and bytes, their hash."""

    member: str
    sha256: str
    path: str
    offset: int
    length: int
    element_sha256: str


def place(
    connection: Connection, store: Store, catalogue: Catalogue, limits: ArchiveLimits, package_id: int, row: int
) -> Place:
    """Place of a record (row from 0 of the main file's record table) in the package's stored bytes; raises ``NoPlace``."""
    found = connection.execute(statement("exchange/document_package"), {"id": package_id}).first()
    if found is None:
        raise NoPlace(f"Пакета № {package_id} в журнале нет")
    if found.purged_at is not None:
        raise NoPlace(f"Пакет № {package_id}: срок хранения файлов вышел")
    identified = catalogue.identify(found.name)
    if identified is None:
        raise NoPlace(f"Пакет № {package_id}: вид не опознан")
    kind, match = identified
    role = kind.members[0].role
    packed = store.get(found.sha256)
    opened, members = open_package(package_of(found), packed, kind, match, limits)
    tables = opened.tables[role]
    record = tables.layout.tables[tables.layout.record]
    columns = tables.data[record.name]
    if OFFSET not in columns.column_names or not 0 <= row < columns.num_rows:
        raise NoPlace(f"Записи {row + 1} в файле пакета № {package_id} нет")
    starts = columns.column(OFFSET)
    content = _content(packed, found.name, opened.file_names[role], limits)
    first = starts[row].as_py()
    last = starts[row + 1].as_py() if row + 1 < len(starts) else len(content)
    closing = f"</{tables.layout.by_path[record.path].name}>".encode()
    end = content.rfind(closing, first, last) + len(closing)
    if end <= first:
        raise NoPlace(f"Конец записи {row + 1} в файле пакета № {package_id} не найден")
    member = next(member for member in members if member.role == role)
    path = f"{tables.layout.root}/{record.path}[{row + 1}]"
    return Place(member.name, member.sha256, path, first, end - first, digest(content[first:end]))


def _content(packed: bytes, package: str, member: str, limits: ArchiveLimits) -> bytes:
    """Bytes of a file of the package."""
    if package.lower().endswith(".xml"):
        return packed
    archived = next(one for one in open_archive(packed, limits) if one.name == member)
    return b"".join(archived.stream())

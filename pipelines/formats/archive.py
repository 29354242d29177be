"""ZIP archives from outside: what is inside, under limits that do not trust what the archive says of itself."""

from __future__ import annotations

import io
import stat
import struct
import unicodedata
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from pipelines.formats.tables import FileFault

PIECE = 1 << 20
_LOCAL, _END = b"PK\x03\x04", b"PK\x05\x06"
_ZIP64_LOCATOR, _ZIP64_LOCATOR_SIZE = b"PK\x06\x07", 20
_LOCAL_HEADER = struct.Struct("<4s5H3I2H")
_END_RECORD = struct.Struct("<4s4H2IH")
_ENCRYPTED, _UTF8 = 0x2041, 0x800  # bits of the flags: traditional, strong, masked header; name in UTF-8
_SIZES_FOLLOW = 8  # bit of the flags: checksum and sizes stand behind the data, the header has zeros
_IN_EXTRA = 0xFFFFFFFF  # a size that stands in the extra field
_DOS_FOLDER = 0x10
_RATIO_FROM = 1 << 20  # small files of zeros may be squeezed as much as they like
_NAME = 255


@dataclass(frozen=True)
class ArchiveLimits:
    """What an archive may reach: its own ``package_bytes``, number of ``members``, ``inflated_bytes`` of all of them
    together, ``ratio`` of a member's inflated to compressed size (told from 1 MiB on)."""

    package_bytes: int = 100 << 20
    members: int = 16
    inflated_bytes: int = 1 << 30
    ratio: int = 200


@dataclass(frozen=True)
class ArchiveMember:
    """A file in an archive: ``number`` from 1 in the archive's directory, ``name``, ``size`` in bytes when inflated,
    ``span`` from its header to the end of its data in the archive."""

    number: int
    name: str
    size: int
    _compressed: memoryview = field(repr=False)
    _deflated: bool = field(repr=False)
    _crc: int = field(repr=False)
    span: tuple[int, int] = field(repr=False)

    def stream(self) -> Iterator[bytes]:
        """The content in pieces of at most 1 MiB, inflated as they are asked for.

        Raises ``FileFault`` PKG.050 when it is damaged, or longer or shorter than the directory says.
        """
        crc = size = 0
        for piece in self._inflated() if self._deflated else self._stored():
            size += len(piece)
            if size > self.size:
                raise _damaged(f"файл № {self.number} больше указанного размера")
            crc = zlib.crc32(piece, crc)
            yield piece
        if size != self.size:
            raise _damaged(f"файл № {self.number} меньше указанного размера")
        if crc != self._crc:
            raise _damaged(f"контрольная сумма файла № {self.number} не совпадает")

    __iter__ = stream

    def read(self) -> bytes:
        """The content in one piece; raises as ``stream`` does."""
        return b"".join(self.stream())

    def _stored(self) -> Iterator[bytes]:
        return (bytes(self._compressed[start : start + PIECE]) for start in range(0, len(self._compressed), PIECE))

    def _inflated(self) -> Iterator[bytes]:
        inflater = zlib.decompressobj(-zlib.MAX_WBITS)
        try:
            for start in range(0, len(self._compressed), PIECE):
                if inflater.eof:
                    raise _damaged(f"файл № {self.number} не распаковывается")
                piece = inflater.decompress(self._compressed[start : start + PIECE], PIECE)
                while piece:
                    yield piece
                    piece = inflater.decompress(inflater.unconsumed_tail, PIECE)
        except zlib.error:
            raise _damaged(f"файл № {self.number} не распаковывается") from None
        if not inflater.eof or inflater.unused_data:
            raise _damaged(f"файл № {self.number} не распаковывается")


def plain(name: str, content: bytes) -> ArchiveMember:
    """A file that came without an archive, as the only member of one."""
    return ArchiveMember(1, name, len(content), memoryview(content), False, zlib.crc32(content), (0, len(content)))


def open_archive(content: bytes, limits: ArchiveLimits | None = None, zipped: tuple[str, ...] = ()) -> list[ArchiveMember]:
    """Files of a ZIP archive, in the order of its directory.

    Nothing is inflated but the first bytes of each file; sizes that the directory declares are held against the limits
    here and against the truth in ``ArchiveMember.stream``. Names are UTF-8 where the archive says so, cp866 otherwise.
    Raises ``FileFault``: PKG.030 empty, PKG.040 no ZIP, PKG.050 damaged, PKG.060 limits, PKG.070 unsafe name or no plain
    file, PKG.080 encrypted, PKG.150 an archive inside (but for files that end like ``zipped``, whose own format is a ZIP).
    Faults name files by their number only.
    """
    limits = limits or ArchiveLimits()
    if not content:
        raise FileFault("PKG.030")
    if len(content) > limits.package_bytes:
        raise FileFault("PKG.060", reason=f"размер архива больше {limits.package_bytes} байт")
    if not content.startswith((_LOCAL, _END)):
        raise FileFault("PKG.040")
    count, directory = _directory(content, limits)
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            entries = archive.infolist()
    except (zipfile.BadZipFile, NotImplementedError, struct.error, ValueError, OSError, EOFError, IndexError, OverflowError):
        raise _damaged("оглавление не читается") from None
    if not entries:
        raise _damaged("в архиве нет файлов")
    if len(entries) != count:
        raise _damaged("число файлов в оглавлении неверно")
    for number, entry in enumerate(entries, 1):
        _check_entry(entry, number)
    if sum(entry.file_size for entry in entries) > limits.inflated_bytes:
        raise FileFault("PKG.060", reason=f"размер после распаковки больше {limits.inflated_bytes} байт")
    for number, entry in enumerate(entries, 1):
        if entry.file_size > max(_RATIO_FROM, entry.compress_size * limits.ratio):
            raise FileFault("PKG.060", reason=f"степень сжатия файла № {number} больше {limits.ratio}")
    files = memoryview(content)[:directory]
    members = [_member(files, entry, number) for number, entry in enumerate(entries, 1)]
    _check_layout(members)
    if len({member.name.casefold() for member in members}) < len(members):
        raise _damaged("имена файлов повторяются")
    for member in members:
        if not member.name.lower().endswith(zipped) and next(member.stream(), b"").startswith((_LOCAL, _END)):
            raise FileFault("PKG.150", number=member.number)
    return members


def write_archive(members: Mapping[str, bytes], level: int = 6) -> bytes:
    """A ZIP of files by name, in the order given; equal files give equal bytes, whatever the time and the system."""
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED, compresslevel=level) as target:
        for name, content in members.items():
            entry = zipfile.ZipInfo(name)  # its time is 1980-01-01
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system = 0
            target.writestr(entry, content)
    return sink.getvalue()


def _damaged(reason: str) -> FileFault:
    return FileFault("PKG.050", reason=reason)


def _directory(content: bytes, limits: ArchiveLimits) -> tuple[int, int]:
    """Number of files and beginning of the directory by the record at the end, before ``zipfile`` believes any of it."""
    at = content.rfind(_END)
    if at < 0 or at + _END_RECORD.size > len(content):
        raise _damaged("нет оглавления, архив передан не полностью")
    _, disk, first_disk, here, total, size, start, comment = _END_RECORD.unpack_from(content, at)
    if at + _END_RECORD.size + comment != len(content):
        raise _damaged("после оглавления есть лишние данные или архив передан не полностью")
    if disk or first_disk or here != total:
        raise _damaged("многотомный архив")
    if total > limits.members:
        raise FileFault("PKG.060", reason=f"файлов больше {limits.members}")
    if content[at - _ZIP64_LOCATOR_SIZE : at].startswith(_ZIP64_LOCATOR):
        raise _damaged("формат ZIP64 не поддерживается")
    if start + size != at:
        raise _damaged("размер оглавления неверен")
    return total, start


def _check_entry(entry: zipfile.ZipInfo, number: int) -> None:
    if entry.flag_bits & _ENCRYPTED:
        raise FileFault("PKG.080", number=number)
    name = _name(entry)
    kind = stat.S_IFMT(entry.external_attr >> 16)
    safe = (
        0 < len(name) <= _NAME
        and name == name.strip(" .")
        and not any(char in '/\\:*?"<>|' or unicodedata.category(char).startswith("C") for char in name)
        and kind in {0, stat.S_IFREG}
        and not entry.external_attr & _DOS_FOLDER
    )
    if not safe:
        raise FileFault("PKG.070", number=number)
    if entry.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
        raise _damaged(f"способ сжатия файла № {number} не поддерживается")


def _name(entry: zipfile.ZipInfo) -> str:
    name = entry.orig_filename
    return name if entry.flag_bits & _UTF8 else name.encode("cp437").decode("cp866")


def _member(content: memoryview, entry: zipfile.ZipInfo, number: int) -> ArchiveMember:
    """The member of a directory entry, once the header in front of its data says the same."""
    at = entry.header_offset
    if at < 0 or at + _LOCAL_HEADER.size > len(content):
        raise _damaged(f"заголовок файла № {number} вне архива")
    mark, _, flags, method, _, _, *sizes, name_size, extra_size = _LOCAL_HEADER.unpack_from(content, at)
    if flags & _ENCRYPTED:
        raise FileFault("PKG.080", number=number)
    name_at = at + _LOCAL_HEADER.size
    name = entry.orig_filename.encode("utf-8" if entry.flag_bits & _UTF8 else "cp437")
    same_sizes = flags & _SIZES_FOLLOW or _IN_EXTRA in sizes or sizes == [entry.CRC, entry.compress_size, entry.file_size]
    if mark != _LOCAL or content[name_at : name_at + name_size] != name or method != entry.compress_type or not same_sizes:
        raise _damaged(f"заголовок файла № {number} расходится с оглавлением")
    start = name_at + name_size + extra_size
    stop = start + entry.compress_size
    if stop > len(content):
        raise _damaged(f"файл № {number} обрывается")
    return ArchiveMember(
        number, _name(entry), entry.file_size, content[start:stop], method == zipfile.ZIP_DEFLATED, entry.CRC, (at, stop)
    )


def _check_layout(members: list[ArchiveMember]) -> None:
    """No file may lie over another, nor anything in front of the first."""
    reached = 0
    for member in sorted(members, key=lambda member: member.span):
        start, stop = member.span
        if start < reached or (reached == 0 and start > 0):
            raise _damaged(f"файл № {member.number} наложен на другой или смещён")
        reached = stop

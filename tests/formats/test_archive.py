"""Archives: what is refused, by which fault, and that no archive at all brings another exception."""

from __future__ import annotations

import io
import random
import stat
import struct
import time
import warnings
import zipfile
import zlib
from collections.abc import Callable

import pytest

from pipelines.exchange.messages import catalogue
from pipelines.formats.archive import PIECE, ArchiveLimits, open_archive
from pipelines.formats.tables import FileFault

FILES = {"HM1.xml": b"<a/>" * 500, "LM1.xml": bytes(range(256)) * 20}


def zipped(files: dict[str, bytes] | None = None, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(buffer, "w", method) as archive:
        warnings.simplefilter("ignore")
        for name, content in (FILES if files is None else files).items():
            archive.writestr(zipfile.ZipInfo(name), content, method)
    return buffer.getvalue()


def patched(content: bytes, mark: bytes, offset: int, data: bytes, number: int = 0) -> bytes:
    """The archive with bytes of its ``number``-th header of a kind (by ``mark``) overwritten."""
    at = -1
    for _ in range(number + 1):
        at = content.index(mark, at + 1)
    return content[: at + offset] + data + content[at + offset + len(data) :]


def contents(archive: bytes, limits: ArchiveLimits | None = None) -> list[bytes]:
    return [member.read() for member in open_archive(archive, limits)]


def fault(content: bytes, limits: ArchiveLimits | None = None) -> tuple[str, dict[str, str | int]]:
    """Code and parameters of the fault that an archive gives when it is opened and read to its end."""
    with pytest.raises(FileFault) as caught:
        contents(content, limits)
    assert catalogue()[caught.value.code].text.format(**caught.value.parameters)
    assert "HM1" not in repr(caught.value)
    return caught.value.code, caught.value.parameters


LOCAL, CENTRAL, END = b"PK\x03\x04", b"PK\x01\x02", b"PK\x05\x06"


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_files_come_in_order_and_can_be_read_again(method: int) -> None:
    members = open_archive(zipped(method=method))
    assert [(member.number, member.name, member.size) for member in members] == [
        (number, name, len(content)) for number, (name, content) in enumerate(FILES.items(), 1)
    ]
    for _ in range(2):
        assert [member.read() for member in members] == list(FILES.values())
    assert [b"".join(member) for member in members] == list(FILES.values())


def test_large_files_come_in_pieces() -> None:
    content = random.Random(1).randbytes(3 * PIECE) + bytes(5 * PIECE + 7)
    (member,) = open_archive(zipped({"a": content}))
    pieces = list(member.stream())
    assert b"".join(pieces) == content
    assert max(map(len, pieces)) <= PIECE


def test_streamed_archives_and_empty_files_are_fine() -> None:
    class Pipe(io.RawIOBase):
        data = b""

        def writable(self) -> bool:
            return True

        def write(self, piece: bytes) -> int:  # type: ignore[override]
            self.data += bytes(piece)
            return len(piece)

    pipe = Pipe()
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_DEFLATED) as archive:  # type: ignore[arg-type]
        archive.writestr("a", b"x" * 100)
        archive.writestr("b", b"")
    assert [member.read() for member in open_archive(pipe.data)] == [b"x" * 100, b""]


@pytest.mark.parametrize(("codec", "flag"), [("cp866", 0), ("utf-8", 0x800)])
def test_names_are_utf8_or_cp866(codec: str, flag: int) -> None:
    name = "Реестр.xml".encode(codec)
    content = zipped({"x" * len(name): b"1"}).replace(b"x" * len(name), name)
    content = patched(patched(content, LOCAL, 6, struct.pack("<H", flag)), CENTRAL, 8, struct.pack("<H", flag))
    assert [member.name for member in open_archive(content)] == ["Реестр.xml"]


def test_empty() -> None:
    assert fault(b"") == ("PKG.030", {})


@pytest.mark.parametrize("content", [b"x", b"<?xml version='1.0'?>", b"Rar!\x1a\x07", b"MZ" + zipped(), bytes(100)])
def test_no_zip(content: bytes) -> None:
    assert fault(content) == ("PKG.040", {})


CD = zipped()
DAMAGED: dict[str, tuple[bytes, str]] = {
    "cut": (CD[: len(CD) // 2], "нет оглавления"),
    "cut end": (CD[:-1], "оглавления"),
    "trailing": (CD + b"x", "лишние данные"),
    "no files": (zipped({}), "нет файлов"),
    "bad crc": (patched(patched(CD, LOCAL, 14, b"abcd"), CENTRAL, 16, b"abcd"), "контрольная сумма файла № 1"),
    "crc in one header": (patched(CD, LOCAL, 14, b"abcd"), "расходится"),
    "shorter": (patched(patched(CD, LOCAL, 22, b"\1\0\0\0"), CENTRAL, 24, b"\1\0\0\0"), "больше указанного"),
    "longer": (patched(patched(CD, LOCAL, 22, b"\0\x90\0\0"), CENTRAL, 24, b"\0\x90\0\0"), "меньше указанного"),
    "name in one header": (patched(CD, LOCAL, 30, b"X"), "расходится"),
    "method": (patched(CD, CENTRAL, 10, b"\x0c\0"), "способ сжатия"),
    "method in one header": (patched(CD, LOCAL, 8, b"\0\0"), "расходится"),
    "data": (CD[:40] + b"\xff" * 8 + CD[48:], "не распаковывается"),
    "count": (patched(CD, END, 8, b"\3\0\3\0"), "число файлов"),
    "parts": (patched(CD, END, 4, b"\1\0"), "многотомный"),
    "directory size": (patched(CD, END, 12, b"\7\0\0\0"), "размер оглавления"),
    "same names": (zipped({"a.xml": b"1", "A.XML": b"2"}), "имена файлов повторяются"),
}


@pytest.mark.parametrize("case", DAMAGED)
def test_damaged(case: str) -> None:
    content, words = DAMAGED[case]
    code, parameters = fault(content)
    assert code == "PKG.050"
    assert words in str(parameters["reason"])


def test_overlapping_files() -> None:
    """Two directory entries over one file, as the overlapping bombs have them."""
    one = zipped({"aa": b"x" * 1000})
    at, end = one.index(CENTRAL), one.index(END)
    entry = one[at:end]
    record = struct.pack("<4s4H2IH", END, 0, 0, 2, 2, 2 * len(entry), at, 0)
    code, parameters = fault(one[:at] + entry + entry + record)
    assert (code, parameters["reason"]) == ("PKG.050", "файл № 2 наложен на другой или смещён")


@pytest.mark.parametrize(
    ("limits", "content", "words"),
    [
        (ArchiveLimits(package_bytes=100), zipped(), "размер архива"),
        (ArchiveLimits(members=1), zipped(), "файлов больше 1"),
        (ArchiveLimits(inflated_bytes=7000), zipped(), "после распаковки"),
        (ArchiveLimits(), zipped({"a": bytes(3 << 20)}), "степень сжатия"),
        (ArchiveLimits(), zipped({str(number): b"" for number in range(17)}), "файлов больше 16"),
    ],
)
def test_limits(limits: ArchiveLimits, content: bytes, words: str) -> None:
    code, parameters = fault(content, limits)
    assert code == "PKG.060"
    assert words in str(parameters["reason"])


@pytest.mark.parametrize("nested", [False, True])
def test_bomb_that_lies_about_its_size_stops_at_once(nested: bool) -> None:
    """64 MB of zeros that the directory calls 4000 bytes: one piece is inflated, not more."""
    bomb = zipped({"a": bytes(64 << 20)})
    size = struct.pack("<I", 4000)
    bomb = patched(patched(bomb, LOCAL, 22, size), CENTRAL, 24, size)
    started = time.process_time()
    code, parameters = fault(zipped({"b": bomb}, zipfile.ZIP_STORED) if nested else bomb)
    assert code == ("PKG.150" if nested else "PKG.050")
    assert nested or "больше указанного" in str(parameters["reason"])
    assert time.process_time() - started < 0.5


@pytest.mark.parametrize(
    "name",
    [
        "../a",
        "a/b",
        "/a",
        "a\\b",
        "..",
        ".",
        "c:a",
        "a\x01",
        "a\nb",
        "dir/",
        "\u202etxt",
        "",
        " ",
        "a" * 300,
        "a*",
        "a.",
        "a\x00b",
    ],
)
def test_unsafe_names(name: str) -> None:
    place = "".join("~" for _ in name.encode())
    content = zipped({"first": b"1", place: b"1"})
    if name:
        content = content.replace(place.encode(), name.encode())
        for mark, offset in ((LOCAL, 6), (CENTRAL, 8)):
            content = patched(content, mark, offset, struct.pack("<H", 0x800), 1)
    assert fault(content) == ("PKG.070", {"number": 2})


@pytest.mark.parametrize("mode", [stat.S_IFLNK | 0o777, stat.S_IFDIR | 0o755, stat.S_IFIFO, stat.S_IFCHR])
def test_what_is_no_plain_file(mode: int) -> None:
    content = patched(zipped(), CENTRAL, 38, struct.pack("<I", mode << 16))
    assert fault(content) == ("PKG.070", {"number": 1})


def test_folder_of_dos() -> None:
    assert fault(patched(zipped(), CENTRAL, 38, b"\x10\0\0\0", 1)) == ("PKG.070", {"number": 2})


@pytest.mark.parametrize("flags", [0x1, 0x41, 0x2000])
@pytest.mark.parametrize(("mark", "offset"), [(LOCAL, 6), (CENTRAL, 8)])
def test_encrypted(flags: int, mark: bytes, offset: int) -> None:
    content = patched(zipped(), mark, offset, struct.pack("<H", flags), 1)
    assert fault(content) == ("PKG.080", {"number": 2})


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_archive_inside(method: int) -> None:
    assert fault(zipped({"a.xml": b"<a/>", "b.xml": zipped()}, method)) == ("PKG.150", {"number": 2})


def _flip(rng: random.Random, content: bytes) -> bytes:
    at = rng.randrange(len(content))
    return content[:at] + bytes([content[at] ^ (1 << rng.randrange(8))]) + content[at + 1 :]


def _cut(rng: random.Random, content: bytes) -> bytes:
    first, second = sorted((rng.randrange(len(content) + 1), rng.randrange(len(content) + 1)))
    return content[:first] + content[second:]


def _repeat(rng: random.Random, content: bytes) -> bytes:
    first, second = sorted((rng.randrange(len(content) + 1), rng.randrange(len(content) + 1)))
    return content[:second] + content[first:]


def _number(rng: random.Random, content: bytes) -> bytes:
    """A field near a header set to an awkward number."""
    marks = [at for mark in (LOCAL, CENTRAL, END) for at in (content.find(mark), content.rfind(mark)) if at >= 0]
    at = rng.choice(marks or [0]) + rng.randrange(46)
    value = rng.choice((0, 1, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 0xFFFF, len(content), max(0, len(content) - 22)))
    return (content[:at] + struct.pack("<I", value) + content[at + 4 :])[: len(content)]


def test_ten_thousand_mutations_bring_nothing_but_faults() -> None:
    rng = random.Random(20261122)
    mutations: tuple[Callable[[random.Random, bytes], bytes], ...] = (_flip, _flip, _cut, _repeat, _number, _number)
    originals = [zipped(), zipped(method=zipfile.ZIP_STORED), zipped({"a": bytes(100_000)})]
    known = {zlib.crc32(content) for content in (*FILES.values(), bytes(100_000))}
    refused = 0
    for _ in range(10_000):
        content = rng.choice(originals)
        for _ in range(rng.choice((1, 1, 2, 3))):
            content = rng.choice(mutations)(rng, content) or b""
            if not content:
                break
        started = time.process_time()
        try:
            read = contents(content)
        except FileFault:
            refused += 1
        else:
            # A change of what does not matter (a date, an attribute) may pass; other content may not.
            assert {zlib.crc32(data) for data in read} <= known
        assert time.process_time() - started < 0.5
    assert refused > 6_000

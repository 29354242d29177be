"""The bytes of an XML file: pieces, declaration, declared against real encoding, limits."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from pipelines.formats.tables import FileFault

PIECE = 1 << 20


@dataclass(frozen=True)
class XmlLimits:
    """What a file may reach: ``size`` in bytes, an element's own ``text`` in characters, ``depth`` in open elements,
    ``rows`` and ``anomalies`` in number over all tables."""

    size: int = 1 << 30
    text: int = 1 << 20
    depth: int = 64
    rows: int = 10_000_000
    anomalies: int = 1_000_000


class Source:
    """Pieces of a file that can be gone through more than once.

    ``content`` is bytes or an iterable of bytes; one that can be iterated again (``ArchiveMember``) is, while the pieces of
    a one-way iterator are kept in memory. Raises ``FileFault`` XML.060 when the file grows beyond its limit.
    """

    def __init__(self, content: bytes | Iterable[bytes], role: str, limits: XmlLimits) -> None:
        self.role = role
        self.limits = limits
        self._content = list(self._counted(content)) if isinstance(content, Iterator) else content

    def pieces(self) -> Iterator[bytes | memoryview]:
        """The file from its beginning, in pieces of any size."""
        if isinstance(self._content, bytes):
            view = memoryview(self._content)
            return self._counted(view[start : start + PIECE] for start in range(0, len(view), PIECE))
        return self._counted(self._content)

    def _counted(self, pieces: Iterable[bytes | memoryview]) -> Iterator[bytes | memoryview]:
        size = 0
        for piece in pieces:
            size += len(piece)
            if size > self.limits.size:
                raise self.beyond(f"размера файла ({self.limits.size} байт)")
            yield piece

    def whole(self) -> bytes:
        """The whole file in one."""
        if isinstance(self._content, bytes) and len(self._content) <= self.limits.size:
            return self._content
        return b"".join(self.pieces())

    def head(self, size: int = 1024) -> bytes:
        """The first bytes of the file."""
        head = b""
        for piece in self.pieces():
            head += bytes(piece[: size - len(head)])
            if len(head) == size:
                break
        return head

    def fault(self, code: str, place: str = "", **parameters: str | int) -> FileFault:
        return FileFault(code, place, member=self.role, **parameters)

    def too_many_anomalies(self) -> FileFault:
        return self.beyond(f"числа нарушений структуры ({self.limits.anomalies})")

    def beyond(self, reason: str) -> FileFault:
        return self.fault("XML.060", reason=reason)


_DECLARATION = re.compile(rb"""\s*<\?xml[^>]*?\bencoding\s*=\s*["']([^"'>]*)["']""")
_ENCODINGS = {"windows-1251": "cp1251", "cp1251": "cp1251", "utf-8": "utf-8", "utf8": "utf-8"}
_WIDE = (
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
    (b"<\0\0\0", "utf-32-le"),
    (b"\0\0\0<", "utf-32-be"),
    (b"<\0", "utf-16-le"),
    (b"\0<", "utf-16-be"),
)
_UNDECLARED = "utf-8 (по умолчанию)"


@dataclass(frozen=True)
class Encoding:
    """What the head of a file says: Python ``codec`` (cp1251 or utf-8), the name as ``declared``, length of the ``bom``."""

    codec: str
    declared: str
    bom: int


def declared_encoding(source: Source) -> Encoding:
    """Encoding by byte order mark and declaration.

    Raises ``FileFault`` XML.020 where they disagree, XML.021 for an encoding other than windows-1251 and utf-8.
    """
    head = source.head()
    for mark, wide in _WIDE:
        if head.startswith(mark):
            found = _DECLARATION.match(head.decode(wide, "ignore").lstrip("\ufeff").encode("ascii", "ignore"))
            name = found[1].decode("ascii") if found else wide
            code = "XML.020" if name.lower() in _ENCODINGS else "XML.021"
            raise source.fault(code, declared=name[:40])
    bom = len(codecs.BOM_UTF8) if head.startswith(codecs.BOM_UTF8) else 0
    found = _DECLARATION.match(head, bom)
    name = found[1].decode("ascii", "replace")[:40] if found else _UNDECLARED
    codec = _ENCODINGS.get(name.lower()) if found else "utf-8"
    if codec is None:
        raise source.fault("XML.021", declared=name)
    if bom and codec != "utf-8":
        raise source.fault("XML.020", declared=name)
    return Encoding(codec, name, bom)


_CYRILLIC_UTF8 = re.compile(rb"[\xd0\xd1][\x80-\xbf]")
_BEYOND_ASCII = re.compile("[^\0-\x7f]")
_ESCAPED = re.compile("[\udc80-\udcff]")
_REFERENCE = re.compile(rb"&#(?:x([0-9a-fA-F]{1,8})|([0-9]{1,10}));")
_PRIVATE_USE = re.compile("[\ue000-\uf8ff]")


def broken_bytes(raw: bytes, encoding: Encoding, source: Source) -> bool:
    """Whether some bytes do not belong to the encoding; raises ``FileFault`` XML.020 when it is not the real one at all.

    windows-1251 is not the real one when the whole file is UTF-8 and has Cyrillic in it; UTF-8 is not when more places are
    broken than there are characters beyond ASCII.
    """
    if encoding.codec == "cp1251":
        if _CYRILLIC_UTF8.search(raw) and not any(map(_ESCAPED.search, decoded(raw, "utf-8"))):
            raise source.fault("XML.020", declared=encoding.declared)
        return b"\x98" in raw
    broken = good = 0
    for text in decoded(raw, "utf-8"):
        if not text.isascii():
            escaped = len(_ESCAPED.findall(text))
            broken += escaped
            good += len(_BEYOND_ASCII.findall(text)) - escaped
    if broken > good:
        raise source.fault("XML.020", declared=encoding.declared)
    return broken > 0


def decoded(raw: bytes, codec: str) -> Iterator[str]:
    """Text of a file, piece by piece; bytes that do not belong to the encoding become lone surrogates U+DC80–U+DCFF."""
    decoder = codecs.getincrementaldecoder(codec)("surrogateescape")
    view = memoryview(raw)
    for start in range(0, len(view), PIECE):
        yield decoder.decode(view[start : start + PIECE])
    yield decoder.decode(b"", True)


def free_character(raw: bytes, encoding: Encoding, source: Source) -> str:
    """A private-use character that the file holds neither as text nor as a reference; it stands in for broken bytes.

    Raises ``FileFault`` XML.020 for a broken file that uses all of them.
    """
    used = {int(match[1], 16) if match[1] else int(match[2]) for match in _REFERENCE.finditer(raw)}
    for text in decoded(raw, encoding.codec):
        if not text.isascii():
            used.update(map(ord, _PRIVATE_USE.findall(text)))
    free = next((code for code in range(0xE000, 0xF900) if code not in used), None)
    if free is None:
        raise source.fault("XML.020", declared=encoding.declared)
    return chr(free)


def transcoded(raw: bytes, codec: str, stand_in: str | None) -> Iterator[bytes]:
    """The file as UTF-8, piece by piece; ``stand_in`` replaces each byte that does not belong to the encoding."""
    for text in decoded(raw, codec):
        yield (_ESCAPED.sub(stand_in, text) if stand_in else text).encode()

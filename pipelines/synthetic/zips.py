"""ZIP archives that ``zipfile`` does not write: encrypted in the traditional way, or inflating out of all proportion."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

ENCRYPTED = 0x1
UNICODE = 0x800
_LOCAL, _CENTRAL, _END = b"PK\x03\x04", b"PK\x01\x02", b"PK\x05\x06"
_DATE = (2026 - 1980) << 9 | 1 << 5 | 1  # 01.01.2026 in the MS-DOS form
_MIB = 1 << 20
_HEADER = 12  # random bytes before an encrypted member, the last of which checks the password


@dataclass(frozen=True)
class RawMember:
    """A deflated member as it stands in the archive: ``packed`` bytes, ``size`` and ``crc`` of what they inflate to."""

    name: str
    packed: bytes
    size: int
    crc: int
    flags: int = 0


def assemble(members: Sequence[RawMember]) -> bytes:
    """An archive of raw members, in their order."""
    body, directory = bytearray(), bytearray()
    for member in members:
        name = member.name.encode("utf-8")
        common = struct.pack(
            "<HHHHHIIIHH", 20, member.flags | UNICODE, 8, 0, _DATE, member.crc, len(member.packed), member.size, len(name), 0
        )
        directory += _CENTRAL + struct.pack("<H", 20) + common + struct.pack("<HHHII", 0, 0, 0, 0, len(body)) + name
        body += _LOCAL + common + name + member.packed
    end = _END + struct.pack("<HHHHIIH", 0, 0, len(members), len(members), len(directory), len(body), 0)
    return bytes(body + directory) + end


def deflated(name: str, data: bytes) -> RawMember:
    """A plain member."""
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return RawMember(name, packer.compress(data) + packer.flush(), len(data), zlib.crc32(data))


def bomb(name: str, mebibytes: int) -> RawMember:
    """A member that inflates to so many MiB of zeros, about a thousandth of it in size.

    One deflated MiB is repeated: after a full flush its bytes do not depend on what came before.
    """
    zeros = bytes(_MIB)
    packer = zlib.compressobj(9, wbits=-zlib.MAX_WBITS)
    block = packer.compress(zeros) + packer.flush(zlib.Z_FULL_FLUSH)
    end = zlib.compressobj(wbits=-zlib.MAX_WBITS).flush()
    crc = 0
    for _ in range(mebibytes):
        crc = zlib.crc32(zeros, crc)
    return RawMember(name, block * mebibytes + end, mebibytes * _MIB, crc)


def encrypted(member: RawMember, password: bytes) -> RawMember:
    """The member under the traditional PKWARE cipher (APPNOTE 6.1)."""
    keys = [0x12345678, 0x23456789, 0x34567890]
    for byte in password:
        _advance(keys, byte)
    # The header should be random; a fixed one keeps the package the same on every run.
    header = bytes(range(_HEADER - 1)) + bytes([member.crc >> 24])
    cipher = bytearray()
    for byte in header + member.packed:
        mixed = keys[2] | 2
        cipher.append(byte ^ (mixed * (mixed ^ 1) >> 8 & 0xFF))
        _advance(keys, byte)
    return RawMember(member.name, bytes(cipher), member.size, member.crc, member.flags | ENCRYPTED)


def _advance(keys: list[int], byte: int) -> None:
    table = _crc_table()
    keys[0] = table[(keys[0] ^ byte) & 0xFF] ^ keys[0] >> 8
    keys[1] = ((keys[1] + (keys[0] & 0xFF)) * 134775813 + 1) & 0xFFFFFFFF
    keys[2] = table[(keys[2] ^ keys[1] >> 24) & 0xFF] ^ keys[2] >> 8


@cache
def _crc_table() -> tuple[int, ...]:
    table = []
    for index in range(256):
        value = index
        for _ in range(8):
            value = value >> 1 ^ 0xEDB88320 if value & 1 else value >> 1
        table.append(value)
    return tuple(table)

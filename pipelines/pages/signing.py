"""Detached signatures in a package and the certificates that they carry: what they say of themselves, nothing verified."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import pkcs7

from pipelines.formats.archive import ArchiveLimits, open_archive

ENDINGS = (".sig", ".sgn", ".p7s", ".p7b")
LONGEST = 1 << 20
"""Bytes of a signature that are read; a longer file is no detached signature."""
ATTRIBUTES = ("2.5.4.3", "2.5.4.10", "1.2.643.100.1", "1.2.643.3.131.1.1")
"""Of a subject's name: CN, organisation, ОГРН, ИНН."""


@dataclass(frozen=True)
class Certificate:
    """A certificate as it stands in a signature."""

    subject: str
    issuer: str
    serial: str
    first: datetime
    last: datetime

    def covers(self, moment: datetime) -> bool:
        """Whether a moment is between its first and last one."""
        return self.first <= moment <= self.last


@dataclass(frozen=True)
class Signature:
    """A file of a signature: ``signs`` the file that its name speaks of (empty: none), ``fault`` why it is not read."""

    name: str
    size: int
    signs: str
    certificates: Sequence[Certificate]
    fault: str


def signatures(package: str, content: bytes, limits: ArchiveLimits) -> list[Signature]:
    """Signatures in an archive, none in a file that is no archive; raises ``FileFault`` for an archive that is broken."""
    if not package.lower().endswith(".zip"):
        return []
    members = open_archive(content, limits)
    names = [member.name for member in members]
    return [
        read(member.name, b"".join(member.stream()) if member.size <= LONGEST else b"", member.size, names)
        for member in members
        if member.name.lower().endswith(ENDINGS)
    ]


def read(name: str, content: bytes, size: int, names: Sequence[str]) -> Signature:
    """A signature of its bytes, DER, PEM or bare base64; what is no CMS keeps a text that says so."""
    stem = name.rpartition(".")[0]
    signs = next((one for one in names if one == stem or (one.rpartition(".")[0] == stem and one != name)), "")
    try:
        found = pkcs7.load_der_pkcs7_certificates(_der(content))
        certificates = [_certificate(one) for one in found]
    except (ValueError, UnsupportedAlgorithm, binascii.Error):
        return Signature(name, size, signs, [], "Файл не читается как подпись CMS: сертификат не извлечь.")
    return Signature(name, size, signs, certificates, "" if certificates else "Сертификата в подписи нет.")


def _certificate(certificate: x509.Certificate) -> Certificate:
    return Certificate(
        _name(certificate.subject),
        _name(certificate.issuer),
        f"{certificate.serial_number:X}",
        certificate.not_valid_before_utc,
        certificate.not_valid_after_utc,
    )


def _name(name: x509.Name) -> str:
    """The telling parts of a name; personal numbers (СНИЛС) are left out."""
    parts = [str(one.value) for oid in ATTRIBUTES for one in name if one.oid.dotted_string == oid]
    return ", ".join(parts) or "без имени"


def _der(content: bytes) -> bytes:
    if content[:1] == b"\x30":
        return content
    lines = [line for line in content.split(b"\n") if not line.startswith(b"-----")]
    return base64.b64decode(b"".join(b"".join(lines).split()), validate=True)

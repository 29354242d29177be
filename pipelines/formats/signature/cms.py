"""Reading of CMS SignedData (RFC 5652): who signed, what exactly the signature covers, which certificates lie beside it."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from asn1crypto import cms, tsp

from pipelines.formats.signature.certificate import Certificate, certificate, moment

CERTIFICATES, SIGNERS = 12, 4
"""The most that a signature may bring: their checks cost time, and nobody needs more."""
_SEQUENCE, _SET = b"\x30", b"\x31"
BROKEN = (ValueError, TypeError, KeyError, IndexError, AttributeError, OverflowError, RecursionError)
"""What asn1crypto raises for bytes that are not what they seem."""
assert tsp  # registers the attribute that binds the certificate


class SignatureError(ValueError):
    """Bytes that are no signature; the text says why, for operators."""


@dataclass(frozen=True)
class Signer:
    """One signature: ``attributes`` are the DER that it covers (empty: it covers the content's hash itself), ``digest`` the
    hash that they claim for the content, ``signed_at`` the moment that the signer claims, ``bound`` the identifier and
    value of the hash that they claim for the certificate."""

    certificate: Certificate | None
    algorithm: str
    hash_used: str
    signature: bytes = field(repr=False)
    attributes: bytes = field(repr=False)
    digest: bytes = field(repr=False)
    signed_at: datetime | None
    bound: tuple[str, bytes] | None = field(repr=False)


@dataclass(frozen=True)
class SignedData:
    """Signatures of one content, the content itself if it is attached, and the certificates that were sent along."""

    signers: Sequence[Signer]
    certificates: Sequence[Certificate]
    content: bytes | None = field(repr=False)


def read(content: bytes) -> SignedData:
    """Signatures of a file: DER, PEM or bare base64; raises ``SignatureError``."""
    try:
        return _read(_der(content))
    except SignatureError:
        raise
    except BROKEN as error:
        raise SignatureError("Файл не читается как подпись CMS") from error


def der_of(content: bytes) -> bytes:
    """DER of what is DER, PEM or bare base64; raises ``ValueError``."""
    try:
        return _der(content)
    except binascii.Error as error:
        raise ValueError("neither DER nor base64") from error


def _der(content: bytes) -> bytes:
    if content[:1] == _SEQUENCE:
        return content
    lines = [line for line in content.removeprefix(b"\xef\xbb\xbf").split(b"\n") if not line.startswith(b"-----")]
    return base64.b64decode(b"".join(b"".join(lines).split()), validate=True)


def _read(der: bytes) -> SignedData:
    info = cms.ContentInfo.load(der, strict=True)
    if info["content_type"].native != "signed_data":
        raise SignatureError("Файл – не подпись CMS")
    data = info["content"]
    found = [one.chosen.dump() for one in data["certificates"] if one.name == "certificate"]
    if len(found) > CERTIFICATES or len(data["signer_infos"]) > SIGNERS:
        raise SignatureError(f"В файле подписи больше {CERTIFICATES} сертификатов или {SIGNERS} подписей")
    if not len(data["signer_infos"]):
        raise SignatureError("Подписи в файле нет" + (", только сертификаты" if found else ""))
    certificates = [certificate(one) for one in found]
    encapsulated = data["encap_content_info"]
    attached = encapsulated["content"].native if encapsulated["content"].native is not None else None
    kind = encapsulated["content_type"].dotted
    return SignedData([_signer(one, certificates, kind) for one in data["signer_infos"]], certificates, attached)


def _signer(info: Any, certificates: Sequence[Certificate], kind: str) -> Signer:
    attributes: dict[str, Any] = {}
    for one in info["signed_attrs"]:
        if one["type"].native in attributes or len(one["values"]) != 1:
            raise ValueError("an attribute that is not alone")
        attributes[one["type"].native] = one["values"][0]
    covered = info["signed_attrs"].untag().dump() if attributes else b""
    if covered and (covered[:1] != _SET or attributes["content_type"].dotted != kind):
        raise ValueError("attributes of another content")
    return Signer(
        certificate=next(filter(_named(info["sid"]), certificates), None),
        algorithm=info["signature_algorithm"]["algorithm"].dotted,
        hash_used=info["digest_algorithm"]["algorithm"].dotted,
        signature=info["signature"].native,
        attributes=covered,
        digest=attributes["message_digest"].native if covered else b"",
        signed_at=moment(attributes["signing_time"].native) if "signing_time" in attributes else None,
        bound=_bound(attributes["signing_certificate_v2"]) if "signing_certificate_v2" in attributes else None,
    )


def _named(identifier: Any) -> Callable[[Certificate], bool]:
    """Whether a certificate is the one that a signature names."""
    chosen = identifier.chosen
    if identifier.name == "issuer_and_serial_number":
        issuer, number = chosen["issuer"].hashable, chosen["serial_number"].native
        return lambda one: one.issuer_name == issuer and one.number == number
    return lambda one: one.key_identifier == chosen.native


def _bound(value: Any) -> tuple[str, bytes]:
    first = value["certs"][0]
    return first["hash_algorithm"]["algorithm"].dotted, first["cert_hash"].native

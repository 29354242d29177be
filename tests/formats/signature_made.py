"""Keys, certificates, lists of revoked ones and CMS signatures of invented people, written byte by byte for the tests."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any

from asn1crypto import core
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa, utils
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from gostcrypto import gosthash, gostsignature

FIRST, LAST = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 12, 31, tzinfo=UTC)
SIGNED_AT = datetime(2026, 6, 1, 9, 30, tzinfo=UTC)
KINDS = ("gost256", "gost512", "rsa", "ec")
SNILS = "00100200300"
DATA, SIGNED_DATA = "1.2.840.113549.1.7.1", "1.2.840.113549.1.7.2"


@dataclass(frozen=True)
class Kind:
    """Identifiers of a key, of the hash, of the signature in certificates; the set of parameters and its name elsewhere."""

    key: str
    hashed: str
    signature: str
    curve: str = ""
    named: str = ""


KIND = {
    "gost256": Kind(
        "1.2.643.7.1.1.1.1",
        "1.2.643.7.1.1.2.2",
        "1.2.643.7.1.1.3.2",
        "1.2.643.2.2.36.0",
        "id-tc26-gost-3410-2012-256-paramSetB",
    ),
    "gost512": Kind(
        "1.2.643.7.1.1.1.2",
        "1.2.643.7.1.1.2.3",
        "1.2.643.7.1.1.3.3",
        "1.2.643.7.1.2.1.2.1",
        "id-tc26-gost-3410-12-512-paramSetA",
    ),
    "rsa": Kind("1.2.840.113549.1.1.1", "2.16.840.1.101.3.4.2.1", "1.2.840.113549.1.1.11"),
    "ec": Kind("1.2.840.10045.2.1", "2.16.840.1.101.3.4.2.1", "1.2.840.10045.4.3.2"),
}


@dataclass(frozen=True)
class Key:
    """A pair of keys: ``public`` is the DER SubjectPublicKeyInfo."""

    kind: str
    private: Any
    public: bytes

    @property
    def of(self) -> Kind:
        return KIND[self.kind]

    def hash(self, content: bytes) -> bytes:
        if self.kind.startswith("gost"):
            return bytes(gosthash.new(f"streebog{self.kind[4:]}", data=bytearray(content)).digest())
        return hashlib.sha256(content).digest()

    def sign(self, content: bytes) -> bytes:
        digest = self.hash(content)
        if self.kind.startswith("gost"):
            made = bytes(_gost(self.kind).sign(bytearray(self.private), bytearray(digest[::-1])))
            return made[len(made) // 2 :] + made[: len(made) // 2]
        if self.kind == "rsa":
            return bytes(self.private.sign(digest, padding.PKCS1v15(), utils.Prehashed(SHA256())))
        return bytes(self.private.sign(digest, ec.ECDSA(utils.Prehashed(SHA256()))))


@cache
def key(kind: str, seed: int = 0) -> Key:
    """A pair of keys, one for each ``seed`` in a run."""
    if kind.startswith("gost"):
        size = int(kind[4:]) // 8
        private = hashlib.shake_256(f"{kind} {seed}".encode()).digest(size - 1).rjust(size, b"\1")
        public = bytes(_gost(kind).public_key_generate(bytearray(private)))
        written = core.OctetString(public[:size][::-1] + public[size:][::-1]).dump()
        algorithm = sequence(oid(KIND[kind].key), sequence(oid(KIND[kind].curve), oid(KIND[kind].hashed)))
        return Key(kind, private, sequence(algorithm, bits(written)))
    private = rsa.generate_private_key(65537, 2048) if kind == "rsa" else ec.generate_private_key(ec.SECP256R1())
    return Key(kind, private, private.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))


def _gost(kind: str) -> Any:
    mode = gostsignature.MODE_256 if kind == "gost256" else gostsignature.MODE_512
    return gostsignature.new(mode, gostsignature.CURVES_R_1323565_1_024_2019[KIND[kind].named])


def tagged(tag: int, *parts: bytes) -> bytes:
    """DER of a tag and its content."""
    content = b"".join(parts)
    size = len(content)
    if size < 128:
        return bytes([tag, size]) + content
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([tag, 128 | len(length)]) + length + content


def sequence(*parts: bytes) -> bytes:
    return tagged(0x30, *parts)


def set_of(*parts: bytes) -> bytes:
    return tagged(0x31, *sorted(parts))


def oid(dotted: str) -> bytes:
    return bytes(core.ObjectIdentifier(dotted).dump())


def number(value: int) -> bytes:
    return bytes(core.Integer(value).dump())


def octets(value: bytes) -> bytes:
    return tagged(0x04, value)


def bits(value: bytes) -> bytes:
    return tagged(0x03, b"\0", value)


def moment(value: datetime) -> bytes:
    return tagged(0x17, value.strftime("%y%m%d%H%M%SZ").encode())


def name(common: str, organisation: str = "") -> bytes:
    """A subject with invented numbers of its organisation, and with a personal one."""
    pairs = [("2.5.4.3", 0x0C, common), ("2.5.4.10", 0x0C, organisation)]
    pairs += [("1.2.643.100.1", 0x12, "1000000000000"), ("1.2.643.3.131.1.1", 0x12, "000000000000")]
    pairs += [("1.2.643.100.3", 0x12, SNILS)]
    return sequence(*(set_of(sequence(oid(what), tagged(tag, text.encode()))) for what, tag, text in pairs if text))


def extension(what: str, value: bytes, critical: bool = True) -> bytes:
    return sequence(oid(what), *([b"\x01\x01\xff"] if critical else []), octets(value))


def authority(depth: int | None = None) -> bytes:
    """basicConstraints of an authority, and the use of its key: certificates and lists."""
    limit = [] if depth is None else [number(depth)]
    return extension("2.5.29.19", sequence(b"\x01\x01\xff", *limit)) + extension("2.5.29.15", b"\x03\x02\x01\x06")


def end() -> bytes:
    """The same of a person: signatures of documents."""
    return extension("2.5.29.19", sequence()) + extension("2.5.29.15", b"\x03\x02\x06\xc0")


def signed(body: bytes, by: Key) -> bytes:
    return sequence(body, sequence(oid(by.of.signature)), bits(by.sign(body)))


@dataclass(frozen=True)
class Made:
    """A certificate with its key."""

    subject: bytes
    number: int
    key: Key
    der: bytes


def certificate(
    subject: bytes,
    its: Key,
    by: Made | None = None,
    extensions: bytes | None = None,
    serial: int = 0xABC,
    first: datetime = FIRST,
    last: datetime = LAST,
) -> Made:
    """A certificate of a person by an authority; without ``by`` that of an authority by itself."""
    issuer, signer = (by.subject, by.key) if by else (subject, its)
    if extensions is None:
        extensions = end() if by else authority()
    body = sequence(
        tagged(0xA0, number(2)),
        number(serial),
        sequence(oid(signer.of.signature)),
        issuer,
        sequence(moment(first), moment(last)),
        subject,
        its.public,
        *([tagged(0xA3, sequence(extensions))] if extensions else []),
    )
    return Made(subject, serial, its, signed(body, signer))


def revoked(
    by: Made,
    numbers: Sequence[int],
    when: datetime = SIGNED_AT,
    issued: datetime = SIGNED_AT,
    due: datetime = LAST,
    extensions: bytes = b"",
) -> bytes:
    """A list of revoked certificates."""
    entries = [sequence(number(one), moment(when)) for one in numbers]
    listed = [sequence(*entries)] if entries else []
    further = [tagged(0xA0, sequence(extensions))] if extensions else []
    algorithm = sequence(oid(by.key.of.signature))
    return signed(sequence(number(1), algorithm, by.subject, moment(issued), moment(due), *listed, *further), by.key)


def attributes(signer: Made, content: bytes, kind: str = DATA) -> list[bytes]:
    values = {
        "1.2.840.113549.1.9.3": oid(kind),
        "1.2.840.113549.1.9.4": octets(signer.key.hash(content)),
        "1.2.840.113549.1.9.5": moment(SIGNED_AT),
    }
    return [sequence(oid(what), set_of(value)) for what, value in values.items()]


def cms(
    content: bytes,
    signer: Made,
    others: Sequence[Made] = (),
    attached: bool = False,
    with_attributes: bool = True,
    more: Sequence[bytes] = (),
    algorithm: str = "",
    hashed: str = "",
    certified: bool = True,
    signers: int = 1,
    issuer: bytes | None = None,
) -> bytes:
    """A signature, detached unless ``attached``; ``more`` are further attributes, ``algorithm`` and ``hashed`` what it says
    of itself, ``issuer`` the one it names."""
    its_hash = sequence(oid(hashed or signer.key.of.hashed))
    covered = b"".join(sorted(attributes(signer, content) + list(more)))
    info = sequence(
        number(1),
        sequence(issuer if issuer is not None else issuer_of(signer), number(signer.number)),
        its_hash,
        *([tagged(0xA0, covered)] if with_attributes else []),
        sequence(oid(algorithm or signer.key.of.key)),
        octets(signer.key.sign(tagged(0x31, covered) if with_attributes else content)),
    )
    inside = [tagged(0xA0, octets(content))] if attached else []
    sent = [tagged(0xA0, *(one.der for one in (signer, *others)))] if certified else []
    data = sequence(number(1), set_of(its_hash), sequence(oid(DATA), *inside), *sent, set_of(*[info] * signers))
    return sequence(oid(SIGNED_DATA), tagged(0xA0, data))


def issuer_of(made: Made) -> bytes:
    """DER of the issuer's name in a certificate."""
    body = core.Sequence.load(core.Sequence.load(made.der)[0].dump())
    return bytes(body[3].dump())

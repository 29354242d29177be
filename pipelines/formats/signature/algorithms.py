"""Hashes and public keys of signatures by their identifiers: what is verified here, and how the rest is called."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from typing import ClassVar, Protocol

from asn1crypto import core
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa, utils
from cryptography.hazmat.primitives.serialization import load_der_public_key

from pipelines.formats.signature import gost
from pipelines.formats.signature.streebog import Streebog

GOST_256, GOST_512 = "1.2.643.7.1.1.1.1", "1.2.643.7.1.1.1.2"
RSA, EC = "1.2.840.113549.1.1.1", "1.2.840.10045.2.1"
STREEBOG_256, STREEBOG_512 = "1.2.643.7.1.1.2.2", "1.2.643.7.1.1.2.3"
SHA_256, SHA_384, SHA_512 = "2.16.840.1.101.3.4.2.1", "2.16.840.1.101.3.4.2.2", "2.16.840.1.101.3.4.2.3"


class Hash(Protocol):
    """A hash that takes its message in pieces."""

    def update(self, piece: bytes, /) -> None: ...

    def digest(self) -> bytes: ...


_HASHES: Mapping[str, Callable[[], Hash]] = {
    STREEBOG_256: lambda: Streebog(32),
    STREEBOG_512: lambda: Streebog(64),
    SHA_256: hashlib.sha256,
    SHA_384: hashlib.sha384,
    SHA_512: hashlib.sha512,
}
_SHA: Mapping[str, hashes.HashAlgorithm] = {
    SHA_256: hashes.SHA256(),
    SHA_384: hashes.SHA384(),
    SHA_512: hashes.SHA512(),
}
_SIGNATURES = {
    GOST_256: (GOST_256, STREEBOG_256),
    GOST_512: (GOST_512, STREEBOG_512),
    "1.2.643.7.1.1.3.2": (GOST_256, STREEBOG_256),
    "1.2.643.7.1.1.3.3": (GOST_512, STREEBOG_512),
    RSA: (RSA, ""),
    "1.2.840.113549.1.1.11": (RSA, SHA_256),
    "1.2.840.113549.1.1.12": (RSA, SHA_384),
    "1.2.840.113549.1.1.13": (RSA, SHA_512),
    EC: (EC, ""),
    "1.2.840.10045.4.3.2": (EC, SHA_256),
    "1.2.840.10045.4.3.3": (EC, SHA_384),
    "1.2.840.10045.4.3.4": (EC, SHA_512),
}
"""By the identifier of a signature: that of its key, and of its hash (empty: said elsewhere)."""
_NAMES = {
    GOST_256: "ГОСТ Р 34.10-2012, 256 бит",
    GOST_512: "ГОСТ Р 34.10-2012, 512 бит",
    RSA: "RSA",
    EC: "ECDSA",
    "1.2.643.2.2.3": "ГОСТ Р 34.10-2001",
    "1.2.643.2.2.19": "ГОСТ Р 34.10-2001",
    "1.2.643.2.2.9": "ГОСТ Р 34.11-94",
    "1.2.840.113549.1.1.5": "RSA с SHA-1",
    "1.2.840.113549.1.1.10": "RSASSA-PSS",
    "1.2.840.10045.4.1": "ECDSA с SHA-1",
    "1.2.840.113549.2.5": "MD5",
    "1.3.14.3.2.26": "SHA-1",
}


class AlgorithmError(ValueError):
    """An algorithm that is not verified here; the text is its name."""

    def __init__(self, identifier: str) -> None:
        super().__init__(_NAMES.get(identifier, identifier))


class _Algorithm(core.Sequence):
    _fields: ClassVar = [("algorithm", core.ObjectIdentifier), ("parameters", core.Any, {"optional": True})]


class _Key(core.Sequence):
    """SubjectPublicKeyInfo: asn1crypto's own class refuses the identifiers of national keys."""

    _fields: ClassVar = [("algorithm", _Algorithm), ("key", core.OctetBitString)]


class _Identifiers(core.SequenceOf):
    _child_spec = core.ObjectIdentifier


def hashed(identifier: str, pieces: Iterable[bytes]) -> bytes:
    """The hash of a message in pieces; raises ``AlgorithmError``."""
    hashing = new_hash(identifier)
    for piece in pieces:
        hashing.update(piece)
    return hashing.digest()


def new_hash(identifier: str) -> Hash:
    """A hash that has taken nothing yet; raises ``AlgorithmError``."""
    if identifier not in _HASHES:
        raise AlgorithmError(identifier)
    return _HASHES[identifier]()


def of_signature(identifier: str) -> tuple[str, str, str]:
    """Identifiers of the key and the hash (empty: said elsewhere) of a signature's algorithm, and its name.

    Raises ``AlgorithmError``.
    """
    if identifier not in _SIGNATURES:
        raise AlgorithmError(identifier)
    key, its_hash = _SIGNATURES[identifier]
    return key, its_hash, _NAMES[key]


def holds(key: bytes, algorithm: str, hash_used: str, digest: bytes, signature: bytes) -> bool:
    """Whether a signature of a hash was made by the owner of a key.

    ``key`` is a DER SubjectPublicKeyInfo, ``algorithm`` and ``hash_used`` are identifiers. Raises ``AlgorithmError``, and
    ``ValueError`` for a key that is none.
    """
    kind, its_hash, _ = of_signature(algorithm)
    info = _Key.load(key, strict=True)
    if info["algorithm"]["algorithm"].dotted != kind or (its_hash or hash_used) != hash_used:
        return False
    if kind in (GOST_256, GOST_512):
        sets = info["algorithm"]["parameters"].parse(_Identifiers)
        curve = gost.CURVES.get(sets[0].dotted)
        if curve is None:
            raise AlgorithmError(sets[0].dotted)
        return gost.verify(curve, core.OctetString.load(info["key"].native).native, digest, signature)
    return _holds(key, hash_used, digest, signature)


def _holds(key: bytes, hash_used: str, digest: bytes, signature: bytes) -> bool:
    if hash_used not in _SHA:
        raise AlgorithmError(hash_used)
    prehashed = utils.Prehashed(_SHA[hash_used])
    try:
        public = load_der_public_key(key)
        if isinstance(public, rsa.RSAPublicKey):
            public.verify(signature, digest, padding.PKCS1v15(), prehashed)
        elif isinstance(public, ec.EllipticCurvePublicKey):
            public.verify(signature, digest, ec.ECDSA(prehashed))
        else:
            return False
    except InvalidSignature:
        return False
    except UnsupportedAlgorithm:
        raise AlgorithmError(EC) from None
    return True

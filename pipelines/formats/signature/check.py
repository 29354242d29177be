"""Verdicts on the signatures of a file: whether they hold for its bytes, and what their certificates are worth."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import partial

from pipelines.formats.signature import algorithms
from pipelines.formats.signature.algorithms import AlgorithmError
from pipelines.formats.signature.certificate import Certificate
from pipelines.formats.signature.cms import BROKEN, SignedData, Signer
from pipelines.formats.signature.trust import Judgement, Trust, judge

HashOfFile = Callable[[str], bytes | None]
"""The hash of the signed file by the identifier of an algorithm; None: the file is too large to be hashed here."""


class Holding(StrEnum):
    """How a signature relates to the file."""

    HOLDS = "HOLDS"
    CHANGED = "CHANGED"
    """The signature is genuine, and the file is not the one that was signed."""
    DIFFERS = "DIFFERS"
    """The signature does not fit the file, and does not tell which of them was changed."""
    BROKEN = "BROKEN"
    """The signature is not the work of the certificate's owner."""
    ALGORITHM = "ALGORITHM"
    FILELESS = "FILELESS"
    NAMELESS = "NAMELESS"
    """The signer's certificate is not in the signature."""
    LARGE = "LARGE"


@dataclass(frozen=True)
class Verdict:
    """Of one signature; ``algorithm`` is its name, ``judgement`` is made for one that holds only."""

    holding: Holding
    algorithm: str
    certificate: Certificate | None
    signed_at: datetime | None
    judgement: Judgement | None = None


def check(signed: SignedData, hash_of_file: HashOfFile | None, trusted: Trust, moment: datetime) -> list[Verdict]:
    """Verdicts on the signatures of a file, or of the content attached to them if there is no file.

    Certificates are judged at ``moment``, not at the one that the signer claims.
    """
    content = signed.content
    if hash_of_file is None and content is not None:
        hash_of_file = partial(algorithms.hashed, pieces=[content])
    return [_verdict(one, signed.certificates, hash_of_file, trusted, moment) for one in signed.signers]


def _verdict(
    one: Signer, sent: Sequence[Certificate], hash_of_file: HashOfFile | None, trusted: Trust, moment: datetime
) -> Verdict:
    try:
        holding, name = _holding(one, hash_of_file), algorithms.of_signature(one.algorithm)[2]
    except AlgorithmError as error:
        holding, name = Holding.ALGORITHM, str(error)
    judgement = None
    if holding is Holding.HOLDS and one.certificate is not None:
        judgement = judge(one.certificate, sent, trusted, moment)
    return Verdict(holding, name, one.certificate, one.signed_at, judgement)


def _holding(one: Signer, hash_of_file: HashOfFile | None) -> Holding:
    algorithms.of_signature(one.algorithm)
    algorithms.new_hash(one.hash_used)
    if one.certificate is None:
        return Holding.NAMELESS
    if one.attributes and not _genuine(one, one.certificate, algorithms.hashed(one.hash_used, [one.attributes])):
        return Holding.BROKEN
    if hash_of_file is None:
        return Holding.FILELESS
    digest = hash_of_file(one.hash_used)
    if digest is None:
        return Holding.LARGE
    if one.attributes:
        return Holding.HOLDS if digest == one.digest else Holding.CHANGED
    return Holding.HOLDS if _genuine(one, one.certificate, digest) else Holding.DIFFERS


def _genuine(one: Signer, certificate: Certificate, digest: bytes) -> bool:
    """Whether the certificate's owner signed a hash, and meant this certificate."""
    try:
        if one.bound is not None and algorithms.hashed(one.bound[0], [certificate.der]) != one.bound[1]:
            return False
        return algorithms.holds(certificate.key, one.algorithm, one.hash_used, digest, one.signature)
    except AlgorithmError:
        raise
    except BROKEN:
        return False

"""Trust in a certificate: a chain to an authority that the territory trusts, in force and not revoked at a moment."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from asn1crypto import pem

from pipelines.formats.signature.algorithms import AlgorithmError
from pipelines.formats.signature.certificate import Certificate, RevocationList, Signed, certificate, revocations
from pipelines.formats.signature.cms import BROKEN, der_of

CERTIFICATES, LISTS = (".cer", ".crt", ".pem", ".der"), (".crl",)
"""Endings of the files of authorities and of their lists."""
LONGEST, MOST = 4, 32
"""Certificates in a chain; signatures that are verified to find one: whoever sends more sends them to keep us busy."""


class Standing(StrEnum):
    """What a certificate is worth."""

    TRUSTED = "TRUSTED"
    REVOKED = "REVOKED"
    EXPIRED = "EXPIRED"
    EARLY = "EARLY"
    UNFIT = "UNFIT"
    """It, or what issued it, must not be used so: no authority, another purpose, a condition that is not understood."""
    STRANGE = "STRANGE"
    """No chain leads to an authority that is trusted."""
    UNDECIDED = "UNDECIDED"
    """No authorities are given."""


@dataclass(frozen=True)
class Trust:
    """Authorities of a territory and lists of revoked certificates; ``faults`` names the files that are neither."""

    authorities: Sequence[Certificate] = ()
    lists: Sequence[RevocationList] = ()
    faults: Sequence[str] = ()


@dataclass(frozen=True)
class Judgement:
    """The standing of a certificate; ``about`` the one of its chain that decided it, ``revoked_at`` when that was revoked,
    maybe later, ``listed`` the newest list that would name the signer's certificate if it were revoked (None: no list)."""

    standing: Standing
    about: Certificate
    revoked_at: datetime | None = None
    listed: RevocationList | None = None


def trust(files: Mapping[str, bytes]) -> Trust:
    """Authorities and lists of files by name: DER, PEM (several in a file) or base64."""
    authorities: list[Certificate] = []
    lists: list[RevocationList] = []
    faults: list[str] = []
    for name, content in sorted(files.items()):
        try:
            if name.lower().endswith(CERTIFICATES):
                authorities += [certificate(der) for der in _parts(content)]
            elif name.lower().endswith(LISTS):
                lists += [revocations(der) for der in _parts(content)]
        except BROKEN:
            faults.append(name)
    return Trust(authorities, lists, faults)


def judge(leaf: Certificate, others: Sequence[Certificate], trusted: Trust, moment: datetime) -> Judgement:
    """The standing of a signer's certificate at a moment; ``others`` came with the signature and may be between."""
    if not trusted.authorities:
        return Judgement(Standing.UNDECIDED, leaf)
    found = _Judge(others, trusted, moment).judge(leaf, 0)
    if found.standing is Standing.TRUSTED and not leaf.may("digital_signature", "non_repudiation"):
        return replace(found, standing=Standing.UNFIT)
    return found


class _Judge:
    def __init__(self, others: Sequence[Certificate], trusted: Trust, moment: datetime) -> None:
        self._trusted, self._moment = trusted, moment
        self._anchors = {one.der for one in trusted.authorities}
        self._others = [one for one in others if one.der not in self._anchors]
        self._made: dict[tuple[bytes, bytes], bool] = {}

    def judge(self, one: Certificate, under: int) -> Judgement:
        """The best that the chains over a certificate make of it; ``under`` is the number of those below it."""
        found = [self._by(one, issuer, under) for issuer in self._issuers(one)] if under < LONGEST else []
        known = [judged for judged in found if judged.standing is not Standing.STRANGE]
        return min(
            known, key=lambda judged: judged.standing is not Standing.TRUSTED, default=Judgement(Standing.STRANGE, one)
        )

    def _by(self, one: Certificate, issuer: Certificate, under: int) -> Judgement:
        above = Judgement(Standing.TRUSTED, issuer)
        if issuer.der not in self._anchors:
            above = self.judge(issuer, under + 1)
        elif fault := self._fault(issuer):
            above = Judgement(fault, issuer)
        if above.standing is not Standing.TRUSTED:
            return above
        fit = issuer.authority and issuer.may("key_cert_sign") and (issuer.depth is None or issuer.depth >= under)
        if not fit:
            return Judgement(Standing.UNFIT, issuer)
        return self._own(one, issuer)

    def _own(self, one: Certificate, issuer: Certificate) -> Judgement:
        lists = [each for each in self._trusted.lists if self._made_by(each, issuer)] if issuer.may("crl_sign") else []
        revoked = min((when for each in lists if (when := each.revoked(one)) is not None), default=None)
        if revoked is not None and revoked <= self._moment:
            return Judgement(Standing.REVOKED, one, revoked)
        complete = [each for each in lists if not each.partial]
        listed = max(complete, key=lambda each: each.issued, default=None)
        return Judgement(self._fault(one) or Standing.TRUSTED, one, revoked, listed)

    def _fault(self, one: Certificate) -> Standing | None:
        if self._moment > one.last:
            return Standing.EXPIRED
        if self._moment < one.first:
            return Standing.EARLY
        return Standing.UNFIT if one.alien else None

    def _issuers(self, one: Certificate) -> Iterator[Certificate]:
        for issuer in (*self._trusted.authorities, *self._others):
            if (issuer.der in self._anchors or issuer.der != one.der) and self._made_by(one, issuer):
                yield issuer

    def _made_by(self, one: Signed, issuer: Certificate) -> bool:
        if one.issuer_name != issuer.subject_name:
            return False
        pair = (one.signature, issuer.der)
        if pair not in self._made:
            if len(self._made) == MOST:
                return False
            try:
                self._made[pair] = one.made_by(issuer)
            except (*BROKEN, AlgorithmError):
                self._made[pair] = False
        return self._made[pair]


def _parts(content: bytes) -> list[bytes]:
    if pem.detect(content):
        return [der for _, _, der in pem.unarmor(content, multiple=True)]
    return [der_of(content)]

"""Certificates and lists of revoked ones: their facts, and whether one was issued by another."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from asn1crypto import x509 as asn1
from cryptography import x509

from pipelines.formats.signature import algorithms

CONSTRAINTS, USAGE, KEY = "2.5.29.19", "2.5.29.15", "2.5.29.14"
UNDERSTOOD = {CONSTRAINTS, USAGE, KEY, "2.5.29.37", "2.5.29.32", "2.5.29.17", "2.5.29.35"}
"""Extensions that may be critical: those two, purposes, its key, policies, other names, the issuer's key."""
NAME, ORGANISATION, OGRN, OGRNIP = "2.5.4.3", "2.5.4.10", "1.2.643.100.1", "1.2.643.100.5"
INN, INN_OF_ORGANISATION = "1.2.643.3.131.1.1", "1.2.643.100.4"


@dataclass(frozen=True)
class Party:
    """Whom a certificate names; the personal number (СНИЛС) is left out."""

    name: str
    organisation: str
    ogrn: str
    inn: str

    def __str__(self) -> str:
        return ", ".join(dict.fromkeys(part for part in (self.name, self.organisation) if part)) or "без имени"


@dataclass(frozen=True)
class Signed:
    """What a certificate and a list of revoked ones have in common: the signed bytes and the signature."""

    content: bytes = field(repr=False)
    algorithm: str
    signature: bytes = field(repr=False)
    issuer_name: str = field(repr=False)

    def made_by(self, issuer: Certificate) -> bool:
        """Whether the issuer's key has signed; raises ``AlgorithmError``."""
        used = algorithms.of_signature(self.algorithm)[1]
        digest = algorithms.hashed(used, [self.content])
        return algorithms.holds(issuer.key, self.algorithm, used, digest, self.signature)


@dataclass(frozen=True)
class Certificate(Signed):
    """A certificate: ``depth`` of authorities under it (None: any), ``usage`` of its key (None: any), ``alien`` if it has a
    critical extension that is not understood."""

    der: bytes = field(repr=False)
    subject: Party
    issuer: Party
    subject_name: str = field(repr=False)
    number: int
    first: datetime
    last: datetime
    key: bytes = field(repr=False)
    key_identifier: bytes | None = field(repr=False)
    authority: bool
    depth: int | None
    usage: frozenset[str] | None
    alien: bool

    @property
    def serial(self) -> str:
        """The number as it is written."""
        return f"{self.number:X}"

    def covers(self, moment: datetime) -> bool:
        """Whether a moment is between its first and last one."""
        return self.first <= moment <= self.last

    def may(self, *uses: str) -> bool:
        """Whether the key may be used in one of these ways, in asn1crypto's words."""
        return self.usage is None or not self.usage.isdisjoint(uses)


@dataclass(frozen=True)
class RevocationList(Signed):
    """A list of revoked certificates; ``partial`` if it has a critical extension and need not name all of them."""

    issued: datetime
    due: datetime | None
    partial: bool
    _list: x509.CertificateRevocationList = field(repr=False)

    def revoked(self, certificate: Certificate) -> datetime | None:
        """When a certificate of the same issuer was revoked, None if it is not in the list."""
        found = self._list.get_revoked_certificate_by_serial_number(certificate.number)
        return found.revocation_date_utc if found is not None else None


def certificate(der: bytes) -> Certificate:
    """A certificate of its DER; raises ``ValueError`` and what else asn1crypto raises for broken ones."""
    read = asn1.Certificate.load(der, strict=True)
    body = read["tbs_certificate"]
    found = {one["extn_id"].dotted: one for one in body["extensions"]}
    constraints = found[CONSTRAINTS]["extn_value"].parsed if CONSTRAINTS in found else None
    return Certificate(
        content=body.dump(),
        algorithm=read["signature_algorithm"]["algorithm"].dotted,
        signature=read["signature_value"].native,
        issuer_name=body["issuer"].hashable,
        der=der,
        subject=_party(body["subject"]),
        issuer=_party(body["issuer"]),
        subject_name=body["subject"].hashable,
        number=body["serial_number"].native,
        first=moment(body["validity"]["not_before"].native),
        last=moment(body["validity"]["not_after"].native),
        key=body["subject_public_key_info"].dump(),
        key_identifier=found[KEY]["extn_value"].parsed.native if KEY in found else None,
        authority=constraints is not None and bool(constraints["ca"].native),
        depth=constraints["path_len_constraint"].native if constraints is not None else None,
        usage=frozenset(found[USAGE]["extn_value"].parsed.native) if USAGE in found else None,
        alien=any(one["critical"].native and oid not in UNDERSTOOD for oid, one in found.items()),
    )


def revocations(der: bytes) -> RevocationList:
    """A list of revoked certificates of its DER; raises ``ValueError`` for a broken one."""
    read = x509.load_der_x509_crl(der)
    return RevocationList(
        content=read.tbs_certlist_bytes,
        algorithm=read.signature_algorithm_oid.dotted_string,
        signature=read.signature,
        issuer_name=asn1.Name.load(read.issuer.public_bytes()).hashable,
        issued=read.last_update_utc,
        due=read.next_update_utc,
        partial=any(one.critical for one in read.extensions),
        _list=read,
    )


def moment(value: object) -> datetime:
    """A moment of ASN.1; raises ``ValueError`` for what no calendar has."""
    if not isinstance(value, datetime):
        raise ValueError("no moment")
    return value


def _party(name: Any) -> Party:
    values: dict[str, str] = {}
    for one in name.chosen:
        for pair in one:
            values.setdefault(pair["type"].dotted, _text(pair["value"].native))
    return Party(
        name=values.get(NAME, ""),
        organisation=values.get(ORGANISATION, ""),
        ogrn=values.get(OGRN) or values.get(OGRNIP, ""),
        inn=values.get(INN_OF_ORGANISATION) or values.get(INN, ""),
    )


def _text(value: object) -> str:
    """A value of a name as it may be shown: no line, terminal or direction of writing is changed by it."""
    return "".join(sign for sign in str(value) if sign.isprintable())[:250]

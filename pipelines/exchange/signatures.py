"""Signatures in a package, verified for operators and auditors: what is accepted and answered does not depend on them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from pipelines.exchange.protocol import LOCAL
from pipelines.formats.archive import ArchiveLimits, ArchiveMember, open_archive
from pipelines.formats.signature import cms
from pipelines.formats.signature.algorithms import hashed
from pipelines.formats.signature.check import HashOfFile, Holding, Verdict, check
from pipelines.formats.signature.trust import CERTIFICATES, LISTS, Judgement, Standing, Trust, trust

ENDINGS = (".sig", ".sgn", ".p7s", ".p7b")
LONGEST = 1 << 20
"""Bytes of a signature that are read; a longer file is no detached signature."""
FOLDER = "trust"
"""In the folder of a territory: certificates of authorities and lists of revoked ones."""
_HOLDING = {
    Holding.CHANGED: "Файл изменён после подписания",
    Holding.DIFFERS: "Подпись не соответствует файлу: изменён файл или сама подпись",
    Holding.BROKEN: "Подпись повреждена или сделана не владельцем сертификата",
    Holding.FILELESS: "Файла, к которому относится подпись, в пакете нет",
    Holding.NAMELESS: "Сертификата подписавшего в файле подписи нет: проверить её нечем",
    Holding.LARGE: "Файл слишком большой для проверки на странице",
}
_BAD = {Holding.CHANGED, Holding.DIFFERS, Holding.BROKEN}
_BAD_STANDING = {Standing.REVOKED, Standing.EXPIRED, Standing.EARLY, Standing.UNFIT}


@dataclass(frozen=True)
class Conclusion:
    """A verdict in words: ``said`` the outcome, ``revocation`` what is known of it (empty: not asked), ``tone`` good (it
    holds and is trusted), bad (something is wrong) or warn (something is not known)."""

    verdict: Verdict
    said: str
    revocation: str
    tone: str


@dataclass(frozen=True)
class SignatureFile:
    """A file of signatures: ``signs`` the file that its name speaks of (empty: none; ``attached``: the content is inside),
    ``fault`` why it is not read, then without conclusions."""

    name: str
    size: int
    signs: str
    attached: bool = False
    fault: str = ""
    conclusions: Sequence[Conclusion] = ()

    @property
    def good(self) -> bool:
        """Whether all its signatures hold and are trusted."""
        return bool(self.conclusions) and all(one.tone == "good" for one in self.conclusions)


def signed_by(name: str, names: Iterable[str]) -> str:
    """The file that the name of a signature speaks of: H.xml for H.xml.sig, else for H.sig; empty for none."""
    if not name.lower().endswith(ENDINGS):
        return ""
    stem = name.rpartition(".")[0].casefold()
    others = [one for one in names if not one.lower().endswith(ENDINGS)]
    of_stem = (one for one in others if one.rpartition(".")[0].casefold() == stem)
    return next((one for one in others if one.casefold() == stem), next(of_stem, ""))


def read_trust(region: Path) -> Trust:
    """Authorities of a territory by its folder; none if there is no folder of them."""
    folder = region / FOLDER
    found = [path for path in folder.iterdir() if path.is_file()] if folder.is_dir() else []
    return trust({path.name: path.read_bytes() for path in found if path.name.lower().endswith(CERTIFICATES + LISTS)})


def examine(
    package: str, content: bytes, limits: ArchiveLimits, trusted: Trust, received_at: datetime, most: int | None = None
) -> list[SignatureFile]:
    """Signatures in an archive, none in a file that is no archive; certificates are judged at the moment of receipt.

    Signed files of more than ``most`` bytes together are left unverified (None: no limit). Raises ``FileFault`` for an
    archive that is broken.
    """
    if not package.lower().endswith(".zip"):
        return []
    files = _Files({member.name: member for member in open_archive(content, limits)}, most)
    return [
        _examine(member, files, trusted, received_at)
        for member in files.members.values()
        if member.name.lower().endswith(ENDINGS)
    ]


@dataclass
class _Files:
    """Files of a package, each hashed once for an algorithm while the limit lasts."""

    members: Mapping[str, ArchiveMember]
    left: int | None
    _hashes: dict[tuple[str, str], bytes] = field(default_factory=dict)

    def hashing(self, name: str) -> HashOfFile | None:
        return (lambda identifier: self._hash(name, identifier)) if name else None

    def _hash(self, name: str, identifier: str) -> bytes | None:
        if (name, identifier) not in self._hashes:
            member = self.members[name]
            if self.left is not None:
                if member.size > self.left:
                    return None
                self.left -= member.size
            self._hashes[name, identifier] = hashed(identifier, member.stream())
        return self._hashes[name, identifier]


def _examine(member: ArchiveMember, files: _Files, trusted: Trust, received_at: datetime) -> SignatureFile:
    signs = signed_by(member.name, files.members)
    try:
        if member.size > LONGEST:
            raise cms.SignatureError(f"Файл подписи больше {LONGEST} байт: не читается")
        signed = cms.read(member.read())
    except cms.SignatureError as fault:
        return SignatureFile(member.name, member.size, signs, fault=str(fault))
    verdicts = check(signed, files.hashing(signs), trusted, received_at)
    conclusions = [_concluded(one, received_at) for one in verdicts]
    return SignatureFile(member.name, member.size, signs, signed.content is not None, conclusions=conclusions)


def _concluded(verdict: Verdict, received_at: datetime) -> Conclusion:
    judgement = verdict.judgement
    if judgement is not None:
        said = f"Подпись верна{_trust(verdict, judgement)}"
        bad, good = judgement.standing in _BAD_STANDING, judgement.standing is Standing.TRUSTED
        revocation = _revocation(judgement, received_at) if good else ""
        return Conclusion(verdict, said, revocation, "good" if good else "bad" if bad else "warn")
    said = _HOLDING.get(verdict.holding) or f"Алгоритм {verdict.algorithm} не проверяется"
    return Conclusion(verdict, said, "", "bad" if verdict.holding in _BAD else "warn")


def _trust(verdict: Verdict, judgement: Judgement) -> str:
    about = judgement.about
    own = about == verdict.certificate
    whose = "сертификат" if own else f"сертификат УЦ «{about.subject}»"
    match judgement.standing:
        case Standing.TRUSTED:
            return ", сертификат выдан доверенным УЦ и действовал в день приёма"
        case Standing.REVOKED:
            return f", но {whose} отозван {day(judgement.revoked_at)}"
        case Standing.EXPIRED:
            return f", но {whose} истёк {day(about.last)}, до приёма"
        case Standing.EARLY:
            return f", но {whose} действует только с {day(about.first)}, после приёма"
        case Standing.UNFIT:
            return f", но {whose} выдан не для подписи {'документов' if own else 'сертификатов'}"
        case Standing.STRANGE:
            return ", но УЦ системе неизвестен"
        case Standing.UNDECIDED:
            return "; доверенные УЦ не заданы, сертификат не проверен"


def _revocation(judgement: Judgement, received_at: datetime) -> str:
    if judgement.revoked_at is not None:
        return f"Отозван после приёма, {day(judgement.revoked_at)}"
    listed = judgement.listed
    if listed is None:
        return "Отзыв не проверен: списка отозванных этого УЦ нет"
    if listed.due is not None and listed.due < received_at:
        return f"В списке отозванных от {day(listed.issued)} не значится, но ко дню приёма список устарел"
    return f"В списке отозванных от {day(listed.issued)} не значится"


def day(moment: datetime | None) -> str:
    """A day as it is written here."""
    return moment.astimezone(LOCAL).strftime("%d.%m.%Y") if moment else ""


def facts(one: SignatureFile) -> dict[str, Any]:
    """A file of signatures for machines."""
    signers = [_signer(each) for each in one.conclusions]
    return {"name": one.name, "signs": one.signs, "attached": one.attached, "fault": one.fault, "signatures": signers}


def _signer(each: Conclusion) -> dict[str, Any]:
    verdict, certificate = each.verdict, each.verdict.certificate
    standing = verdict.judgement.standing if verdict.judgement else None
    said: dict[str, Any] = {
        "holding": verdict.holding,
        "standing": standing,
        "said": each.said,
        "revocation": each.revocation,
    }
    said |= {"algorithm": verdict.algorithm, "signed_at": verdict.signed_at}
    if certificate is None:
        return said | {"certificate": None}
    term = {"serial": certificate.serial, "first": certificate.first, "last": certificate.last}
    named = asdict(certificate.subject) | {"issuer": str(certificate.issuer)}
    return said | {"certificate": named | term}


def lines(found: Sequence[SignatureFile]) -> Iterator[str]:
    """Files of signatures for people."""
    for one in found:
        yield f"{one.name}{f', к файлу {one.signs}' if one.signs else ''}: {one.fault}".rstrip(": ")
        for each in one.conclusions:
            certificate = each.verdict.certificate
            yield f"  {each.said}. {each.revocation}".rstrip(". ") + f" ({each.verdict.algorithm})"
            if certificate is not None:
                term = f"{day(certificate.first)}–{day(certificate.last)}"
                subject = certificate.subject
                yield f"  {subject}; ОГРН {subject.ogrn or '—'}, ИНН {subject.inn or '—'}"
                yield f"  сертификат {certificate.serial}, {term}, выдан: {certificate.issuer}"
    if not found:
        yield "Файлов подписи в пакете нет"

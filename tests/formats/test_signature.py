"""Verdicts on signatures: every kind of key, every way of being wrong; chains, terms, lists of revoked certificates."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.formats.signature import algorithms
from pipelines.formats.signature.certificate import certificate as parsed
from pipelines.formats.signature.check import Holding, Verdict, check
from pipelines.formats.signature.cms import CERTIFICATES, SIGNERS, SignatureError, read
from pipelines.formats.signature.trust import MOST, Standing, Trust, trust
from tests.formats import signature_made as made
from tests.formats.signature_made import FIRST, KINDS, LAST, SIGNED_AT, Made, key, name

FILE = b"<ZL_LIST/>"
RECEIVED = datetime(2026, 7, 1, tzinfo=UTC)
GOOD = (Holding.HOLDS, Standing.TRUSTED)


@cache
def authority(kind: str, seed: int = 0) -> Made:
    return made.certificate(name("Учебный УЦ"), key(kind, seed))


@cache
def signer(kind: str) -> Made:
    return made.certificate(name("Тестов Тест", "Больница"), key(kind, 1), authority(kind))


@cache
def signature(kind: str) -> bytes:
    return made.cms(FILE, signer(kind))


def verdicts(
    content: bytes, trusted: Trust, file: bytes | None = FILE, moment: datetime = RECEIVED, large: bool = False
) -> list[Verdict]:
    def hashing(identifier: str) -> bytes | None:
        return None if large else algorithms.hashed(identifier, [file or b""])

    return check(read(content), hashing if file is not None else None, trusted, moment)


def outcome(*given: Any, **named: Any) -> tuple[Holding, Standing | None]:
    (one,) = verdicts(*given, **named)
    return one.holding, one.judgement.standing if one.judgement else None


def trusting(*authorities: Made, lists: Sequence[bytes] = ()) -> Trust:
    files = {f"{at}.cer": one.der for at, one in enumerate(authorities)} | {f"{at}.crl": one for at, one in enumerate(lists)}
    found = trust(files)
    assert found.faults == []
    return found


@pytest.mark.parametrize("kind", KINDS)
class TestEveryKind:
    def test_a_good_one(self, kind: str) -> None:
        revocations = made.revoked(authority(kind), [1, 2])
        (one,) = verdicts(signature(kind), trusting(authority(kind), lists=[revocations]))
        assert one.certificate is not None
        assert one.judgement is not None
        assert (one.holding, one.judgement.standing, one.signed_at) == (*GOOD, SIGNED_AT)
        assert one.judgement.listed is not None
        assert one.judgement.listed.issued == SIGNED_AT
        subject, issuer = one.certificate.subject, one.certificate.issuer
        assert (subject.name, subject.organisation, subject.ogrn, subject.inn) == (
            "Тестов Тест",
            "Больница",
            "1000000000000",
            "000000000000",
        )
        assert (str(issuer), one.certificate.serial) == ("Учебный УЦ", "ABC")
        assert (one.certificate.first, one.certificate.last) == (FIRST, LAST)

    def test_a_changed_file(self, kind: str) -> None:
        assert outcome(signature(kind), trusting(authority(kind)), FILE + b" ") == (Holding.CHANGED, None)

    def test_a_changed_signature(self, kind: str) -> None:
        content = signature(kind)
        assert outcome(content[:-1] + bytes([content[-1] ^ 1]), trusting(authority(kind))) == (Holding.BROKEN, None)

    def test_a_changed_time_of_signing(self, kind: str) -> None:
        content = signature(kind).replace(b"260601093000Z", b"260602093000Z")
        assert outcome(content, trusting(authority(kind))) == (Holding.BROKEN, None)

    def test_an_authority_of_the_same_name_with_another_key(self, kind: str) -> None:
        assert outcome(signature(kind), trusting(authority(kind, 9))) == (Holding.HOLDS, Standing.STRANGE)

    def test_a_revoked_one(self, kind: str) -> None:
        trusted = trusting(authority(kind), lists=[made.revoked(authority(kind), [0xABC])])
        (one,) = verdicts(signature(kind), trusted)
        assert one.judgement is not None
        assert (one.judgement.standing, one.judgement.revoked_at) == (Standing.REVOKED, SIGNED_AT)
        (before,) = verdicts(signature(kind), trusted, moment=SIGNED_AT - timedelta(days=1))
        assert before.judgement is not None
        assert (before.judgement.standing, before.judgement.revoked_at) == (Standing.TRUSTED, SIGNED_AT)

    def test_a_list_that_another_signed_says_nothing(self, kind: str) -> None:
        forged = made.revoked(replace(authority(kind), key=key(kind, 9)), [0xABC])
        (one,) = verdicts(signature(kind), trusting(authority(kind), lists=[forged]))
        assert one.judgement is not None
        assert (one.judgement.standing, one.judgement.listed) == (Standing.TRUSTED, None)

    def test_attached_and_without_attributes(self, kind: str) -> None:
        trusted = trusting(authority(kind))
        attached = made.cms(FILE, signer(kind), attached=True)
        assert outcome(attached, trusted, None) == GOOD
        assert outcome(attached, trusted, b"another file beside it") == (Holding.CHANGED, None)
        plain = made.cms(FILE, signer(kind), with_attributes=False)
        assert outcome(plain, trusted) == GOOD
        assert outcome(plain, trusted, FILE + b" ") == (Holding.DIFFERS, None)

    def test_the_key_of_another_kind_does_not_fit(self, kind: str) -> None:
        other = KINDS[(KINDS.index(kind) + 1) % len(KINDS)]
        content = made.cms(FILE, signer(kind), algorithm=made.KIND[other].key)
        assert outcome(content, trusting(authority(kind)))[0] in (Holding.BROKEN, Holding.ALGORITHM)


def test_the_moment_of_receipt_decides_and_not_the_claimed_one() -> None:
    trusted = trusting(authority("ec"))
    for moment, standing in (
        (FIRST, Standing.TRUSTED),
        (LAST, Standing.TRUSTED),
        (LAST + timedelta(seconds=1), Standing.EXPIRED),
        (FIRST - timedelta(seconds=1), Standing.EARLY),
    ):
        assert outcome(signature("ec"), trusted, moment=moment) == (Holding.HOLDS, standing)


def test_no_authorities_are_no_trust() -> None:
    assert outcome(signature("ec"), Trust()) == (Holding.HOLDS, Standing.UNDECIDED)
    assert outcome(signature("ec"), trusting(authority("rsa"))) == (Holding.HOLDS, Standing.STRANGE)


def test_a_chain_through_an_authority_that_came_with_the_signature() -> None:
    root = authority("gost512")
    between = made.certificate(name("Средний УЦ"), key("gost256", 3), root, made.authority(0), serial=7)
    leaf = made.certificate(name("Тестов"), key("rsa", 4), between)
    trusted = trusting(root)
    assert outcome(made.cms(FILE, leaf, [between]), trusted) == GOOD
    assert outcome(made.cms(FILE, leaf), trusted) == (Holding.HOLDS, Standing.STRANGE)
    with_list = trusting(root, lists=[made.revoked(root, [7])])
    (one,) = verdicts(made.cms(FILE, leaf, [between]), with_list)
    assert one.judgement is not None
    assert (one.judgement.standing, one.judgement.about.subject.name) == (Standing.REVOKED, "Средний УЦ")
    below = made.certificate(name("Нижний УЦ"), key("ec", 5), between, made.authority())
    deep = made.certificate(name("Тестов"), key("rsa", 4), below)
    assert outcome(made.cms(FILE, deep, [between, below]), trusted) == (Holding.HOLDS, Standing.UNFIT)  # depth 0


def test_a_tangle_of_certificates_costs_little(monkeypatch: pytest.MonkeyPatch) -> None:
    one = name("Клубок")
    tangle = [
        made.certificate(one, key("ec", 1), made.Made(one, 1, key("ec", 1), b""), made.authority(), at) for at in range(12)
    ]
    counted: list[int] = []
    holds = algorithms.holds
    monkeypatch.setattr(algorithms, "holds", lambda *given: counted.append(1) or holds(*given))
    assert outcome(made.cms(FILE, tangle[0], tangle[1:]), trusting(authority("ec"))) == (Holding.HOLDS, Standing.STRANGE)
    assert len(counted) == MOST + 1


def test_a_certificate_without_extensions_is_a_person_of_any_purpose() -> None:
    plain = made.certificate(name("Тестов"), key("ec", 1), authority("ec"), b"")
    assert outcome(made.cms(FILE, plain), trusting(authority("ec"))) == GOOD
    root = made.certificate(name("Учебный УЦ"), key("ec", 0), extensions=b"")
    assert outcome(made.cms(FILE, plain), trusting(root)) == (Holding.HOLDS, Standing.UNFIT)


def test_a_person_issues_no_certificates() -> None:
    forged = made.certificate(name("Ложный"), key("ec", 6), signer("ec"))
    trusted = trusting(authority("ec"))
    assert outcome(made.cms(FILE, forged, [signer("ec")]), trusted) == (Holding.HOLDS, Standing.UNFIT)
    assert outcome(made.cms(FILE, forged), trusting(signer("ec"))) == (Holding.HOLDS, Standing.UNFIT)
    own = made.certificate(name("Сам себе"), key("ec", 6))
    assert outcome(made.cms(FILE, own), trusted) == (Holding.HOLDS, Standing.STRANGE)


def test_an_authority_out_of_its_term() -> None:
    old = made.certificate(name("Учебный УЦ"), key("ec", 0), last=datetime(2026, 6, 30, tzinfo=UTC))
    (one,) = verdicts(signature("ec"), trusting(old))
    assert one.judgement is not None
    assert (one.judgement.standing, one.judgement.about.der) == (Standing.EXPIRED, old.der)
    assert outcome(signature("ec"), trusting(old, authority("ec"))) == GOOD  # it has another certificate for the same key


@pytest.mark.parametrize(
    "extensions",
    [
        made.extension("2.5.29.15", b"\x03\x02\x05\x20"),  # the key enciphers
        made.end() + made.extension("1.2.3.4", made.number(1)),  # a condition that nobody knows
    ],
)
def test_a_certificate_of_another_purpose(extensions: bytes) -> None:
    leaf = made.certificate(name("Тестов"), key("ec", 1), authority("ec"), extensions)
    assert outcome(made.cms(FILE, leaf), trusting(authority("ec"))) == (Holding.HOLDS, Standing.UNFIT)


def test_a_partial_list_revokes_and_clears_nobody() -> None:
    partial = made.extension("2.5.29.28", made.sequence(made.tagged(0x81, b"\xff")))
    trusted = trusting(authority("ec"), lists=[made.revoked(authority("ec"), [1], extensions=partial)])
    (one,) = verdicts(signature("ec"), trusted)
    assert one.judgement is not None
    assert (one.judgement.standing, one.judgement.listed) == (Standing.TRUSTED, None)
    both = trusting(authority("ec"), lists=[made.revoked(authority("ec"), [0xABC], extensions=partial)])
    assert outcome(signature("ec"), both) == (Holding.HOLDS, Standing.REVOKED)


def test_the_certificate_that_the_signer_meant() -> None:
    def bound(to: bytes) -> list[bytes]:
        identifier = made.sequence(made.octets(signer("gost256").key.hash(to)))
        its_hash = made.sequence(made.oid(made.KIND["gost256"].hashed))
        value = made.sequence(made.sequence(made.sequence(its_hash, identifier[2:])))
        return [made.sequence(made.oid("1.2.840.113549.1.9.16.2.47"), made.set_of(value))]

    trusted = trusting(authority("gost256"))
    assert outcome(made.cms(FILE, signer("gost256"), more=bound(signer("gost256").der)), trusted) == GOOD
    assert outcome(made.cms(FILE, signer("gost256"), more=bound(b"another")), trusted) == (Holding.BROKEN, None)


@pytest.mark.parametrize(
    ("algorithm", "hashed", "called"),
    [
        ("1.2.643.2.2.19", "1.2.643.2.2.9", "ГОСТ Р 34.10-2001"),
        ("", "1.3.14.3.2.26", "SHA-1"),
        ("1.2.840.113549.1.1.10", "", "RSASSA-PSS"),
        ("1.2.3.4", "", "1.2.3.4"),
    ],
)
def test_an_algorithm_that_is_not_verified_is_named(algorithm: str, hashed: str, called: str) -> None:
    (one,) = verdicts(made.cms(FILE, signer("rsa"), algorithm=algorithm, hashed=hashed), trusting(authority("rsa")))
    assert (one.holding, one.algorithm, one.judgement) == (Holding.ALGORITHM, called, None)


def test_what_is_missing_is_said() -> None:
    trusted = trusting(authority("ec"))
    assert outcome(signature("ec"), trusted, None) == (Holding.FILELESS, None)
    assert outcome(made.cms(FILE, signer("ec"), certified=False), trusted) == (Holding.NAMELESS, None)
    assert outcome(made.cms(FILE, signer("ec"), issuer=name("Другой УЦ")), trusted) == (Holding.NAMELESS, None)
    assert outcome(signature("ec"), trusted, large=True) == (Holding.LARGE, None)


def test_several_signers_have_their_own_verdicts() -> None:
    found = verdicts(made.cms(FILE, signer("rsa"), signers=2), trusting(authority("rsa")))
    assert [one.holding for one in found] == [Holding.HOLDS, Holding.HOLDS]


@pytest.mark.parametrize("form", ["pem", "pem of windows", "base64", "base64 in one line", "with a mark"])
def test_every_form_is_read(form: str) -> None:
    content = signature("ec")
    text = base64.encodebytes(content)
    written = {
        "pem": b"-----BEGIN CMS-----\n" + text + b"-----END CMS-----\n",
        "pem of windows": b"-----BEGIN PKCS7-----\r\n" + text.replace(b"\n", b"\r\n") + b"-----END PKCS7-----\r\n",
        "base64": text,
        "base64 in one line": base64.b64encode(content),
        "with a mark": b"\xef\xbb\xbf" + text,
    }[form]
    assert outcome(written, trusting(authority("ec"))) == GOOD


def test_what_is_no_signature_is_said() -> None:
    content = signature("ec")
    for broken in (b"", b"nonsense", b"\x30", b"\x30\x03abc", b"\x30\x80\x00\x00", FILE, content[:-1], content + b"\0"):
        with pytest.raises(SignatureError, match="не читается"):
            read(broken)
    with pytest.raises(SignatureError, match="не подпись"):
        read(made.sequence(made.oid(made.DATA), made.tagged(0xA0, made.octets(FILE))))
    with pytest.raises(SignatureError, match="только сертификаты"):
        read(made.cms(FILE, signer("ec"), signers=0))
    too_many: list[dict[str, Any]] = [{"signers": SIGNERS + 1}, {"others": [authority("ec")] * CERTIFICATES}]
    for many in too_many:
        with pytest.raises(SignatureError, match="больше"):
            read(made.cms(FILE, signer("ec"), **many))
    twice = made.attributes(signer("ec"), b"another")[1:2]
    with pytest.raises(SignatureError, match="не читается"):
        read(made.cms(FILE, signer("ec"), more=twice))


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_no_changed_byte_is_taken_for_another_signature(data: st.DataObject) -> None:
    kind = data.draw(st.sampled_from(["gost256", "rsa", "ec"]))
    content = bytearray(signature(kind))
    at = data.draw(st.integers(0, len(content) - 1))
    content[at] ^= data.draw(st.integers(1, 255))
    try:
        found = verdicts(bytes(content), trusting(authority(kind)), b"another file")
    except SignatureError:
        return
    assert all(one.holding is not Holding.HOLDS and one.judgement is None for one in found)


def test_names_change_no_line_and_no_direction() -> None:
    leaf = made.certificate(name("Тестов\n\x1b[31m\u202eтсеТ" + "я" * 300), key("ec", 1), authority("ec"))
    assert parsed(leaf.der).subject.name == ("Тестов[31mтсеТ" + "я" * 300)[:250]


def test_the_personal_number_is_in_no_fact() -> None:
    assert made.SNILS.encode() in signer("ec").der
    assert made.SNILS not in repr(parsed(signer("ec").der))


def test_the_folder_of_trust() -> None:
    both = pem(authority("ec")) + pem(authority("rsa"))
    revocations = made.revoked(authority("ec"), [5])
    files = {"all.pem": both, "list.crl": base64.encodebytes(revocations), "README.md": b"#"}
    found = trust(files | {"x.cer": b"x", "y.crl": b"\x30\x00"})
    assert [one.der for one in found.authorities] == [authority("ec").der, authority("rsa").der]
    assert [one.content for one in found.lists] == [trust({"a.crl": revocations}).lists[0].content]
    assert found.faults == ["x.cer", "y.crl"]


def pem(one: Made) -> bytes:
    return b"-----BEGIN CERTIFICATE-----\n" + base64.encodebytes(one.der) + b"-----END CERTIFICATE-----\n"


@pytest.fixture
def samples(shared: Path) -> Path:
    return shared / "data" / "systems" / "gost"


def test_signatures_of_another_program(samples: Path) -> None:
    """Made by OpenSSL with its engine: a self-signed certificate, one of an authority, its two lists."""
    files = {path.name: path.read_bytes() for path in samples.iterdir()}
    document, moment = files["doc.csv"], datetime(2026, 11, 28, tzinfo=UTC)
    ca = {"ca.pem": files["ca.pem"]}
    for content, trusted, standing in (
        (files["u.sig"], trust(ca), Standing.TRUSTED),
        (files["u.sig"], trust(ca | {"0.crl": files["crl0.pem"]}), Standing.TRUSTED),
        (files["u.sig"], trust(ca | {"1.crl": files["crl1.pem"]}), Standing.REVOKED),
        (files["u.sig"], trust({"cert.pem": files["cert.pem"]}), Standing.STRANGE),
        (files["doc.csv.sig"], trust(ca), Standing.STRANGE),
        (files["doc.csv.sig"], Trust(), Standing.UNDECIDED),
    ):
        assert outcome(content, trusted, document, moment) == (Holding.HOLDS, standing)
        assert outcome(content, trusted, document + b"x", moment) == (Holding.CHANGED, None)
    assert outcome(files["u.sig"], trust(ca), document, datetime(2028, 1, 1, tzinfo=UTC))[1] is Standing.EXPIRED


@pytest.mark.parametrize("size", [256, 512])
def test_signatures_of_openssl(size: int) -> None:
    """Both lengths of keys, as ``openssl/make.sh`` has made them: this program's own errors cannot hide in them."""
    content, ca, revocations = (
        (Path(__file__).parent / "openssl" / f"{size}.{what}").read_bytes() for what in ("sig", "ca.pem", "crl")
    )
    moment = datetime(2026, 12, 1, tzinfo=UTC)
    alone, with_list = trust({"ca.pem": ca}), trust({"ca.pem": ca, "0.crl": revocations})
    (one,) = verdicts(content, alone, moment=moment)
    assert one.algorithm == f"ГОСТ Р 34.10-2012, {size} бит"
    assert one.certificate is not None
    assert (one.certificate.subject.organisation, one.certificate.subject.name) == ("Больница", "Тестов Тест")
    assert outcome(content, alone, moment=moment) == GOOD
    assert outcome(content, with_list, moment=moment) == (Holding.HOLDS, Standing.REVOKED)
    assert outcome(content, alone, FILE + b" ", moment) == (Holding.CHANGED, None)

"""Signatures in a package: who the certificate names and until when, without a word on whether it is valid."""

from __future__ import annotations

import base64
from datetime import UTC, datetime

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, pkcs7
from lxml import html

from pipelines.formats.archive import ArchiveLimits, write_archive
from pipelines.ground import database as db
from pipelines.pages import signing
from tests.pages.rough import put
from tests.pages.site import Pages

FIRST, LAST = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 12, 31, tzinfo=UTC)
FILE = b"<ZL_LIST/>"


def signed() -> bytes:
    """A detached signature of an invented person, DER; the certificate bears a personal number too."""
    key = ec.generate_private_key(ec.SECP256R1())
    snils = x509.NameAttribute(x509.ObjectIdentifier("1.2.643.100.3"), "00000000000")
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Тестов Тест"), snils])
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(0xABC)
    certificate = made.not_valid_before(FIRST).not_valid_after(LAST).sign(key, hashes.SHA256())
    options = [pkcs7.PKCS7Options.DetachedSignature]
    builder = pkcs7.PKCS7SignatureBuilder().set_data(FILE).add_signer(certificate, key, hashes.SHA256())
    return builder.sign(Encoding.DER, options)


@pytest.mark.parametrize("form", ["der", "pem", "base64"])
def test_a_certificate_is_read_in_every_form(form: str) -> None:
    content = signed()
    text = base64.encodebytes(content)
    given = {"der": content, "pem": b"-----BEGIN CMS-----\r\n" + text + b"-----END CMS-----\r\n", "base64": text}[form]
    found = signing.read("H.xml.sig", given, len(given), ["H.xml", "H.xml.sig"])
    assert (found.signs, found.fault) == ("H.xml", "")
    (certificate,) = found.certificates
    assert (certificate.subject, certificate.serial) == ("Тестов Тест", "ABC")
    assert (certificate.first, certificate.last) == (FIRST, LAST)
    assert certificate.covers(datetime(2026, 6, 1, tzinfo=UTC))
    assert not certificate.covers(datetime(2027, 1, 1, tzinfo=UTC))


def test_what_is_no_signature_says_so() -> None:
    for content in (b"", b"nonsense", b"\x30\x03abc", FILE):
        assert "не читается" in signing.read("H.sig", content, len(content), ["H.xml", "H.sig"]).fault
    assert signing.read("H.sig", b"", 0, ["H.xml", "H.sig"]).signs == "H.xml"
    assert signing.signatures("H.xml", FILE, ArchiveLimits()) == []


def test_the_page_says_what_is_known_and_claims_nothing(empty: Pages) -> None:
    packed = write_archive({"H.xml": FILE, "H.xml.sig": signed()})
    package = put(empty.world.url, "H.zip", datetime(2027, 2, 1, tzinfo=UTC))
    sha256 = empty.world.exchange().store.put(packed)
    with db.transaction(empty.world.url) as connection:
        connection.exec_driver_sql(f"update exchange.package set sha256 = '{sha256}' where id = {package}")
    text = " ".join(html.fromstring(empty.text("mo980001", f"/packages/{package}/signatures")).text_content().split())
    assert "H.xml.sig" in text
    assert "Тестов Тест" in text
    assert "00000000000" not in text
    assert "в день получения не действовал" in text
    assert "Обмен подписи не проверяет" in text
    assert empty.get("mo980003", f"/packages/{package}/signatures").status_code == 404
    assert f"/packages/{package}/signatures" in empty.text("mo980001", f"/packages/{package}")

"""Archives written by hand are real ones: a stock unzipper opens them."""

from __future__ import annotations

import io
import zipfile
import zlib

import pytest

from pipelines.synthetic import zips

TEXT = b"ZL_LIST " * 500


def test_a_plain_member_reads_back() -> None:
    with zipfile.ZipFile(io.BytesIO(zips.assemble([zips.deflated("H.xml", TEXT), zips.deflated("L.xml", b"")]))) as archive:
        assert archive.testzip() is None
        assert archive.read("H.xml") == TEXT


def test_an_encrypted_member_opens_with_its_password_only() -> None:
    data = zips.assemble([zips.encrypted(zips.deflated("H.xml", TEXT), b"secret")])
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.infolist()[0].flag_bits & zips.ENCRYPTED
        assert archive.read("H.xml", pwd=b"secret") == TEXT
        with pytest.raises(RuntimeError):
            archive.read("H.xml")
        with pytest.raises((RuntimeError, zlib.error, zipfile.BadZipFile)):
            archive.read("H.xml", pwd=b"wrong!")


def test_a_bomb_is_small_and_inflates_to_what_it_says() -> None:
    member = zips.bomb("H.xml", 20)
    data = zips.assemble([member])
    assert len(data) * 900 < member.size == 20 << 20
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.testzip() is None

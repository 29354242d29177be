"""Signatures on the page of a package that came through the exchange: good, of another file, of an unknown authority."""

from __future__ import annotations

import base64
import shutil
from collections.abc import Mapping
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path

import pytest
from lxml import html

from pipelines.formats.archive import write_archive
from pipelines.synthetic.broken import members
from pipelines.synthetic.packages import package
from pipelines.synthetic.registers import generate_register
from tests.exchange.world import REGION, World
from tests.formats import signature_made as made
from tests.formats.signature_made import Made, key, name
from tests.pages.site import Pages, pages_of

RECEIVED = datetime(2026, 11, 5, 8, tzinfo=UTC)
AUTHORITY = made.certificate(name("Учебный УЦ"), key("gost256"))
STRANGER = made.certificate(name("Чужой УЦ"), key("ec", 2))
HOSTILE = '<script>alert("x")</script>'


@cache
def signer(by: Made = AUTHORITY, named: str = "Тестов Тест", serial: int = 0xABC) -> Made:
    return made.certificate(name(named, "Больница"), key("gost256" if by is AUTHORITY else "ec", 1), by, serial=serial)


@cache
def register() -> tuple[str, Mapping[str, bytes]]:
    title, good = package(generate_register(REGION, "980001", "98001", date(2026, 10, 1), 3, seed=1))
    return title, members(good)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """The profile's folder, with the files of trust still to be written."""
    shutil.copytree(REGION.folder, tmp_path / "region")
    (tmp_path / "region" / "trust").mkdir()
    return tmp_path / "region"


def received(database: str, home: Path, signatures: Mapping[str, bytes]) -> tuple[Pages, int]:
    """The pages over a world that has received a register with files of signatures, and the package's number."""
    world = World(database, home.parent, clock=lambda: RECEIVED, region=str(home)).set_up()
    title, files = register()
    world.drop("980001", title, write_archive({**files, **signatures}))
    world.run()
    (row,) = world.rows("select id from exchange.package")
    return pages_of(world), row["id"]


def conclusions(pages: Pages, number: int) -> dict[str, tuple[str, str]]:
    """By file of signatures: the tone and the words of its only conclusion."""
    document = html.fromstring(pages.text("mo980001", f"/packages/{number}/signatures"))
    found = {}
    for note in document.xpath("//div[@id='signatures']//p[starts-with(@class, 'note')]"):
        title = note.xpath("string(preceding-sibling::p[span][1]/span[1])")
        found[title] = (note.get("class").removeprefix("note "), " ".join(note.text_content().split()))
    return found


def test_every_signature_has_its_conclusion(database: str, home: Path) -> None:
    (home / "trust" / "ca.cer").write_bytes(AUTHORITY.der)
    (home / "trust" / "ca.crl").write_bytes(made.revoked(AUTHORITY, [0xDEF]))
    main, persons = register()[1]
    content = register()[1][main]
    signatures = {
        f"{main}.sig": made.cms(content, signer()),
        f"{persons}.sig": made.cms(content, signer()),
        f"{main}.p7s": base64.encodebytes(made.cms(content, signer(STRANGER))),
        f"{main}.sgn": made.cms(content, signer(serial=0xDEF)),
        "lost.xml.sig": made.cms(b"lost", signer()),
        "old.sig": made.cms(content, signer(), algorithm="1.2.643.2.2.19", hashed="1.2.643.2.2.9"),
        "broken.sig": b"0\x03abc",
    }
    pages, number = received(database, home, signatures)
    assert conclusions(pages, number) == {
        f"{main}.sig": (
            "good",
            "Подпись верна, сертификат выдан доверенным УЦ и действовал в день приёма. "
            "В списке отозванных от 01.06.2026 не значится.",
        ),
        f"{persons}.sig": ("bad", "Файл изменён после подписания."),
        f"{main}.p7s": ("warn", "Подпись верна, но УЦ системе неизвестен."),
        f"{main}.sgn": ("bad", "Подпись верна, но сертификат отозван 01.06.2026."),
        "lost.xml.sig": ("warn", "Файла, к которому относится подпись, в пакете нет."),
        "old.sig": ("warn", "Алгоритм ГОСТ Р 34.10-2001 не проверяется."),
        "broken.sig": ("warn", "Файл не читается как подпись CMS."),
    }
    page = pages.text("mo980001", f"/packages/{number}/signatures")
    text = " ".join(html.fromstring(page).text_content().split())
    for fact in ("Тестов Тест, Больница", "1000000000000, 000000000000", "Учебный УЦ", "ABC", "ГОСТ Р 34.10-2012, 256 бит"):
        assert fact in text
    assert "01.06.2026" in text
    assert "Квалифицированной подпись этим не признаётся" in text
    assert made.SNILS not in page
    assert pages.get("mo980003", f"/packages/{number}/signatures").status_code == 404
    assert f"/packages/{number}/signatures" in pages.text("mo980001", f"/packages/{number}")


def test_without_authorities_nothing_is_trusted(database: str, home: Path) -> None:
    main = next(iter(register()[1]))
    pages, number = received(database, home, {f"{main}.sig": made.cms(register()[1][main], signer())})
    said = ("warn", "Подпись верна; доверенные УЦ не заданы, сертификат не проверен.")
    assert conclusions(pages, number) == {f"{main}.sig": said}
    (home / "trust").rmdir()
    assert conclusions(pages, number) == {f"{main}.sig": said}
    assert "доверенные УЦ не заданы" in pages.text("audit", f"/packages/{number}/signatures")
    (home / "trust").mkdir()
    (home / "trust" / "ca.pem").write_bytes(AUTHORITY.der)
    (home / "trust" / "torn.crl").write_bytes(b"0")
    page = pages.text("audit", f"/packages/{number}/signatures")
    assert "Отзыв не проверен: списка отозванных этого УЦ нет" in page
    assert "Не читаются файлы папки trust: torn.crl" in page


def test_a_large_file_is_left_to_the_command(database: str, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (home / "trust" / "ca.cer").write_bytes(AUTHORITY.der)
    main = next(iter(register()[1]))
    pages, number = received(database, home, {f"{main}.sig": made.cms(register()[1][main], signer())})
    monkeypatch.setattr("pipelines.pages.views.package.VERIFIED", len(register()[1][main]) - 1)
    tone, said = conclusions(pages, number)[f"{main}.sig"]
    assert tone == "warn"
    assert said.startswith("Файл слишком большой для проверки на странице.")
    assert f"python -m pipelines exchange signatures {number}" in said


def test_names_from_outside_are_text(database: str, home: Path) -> None:
    main = next(iter(register()[1]))
    content = register()[1][main]
    pages, number = received(database, home, {f"{main}.sig": made.cms(content, signer(named=HOSTILE))})
    page = pages.text("mo980001", f"/packages/{number}/signatures")
    assert HOSTILE not in page
    assert HOSTILE in html.fromstring(page).text_content()

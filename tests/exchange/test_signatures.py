"""Signatures of a package in words, and by command: files of any size, facts for machines, the code that it ends with."""

from __future__ import annotations

import json
import random
import shutil
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from pipelines.__main__ import app
from pipelines.exchange.model import Result as ExchangeResult
from pipelines.exchange.signatures import SignatureFile, examine
from pipelines.formats.archive import ArchiveLimits, write_archive
from pipelines.formats.signature.trust import Trust, trust
from pipelines.synthetic.broken import members
from pipelines.synthetic.packages import package
from pipelines.synthetic.registers import generate_register
from tests.exchange.world import REGION, World
from tests.formats import signature_made as made
from tests.formats.signature_made import key, name

FILE, RECEIVED = b"<ZL_LIST/>", datetime(2026, 7, 1, tzinfo=UTC)
AUTHORITY = made.certificate(name("Учебный УЦ"), key("ec", 1))
SIGNER = made.certificate(name("Тестов Тест"), key("ec", 2), AUTHORITY)
SIGNED = made.cms(FILE, SIGNER)


def examined(
    files: dict[str, bytes], trusted: Trust | None = None, moment: datetime = RECEIVED, most: int | None = None
) -> dict[str, SignatureFile]:
    trusted = trust({"ca.cer": AUTHORITY.der}) if trusted is None else trusted
    found = examine("H.zip", write_archive(files), ArchiveLimits(), trusted, moment, most)
    return {one.name: one for one in found}


def said(one: SignatureFile) -> tuple[str, str, str]:
    (conclusion,) = one.conclusions
    return conclusion.tone, conclusion.said, conclusion.revocation


def test_the_file_that_a_signature_speaks_of() -> None:
    files = {"H.xml": FILE, "L.xml": b"L"}
    found = examined(files | dict.fromkeys(("H.XML.SIG", "l.sig", "H.p7s", "N.sgn", "H.sig"), SIGNED))
    assert {one: its.signs for one, its in found.items()} == {
        "H.XML.SIG": "H.xml",
        "l.sig": "L.xml",
        "H.p7s": "H.xml",
        "N.sgn": "",
        "H.sig": "H.xml",
    }
    assert [one.good for one in found.values()] == [True, False, True, False, True]


def test_a_signed_package_is_accepted_and_a_signature_of_nothing_is_not(world: World) -> None:
    registers = [generate_register(REGION, "980001", "98001", date(2026, 5, 1), 3, seed, number=seed) for seed in (1, 2)]
    for register, of in zip(registers, ("", "N"), strict=True):
        title, content = package(register)
        files = members(content)
        signed = {f"{of}{file}.sig": made.cms(files[file], SIGNER) for file in files}
        world.drop("980001", title, write_archive(signed | files))
    outcomes = world.run()
    rules = world.rows("select package, rule from exchange.finding order by 1")
    assert [one.result for one in outcomes] == [ExchangeResult.ACCEPTED, ExchangeResult.REJECTED]
    assert rules == [{"package": outcomes[1].package_id, "rule": "PKG.091"}]
    assert world.rows("select count(*) as n from pump.h_zap") == [{"n": 3}]
    assert run(str(outcomes[0].package_id)).exit_code == 0


def test_a_file_without_archive_and_one_without_signatures() -> None:
    assert examine("H.xml", FILE, ArchiveLimits(), Trust(), RECEIVED) == []
    assert examined({"H.xml": FILE}) == {}


def test_the_content_may_be_inside() -> None:
    (found,) = examined({"N.p7s": made.cms(FILE, SIGNER, attached=True)}).values()
    assert (found.signs, found.attached, found.good) == ("", True, True)


def test_the_limit_is_for_all_files_and_a_file_counts_once() -> None:
    files = {"A.xml": FILE, "B.xml": FILE, "A.sig": SIGNED, "A.p7s": SIGNED, "B.sig": SIGNED}
    assert [one.good for one in examined(files, most=2 * len(FILE)).values()] == [True, True, True]
    found = examined(files, most=2 * len(FILE) - 1)
    assert [one.good for one in found.values()] == [True, True, False]
    assert said(found["B.sig"]) == ("warn", "Файл слишком большой для проверки на странице", "")


def test_a_signature_that_is_too_long_is_not_read() -> None:
    (found,) = examined({"A.xml": FILE, "A.sig": random.Random(1).randbytes(1 + (1 << 20))}).values()
    assert found.fault == "Файл подписи больше 1048576 байт: не читается"


def test_terms_and_lists_in_words() -> None:
    files = {"H.xml": FILE, "H.sig": SIGNED}
    ca = {"ca.cer": AUTHORITY.der}
    late = made.LAST + timedelta(days=1)
    june = datetime(2026, 6, 1, 9, 30, tzinfo=UTC)
    stale = made.revoked(AUTHORITY, [], due=june)
    later = made.revoked(AUTHORITY, [0xABC], when=RECEIVED + timedelta(days=3))
    old = made.certificate(name("Учебный УЦ"), key("ec", 1), last=june)
    good = "Подпись верна, сертификат выдан доверенным УЦ и действовал в день приёма"
    of_ca, clear = "Подпись верна, но сертификат УЦ «Учебный УЦ»", "В списке отозванных от 01.06.2026 не значится"
    for trusted, moment, words in (
        (ca, RECEIVED, ("good", good, "Отзыв не проверен: списка отозванных этого УЦ нет")),
        (ca, late, ("bad", f"{of_ca} истёк 31.12.2026, до приёма", "")),
        (ca, made.FIRST - timedelta(days=1), ("bad", f"{of_ca} действует только с 01.01.2026, после приёма", "")),
        (ca | {"1.crl": stale}, RECEIVED, ("good", good, f"{clear}, но ко дню приёма список устарел")),
        (ca | {"1.crl": later}, RECEIVED, ("good", good, "Отозван после приёма, 04.07.2026")),
        ({"ca.cer": old.der}, RECEIVED, ("bad", f"{of_ca} истёк 01.06.2026, до приёма", "")),
        ({"ca.cer": SIGNER.der}, RECEIVED, ("warn", "Подпись верна, но УЦ системе неизвестен", "")),
    ):
        (found,) = examined(files, trust(trusted), moment).values()
        assert said(found) == words


def test_the_term_of_the_signer_in_words() -> None:
    june = datetime(2026, 6, 1, 9, 30, tzinfo=UTC)
    late = "действует только с 31.12.2026, после приёма"
    for first, last, words in ((made.FIRST, june, "истёк 01.06.2026, до приёма"), (made.LAST, made.LAST, late)):
        leaf = made.certificate(name("Тестов"), key("ec", 2), AUTHORITY, first=first, last=last)
        (found,) = examined({"H.xml": FILE, "H.sig": made.cms(FILE, leaf)}).values()
        assert said(found) == ("bad", f"Подпись верна, но сертификат {words}", "")


def test_no_authority_and_no_purpose_in_words() -> None:
    below = made.certificate(name("Ниже"), key("ec", 3), SIGNER)
    (found,) = examined({"H.xml": FILE, "H.sig": made.cms(FILE, below, [SIGNER])}).values()
    assert said(found)[:2] == ("bad", "Подпись верна, но сертификат УЦ «Тестов Тест» выдан не для подписи сертификатов")
    other = made.certificate(name("Тестов"), key("ec", 3), AUTHORITY, made.extension("2.5.29.15", b"\x03\x02\x05\x20"))
    (found,) = examined({"H.xml": FILE, "H.sig": made.cms(FILE, other)}).values()
    assert said(found)[:2] == ("bad", "Подпись верна, но сертификат выдан не для подписи документов")


@pytest.fixture
def world(database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    home = tmp_path / "region"
    shutil.copytree(REGION.folder, home)
    (home / "trust").mkdir()
    (home / "trust" / "ca.cer").write_bytes(AUTHORITY.der)
    monkeypatch.setenv("OMS_DATABASE_URL", database)
    monkeypatch.setenv("OMS_STORE_URL", (tmp_path / "store").as_uri())
    monkeypatch.setenv("OMS_REGION", str(home))
    return World(database, tmp_path, clock=lambda: RECEIVED, region=str(home)).set_up()


def run(*words: str) -> Result:
    return CliRunner().invoke(app, ["exchange", "signatures", *words])


def test_the_command(world: World) -> None:
    changed = {"H.xml": FILE + b" ", "H.xml.sig": SIGNED, "N.sig": b"N"}
    packages = ({"H.xml": FILE, "H.xml.sig": SIGNED}, changed, {"H.xml": FILE})
    for at, files in enumerate(packages, 1):
        world.drop("980001", f"{at}.zip", write_archive(files))
    world.drop("980001", "4.zip", b"no archive")
    world.run()
    ids = {row["name"]: str(row["id"]) for row in world.rows("select id, name from exchange.package")}
    good = run(ids["1.zip"])
    assert good.exit_code == 0
    assert good.stdout.splitlines() == [
        "H.xml.sig, к файлу H.xml",
        "  Подпись верна, сертификат выдан доверенным УЦ и действовал в день приёма. "
        "Отзыв не проверен: списка отозванных этого УЦ нет (ECDSA)",
        "  Тестов Тест; ОГРН 1000000000000, ИНН 000000000000",
        "  сертификат ABC, 01.01.2026–31.12.2026, выдан: Учебный УЦ",
    ]
    (file,) = json.loads(run(ids["1.zip"], "--json").stdout)
    (signature,) = file.pop("signatures")
    assert file == {"name": "H.xml.sig", "signs": "H.xml", "attached": False, "fault": ""}
    assert (signature["holding"], signature["standing"], signature["algorithm"]) == ("HOLDS", "TRUSTED", "ECDSA")
    assert signature["certificate"]["name"] == "Тестов Тест"
    assert made.SNILS not in json.dumps(signature)
    bad = run(ids["2.zip"])
    assert bad.exit_code == 1
    assert "  Файл изменён после подписания (ECDSA)" in bad.stdout.splitlines()
    assert "N.sig: Файл не читается как подпись CMS" in bad.stdout.splitlines()
    none = run(ids["3.zip"])
    assert (none.exit_code, none.stdout) == (1, "Файлов подписи в пакете нет\n")
    for number, words in ((ids["4.zip"], "не читается: PKG.040"), ("99", "в журнале нет")):
        done = run(number)
        assert done.exit_code == 1
        assert words in done.stderr

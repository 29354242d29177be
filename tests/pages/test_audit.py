"""Аудит: files recognised, the chain verified, a case followed to its bytes, what people did."""

from __future__ import annotations

import io
import zipfile
from typing import Any

import pytest
from lxml import html
from sqlalchemy import text

from pipelines.ground import database as db
from pipelines.ground.store import digest
from tests.exchange.world import World
from tests.pages.site import Pages, pages_of


def drop(pages: Pages, user: str, name: str, content: bytes, **options: Any) -> Any:
    given = {"token": pages.token(user, "/audit")}
    return pages.client(user).post("/audit/file", files={"file": (name, content)}, data=given, **options)


def said(answer: Any) -> str:
    assert answer.status_code == 200, answer.text
    return str(html.fromstring(answer.text).xpath("normalize-space(//*[@role='status'])"))


def test_a_protocol_of_ours_is_known(pages: Pages) -> None:
    for name, content in list(pages.world.answers("980001").items())[:4]:
        assert said(drop(pages, "audit", name, content)).startswith("Выдан нами")
        assert "Имя другое" in said(drop(pages, "audit", "other.xml", content))
        assert said(drop(pages, "mo980001", name, content)).startswith("Выдан нами")


def test_a_package_and_its_files_are_known(pages: Pages) -> None:
    (row,) = pages.world.rows("select name, sha256 from exchange.package where result = 'ACCEPTED' order by id limit 1")
    packed = pages.app.state.site.exchange.store.get(row["sha256"])
    assert said(drop(pages, "audit", row["name"], packed)).startswith("Получен")
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        for member in archive.namelist():
            assert said(drop(pages, "audit", member, archive.read(member))).startswith("Получен")


def test_a_changed_protocol_is_told(pages: Pages) -> None:
    name, content = next(iter(pages.world.answers("980001").items()))
    answer = drop(pages, "audit", name, content.replace(b"0", b"1", 1) if b"0" in content else content + b" ")
    assert said(answer).startswith("Отличается")
    assert digest(content) in answer.text


def test_an_unknown_file_is_unknown(pages: Pages) -> None:
    assert said(drop(pages, "audit", "x.bin", b"nothing of the kind")) == "Такого файла в журнале нет."
    name = next(iter(pages.world.answers("980001")))
    assert "похожие по имени" in said(drop(pages, "audit", name.rpartition(".")[0] + ".PDF", b"x"))


def test_a_file_that_is_too_long_is_refused(pages: Pages, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipelines.pages.views.audit._limit", lambda request: 10)
    assert drop(pages, "audit", "x", b"12345678901").status_code == 413


def test_nothing_of_a_dropped_file_is_kept(pages: Pages) -> None:
    store = pages.app.state.site.exchange.store
    before = set(store.addresses())
    drop(pages, "audit", "x.bin", b"bytes that must not stay")
    assert set(store.addresses()) == before


@pytest.fixture
def small(database: str, tmp_path: Any) -> Pages:
    """The pages over a world of two packages."""
    world = World(database, tmp_path).set_up()
    for number in (1, 2):
        world.drop("980001", f"HM980001S98001_2610{number}.zip", f"no archive {number}".encode())
    world.run()
    return pages_of(world)


def verify(pages: Pages, user: str) -> str:
    """Press the button, wait, look at the part that the page polls."""
    given = {"token": pages.token(user, "/audit")}
    assert pages.client(user).post("/audit/verify", data=given).status_code == 303
    pages.app.state.site.checking.wait(60)
    return pages.text(user, "/audit/verify")


def test_the_chain_is_verified_at_the_button(small: Pages) -> None:
    assert "журнал цел" in verify(small, "audit")
    (event,) = small.world.rows("select actor, details from exchange.event where name = 'VERIFIED'")
    assert (event["actor"], event["details"]["problems"], event["details"]["packages"]) == ("audit", 0, 2)
    with db.transaction(small.world.url) as connection:
        connection.execute(text("set local session_replication_role = replica"))
        connection.execute(text("update exchange.package set name = 'other.zip' where id = 1"))
    shown = verify(small, "oper")
    assert "расхождений 1" in shown
    assert "пакет 1: сведения о получении изменены" in shown


def test_an_organisation_does_not_start_a_verification(small: Pages) -> None:
    given = {"token": small.token("mo980001", "/audit")}
    assert small.client("mo980001").post("/audit/verify", data=given).status_code == 403
    assert "Проверить сейчас" not in small.text("mo980001", "/audit")
    assert not small.app.state.site.checking.running


def test_the_button_needs_the_form(small: Pages) -> None:
    assert small.client("audit").post("/audit/verify").status_code == 403
    assert not small.world.rows("select from exchange.event where name = 'VERIFIED'")


def test_a_case_back_to_its_bytes(pages: Pages) -> None:
    (case,) = pages.world.rows("select idcase, package, row, sumv from pump.h_zap order by package, row desc limit 1")
    document = html.fromstring(pages.text("oper", f"/audit/case?idcase={case['idcase']}"))
    links = document.xpath("//a[starts-with(@href, '/audit/case/')]/@href")
    own = f"/audit/case/{case['package']}/{case['row']}"
    assert own in links
    facts = html.fromstring(pages.text("oper", own))
    told = dict(zip(facts.xpath("//dt/text()"), (dd.text_content() for dd in facts.xpath("//dd")), strict=True))
    (stored,) = pages.world.rows("select sha256, name from exchange.package where id = :id", id=case["package"])
    with zipfile.ZipFile(io.BytesIO(pages.app.state.site.exchange.store.get(stored["sha256"]))) as archive:
        content = archive.read(told["Файл"])
    first, length = (int("".join(filter(str.isdigit, part))) for part in told["Байты"].replace("(от 0)", "").split(","))
    element = content[first : first + length]
    assert f"<IDCASE>{case['idcase']}</IDCASE>".encode() in element
    assert told["SHA-256 элемента"] == digest(element)
    assert told["SHA-256 файла"] == digest(content)


def test_cases_that_are_not_there(pages: Pages) -> None:
    assert "такого номера нет" in pages.text("audit", "/audit/case?idcase=99999999999")
    assert pages.get("audit", "/audit/case/999999/0").status_code == 404
    (case,) = pages.world.rows("select package from pump.h_zap limit 1")
    assert "Записи 1000000 в файле" in pages.text("audit", f"/audit/case/{case['package']}/999999")
    (broken,) = pages.world.rows("select package from exchange.finding where rule = 'PKG.040' limit 1")
    assert "не читается (PKG.040)" in pages.text("audit", f"/audit/case/{broken['package']}/0")


def test_what_people_did(small: Pages) -> None:
    verify(small, "audit")
    given = {"token": small.token("oper", "/packages/1"), "reason": "просили <повторить>"}
    small.client("oper").post("/packages/1/resend", data=given)
    document = html.fromstring(small.text("audit", "/audit/actions"))
    table = [[cell.text_content().strip() for cell in row] for row in document.xpath("//tbody/tr")]
    assert [(line[2], line[3], line[4], line[5]) for line in table] == [
        ("oper", "Ответ отправлен ещё раз", "№ 1", "просили <повторить>"),
        ("audit", "Проверена цепочка журнала", "—", "—"),
    ]
    only = html.fromstring(small.text("audit", "/audit/actions?actor=audit"))
    assert len(only.xpath("//tbody/tr")) == 1

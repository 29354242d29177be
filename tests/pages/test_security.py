"""What an outsider, a wrong role, another organisation or a hostile file tries on the pages."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime
from typing import Any

import openpyxl
import pytest
from lxml import html

from pipelines.pages.application import HEADERS
from pipelines.pages.visitor import token
from tests.pages.rough import answer, find_fault, put
from tests.pages.site import SECRET, Pages, routes

NOW = datetime.now(UTC)
SCRIPT = "<script>alert('x')</script>\"onload=alert(1)'.zip"
FORMULAS = ["=cmd|' /C calc'!A1.zip", "+1+1.zip", "-2+3.zip", "@SUM(1).zip", "\t=1.zip"]


def foreign(pages: Pages) -> dict[str, Any]:
    """A package of another organisation than 980001, with an answer and findings."""
    (row,) = pages.world.rows(
        "select p.id, min(o.id) as file, min(f.rule) as rule, min(f.member) as member "
        "from exchange.package p join exchange.outgoing o on o.package = p.id join exchange.finding f on f.package = p.id "
        "where p.sender = '980006' group by p.id order by p.id limit 1"
    )
    return row


def test_no_route_is_open(pages: Pages) -> None:
    tried = routes(pages)
    assert len(tried) >= 25
    for method, address in tried:
        assert pages.client(None).request(method, address).status_code == 401, (method, address)


def test_only_posts_change_anything(pages: Pages) -> None:
    posts = {address for method, address in routes(pages) if method != "GET"}
    assert posts == {"/packages/1/resend", "/packages/1/again", "/rules/impact", "/audit/verify", "/audit/file"}
    before = pages.world.rows("select count(*) as events from exchange.event")
    for address in posts:
        assert pages.get("oper", address).status_code in (404, 405) or address == "/audit/verify"
    for method, address in routes(pages):
        if method == "GET":
            pages.get("oper", address)
    assert pages.world.rows("select count(*) as events from exchange.event") == before


def test_another_organisation_is_not_there(pages: Pages) -> None:
    other = foreign(pages)
    number, file = other["id"], other["file"]
    for address in (
        f"/packages/{number}",
        f"/packages/{number}/findings?rule={other['rule']}&member={other['member']}",
        f"/packages/{number}/answers/{file}",
        f"/packages/{number}/documents/1",
        "/organisations/980006",
        f"/audit/case/{number}/0",
    ):
        assert pages.get("mo980001", address).status_code == 404, address
        assert pages.get("audit", address).status_code in (200, 404)
    assert pages.get("audit", f"/packages/{number}/answers/{file}").status_code == 200


def test_an_organisation_sees_no_trace_of_others(pages: Pages) -> None:
    names = [row["name"] for row in pages.world.rows("select name from exchange.package where sender <> '980001'")]
    own = [row["name"] for row in pages.world.rows("select name from exchange.package where sender = '980001'")]
    addresses = ["/journal", "/organisations", "/deadlines", "/summaries", "/rules", "/journal/export.csv"]
    for address in (*addresses, f"/journal?q={names[0]}", "/journal?sender=980006", "/organisations/980001"):
        answer = pages.get("mo980001", address)
        assert answer.status_code == 200
        for name in names:
            assert name not in answer.text or f'value="{name}"' in answer.text, (address, name)
        assert "Онкодиспансер" not in answer.text, address
    assert all(name in pages.text("mo980001", "/journal") for name in own)
    everything = html.fromstring(pages.text("audit", "/journal")).xpath("count(//tbody/tr[@data-href])")
    assert everything == len(names) + len(own) or everything == 50


def test_a_file_of_another_organisation_is_unknown(pages: Pages) -> None:
    other = foreign(pages)
    content = pages.get("audit", f"/packages/{other['id']}/answers/{other['file']}").content
    for user, said in (("audit", "Выдан нами"), ("mo980001", "Такого файла в журнале нет")):
        sent = pages.client(user).post(
            "/audit/file", files={"file": ("V.XML", content)}, data={"token": pages.token(user, "/audit")}
        )
        assert said in sent.text, user


@pytest.mark.parametrize("user", ["audit", "mo980001"])
@pytest.mark.parametrize("act", ["resend", "again"])
def test_only_operators_act(pages: Pages, user: str, act: str) -> None:
    (row,) = pages.world.rows("select id from exchange.package where sender = '980001' and result = 'ACCEPTED' limit 1")
    address = f"/packages/{row['id']}"
    assert "Действия оператора" not in pages.text(user, address)
    forged = {"token": token(SECRET, user), "reason": "хочу"}
    assert pages.client(user).post(f"{address}/{act}", data=forged).status_code == 403
    assert not pages.world.rows("select from exchange.event where actor = :user", user=user)


def test_a_form_of_somebody_else_does_nothing(pages: Pages) -> None:
    (row,) = pages.world.rows("select id from exchange.package where result = 'REJECTED' limit 1")
    address = f"/packages/{row['id']}/resend"
    good = pages.token("oper", f"/packages/{row['id']}")
    before = pages.world.rows("select count(*) as events from exchange.event")
    long_ago = token(SECRET, "oper", now=1_000_000)
    for given in ("", "x", good[:-1], good + "0", token(SECRET, "admin"), token("other secret", "oper"), long_ago):
        assert pages.client("oper").post(address, data={"token": given, "reason": "x"}).status_code == 403, given
    for site in ("cross-site", "same-site"):
        headers = {"Sec-Fetch-Site": site}
        assert pages.client("oper").post(address, data={"token": good, "reason": "x"}, headers=headers).status_code == 403
    assert pages.world.rows("select count(*) as events from exchange.event") == before


def test_script_in_names_and_values_is_text(empty: Pages) -> None:
    url = empty.world.url
    number = put(url, SCRIPT, NOW, result="PARTIAL", findings=1)
    find_fault(url, number, 1, "001F.00.0270", SCRIPT, message=SCRIPT)
    answer(url, empty.app.state.site.exchange.store, number, SCRIPT, b"x")
    addresses = ["/journal", f"/packages/{number}", f"/packages/{number}/findings?rule=001F.00.0270&member=H"]
    addresses += ["/journal?q=<script>alert('x')", "/rules?q=<script>alert('x')", "/dictionaries/F002?q=<script>alert('x')"]
    for address in addresses:
        text = empty.text("oper", address)
        document = html.fromstring(text)
        assert "<script>alert" not in text, address
        assert not document.xpath("//script[not(@src)]"), address
        assert not document.xpath("//@*[starts-with(name(), 'on')]"), address
        assert not document.xpath("//@style"), address
    assert SCRIPT in html.fromstring(empty.text("oper", "/journal")).xpath("string(//tbody)")


def test_no_text_of_an_export_is_a_formula(empty: Pages) -> None:
    for name in FORMULAS:
        put(empty.world.url, name, NOW)
    lines = list(
        csv.reader(io.StringIO(empty.get("audit", "/journal/export.csv").content.decode("utf-8-sig")), delimiter=";")
    )
    cells = [cell for line in lines for cell in line]
    assert not [cell for cell in cells if cell[:1] in ("=", "+", "-", "@", "\t", "\r")]
    assert {f"'{name}" for name in FORMULAS} <= set(cells)
    book = openpyxl.load_workbook(io.BytesIO(empty.get("audit", "/journal/export.xlsx").content))
    values = [cell for row in book.active.iter_rows() for cell in row]
    assert not [cell for cell in values if cell.data_type == "f"]
    assert set(FORMULAS) <= {cell.value for cell in values}


@pytest.mark.parametrize("name", ["../../etc/passwd", "..\\..\\boot.ini", 'a"b\r\nSet-Cookie: x=1.xml', "отчёт.XML", ".."])
def test_names_of_downloads_lead_nowhere(empty: Pages, name: str) -> None:
    number = put(empty.world.url, "P.zip", NOW)
    file = answer(empty.world.url, empty.app.state.site.exchange.store, number, name, b"content")
    got = empty.get("audit", f"/packages/{number}/answers/{file}")
    assert (got.status_code, got.content) == (200, b"content")
    disposition = got.headers["Content-Disposition"]
    assert disposition.startswith("attachment; ")
    assert not any(sign in disposition for sign in ("/", "\\", "\r", "\n"))
    assert "Set-Cookie" not in got.headers
    assert got.headers["Content-Type"] == "application/octet-stream"
    assert got.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(
    "address",
    [
        "/static/..%2f..%2f..%2fpyproject.toml",
        "/static/../../../pyproject.toml",
        "/static/%2e%2e/oms.py",
        "/static/vendored.yaml",
        "/packages/1/answers/..%2f..%2f1",
        "/packages/999999999999999999999999",
        "/packages/-1",
        "/packages/1/answers/999999999999999999999999",
        "/rules/..%2f..%2fREADME",
        "/openapi.json",
        "/docs",
    ],
)
def test_addresses_that_lead_nowhere(pages: Pages, address: str) -> None:
    assert pages.get("oper", address).status_code == 404


@pytest.mark.parametrize(
    "address",
    [
        "/journal?since=2026-13-01",
        "/journal?since=2026-10-02&until=2026-10-01",
        "/journal?result=NONE",
        "/journal?after=x-1",
        "/journal?after=99999999999999999999-1",
        "/journal?after=999999999999999999-1",
        "/summaries?since=1900-01-01",
        "/deadlines?period=2026-1x",
        "/audit/case?idcase=1;drop",
        "/rules?state=x",
        "/organisations/x%00",
        "/journal?q=%00",
    ],
)
def test_what_cannot_be_read_is_refused_in_words(pages: Pages, address: str) -> None:
    answer = pages.get("oper", address)
    assert answer.status_code == 400
    assert html.fromstring(answer.text).xpath("string(//*[@role='alert'])")


def test_sql_in_a_search_is_a_search(pages: Pages) -> None:
    for text in ("' or 1=1 --", "%", "_", "\\", "%25"):
        answer = pages.client("oper").get("/journal", params={"q": text})
        assert answer.status_code == 200
        assert not html.fromstring(answer.text).xpath("//tbody/tr[@data-href]"), text


def test_headers_of_every_answer(pages: Pages) -> None:
    for user, address in (("oper", "/journal"), ("oper", "/nothing"), (None, "/journal"), ("oper", "/journal/export.csv")):
        got = pages.get(user, address)
        for name, value in HEADERS.items():
            assert got.headers[name] == value
        assert "no-store" in got.headers["Cache-Control"]
    policy = HEADERS["Content-Security-Policy"]
    assert "unsafe" not in policy
    assert "default-src 'self'" in policy


def test_pages_load_nothing_from_outside(pages: Pages) -> None:
    for address in ("/journal", "/organisations/980001", "/summaries", "/rules", "/audit"):
        document = html.fromstring(pages.text("oper", address))
        for link in document.xpath("//script/@src | //link/@href | //img/@src"):
            assert link.startswith("/static/"), link
            assert pages.get("oper", link).status_code == 200


def test_errors_say_nothing_of_the_inside(pages: Pages, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("postgresql://secret")

    monkeypatch.setattr("pipelines.pages.views.journal.rows", broken)
    with pytest.raises(RuntimeError):
        pages.get("oper", "/journal")
    from fastapi.testclient import TestClient

    quiet = TestClient(pages.app, headers={"X-Test-User": "oper"}, raise_server_exceptions=False)
    answer = quiet.get("/journal")
    assert answer.status_code == 500
    assert "secret" not in answer.text

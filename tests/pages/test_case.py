"""История случая: one case of a closed month from the payment order's file down to the bytes of its element."""

from __future__ import annotations

import io
import re
import zipfile
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from lxml import etree, html

from pipelines.ground import database as db
from pipelines.ground.money import kopecks
from pipelines.ground.store import digest
from pipelines.pages import panels
from pipelines.pages.periods import Period
from pipelines.pages.visitor import Role, Visitor, reading
from pipelines.pump.closing.service import Closings
from pipelines.synthetic.packages import package
from pipelines.synthetic.registers import generate_register
from tests.exchange.world import REGION, World
from tests.pages.site import Pages, pages_of
from tests.pages.test_months import roubles, table
from tests.pump.acts import made
from tests.pump.closing.closed import PERIOD

AUGUST = f"since={PERIOD}&until={PERIOD}"


def facts(section: Any) -> dict[str, Any]:
    """What a section says, by its terms."""
    return {dt.text_content(): dt.getnext() for dt in section.xpath(".//dt")}


def section(pages: Pages, idcase: int, mo: str = "") -> Any:
    document = html.fromstring(pages.text("audit", f"/audit/case?idcase={idcase}&mo={mo}"))
    (found,) = document.xpath("//section[h2]")
    return found


def linked(pages: Pages, cell: Any, ending: str) -> bytes:
    """The first file that a cell links to with this ending of its name."""
    (address,) = [a.get("href") for a in cell.xpath(".//a") if a.text_content().endswith(ending)][:1]
    return bytes(pages.get("audit", address).content)


def test_from_the_payment_order_to_the_bytes(month: tuple[Pages, int]) -> None:
    pages, _ = month
    (case,) = pages.world.rows(
        "select * from pump.decision where payer = '98002' and code_mo = '980007' and sump > 0 order by sump desc, row"
        " limit 1"
    )
    told = facts(section(pages, case["idcase"], "980007"))
    (line,) = pages.world.rows("select * from pump.line where payer = '98002' and code_mo = '980007'")

    order = etree.fromstring(linked(pages, told["Платёжное поручение"], ".xml"))
    sums = [kopecks(one.text) for one in order.iter() if one.text and re.fullmatch(r"\d+\.\d\d", one.text)]
    assert line["payable"] in sums
    said = " ".join(told["Строка расчёта"].text_content().split())
    paid = pages.world.rows("select count(*) n, sum(sump) s from pump.decision where payer = '98002' and code_mo = '980007'")
    norms = line["capita"] + line["result"] + line["stations"] + line["ambulance"]
    withheld = line["advance"] + line["debt"] + line["sanction"] + line["fine"]
    assert int(paid[0]["s"]) + norms - withheld == line["payable"]
    assert f"принято {roubles(int(paid[0]['s']))} ({paid[0]['n']} " in said
    assert f"начислено {roubles(line['gross'])}" in said
    assert f"к оплате {roubles(line['payable'])} руб." in said

    with zipfile.ZipFile(io.BytesIO(linked(pages, told["Пакет оплаты"], ".zip"))) as archive:
        register = etree.fromstring(archive.read(next(name for name in archive.namelist() if name.startswith("H"))))
    (own,) = [zap for zap in register.iter("ZAP") if zap.findtext(".//IDCASE") == str(case["idcase"])]
    assert kopecks(own.findtext(".//SUMP")) == case["sump"]
    assert f"принято (SUMP) {roubles(case['sump'])}" in " ".join(told["Решение"].text_content().split())
    (closing,) = pages.world.rows("select act_number from pump.closing")
    assert closing["act_number"] in told["Заключение"].text_content()

    (address,) = told["Место в файле"].xpath(".//a/@href")
    place = {name: cell.text_content() for name, cell in facts(html.fromstring(pages.text("audit", address))).items()}
    (stored,) = pages.world.rows("select sha256 from exchange.package where id = :id", id=case["package"])
    with zipfile.ZipFile(io.BytesIO(pages.world.exchange().store.get(stored["sha256"]))) as archive:
        content = archive.read(place["Файл"])
    first, length = (int("".join(filter(str.isdigit, one))) for one in place["Байты"].replace("(от 0)", "").split(","))
    element = content[first : first + length]
    assert (element[:5], element[-6:]) == (b"<ZAP>", b"</ZAP>")
    assert etree.fromstring(element).findtext(".//IDCASE") == str(case["idcase"])
    assert kopecks(str(etree.fromstring(element).findtext(".//SUMV"))) == case["sumv"]
    assert place["SHA-256 элемента"] == digest(element)


def test_a_refused_case_is_found_from_its_account(month: tuple[Pages, int]) -> None:
    pages, number = month
    document = html.fromstring(pages.text("audit", f"/months/{number}"))
    accounts = [a for a in document.xpath("//a/@href") if "/accounts/" in a]
    refused = pages.world.rows("select package, idcase, sank_it from pump.decision where oplata <> 1 order by package, row")
    links: list[str] = []
    for address in accounts:
        shown = html.fromstring(pages.text("audit", address))
        links += [a for a in shown.xpath("//table//a/@href") if "/audit/case?" in a]
    assert [int(re.findall(r"idcase=(\d+)", link)[0]) for link in links] == [row["idcase"] for row in refused] != []
    (found,) = html.fromstring(pages.text("audit", links[0])).xpath("//section[h2]")
    (row,) = table(found, "Основания МЭК")
    (hit,) = pages.world.rows(
        "select h.* from pump.hit h join pump.decision d using (closing, package, row) where d.idcase = :id and applied > 0",
        id=refused[0]["idcase"],
    )
    assert (row[0], row[1], row[2], row[5]) == (hit["osn"], hit["code"], hit["rule"], roubles(hit["applied"]))
    assert hit["applied"] == refused[0]["sank_it"]
    assert "плательщик не определён" in found.text_content()


def test_cases_of_an_account_are_paged_by_their_place(month: tuple[Pages, int], monkeypatch: pytest.MonkeyPatch) -> None:
    pages, number = month
    monkeypatch.setattr("pipelines.pages.views.months.CASES", 25)
    address, seen = f"/months/{number}/accounts/1?every=true", []
    while address:
        document = html.fromstring(pages.text("oper", address))
        seen += [row[0] for row in table(document, "Случаи")]
        address = next(iter(document.xpath("//a[@rel='next']/@href")), "")
    (count,) = pages.world.rows("select count(*) n from pump.decision where package = 1")
    assert seen == [str(number + 1) for number in range(count["n"])]


def test_an_organisation_sees_its_own_account_only(month: tuple[Pages, int]) -> None:
    pages, number = month
    own, other = (
        pages.world.rows(f"select id from exchange.package where sender {sign} '980001' order by 1")[0]["id"]
        for sign in ("=", "<>")
    )
    assert "/audit/case" not in pages.text("mo980001", f"/months/{number}/accounts/{own}?every=true")
    assert pages.get("mo980001", f"/months/{number}/accounts/{other}").status_code == 404
    assert pages.get("mo980001", "/audit/case?idcase=1").status_code == 404
    assert pages.get("audit", f"/months/{number}/accounts/999999").status_code == 404


def test_another_organisation_has_no_such_case(month: tuple[Pages, int]) -> None:
    pages, _ = month
    (case,) = pages.world.rows("select idcase from pump.decision where code_mo = '980007' limit 1")
    assert "номера нет в организации 980003" in pages.text("audit", f"/audit/case?idcase={case['idcase']}&mo=980003")


def gathered(pages: Pages, visitor: Visitor, code: str) -> Any:
    (panel,) = [one for one in panels.PANELS if one.code == code]
    with reading(pages.world.url, visitor) as connection:
        return panel.gather(connection, Period(PERIOD, PERIOD))


def test_summaries_add_up_to_the_tables(month: tuple[Pages, int]) -> None:
    pages, _ = month
    audit = Visitor("audit", Role.AUDITOR)
    document = html.fromstring(pages.text("audit", f"/summaries?{AUGUST}"))
    (decided,) = pages.world.rows(
        "select count(*) n, sum(sumv) v, sum(sank_it) s, sum(sump) p, count(*) filter (where oplata = 2) r"
        " from pump.decision"
    )
    (lines,) = pages.world.rows("select sum(gross)::bigint g, sum(payable)::bigint p from pump.line")
    (row,) = table(document, "Утверждённые месяцы")
    assert row[2:] == [
        str(decided["n"]),
        *(roubles(int(decided[name])) for name in ("v", "s", "p")),
        roubles(lines["g"]),
        roubles(lines["g"] - lines["p"]),
        roubles(lines["p"]),
    ]
    stages = {row[0]: row[1:] for row in table(document, "Этап")}
    assert stages["Принято к оплате"][2:] == [str(decided["n"] - decided["r"]), roubles(int(decided["p"]))]
    assert stages["МЭК: идентификация"][:2] == [str(decided["r"]), roubles(int(decided["s"]))]
    grounds = table(document, "Отказы утверждённых месяцев")
    assert [(row[0], row[4]) for row in grounds] == [("1.5", roubles(int(decided["s"])))]
    assert grounds[0][1].startswith("Недостоверные персональные данные застрахованного лица")
    payers = gathered(pages, audit, "payers")
    assert payers["total"]["payable"] == lines["p"] == sum(row["payable"] for _, row in payers["payers"])
    assert gathered(pages, audit, "organisations")["total"]["gross"] == lines["g"]
    assert sum(sum(sums) for _, sums in gathered(pages, audit, "conditions")["conditions"]) == lines["g"]
    assert [row["sump"] for row in gathered(pages, audit, "accounts")["accounts"]] == [decided["p"]]
    assert len(document.xpath("//canvas")) == len(document.xpath("//canvas[@aria-label]")) >= 10


def test_an_organisation_sees_its_own_money(month: tuple[Pages, int]) -> None:
    pages, _ = month
    own = Visitor("mo980001", Role.ORGANISATION, "980001")
    (lines,) = pages.world.rows("select sum(gross)::bigint g from pump.line where code_mo = '980001'")
    found = gathered(pages, own, "organisations")
    assert [row["code_mo"] for row in found["organisations"]] == ["980001"]
    assert found["total"]["gross"] == lines["g"]
    (decided,) = pages.world.rows("select sum(sump)::bigint p from pump.decision where code_mo = '980001'")
    assert gathered(pages, own, "accounts")["accounts"][0]["sump"] == decided["p"]
    assert gathered(pages, own, "grounds")["grounds"] == []
    insurer = Visitor("smo", Role.ORGANISATION, "98002")
    assert {title[:5] for title, _ in gathered(pages, insurer, "payers")["payers"]} == {"98002"}


def test_a_month_that_is_not_decided_is_said_and_not_counted(month: tuple[Pages, int]) -> None:
    pages, _ = month
    with db.transaction(pages.world.url) as connection:
        connection.exec_driver_sql("update pump.closing set state = 'PACKED'")
    try:
        text = " ".join(html.fromstring(pages.text("audit", f"/summaries?{AUGUST}")).text_content().split())
        assert "08.2026 не решён: документы готовы, ждёт решения: в суммы не входит" in text
        assert "Утверждённых месяцев в периоде нет" in text
        (case,) = pages.world.rows("select idcase from pump.decision where sump > 0 limit 1")
        assert "решение предварительное" in pages.text("audit", f"/audit/case?idcase={case['idcase']}")
    finally:
        with db.transaction(pages.world.url) as connection:
            connection.exec_driver_sql("update pump.closing set state = 'DELIVERED'")


def way(pages: Pages, user: str, package: int) -> list[str]:
    document = html.fromstring(pages.text(user, f"/packages/{package}"))
    return ["".join(one.itertext()) for one in document.xpath("//ol[@class='way']/li/b")]


def test_the_way_of_a_package_goes_on_to_its_payment(month: tuple[Pages, int]) -> None:
    pages, number = month
    (own,) = pages.world.rows("select id from exchange.package where sender = '980001'")
    shown = way(pages, "audit", own["id"])
    closing = f"закрытие месяца № {number}"
    titles = ["Получен", "Открыт", "Проверен", "Загружен", "Ответ готов"]
    assert [one for one in shown if one in titles] == titles
    assert shown.index(f"Проведён МЭК: {closing}") < shown.index(f"Оплата утверждена: {closing}")
    assert shown.count("Отправлен реестр с результатами") == 2
    assert f"/months/{number}" in pages.text("audit", f"/packages/{own['id']}")
    seen = way(pages, "mo980001", own["id"])
    assert seen.count("Отправлен реестр с результатами") == 1
    assert f"Оплата утверждена: {closing}" in seen


def test_acts_of_insurers_about_a_case(database: str, tmp_path: Path) -> None:
    """What an insurer withholds by its acts, and the closing that takes them, as soon as there is one."""
    pages = pages_of(made.paid_world(database, tmp_path))
    paid = made.cases(pages.world)
    idcase, sump = int(paid["IDCASE"][0]), int(paid["SUMP"][0])
    acts = (
        made.act(paid, "МЭЭ-7", (0, 12_345, 250_000), (1, 100, 0)),
        made.act(paid, "ЭКМП/3", (0, 0, 7), kont="3", before=12_345),
    )
    first, second = (made.send(pages.world, rows, serial).package_id for serial, rows in enumerate(acts, start=1))

    def shown() -> list[list[str]]:
        document = html.fromstring(pages.text("audit", f"/audit/case?idcase={idcase}&mo={made.HOSPITAL}"))
        return table(document, "Акты по случаю")

    expected = [
        [f"№ МЭЭ-7 от 16.11.2026пакет № {first}", "МЭЭ", "Заречье-Мед", "242", "123,45", "2 500,00"],
        [f"№ ЭКМП/3 от 16.11.2026пакет № {second}", "ЭКМП", "Заречье-Мед", "256", "0,00", "0,07"],
    ]
    left = roubles(sump - 12_345)
    assert shown() == [[*row, left, "при следующем закрытии"] for row in expected]
    december = datetime(2026, 12, 4, 9, 0, tzinfo=UTC)
    later = World(database, tmp_path, lambda: december)
    later.drop("980002", *package(generate_register(REGION, "980002", made.SMO, date(2026, 11, 1), 5, 3)))
    later.run()
    taking = Closings(later.exchange()).freeze_month(date(2026, 11, 1), december + timedelta(days=5)).id
    assert shown() == [[*row, left, f"закрытие № {taking}"] for row in expected]

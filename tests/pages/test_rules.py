"""Правила: the catalogue of a date, its filters, hits, editions and switches; the page of a rule."""

from __future__ import annotations

import json
from datetime import UTC, datetime

from lxml import html

from pipelines.checks import rulebook
from pipelines.exchange import journal, messages
from pipelines.ground import database as db
from pipelines.pages import catalogue
from pipelines.pages.filters import local_today
from pipelines.pages.written import written
from tests.pages.rough import find_fault, put
from tests.pages.site import Pages


def listed(pages: Pages, query: str) -> dict[str, str]:
    """Rules of the first page of the catalogue, and whether they are in force on the date."""
    document = html.fromstring(pages.text("audit", f"/rules?{query}"))
    table = document.xpath("//tbody/tr[@data-href]")
    return {row.xpath("string(th/a)"): row.xpath("normalize-space(td[2])") for row in table}


def found(pages: Pages, query: str) -> int:
    document = html.fromstring(pages.text("audit", f"/rules?{query}"))
    caption = document.xpath("string(//div[@aria-label='Правила']//caption)")
    return int(caption.partition("Найдено ")[2].partition(",")[0].replace("\u00a0", ""))


def test_the_catalogue_is_the_book_in_force_and_the_messages(pages: Pages) -> None:
    with db.transaction(pages.world.url) as connection:
        book = rulebook.in_force(connection)
    rules = {check.rule for _, suite in book.every() for check in suite.checks} | set(written())
    assert found(pages, "") == len(rules)
    document = html.fromstring(pages.text("audit", "/rules"))
    coverage = document.xpath("//section[@aria-labelledby='coverage']//tbody/tr")
    assert sum(int(row.xpath("string(td[1])").replace("\u00a0", "")) for row in coverage) == len(rules)


def test_a_rule_is_on_or_off_by_its_dates(pages: Pages) -> None:
    assert listed(pages, "q=001F.00.0030&on=2025-06-01") == {"001F.00.0030": "действует"}
    assert listed(pages, "q=001F.00.0030&on=2026-06-01") == {"001F.00.0030": "выключено"}
    assert listed(pages, "q=001F.00.0030&on=2026-06-01&state=on") == {}
    assert listed(pages, "q=001F.00.0030&on=2026-06-01&state=off") == {"001F.00.0030": "выключено"}


def test_filters(pages: Pages) -> None:
    assert found(pages, "dictionary=Q016") == found(pages, "dictionary=Q016&kind=H") + found(
        pages, "dictionary=Q016"
    ) - found(pages, "dictionary=Q016&kind=H")
    assert set(listed(pages, "q=PKG.0")) == {code for code in messages.catalogue() if code.startswith("PKG.0")}
    assert found(pages, "kind=X") < found(pages, "")
    assert all(rule.startswith("003F") for rule in listed(pages, "q=003F.00"))


def test_hits_are_those_of_the_journal(empty: Pages) -> None:
    package = put(empty.world.url, "A.zip", datetime.now(UTC), result="PARTIAL", findings=2)
    for ordinal in (1, 2):
        find_fault(empty.world.url, package, ordinal, "001F.00.0270", "x")
    assert set(listed(empty, "state=hit")) == {"001F.00.0270"}
    shown = html.fromstring(empty.text("audit", "/rules/001F.00.0270"))
    assert shown.xpath("//section[@aria-labelledby='hits']//tbody//td/text()") == ["1", "2"]
    assert "Ни одного замечания" in empty.text("mo980002", "/rules/001F.00.0270")


def test_the_regions_switches_are_shown(pages: Pages) -> None:
    with db.transaction(pages.world.url) as connection:
        switches = rulebook.switches(connection)
    text = pages.text("audit", "/rules")
    shown = [switch for switch in switches if switch.until is None or switch.until >= local_today()]
    assert shown
    for switch in shown:
        assert f">{switch.rule}</a>" in text


def test_the_page_of_a_rule(pages: Pages) -> None:
    text = pages.text("audit", "/rules/001F.00.0460")
    document = html.fromstring(text)
    assert document.xpath("string(//main//h1)") == "001F.00.0460"
    assert len(document.xpath("//main//table[.//th='пример']")) >= 1
    assert ".md" not in text
    links = document.xpath("//div[contains(@class, 'prose')]//a/@href")
    assert "/rules?q=001F." in links
    for link in links:
        assert pages.get("audit", link).status_code == 200


def test_the_page_of_a_finding_of_the_exchange(pages: Pages) -> None:
    text = pages.text("audit", "/rules/PKG.090")
    assert messages.catalogue()["PKG.090"].advice in html.fromstring(text).text_content()
    assert "Исполняет правила справочников" in text


def test_every_rule_has_a_page(pages: Pages) -> None:
    rules = [row["rule"] for row in pages.world.rows("select distinct rule from exchange.finding order by rule")]
    assert len(rules) > 50
    for rule in rules:
        pages.text("audit", f"/rules/{rule}")
    assert pages.get("audit", "/rules/999F.99.9999").status_code == 404


def test_only_operators_are_led_to_the_change_of_rules(pages: Pages) -> None:
    link = 'href="/dags/rule_impact"'
    for address in ("/rules", "/rules/001F.00.0460"):
        assert link in pages.text("oper", address)
        assert link not in pages.text("audit", address)


def test_the_catalogue_is_made_once_of_a_book_and_a_day(pages: Pages) -> None:
    with db.transaction(pages.world.url) as connection:
        book = rulebook.in_force(connection)
    made = catalogue.of(book)
    assert catalogue.of(book) is made
    assert made.on(local_today()) is made.on(local_today())
    other = rulebook.RuleBook(book.suites)
    assert catalogue.of(other) is not made
    assert catalogue.of(other).on(local_today()) == made.on(local_today())
    assert [line["rule"] for line in made.on(local_today())][: len(made.placed)] == list(made.placed)


def test_reports_on_a_rule_with_their_decisions(empty: Pages) -> None:
    store, rule, moment = empty.world.exchange().store, "001F.00.0270", datetime.now(UTC)
    content = b"report of the rule"
    request = {"rule": rule, "action": "off", "kind": "H", "since": "2026-12-01"}
    files = {"impact_1.html": store.put(content)}
    reported = {"request": request, "digest": "d1", "files": files}
    with db.transaction(empty.world.url) as connection:
        journal.append(connection, None, journal.Event("RULE_IMPACT", moment, reported))
        decided = reported | {"reason": "не нужно"}
        journal.append(connection, None, journal.Event("RULE_IMPACT_REJECTED", moment, decided), actor="начальник")
        waiting = {"request": request | {"action": "warning"}, "digest": "d2", "files": files}
        journal.append(connection, None, journal.Event("RULE_IMPACT", moment, waiting))
        other = {"request": request | {"rule": "001F.00.0010"}, "digest": "d3", "files": files}
        journal.append(connection, None, journal.Event("RULE_IMPACT", moment, other))
    document = html.fromstring(empty.text("audit", f"/rules/{rule}"))
    lines = [" ".join(one.text_content().split()) for one in document.xpath("//section[@aria-labelledby='impacts']/ul/li")]
    assert len(lines) == 2
    assert "степень: предупреждение, файл H, с 01.12.2026 решения нет" in lines[0]
    assert "не проверять, файл H, с 01.12.2026 отклонено начальник" in lines[1]
    assert ": не нужно" in lines[1]
    links = document.xpath("//section[@aria-labelledby='impacts']//a/@href")
    answer = empty.get("audit", links[-1])
    assert answer.content == content
    assert "impact_1.html" in answer.headers["content-disposition"]
    for user, address in (
        ("mo980001", links[-1]),
        ("audit", links[-1].replace("0270", "0010")),
        ("audit", links[-1].replace("impact_1", "impact_2")),
    ):
        assert empty.get(user, address).status_code == 404
    assert "impacts" not in empty.text("mo980001", f"/rules/{rule}")


def test_the_form_of_the_change_names_the_rule(pages: Pages) -> None:
    (field,) = html.fromstring(pages.text("oper", "/rules/001F.00.0460")).xpath("//input[@id='form']/@value")
    values = json.loads(field)
    assert values["rule"] == "001F.00.0460"
    assert values["since"] > local_today().isoformat()
    assert set(values) == {"action", "rule", "since", "months"}

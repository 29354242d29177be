"""Правила: the catalogue of a date, its filters, hits, editions and switches; the page of a rule."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from lxml import html

from pipelines.checks import rulebook
from pipelines.exchange import journal, messages
from pipelines.ground import database as db
from pipelines.pages import catalogue
from pipelines.pages.filters import local_today
from pipelines.pages.visitor import token
from pipelines.pages.written import written
from tests.exchange.test_impact_replay import edition_of_changed_rules
from tests.pages.rough import find_fault, put
from tests.pages.site import SECRET, Pages


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
    assert link in pages.text("oper", "/rules")
    assert link not in pages.text("audit", "/rules")


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
        for _ in range(2):  # asked for twice: the decision is on the later one
            journal.append(connection, None, journal.Event("RULE_IMPACT", moment, reported))
        decided = reported | {"reason": "не нужно"}
        journal.append(connection, None, journal.Event("RULE_IMPACT_REJECTED", moment, decided), actor="начальник")
        waiting = {"request": request | {"action": "warning"}, "digest": "d2", "files": files}
        journal.append(connection, None, journal.Event("RULE_IMPACT", moment, waiting))
        other = {"request": request | {"rule": "001F.00.0010"}, "digest": "d3", "files": files}
        journal.append(connection, None, journal.Event("RULE_IMPACT", moment, other))
    document = html.fromstring(empty.text("audit", f"/rules/{rule}"))
    lines = [" ".join(one.text_content().split()) for one in document.xpath("//section[@aria-labelledby='impacts']/ul/li")]
    assert len(lines) == 3
    assert "степень: предупреждение, файл H, с 01.12.2026 решения нет" in lines[0]
    assert "не проверять, файл H, с 01.12.2026 отклонено начальник" in lines[1]
    assert ": не нужно" in lines[1]
    assert "не проверять, файл H, с 01.12.2026 решения нет" in lines[2]
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


RULE = "001F.00.0270"
ASKED = {"action": "warning", "rule": RULE, "kind": "H", "since": "2027-01-01", "months": "3"}


def refused(pages: Pages, values: dict[str, str], user: str = "oper") -> tuple[int, str]:
    """Status and text of a form that must start nothing."""
    before = len(pages.started)
    answer = pages.client(user).post("/rules/impact", data=values)
    assert len(pages.started) == before
    assert pages.world.rows("select * from exchange.event where name = 'RULE_IMPACT_ASKED' and actor <> 'oper'") == []
    return answer.status_code, " ".join(html.fromstring(answer.text).text_content().split())


def test_an_operator_has_a_change_of_a_rule_replayed(empty: Pages) -> None:
    address = f"/rules/{RULE}"
    (form,) = html.fromstring(empty.text("oper", address)).forms
    assert form.fields["rule"] == RULE
    assert form.fields["since"] > local_today().isoformat()
    assert {one.value_options[0] for one in form.inputs if one.name == "kind"} == {""}
    good = empty.token("oper", address)
    answer = empty.client("oper").post("/rules/impact", data=ASKED | {"token": good})
    assert (answer.status_code, answer.headers["location"]) == (303, f"{address}?done=asked")
    assert empty.started == [
        ("rule_impact", {"action": "warning", "rule": RULE, "kind": "H", "since": "2027-01-01", "months": 3})
    ]
    (event,) = empty.world.rows("select actor, details from exchange.event where name = 'RULE_IMPACT_ASKED'")
    assert (event["actor"], event["details"]["run"]) == ("oper", "manual__1")
    for user in ("oper", "audit"):
        (link,) = html.fromstring(empty.text(user, answer.headers["location"])).xpath("//a[text()='ход пересчёта']/@href")
        assert link == "/dags/rule_impact/runs/manual__1"
    assert "ход пересчёта" not in empty.text("mo980001", address)
    assert "Запрошен пересчёт влияния правил" in empty.text("audit", "/audit/actions")


@pytest.mark.parametrize(
    ("changed", "status", "said"),
    [
        ({"rule": "999F.00.0001"}, 409, "правила 999F.00.0001 нет среди исполняемых"),
        ({"kind": "X"}, 409, f"правила {RULE} нет у файла X"),
        ({"since": "31.12.2026"}, 409, "ожидается дата ГГГГ-ММ-ДД"),
        ({"months": "0"}, 409, "ожидается от 1 до 36"),
        ({"months": "много"}, 422, "записан неверно"),
        ({"action": "drop"}, 409, "действие «drop»"),
        ({"action": "text"}, 409, "не указан новый текст"),
        ({"action": "restore"}, 409, "изменение ничего не меняет"),
        ({"action": "text", "text": "а\x00б"}, 400, "знак с кодом 0"),
        ({"token": "1.2"}, 403, "создана не для вас"),
    ],
)
def test_a_change_that_cannot_be_made_starts_nothing(pages: Pages, changed: dict[str, str], status: int, said: str) -> None:
    good = pages.token("oper", f"/rules/{RULE}")
    got, text = refused(pages, ASKED | {"token": good} | changed)
    assert (got, said in text) == (status, True), text


def test_who_may_not_change_rules_starts_nothing(pages: Pages) -> None:
    of_operator = pages.token("oper", f"/rules/{RULE}")
    for user in ("audit", "mo980001"):
        assert '<form method="post"' not in pages.text(user, f"/rules/{RULE}")
        for given in (of_operator, token(SECRET, user)):
            assert refused(pages, ASKED | {"token": given}, user)[0] == 403


def test_a_proposed_edition_is_replayed_from_the_catalogue(empty: Pages) -> None:
    assert "Ввести редакцию" not in empty.text("oper", "/rules")
    with db.transaction(empty.world.url) as connection:
        number = edition_of_changed_rules(connection)
    (form,) = html.fromstring(empty.text("oper", "/rules")).xpath("//form[@method='post']")
    values = dict(form.form_values())
    assert values["edition"] == str(number)
    assert empty.client("oper").post("/rules/impact", data=values).headers["location"] == "/rules?done=asked"
    ((dag, given),) = empty.started
    assert (dag, given["action"], given["edition"], given["months"]) == ("rule_impact", "edition", number, 3)
    assert "ход пересчёта" in empty.text("audit", "/rules")

"""What people do on the pages, done in a browser: it happens in the exchange, and who did it and why is in the journal."""

from __future__ import annotations

from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from urllib.parse import quote
from zipfile import ZipFile

from playwright.sync_api import expect

from tests.demonstration.conftest import MARKS, Windows
from tests.demonstration.stand import Demonstration
from tests.demonstration.tour import until

pytestmark = MARKS

DROP = """async ([area, name, bytes]) => {
    const given = new DataTransfer();
    given.items.add(new File([new Uint8Array(bytes)], name));
    const target = document.querySelector(area);
    for (const type of ['dragover', 'drop']) {
        const event = new DragEvent(type, { dataTransfer: given, bubbles: true, cancelable: true });
        target.dispatchEvent(event);
    }
}"""


def packed(name: str, content: bytes) -> bytes:
    """A whole archive: one that breaks off is waited for."""
    with BytesIO() as made:
        with ZipFile(made, "w") as archive:
            archive.writestr(name, content)
        return made.getvalue()


def test_an_answer_goes_out_again(windows: Windows, facts: Mapping[str, str], demonstration: Demonstration) -> None:
    window, package = windows("oper"), facts["package"]
    page = window.page
    name = demonstration.value("select name from exchange.outgoing where package = :id order by id limit 1", id=package)
    delivered = "select count(*) from exchange.event where package = :id and name = 'DELIVERED'"
    before = demonstration.value(delivered, id=package)
    reason = f"не нашли протокол, доставок {before}"
    with demonstration.party("mo980001") as clinic:
        content = clinic.fetch(name)
    window.open(f"/oms/packages/{package}")
    page.get_by_label("Причина").fill(reason)
    page.get_by_role("button", name="Отправить тот же ответ ещё раз").click()
    expect(page.get_by_role("status")).to_contain_text("в очередь")
    expect(page.get_by_text(reason)).to_be_visible()
    until(lambda: demonstration.value(delivered, id=package) == before + 2)
    with demonstration.party("mo980001") as clinic:
        assert clinic.fetch(name) == content
    window.open("/oms/audit/actions")
    expect(page.get_by_role("row").filter(has_text=reason)).to_contain_text("oper")
    assert window.complaints == []


def test_an_auditor_only_looks(windows: Windows, facts: Mapping[str, str]) -> None:
    for user in ("audit", "mo980001"):
        window = windows(user)
        window.open(f"/oms/packages/{facts['package']}")
        assert window.page.locator("form").count() == 0


def test_a_package_comes_while_the_journal_is_looked_at(
    windows: Windows, facts: Mapping[str, str], demonstration: Demonstration
) -> None:
    window = windows("oper")
    page = window.page
    window.open("/oms/journal")
    with demonstration.party("mo980001") as clinic:
        clinic.drop("HM980001S98001_2610888.zip", packed("README.TXT", b"no register"))
    row = page.get_by_role("row").filter(has_text="HM980001S98001_2610888.zip")
    expect(row).to_contain_text("отклонён", timeout=300_000)
    assert page.url.endswith("/oms/journal")
    assert window.complaints == []


def test_keys(windows: Windows, facts: Mapping[str, str]) -> None:
    window = windows("audit")
    page = window.page
    window.open("/oms/journal")
    page.keyboard.press("/")
    expect(page.get_by_role("searchbox")).to_be_focused()
    page.keyboard.type(facts["name"])
    page.keyboard.press("Enter")
    page.wait_for_url("**/journal?q=*")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/packages/{facts['package']}")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="К содержанию")).to_be_focused()


def test_a_protocol_is_recognised(
    windows: Windows, facts: Mapping[str, str], demonstration: Demonstration, tmp_path: Path
) -> None:
    name = demonstration.value("select name from exchange.outgoing where package = :package order by id limit 1", **facts)
    with demonstration.party("mo980001") as clinic:
        content = clinic.fetch(name)
    window = windows("audit")
    page = window.page
    window.open("/oms/audit")
    page.evaluate(DROP, [".drop", name, list(content)])
    expect(page.get_by_role("status")).to_contain_text("без изменений")
    window.picture("file-unchanged")
    (tmp_path / name).write_bytes(content.replace(b"</", b"!</", 1))
    window.open("/oms/audit")
    page.get_by_label("перетащите").set_input_files(tmp_path / name)
    page.get_by_role("button", name="Проверить", exact=True).click()
    expect(page.get_by_role("status")).to_contain_text("Отличается")
    differences = page.get_by_role("table", name="Отличий 1")
    expect(differences.get_by_role("rowheader")).to_contain_text("FLK_P/")
    assert window.barriers() == []
    window.picture("file-changed")
    assert window.complaints == []


def test_the_chain_is_verified(windows: Windows, facts: Mapping[str, str], demonstration: Demonstration) -> None:
    window = windows("audit")
    page = window.page
    window.open("/oms/audit")
    page.get_by_role("button", name="Проверить сейчас").click()
    expect(page.get_by_text("расхождений 0: журнал цел")).to_be_visible(timeout=300_000)
    expect(page.get_by_role("button", name="Проверить сейчас")).to_be_enabled()
    assert demonstration.value("select actor from exchange.event where name = 'VERIFIED' order by seq desc") == "audit"
    assert window.barriers() == []
    assert window.complaints == []


def test_a_case_leads_to_its_bytes(windows: Windows, facts: Mapping[str, str]) -> None:
    window = windows("audit")
    page = window.page
    window.open(f"/oms/audit/case?idcase={facts['idcase']}")
    page.get_by_role("link", name="Найти байты").or_(page.get_by_role("button", name="Найти байты")).first.click()
    expect(page.get_by_text("байт").first).to_be_visible()
    assert f"/audit/case?idcase={facts['idcase']}" in page.url
    assert window.barriers() == []
    window.picture("case-bytes")
    assert window.complaints == []


def test_exports_are_files(windows: Windows, facts: Mapping[str, str], tmp_path: Path) -> None:
    window = windows("oper")
    window.open("/oms/journal")
    for kind, begins in (("XLSX", b"PK"), ("CSV", b"\xef\xbb\xbf")):
        with window.page.expect_download() as coming:
            window.page.get_by_role("link", name=kind, exact=True).click()
        path = tmp_path / coming.value.suggested_filename
        coming.value.save_as(path)
        assert path.suffix == f".{kind.lower()}"
        assert path.read_bytes().startswith(begins)


def test_a_change_of_a_rule_from_its_page_to_the_decision(windows: Windows, demonstration: Demonstration) -> None:
    """Asked for on the rule's page, replayed by Airflow, turned down in Airflow's own form; the page tells who and why."""
    window, rule = windows("oper"), "001F.00.0270"
    page = window.page
    window.open(f"/oms/rules/{rule}")
    page.get_by_label("Что сделать").select_option("не проверять")
    page.get_by_label("Пересчитать месяцев").fill("1")
    assert window.barriers() == []
    page.get_by_role("button", name="Посчитать влияние").click()
    expect(page.get_by_role("status")).to_contain_text("Пересчёт запущен")
    run = demonstration.value(
        "select details ->> 'run' from exchange.event where name = 'RULE_IMPACT_ASKED' order by seq desc"
    )
    waiting = f"{window.url}/api/v2/dags/rule_impact/dagRuns/{quote(run)}/taskInstances/decision"
    until(lambda: page.request.get(waiting).json()["state"] == "awaiting_input")
    page.get_by_role("link", name="ход пересчёта").first.click()
    page.wait_for_url("**/dags/rule_impact/runs/*")
    window.open("/required_actions?response_received=false")
    page.get_by_role("link", name="Ввести в действие изменение правил контроля?").first.click()
    page.locator("#element_reason").fill("пусть проверяется")
    page.get_by_role("button", name="Отклонить").click()
    decided = "select actor from exchange.event where name = 'RULE_IMPACT_REJECTED' and details ->> 'reason' = :reason"
    until(lambda: demonstration.value(decided, reason="пусть проверяется") == "oper")
    window.open(f"/oms/rules/{rule}")
    expect(page.get_by_role("region", name="Отчёты о влиянии")).to_contain_text("пусть проверяется")
    window.picture("rule-impact")

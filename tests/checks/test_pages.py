"""Pages of the rules: those that are shipped are of the shipped suites; what they say; hits; the command line."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import text
from typer.testing import CliRunner

from pipelines.checks import pages, rulebook
from pipelines.checks.cli import app
from pipelines.checks.pages import Hits
from pipelines.checks.relation import parse
from pipelines.ground import database as db

SHIPPED = [suite for _, suite in rulebook.shipped().every()]
MADE = pages.pages(SHIPPED)
RULES = {check.rule for suite in SHIPPED for check in suite.checks}


def test_the_shipped_pages_are_those_of_the_shipped_suites() -> None:
    shipped = {path.name: path.read_text(encoding="utf-8") for path in pages.FOLDER.iterdir()}
    assert set(shipped) == set(MADE)
    stale = [name for name in MADE if shipped[name] != MADE[name]]
    assert stale == [], "python -m pipelines checks pages"


def test_every_rule_has_a_page_with_examples_that_keep_it_and_break_it() -> None:
    assert {name.removesuffix(".md") for name in MADE if not re.match("class-|kind-|README", name)} == RULES
    for rule in sorted(RULES):
        page = MADE[f"{rule}.md"]
        sections = page.count("\n## ")
        assert sections == page.count("| соблюдено |") == page.count("| нарушено |") > 0
        kept = re.findall(r"\| соблюдено \| (.*) \|", page)
        broken = re.findall(r"\| нарушено \| (.*) \|", page)
        assert all(right != wrong for right, wrong in zip(kept, broken, strict=True)), rule


def test_all_links_lead_somewhere() -> None:
    for name, page in MADE.items():
        for target in re.findall(r"\]\(([^)]+\.md)\)", page):
            assert (pages.FOLDER / target).resolve().is_file() or target in MADE, (name, target)


def test_relations_on_the_pages_read_back_to_the_tree_that_is_evaluated() -> None:
    printed = 0
    for suite in SHIPPED:
        for check in suite.checks:
            condition = check.parameters.get("condition", {})
            for own in filter(None, (check.parameters.get("relation"), condition.get("relation"))):
                assert f"`{own}`" in MADE[f"{check.rule}.md"]
                assert parse(str(parse(own))) == parse(own)
                printed += 1
    assert printed > 500


def test_a_page_says_what_the_rule_is() -> None:
    page = MADE["003F.00.0750.md"]
    for part in (
        "[003F](class-003F.md), наличие или отсутствие элемента",
        "- Элемент: `ZAP/Z_SL/SL/KD`",
        "- Степень: ошибка записи",
        "- Действует: с ",
        "- Источник: Q015, редакция ",
        "- Проверяется, когда: `ZAP.USL_OK",
        "| не проверяется |",
    ):
        assert part in page
    assert "Срабатывания" not in page
    assert "Смысл записан вручную" in MADE["006F.00.0370.md"]
    assert "на [языке правил](../rules-language.md)" in MADE["003F.00.1530.md"]


def test_rules_that_differ_by_kind_have_a_section_for_each() -> None:
    page = MADE["006F.00.1060.md"]
    assert "отказ в приёме пакета" in page
    assert "ошибка записи" in page


def test_hits_are_shown_where_they_are_counted() -> None:
    hits = {"006F.00.0370": [Hits("H", 3, 17, 40)]}
    made = pages.pages(SHIPPED, hits)
    assert "| H | 3 | 17 | 7,5 % |" in made["006F.00.0370.md"]
    assert "Ни одного замечания." in made["006F.00.0110.md"]


def test_pages_of_rules_that_are_gone_are_removed(tmp_path: Path) -> None:
    (tmp_path / "006F.99.9999.md").write_text("")
    pages.write(MADE, tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == set(MADE)


PACKAGE = text("""
    insert into exchange.package (channel, source_key, address, name, sha256, size, received_at)
    values ('folder', :key, 'x', 'P.zip', repeat('0', 64), 1, :now) returning id
""")
FINDING = text("""
    insert into exchange.finding (package, ordinal, member, rule, severity, element, base, message)
    values (:package, :ordinal, 'H', '006F.00.0370', 'error', '', '', 'm')
""")
MEMBER = text("insert into exchange.member values (:package, 'H', 'H.xml', 1, repeat('0', 64))")


def test_hits_come_from_the_journal(database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with db.transaction(database) as connection:
        for key, findings in enumerate((3, 2, 0, 0)):
            of = {"key": str(key), "now": datetime.now(UTC)}
            package = connection.execute(PACKAGE, of).scalar_one()
            connection.execute(MEMBER, {"package": package})
            for ordinal in range(findings):
                connection.execute(FINDING, {"package": package, "ordinal": ordinal + 1})
    monkeypatch.setenv("OMS_DATABASE_URL", database)
    done = CliRunner().invoke(app, ["pages", "--journal", "--folder", str(tmp_path)])
    assert done.exit_code == 0, done.output
    assert "| H | 2 | 5 | 50,0 % |" in (tmp_path / "006F.00.0370.md").read_text(encoding="utf-8")
    assert "| H | 2 | 5 | 50,0 % |" in CliRunner().invoke(app, ["explain", "006F.00.0370", "--journal"]).output


def test_explain_prints_the_page() -> None:
    assert CliRunner().invoke(app, ["explain", "001F.00.0270"]).output == MADE["001F.00.0270.md"]

"""Protocols: a rule leads to its page where it has one, and stays plain text where it has none."""

from __future__ import annotations

import io
from datetime import UTC, datetime

import openpyxl
import pytest

from pipelines.checks import findings
from pipelines.checks.locate import locate
from pipelines.exchange import protocol
from pipelines.exchange.model import Package, Result
from pipelines.exchange.protocol import Verdict, workbook

PACKAGE = Package(
    id=1, sender="980001", channel="folder", address="mo980001", name="H.zip", reference=None, sha256="0" * 64,
    size=1, received_at=datetime(2026, 3, 1, tzinfo=UTC), incomplete=False, attached=True,
)  # fmt: skip
PAGE = "https://fund.example/rules/006F.00.0370.md"


def told(pages: dict[str, str], count: int = 1) -> tuple[bytes, list[tuple[str, object, str | None]]]:
    """The workbook of findings of two rules: sheet, text and target of the cells with rules."""
    row = {"member": "H", "table": "", "row": -1, "element": "ZAP", "message": "m", "severity": "error"}
    found = findings.frame([row | {"rule": "006F.00.0370"}] * count + [row | {"rule": "LNK.030"}])
    content = workbook(Verdict(PACKAGE, "", "", Result.REJECTED, 1, 0, locate(found, {}), pages), 100_000)
    book = openpyxl.load_workbook(io.BytesIO(content))
    cells = [("Сводка", line[0]) for line in book["Сводка"].iter_rows(min_row=15)]
    cells += [("Замечания", line[1]) for line in book["Замечания"].iter_rows(min_row=2)]
    return content, [(sheet, cell.value, cell.hyperlink.target if cell.hyperlink else None) for sheet, cell in cells]


def test_a_rule_with_a_page_is_a_link() -> None:
    content, cells = told({"006F.00.0370": PAGE})
    assert cells == [
        (sheet, rule, PAGE if rule == "006F.00.0370" else None)
        for sheet in ("Сводка", "Замечания")
        for rule in ("006F.00.0370", "LNK.030")
    ]
    assert content == told({"006F.00.0370": PAGE})[0]


def test_without_pages_rules_are_text() -> None:
    assert {target for _, _, target in told({})[1]} == {None}


def test_links_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(protocol, "_LINKED_ROWS", 50)
    _, cells = told({"006F.00.0370": PAGE}, 70)
    linked = [cell for cell in cells if cell[0] == "Замечания" and cell[2]]
    assert len(linked) == 50
    assert [rule for _, rule, _ in cells[-3:]] == ["006F.00.0370", "006F.00.0370", "LNK.030"]

"""The impact report: XLSX and a self-contained HTML page with the same tables; equal figures give equal bytes."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

import jinja2
import xlsxwriter

from pipelines.checks.difference import RuleChange
from pipelines.exchange.impact import tables
from pipelines.exchange.impact.figures import Impact
from pipelines.exchange.impact.tables import Cell, Names, Table
from pipelines.ground.money import roubles
from pipelines.ground.settings import ROOT

TEMPLATES = ROOT / "include" / "templates"
_SHEET_ROWS = 1_000_000


@dataclass(frozen=True)
class Subject:
    """What a report is about: title of the change and lines that describe it (label, text), all in Russian."""

    title: str
    lines: Sequence[tuple[str, str]]
    changes: Sequence[RuleChange]


def sheets(subject: Subject, impact: Impact, names: Names) -> list[Table]:
    """Tables of the report in their order."""
    texts = {change.rule: change.text for change in subject.changes}
    return [
        tables.summary(impact),
        tables.changes(subject.changes),
        tables.by_rule(impact, texts),
        tables.by_organisation(impact, names),
        tables.by_rule_and_organisation(impact, names),
        tables.not_replayed(impact, names),
    ]


def workbook(subject: Subject, impact: Impact, names: Names) -> bytes:
    """XLSX: a sheet for each table, the first one with the subject and what the figures mean. Text stays text."""
    target = io.BytesIO()
    book = xlsxwriter.Workbook(target, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    book.set_properties({"title": subject.title, "created": datetime(2000, 1, 1)})
    styles = {
        "title": book.add_format({"bold": True, "font_size": 14}),
        "label": book.add_format({"bold": True, "valign": "top"}),
        "head": book.add_format({"bold": True, "bg_color": "#D9E1F2", "border": 1, "text_wrap": True, "valign": "vcenter"}),
        "cell": book.add_format({"border": 1, "text_wrap": True, "valign": "top"}),
        "count": book.add_format({"border": 1, "valign": "top", "num_format": "#,##0"}),
        "money": book.add_format({"border": 1, "valign": "top", "num_format": "#,##0.00"}),
    }
    for number, table in enumerate(sheets(subject, impact, names)):
        sheet = book.add_worksheet(table.title)
        top = _heading(sheet, styles, subject) if number == 0 else 0
        _write(sheet, styles, table, top)
    book.close()
    return target.getvalue()


def page(subject: Subject, impact: Impact, names: Names) -> bytes:
    """The report as one HTML file that needs nothing else."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES), autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True
    )
    text = environment.get_template("impact.html.j2").render(
        subject=subject, definitions=tables.DEFINITIONS, sheets=sheets(subject, impact, names)
    )
    return text.encode()


def totals(impact: Impact) -> Mapping[str, int]:
    """Figures over everything, by the names of ``figures.TOTAL_FIGURES``, and ``missing``."""
    sums = impact.totals.sum(numeric_only=True)
    return {str(name): int(value) for name, value in sums.items()} | {"missing": len(impact.missing)}


def briefly(subject: Subject, impact: Impact) -> str:
    """What the one who decides reads: Markdown in Russian."""
    sums = totals(impact)
    lines = [f"**{label}:** {text}" for label, text in subject.lines]
    rows = [
        ("Пересчитано", sums["cases"], sums["kopecks"]),
        ("**Будет отклонено**", sums["cases_newly_refused"], sums["kopecks_newly_refused"]),
        ("**Будет принято**", sums["cases_newly_accepted"], sums["kopecks_newly_accepted"]),
    ]
    table = ["| Что изменится | Случаев | Сумма, руб. |", "|---|---:|---:|"]
    lines.append("\n".join(table + [f"| {title} | {cases} | {roubles(amount)} |" for title, cases, amount in rows]))
    lines.append(f"**Пересчитано пакетов:** {sums['packages']}")
    idle = impact.by_rule[["findings_appeared", "findings_vanished"]].sum()
    lines.append(f"**Замечаний без отказа:** появится {idle.iloc[0]}, исчезнет {idle.iloc[1]}")
    lines.append(f"**Правил изменится:** {len(subject.changes)}")
    if sums["missing"]:
        lines.append(f"**Не воспроизведено пакетов:** {sums['missing']}, список в отчёте")
    return "\n\n".join(lines)


def _heading(sheet: xlsxwriter.worksheet.Worksheet, styles: Mapping[str, object], subject: Subject) -> int:
    """Subject and definitions above the first table; returns the row where it begins."""
    sheet.write_string(0, 0, subject.title, styles["title"])
    row = 2
    for label, text in subject.lines:
        sheet.write_string(row, 0, label, styles["label"])
        sheet.write_string(row, 2, text)
        row += 1
    for text in tables.DEFINITIONS:
        row += 1
        sheet.write_string(row, 0, text)
    return row + 2


def _write(sheet: xlsxwriter.worksheet.Worksheet, styles: Mapping[str, object], table: Table, top: int) -> None:
    for column, (head, width) in enumerate(zip(table.heads, table.widths, strict=True)):
        sheet.set_column(column, column, width)
        sheet.write_string(top, column, head, styles["head"])
    for row, values in enumerate(table.rows[:_SHEET_ROWS], start=top + 1):
        for column, value in enumerate(values):
            _cell(sheet, styles, row, column, value, table.heads[column])
    if top == 0:
        sheet.freeze_panes(1, 1)
        sheet.autofilter(0, 0, max(len(table.rows), 1), len(table.heads) - 1)
        sheet.repeat_rows(0)
    sheet.set_landscape()
    sheet.fit_to_pages(1, 0)


def _cell(
    sheet: xlsxwriter.worksheet.Worksheet, styles: Mapping[str, object], row: int, column: int, value: Cell, head: str
) -> None:
    if isinstance(value, int):
        sheet.write_number(row, column, value, styles["count"])
    elif head.endswith("руб."):
        sheet.write_number(row, column, Decimal(value), styles["money"])
    else:
        sheet.write_string(row, column, value, styles["cell"])

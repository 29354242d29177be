"""The impact report: XLSX and a self-contained HTML page with the same tables; equal figures give equal bytes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import jinja2

from pipelines.checks.difference import RuleChange
from pipelines.exchange.impact import tables
from pipelines.exchange.impact.figures import Impact
from pipelines.exchange.impact.tables import Cell, Names, Table
from pipelines.formats.sheets import Book, Column, Kind
from pipelines.ground.money import kopecks, roubles
from pipelines.ground.settings import ROOT

TEMPLATES = ROOT / "include" / "templates"


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
    with Book(subject.title) as book:
        for number, table in enumerate(sheets(subject, impact, names)):
            sheet = book.sheet(table.title)
            if number == 0:
                sheet.heading(subject.title, subject.lines)
                for text in tables.DEFINITIONS:
                    sheet.line(text, "note")
                sheet.gap()
            columns = [
                Column(head, width, _kind(head, (row[place] for row in table.rows)))
                for place, (head, width) in enumerate(zip(table.heads, table.widths, strict=True))
            ]
            sheet.table(columns, (_values(row, columns) for row in table.rows), main=True, keep=1)
            if not table.rows:
                sheet.line("Нет.", "note")
    return book.content()


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


def _kind(head: str, values: Iterable[Cell]) -> Kind:
    """Sums are named by their heads; counts are numbers in every row."""
    if head.endswith("руб."):
        return "money"
    return "count" if all(isinstance(value, int) for value in values) else "text"


def _values(row: Sequence[Cell], columns: Sequence[Column]) -> list[Cell]:
    return [kopecks(str(value)) if column.kind == "money" else value for column, value in zip(columns, row, strict=True)]

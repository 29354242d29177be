"""What an impact report shows: the same tables for the workbook and for the page, in Russian."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from pipelines.checks.difference import Change, RuleChange
from pipelines.checks.findings import SEVERITY_TITLES
from pipelines.checks.suites import Check
from pipelines.exchange.impact.figures import Impact, by
from pipelines.ground.money import roubles

Cell = str | int
"""Text, a count; sums are text in roubles."""

CHANGE_TITLES = {
    Change.ADDED: "новое или включено",
    Change.REMOVED: "исключено или выключено",
    Change.SEVERITY: "другая степень",
    Change.CHECK: "изменена проверка",
    Change.TEXT: "изменён текст",
    Change.LATER: "изменено на другие дни, в пересчёте не участвует",
}
FIGURE_TITLES: Mapping[str, str] = {
    "packages": "Пакетов",
    "cases": "Случаев",
    "kopecks": "Предъявлено, руб.",
    "cases_newly_refused": "Будет отклонено случаев",
    "kopecks_newly_refused": "Будет отклонено, руб.",
    "cases_newly_accepted": "Будет принято случаев",
    "kopecks_newly_accepted": "Будет принято, руб.",
    "findings_appeared": "Замечаний появится без отказа",
    "findings_vanished": "Замечаний исчезнет без приёма",
}
DEFINITIONS = (
    "Сохранённые пакеты проверены заново дважды: по правилам, действующим сейчас, и по правилам с изменением; справочники "
    "НСИ и настройки приёма в обоих пересчётах одни и те же. Правила взяты на отчётный месяц реестра, но не раньше первого "
    "дня изменения.",
    "«Будет отклонено» — случаи, которые сейчас принимаются, а с изменением отклоняются; «будет принято» — наоборот. "
    "Сумма — SUMV законченного случая. В итогах случай считается один раз.",
    "В строке правила — случаи, для отказа в которых достаточно его одного. Случай с нарушением нескольких изменённых "
    "правил стоит у каждого из них, поэтому строки правил в сумме могут превышать итог.",
    "Если виду пакета задан отказ целиком, из-за одной ошибки отклоняются все случаи пакета: причина — правило этой ошибки.",
    "Замечания без отказа — предупреждения, а также ошибки в случаях, которые отклоняются и без этого правила.",
    "Каждый пакет считается сам по себе: случай, исправленный и переданный повторно, входит столько раз, сколько передан.",
)


@dataclass(frozen=True)
class Table:
    """A sheet of the workbook and a section of the page; ``widths`` in characters."""

    title: str
    heads: Sequence[str]
    widths: Sequence[int]
    rows: Sequence[Sequence[Cell]]


@dataclass(frozen=True)
class Names:
    """Titles of kinds of packages by code, short names of organisations by code."""

    kinds: Mapping[str, str]
    organisations: Mapping[str, str]


def summary(impact: Impact) -> Table:
    """Totals over everything, by kind of package and month."""
    rows = [["Всего", "", *_figures(impact.totals.sum(numeric_only=True), _TOTAL)]]
    rows += [
        [row["kind"], row["period"], *_figures(row, _TOTAL)] for _, row in by(impact.totals, "kind", "period").iterrows()
    ]
    return _table("Итоги", (("Вид", 12), ("Месяц", 10)), _TOTAL, rows)


def changes(told: Sequence[RuleChange]) -> Table:
    """The rules that are not the same, and how."""
    heads = (
        ("Правило", 16),
        ("Файл", 7),
        ("Изменение", 24),
        ("Было", 24),
        ("Станет", 24),
        ("Элемент", 30),
        ("Сообщение", 70),
    )
    rows = [
        [
            change.rule,
            change.layout,
            CHANGE_TITLES[change.change] + (f", с {change.starts:%d.%m.%Y}" if change.starts else ""),
            _severities(change.before) if change.change is not Change.ADDED else "не проверяется",
            _severities(change.after) if change.change is not Change.REMOVED else "не проверяется",
            ", ".join(sorted({check.element for check in (*change.before, *change.after)})),
            change.text,
        ]
        for change in told
    ]
    return Table("Что меняется", [head for head, _ in heads], [width for _, width in heads], rows)


def by_rule(impact: Impact, texts: Mapping[str, str]) -> Table:
    """Figures of each rule; rules that found nothing else are not there."""
    rows = [
        [row["rule"], *_figures(row, _RULE), texts.get(row["rule"], "")] for _, row in by(impact.by_rule, "rule").iterrows()
    ]
    table = _table("По правилам", (("Правило", 16),), _RULE, rows)
    return Table(table.title, [*table.heads, "Сообщение"], [*table.widths, 70], rows)


def by_organisation(impact: Impact, names: Names) -> Table:
    """Totals of each organisation."""
    rows = [
        [row["organisation"], names.organisations.get(row["organisation"], ""), *_figures(row, _TOTAL)]
        for _, row in by(impact.totals, "organisation").iterrows()
    ]
    return _table("По МО", (("Код", 9), ("Организация", 30)), _TOTAL, rows)


def by_rule_and_organisation(impact: Impact, names: Names) -> Table:
    """Figures of each rule in each organisation, by kind of package and month."""
    rows = [
        [
            row["rule"],
            row["organisation"],
            names.organisations.get(row["organisation"], ""),
            row["kind"],
            row["period"],
            *_figures(row, _RULE),
        ]
        for _, row in by(impact.by_rule, "rule", "organisation", "kind", "period").iterrows()
    ]
    heads = (("Правило", 16), ("Код", 9), ("Организация", 30), ("Вид", 12), ("Месяц", 10))
    return _table("Правила по МО", heads, _RULE, rows)


def not_replayed(impact: Impact, names: Names) -> Table:
    """Packages that could not be replayed, and why."""
    heads = (
        ("№ в журнале", 12),
        ("Пакет", 34),
        ("Код", 9),
        ("Организация", 30),
        ("Вид", 12),
        ("Месяц", 10),
        ("Причина", 50),
    )
    rows = [
        [
            int(row["package"]),
            row["name"],
            row["organisation"],
            names.organisations.get(row["organisation"], ""),
            row["kind"],
            row["period"],
            row["reason"],
        ]
        for _, row in impact.missing.iterrows()
    ]
    return Table("Не воспроизведены", [head for head, _ in heads], [width for _, width in heads], rows)


_TOTAL = ("packages", "cases", "kopecks", *list(FIGURE_TITLES)[3:7])
_RULE = (*list(FIGURE_TITLES)[3:], "packages")


def _table(title: str, keys: Sequence[tuple[str, int]], figures: Sequence[str], rows: Sequence[Sequence[Cell]]) -> Table:
    heads = [*(head for head, _ in keys), *(FIGURE_TITLES[name] for name in figures)]
    return Table(title, heads, [*(width for _, width in keys), *([16] * len(figures))], rows)


def _figures(row: pd.Series[int], names: Sequence[str]) -> list[Cell]:
    return [roubles(int(row[name])) if name.startswith("kopecks") else int(row[name]) for name in names]


def _severities(checks: Sequence[Check]) -> str:
    return ", ".join(sorted({SEVERITY_TITLES[check.severity] for check in checks}))

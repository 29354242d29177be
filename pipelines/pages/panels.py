"""Panels of Сводки: each says its title and template, and gathers what it shows. New ones are added to ``PANELS``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from pipelines.pages import money
from pipelines.pages.periods import Period
from pipelines.pages.site import rows
from pipelines.pages.words import RESULTS, TONES

SHOWN_RULES = 20


@dataclass(frozen=True)
class Panel:
    """``template`` of ``include/pages/panels``; ``gather`` gives its values, read as the visitor may see them."""

    code: str
    title: str
    template: str
    gather: Callable[[Connection, Period], Mapping[str, Any]]
    for_organisations: bool = True


def by_day(connection: Connection, period: Period) -> Mapping[str, Any]:
    """Packages, accepted cases and roubles of each day by result."""
    found = rows(connection, "totals_days", **period.parameters())
    step = max(1, len(period.days) // 92 + 1)  # bars of several days where there are too many to look at
    heads = period.days[::step]
    shown = {day: heads[place // step] for place, day in enumerate(period.days)}
    packages = {result: dict.fromkeys(heads, 0) for result in RESULTS}
    cases, kopecks = dict.fromkeys(heads, 0), dict.fromkeys(heads, 0)
    for row in found:
        day = shown[row["day"]]
        packages[row["result"]][day] += row["packages"]
        cases[day] += row["accepted"]
        kopecks[day] += row["kopecks"]
    used = [result for result in RESULTS if any(packages[result].values())]
    labels = [f"{day:%d.%m}" for day in heads]
    return {
        "packages": {
            "labels": labels,
            "stacked": True,
            "bars": [
                {"label": RESULTS[result], "values": list(packages[result].values()), "tone": TONES[result]}
                for result in used
            ],
        },
        "cases": {"labels": labels, "bars": [{"label": "принято случаев", "values": list(cases.values()), "tone": "live"}]},
        "money": {
            "labels": labels,
            "bars": [{"label": "тыс. руб.", "values": [sum_ // 100_000 for sum_ in kopecks.values()], "tone": "good"}],
        },
        "table": [
            (day, [packages[result][day] for result in used], cases[day], kopecks[day])
            for day in reversed(heads)
            if cases[day] or kopecks[day] or any(packages[result][day] for result in used)
        ],
        "results": [RESULTS[result] for result in used],
        "step": step,
    }


def by_rule(connection: Connection, period: Period) -> Mapping[str, Any]:
    """Rules with most findings."""
    found = rows(connection, "rules_days", **period.parameters(), rule=None, sender=None)
    refusing = [row for row in found if row["severity"] != "warning"]
    top = refusing[:SHOWN_RULES]
    return {
        "rules": top,
        "others": sum(row["findings"] for row in refusing[SHOWN_RULES:]),
        "chart": {
            "labels": [row["rule"] for row in top],
            "across": True,
            "bars": [{"label": "замечаний", "values": [row["findings"] for row in top], "tone": "bad"}],
        },
    }


PANELS: tuple[Panel, ...] = (
    Panel("days", "Пакеты, случаи и рубли по дням", "days", by_day),
    Panel("rules", "Отказы по правилам ФЛК", "rules", by_rule),
    Panel("months", "Деньги месяцев", "months", money.by_month),
    Panel("stages", "По этапам обработки", "stages", money.by_stage),
    Panel("accounts", "По кодировкам счетов", "accounts", money.by_account),
    Panel("conditions", "По условиям оказания помощи", "conditions", money.by_condition),
    Panel("payers", "По страховым компаниям", "payers", money.by_payer),
    Panel("organisations", "По медицинским организациям", "organisations", money.by_organisation),
    Panel("grounds", "Отказы по основаниям", "grounds", money.by_ground),
)

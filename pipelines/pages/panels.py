"""Panels of Сводки: each says its title and template, and gathers what it shows. New ones are added to ``PANELS``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Connection

from pipelines.exchange.protocol import LOCAL
from pipelines.pages.site import rows
from pipelines.pages.words import RESULTS, TONES

SHOWN_RULES = 20


@dataclass(frozen=True)
class Period:
    """Local days, both included, of all senders or of the visitor's."""

    first: date
    last: date
    whole: bool = True

    @property
    def days(self) -> list[date]:
        return [self.first + timedelta(days=number) for number in range((self.last - self.first).days + 1)]

    def parameters(self) -> dict[str, Any]:
        return {"first": self.first, "last": self.last, "zone": LOCAL.key, "whole": self.whole}


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
    Panel("rules", "Отказы по правилам", "rules", by_rule),
)

"""Coverage of rule dictionaries as tables for the terminal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import cast

import pandas as pd
from rich.table import Table

from pipelines.checks import compiler, mek


@dataclass(frozen=True)
class Covered:
    """A dictionary: ``title`` with its editions, and its open rules by kind (``compiler.coverage`` with ``category``)."""

    title: str
    rules: pd.DataFrame


def tables(dictionaries: Mapping[str, Covered]) -> Iterator[Table]:
    """Of each dictionary by kind of file and the reasons; then by class of the МЭК and region, and all dictionaries."""
    executed = {name: compiler.by_rule(covered.rules) for name, covered in dictionaries.items()}
    for covered in dictionaries.values():
        yield _by_kind(covered)
        yield _reasons(covered)
    for name, rules in executed.items():
        if (rules["class"] != "").any():
            titles = {**mek.class_titles(), "": "класс не назван"}
            yield _shares(f"{name}: по классам", "Класс", rules, rules["class"].map(titles))
        if (rules["region"] != "00").any():
            yield _shares(f"{name}: по регионам", "Регион", rules, rules["region"])
    every = pd.concat([rules.assign(dictionary=name) for name, rules in executed.items()])
    yield _shares("Всего", "Справочник", every, every["dictionary"])


def _by_kind(covered: Covered) -> Table:
    counts = covered.rules.groupby(["kind", "category", "status"]).size().unstack(fill_value=0)
    counts = counts.reindex(columns=list(compiler.STATUS_TITLES), fill_value=0)
    table = Table("Вид файла", "Класс", *compiler.STATUS_TITLES.values(), title=covered.title)
    for key, row in counts.iterrows():
        kind, category = cast(tuple[str, str], key)
        table.add_row(kind, category, *map(str, row))
    return table


def _reasons(covered: Covered) -> Table:
    table = Table("Причина", "Класс", "Правил", "Правила")
    left = covered.rules[covered.rules["status"] == compiler.NOT_SUPPORTED]
    for key, group in left.groupby(["reason", "category"]):
        reason, category = map(str, key)
        ids = sorted(set(group["rule"].str.slice(5)))
        table.add_row(reason, category, str(len(ids)), " ".join(ids))
    return table


def _shares(title: str, name: str, rules: pd.DataFrame, by: pd.Series[str]) -> Table:
    """How many open rules with content are executed, by what ``by`` says of each, and in all."""
    table = Table(name, "Действующих", "Исполняется", "Доля", title=title)
    done = rules["status"] != compiler.NOT_SUPPORTED
    for key, group in done.groupby(by):
        table.add_row(str(key), *_share(group))
    table.add_row("Итого", *_share(done))
    return table


def _share(done: pd.Series[bool]) -> tuple[str, str, str]:
    share = f"{done.mean():.1%}".replace(".", ",") if len(done) else "–"
    return str(len(done)), str(int(done.sum())), share

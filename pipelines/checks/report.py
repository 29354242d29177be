"""Shares of executed rules as tables for the terminal."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd
from rich.table import Table

from pipelines.checks import compiler, mek


def tables(dictionary: str, rules: pd.DataFrame) -> Iterator[Table]:
    """By class of the МЭК and by region, where a dictionary has such; ``rules`` as ``compiler.executed`` gives them."""
    if (rules["class"] != "").any():
        titles = {**mek.class_titles(), "": "класс не назван"}
        yield _shares(f"{dictionary}: по классам", "Класс", rules, rules["class"].map(titles))
    if (rules["region"] != "00").any():
        yield _shares(f"{dictionary}: по регионам", "Регион", rules, rules["region"])


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

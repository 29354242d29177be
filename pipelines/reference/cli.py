"""Command line of НСИ: what is kept, what is in force on a day, what an edition changed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Annotated, Any

import numpy as np
import pyarrow as pa
import typer
from rich.console import Console
from rich.table import Table
from sqlalchemy import Connection

from pipelines import nsi
from pipelines.exchange.protocol import LOCAL
from pipelines.ground import database, settings
from pipelines.ground.commands import Json, print_json
from pipelines.nsi import compare
from pipelines.nsi.declared import key_of, title_of
from pipelines.nsi.dictionaries import BEGIN, END, Dictionary

app = typer.Typer(help="НСИ: справочники, редакции, отличия", no_args_is_help=True, pretty_exceptions_show_locals=False)

Name = Annotated[str, typer.Argument(help="Имя справочника, например V023 или T_KSG", metavar="СПРАВОЧНИК")]
Limit = Annotated[int, typer.Option(min=0, help="Сколько строк показать; 0 – все. В JSON выводятся все")]


@app.command(name="list")
def list_dictionaries(as_json: Json = False) -> None:
    """Справочники: действующая редакция, записей, даты, откуда."""
    with database.transaction(settings.load().database_url) as connection:
        kept = nsi.editions(connection)
    last = {edition.dictionary: (edition, rows) for edition, rows in kept}
    counts = Counter(edition.dictionary for edition, _ in kept)
    found = [_header(edition, rows) | {"editions": counts[name]} for name, (edition, rows) in last.items()]
    _print(found, _NAMED | _EDITION | {"editions": "Редакций"}, as_json)


@app.command(name="editions")
def list_editions(dictionary: Name, as_json: Json = False) -> None:
    """Редакции справочника, начиная с первой; действует последняя."""
    with database.transaction(settings.load().database_url) as connection:
        current = _current(connection, dictionary)
        kept = nsi.editions(connection, current.dictionary)
    found = [_header(edition, rows) | {"in_force": edition.id == current.id} for edition, rows in kept]
    _print(found, {"edition": "Редакция №"} | _EDITION | {"in_force": "Действует"}, as_json)


@app.command()
def show(
    dictionary: Name,
    on: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Действующие на день ГГГГ-ММ-ДД")] = None,
    key: Annotated[str, typer.Option(help="Значения ключевых полей через |, начиная с первого", show_default=False)] = "",
    edition: Annotated[int, typer.Option(help="Номер редакции; обычно – действующая", show_default=False)] = 0,
    limit: Limit = 50,
    as_json: Json = False,
) -> None:
    """Записи справочника: все, действующие на день, с ключом."""
    with database.transaction(settings.load().database_url) as connection:
        header = _edition(connection, dictionary, edition) if edition else _current(connection, dictionary)
        whole = nsi.read(connection, header)
    fields = key_of(header.dictionary, whole.rows.slice(0, KEY_ROWS).to_pylist()).key
    rows = whole.rows.filter(pa.array(_wanted(whole, on.date() if on else None, fields, key))).to_pylist()
    names = [*fields, *(name for name in whole.rows.column_names if name not in (*fields, BEGIN, END))]
    names += [name for name in (BEGIN, END) if name in whole.rows.column_names]
    _print(({name: row[name] for name in names} for row in rows), {name: name for name in names}, as_json, limit)


@app.command()
def diff(
    dictionary: Name,
    older: Annotated[int, typer.Argument(help="Номер прежней редакции; обычно – предыдущая", show_default=False)] = 0,
    newer: Annotated[int, typer.Argument(help="Номер новой редакции; обычно – действующая", show_default=False)] = 0,
    limit: Limit = 200,
    as_json: Json = False,
) -> None:
    """Чем редакция отличается от прежней: записи новые, изменённые (какие поля), закрытые, исключённые."""
    with database.transaction(settings.load().database_url) as connection:
        now = _edition(connection, dictionary, newer) if newer else _current(connection, dictionary)
        was = _edition(connection, dictionary, older) if older else nsi.previous(connection, now)
        before = nsi.entries(connection, was.id) if was else []
        after = nsi.entries(connection, now.id)
    told = key_of(now.dictionary, after)
    changes = compare.compare(before, after, told.key, told.order)
    rows = [row for change in changes for row in _changed(change, told.key)]
    if as_json:
        print_json(rows)
        return
    titles = {"key": "Ключ", "change": "Что", "field": "Поле", "was": "Было", "now": "Стало"}
    _print(({**row, "change": compare.CHANGE_TITLES[str(row["change"])]} for row in rows), titles, False, limit)
    counts = (f"{title} {sum(one.kind == kind for one in changes)}" for kind, title in compare.CHANGE_TITLES.items())
    typer.echo(f"{_named(was) if was else 'нет прежней редакции'} → {_named(now)}. Записей: {', '.join(counts)}")


KEY_ROWS = 50_000
"""Rows of which the key fields are guessed where none are declared."""
_NAMED = {"dictionary": "Справочник", "title": "Наименование", "edition": "Редакция №"}
_EDITION = {"version": "Версия", "issued": "Дата версии", "loaded": "Загружена", "rows": "Записей", "source": "Откуда"}


def _header(edition: nsi.Edition, rows: int) -> dict[str, object]:
    return {
        "dictionary": edition.dictionary,
        "title": title_of(edition.dictionary, edition.title),
        "edition": edition.id,
        "version": edition.version,
        "issued": edition.issued,
        "loaded": edition.loaded_at.astimezone(LOCAL),
        "rows": rows,
        "source": edition.source,
    }


def _named(edition: nsi.Edition) -> str:
    return f"редакция № {edition.id}" + (f" ({edition.version})" if edition.version else "")


def _current(connection: Connection, dictionary: str) -> nsi.Edition:
    found = nsi.current(connection, dictionary.upper())
    if found is None:
        typer.echo(f"Справочника {dictionary.upper()} нет; загруженные показывает команда list", err=True)
        raise typer.Exit(1)
    return found


def _edition(connection: Connection, dictionary: str, number: int) -> nsi.Edition:
    try:
        found = nsi.edition(connection, number)
    except LookupError as error:
        raise typer.BadParameter(str(error)) from error
    if found.dictionary != dictionary.upper():
        raise typer.BadParameter(f"редакция № {number} – справочника {found.dictionary}")
    return found


def _wanted(dictionary: Dictionary, on: date | None, fields: Sequence[str], key: str) -> np.ndarray:
    """Which rows are in force on the day and have the values of the key."""
    mask = np.ones(dictionary.rows.num_rows, bool)
    if on is not None:
        day = np.datetime64(on, "D")
        mask &= (dictionary.first <= day) & (day <= dictionary.last)
    values = key.split("|") if key else []
    if len(values) > len(fields):
        raise typer.BadParameter(f"ключ справочника – {'|'.join(fields)}", param_hint="--key")
    for field, value in zip(fields, values, strict=False):
        texts = np.array(dictionary.rows[field].fill_null("").to_pylist(), dtype=object)
        mask &= texts == value
    return mask


def _changed(change: compare.Change, fields: Sequence[str]) -> Iterable[dict[str, object]]:
    """A row for each field that changed; what is new or gone is told in one."""
    named = {"key": "|".join(change.key), "change": change.kind}
    if change.kind in (compare.NEW, compare.GONE):
        whole = "; ".join(f"{name}: {was or now}" for name, was, now in change.fields if name not in fields)
        new = change.kind == compare.NEW
        yield {**named, "field": "", "was": "" if new else whole, "now": whole if new else ""}
    else:
        for name, was, now in change.fields:
            yield {**named, "field": name, "was": was, "now": now}


def _print(rows: Iterable[dict[str, Any]], titles: dict[str, str], as_json: bool, limit: int = 0) -> None:
    found = list(rows)
    if as_json:
        print_json(found)
        return
    table = Table(*titles.values())
    for row in found[: limit or None]:
        table.add_row(*(_shown(row[name]) for name in titles))
    Console().print(table)
    if limit and len(found) > limit:
        typer.echo(f"Показано {limit} из {len(found)}; остальные – с --limit 0 или --json")


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return "да" if value else ""
    if isinstance(value, datetime):
        return f"{value:%d.%m.%Y %H:%M}"
    if isinstance(value, date):
        return f"{value:%d.%m.%Y}"
    return "" if value is None else str(value)

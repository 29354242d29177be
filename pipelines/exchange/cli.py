"""Command line of the exchange: state, a package's way, verification of the journal."""

from __future__ import annotations

import json
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table
from sqlalchemy import text

from pipelines.exchange import journal
from pipelines.exchange.model import RESULT_TITLES
from pipelines.exchange.protocol import LOCAL
from pipelines.ground import database, settings
from pipelines.ground.sql import statement
from pipelines.ground.store import Store

app = typer.Typer(help="Обмен: состояние, пакеты, проверка журнала", no_args_is_help=True)
Json = Annotated[bool, typer.Option("--json", help="Вывод в JSON")]
TITLES = {str(result): title for result, title in RESULT_TITLES.items()}


def _rows(name: str, **parameters: object) -> list[dict[str, Any]]:
    with database.transaction(settings.load().database_url) as connection:
        return [dict(row) for row in connection.execute(statement(name), parameters).mappings()]


def _print(rows: list[dict[str, Any]], titles: dict[str, str], as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(rows, ensure_ascii=False, default=str, indent=2))
        return
    table = Table(*titles.values())
    for row in rows:
        table.add_row(*(_shown(row[name]) for name in titles))
    Console().print(table)


def _shown(value: object) -> str:
    if value is None:
        return ""
    if hasattr(value, "astimezone"):
        return str(value.astimezone(LOCAL).strftime("%d.%m.%Y %H:%M:%S"))
    return TITLES.get(str(value), str(value))


@app.command()
def status(as_json: Json = False) -> None:
    """Сколько пакетов в каком состоянии, и что ждёт отправки."""
    titles = {"state": "Состояние", "result": "Результат", "packages": "Пакетов", "newest": "Последний"}
    _print(_rows("exchange/status"), titles, as_json)


@app.command()
def package(name: str, as_json: Json = False) -> None:
    """Путь пакета по номеру в журнале, имени или SHA-256."""
    found = _rows("exchange/package_find", what=name)
    if not found:
        typer.echo(f"Пакет «{name}» в журнале не найден", err=True)
        raise typer.Exit(1)
    titles = {"id": "№", "name": "Пакет", "sender": "Отправитель", "result": "Результат", "records": "Записей"}
    _print(found, titles | {"accepted": "Принято", "findings": "Замечаний"}, as_json)
    events = {"seq": "№ события", "at": "Время", "name": "Событие", "details": "Сведения"}
    for row in found:
        _print(_rows("exchange/package_events", package=row["id"]), events, as_json)


@app.command()
def verify(as_json: Json = False) -> None:
    """Пересчитать цепочку событий, сверить пакеты с событиями и все файлы с их адресами; код 1, если что-то изменено."""
    current = settings.load()
    with database.transaction(current.database_url) as connection:
        problems = list(journal.verify(connection, Store(current.store_url)))
        seq, head = journal.head(connection)
        packages = connection.execute(text("select count(*) from exchange.package")).scalar_one()
    if as_json:
        found = [{"place": problem.place, "text": problem.text} for problem in problems]
        typer.echo(json.dumps({"events": seq, "head": head, "packages": packages, "problems": found}, ensure_ascii=False))
    else:
        for problem in problems:
            typer.echo(f"{problem.place}: {problem.text}")
        typer.echo(f"Событий {seq}, пакетов {packages}, расхождений {len(problems)}. Хеш последнего события {head}")
    raise typer.Exit(1 if problems else 0)

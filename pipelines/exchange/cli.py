"""Command line of the exchange: state, a package's way and documents, verification of the journal.

The context's object opens the ``Exchange`` of settings (``systems.open_exchange``): commands that need the kinds call it.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table
from sqlalchemy import text

from pipelines.exchange import journal
from pipelines.exchange.documents import TITLES, NoDocuments
from pipelines.exchange.model import RESULT_TITLES
from pipelines.exchange.protocol import LOCAL
from pipelines.exchange.service import Exchange
from pipelines.ground import database, settings
from pipelines.ground.sql import statement
from pipelines.ground.store import Store

app = typer.Typer(help="Обмен: состояние, пакеты, проверка журнала", no_args_is_help=True)
Json = Annotated[bool, typer.Option("--json", help="Вывод в JSON")]
SHOWN = {str(result): title for result, title in RESULT_TITLES.items()} | dict(TITLES)


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
    return SHOWN.get(str(value), str(value))


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
        if kept := _rows("exchange/documents", package=row["id"]):
            files = {"kind": "Документ", "name": "Файл", "size": "Байт", "made_at": "Создан", "sha256": "SHA-256"}
            _print(kept, files, as_json)


@app.command()
def documents(
    context: typer.Context,
    package: Annotated[int, typer.Argument(help="Номер пакета в журнале")],
    out: Annotated[Path | None, typer.Option(help="Папка, куда записать файлы", file_okay=False)] = None,
) -> None:
    """Результаты проверок пакета в Great Expectations (JSON) и Data Docs (ZIP): показать; если их нет — сделать."""
    exchange: Exchange = context.obj(settings.load())
    try:
        made = exchange.documents(package)
    except NoDocuments as refusal:
        typer.echo(str(refusal), err=True)
        raise typer.Exit(1) from None
    for document in made:
        typer.echo(f"{TITLES[document.kind]}: {document.name}, {document.size} байт, SHA-256 {document.sha256}")
        if out is not None:
            out.mkdir(parents=True, exist_ok=True)
            (out / document.name).write_bytes(exchange.store.get(document.sha256))


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

"""Command line of the exchange: state, a package's way and documents, verification of the journal.

The context's object opens the ``Exchange`` of settings (``systems.open_exchange``): commands that need the kinds call it.
"""

from __future__ import annotations

import getpass
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table
from sqlalchemy import Connection

from pipelines.exchange import manual, verification, whereabouts
from pipelines.exchange import signatures as signing
from pipelines.exchange.documents import TITLES, NoDocuments
from pipelines.exchange.model import RESULT_TITLES
from pipelines.exchange.protocol import LOCAL
from pipelines.exchange.service import Exchange
from pipelines.formats.tables import FileFault
from pipelines.ground import database, settings
from pipelines.ground.commands import Json, print_json, progress
from pipelines.ground.sql import statement
from pipelines.ground.store import StoreError, digest

app = typer.Typer(help="Обмен: состояние, пакеты, проверка журнала", no_args_is_help=True)
Number = Annotated[int, typer.Argument(help="Номер пакета в журнале", metavar="НОМЕР")]
Reason = Annotated[str, typer.Option(help="Причина, попадёт в журнал")]
By = Annotated[str, typer.Option(help="Кто просит; по умолчанию учётная запись", show_default=False)]
SHOWN = {str(result): title for result, title in RESULT_TITLES.items()} | dict(TITLES)


def _rows(name: str, **parameters: object) -> list[dict[str, Any]]:
    with database.transaction(settings.load().database_url) as connection:
        return [dict(row) for row in connection.execute(statement(name), parameters).mappings()]


def _print(rows: list[dict[str, Any]], titles: dict[str, str], as_json: bool) -> None:
    if as_json:
        print_json(rows)
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
def package(
    name: Annotated[str, typer.Argument(help="Номер, имя или SHA-256", metavar="ПАКЕТ")], as_json: Json = False
) -> None:
    """Путь пакета по номеру в журнале, имени или SHA-256; код 1, если такого нет."""
    found = _rows("exchange/package_find", what=name)
    if not found:
        typer.echo(f"Пакет «{name}» в журнале не найден", err=True)
        raise typer.Exit(1)
    for row in found:
        row["events"] = _rows("exchange/package_events", package=row["id"])
        row["documents"] = _rows("exchange/documents", package=row["id"])
    if as_json:
        print_json(found)
        return
    titles = {"id": "№", "name": "Пакет", "sender": "Отправитель", "result": "Результат", "records": "Записей"}
    _print(found, titles | {"accepted": "Принято", "findings": "Замечаний"}, False)
    events = {"seq": "№ события", "at": "Время", "name": "Событие", "details": "Сведения"}
    files = {"kind": "Документ", "name": "Файл", "size": "Байт", "made_at": "Создан", "sha256": "SHA-256"}
    for row in found:
        _print(row["events"], events, False)
        if row["documents"]:
            _print(row["documents"], files, False)


@app.command()
def documents(
    context: typer.Context,
    package: Annotated[int, typer.Argument(help="Номер пакета в журнале", metavar="НОМЕР")],
    out: Annotated[Path | None, typer.Option(help="Папка, куда записать файлы", file_okay=False)] = None,
    as_json: Json = False,
) -> None:
    """Результаты проверок пакета в Great Expectations (JSON) и Data Docs (ZIP): показать; если их нет — сделать."""
    exchange: Exchange = context.obj(settings.load())
    try:
        with progress("Документы пакета"):
            made = exchange.documents(package)
    except NoDocuments as refusal:
        typer.echo(str(refusal), err=True)
        raise typer.Exit(1) from None
    if as_json:
        print_json([{name: getattr(one, name) for name in ("kind", "name", "size", "sha256")} for one in made])
    for document in made:
        if not as_json:
            typer.echo(f"{TITLES[document.kind]}: {document.name}, {document.size} байт, SHA-256 {document.sha256}")
        if out is not None:
            out.mkdir(parents=True, exist_ok=True)
            (out / document.name).write_bytes(exchange.store.get(document.sha256))


@app.command()
def signatures(context: typer.Context, number: Number, as_json: Json = False) -> None:
    """Проверить подписи в пакете, файлы любого размера; код 1, если подписей нет или не все верны и доверены."""
    exchange: Exchange = context.obj(settings.load())
    row = next((row for row in _rows("exchange/package_find", what=str(number)) if row["id"] == number), None)
    if row is None:
        typer.echo(f"Пакета № {number} в журнале нет", err=True)
        raise typer.Exit(1)
    trusted = signing.read_trust(exchange.region.folder)
    try:
        with progress("Подписи"):
            limits, content = exchange.processor.rules.limits, exchange.store.get(row["sha256"])
            found = signing.examine(row["name"], content, limits, trusted, row["received_at"])
    except (StoreError, FileFault) as fault:
        why = fault.code if isinstance(fault, FileFault) else fault
        typer.echo(f"Файл пакета № {number} не читается: {why}", err=True)
        raise typer.Exit(1) from None
    for name in trusted.faults:
        typer.echo(f"Файл папки {signing.FOLDER} не читается: {name}", err=True)
    if as_json:
        print_json([signing.facts(one) for one in found])
    else:
        for line in signing.lines(found):
            typer.echo(line)
    raise typer.Exit(0 if found and all(one.good for one in found) else 1)


@app.command()
def resend(number: Number, reason: Reason, by: By = "", as_json: Json = False) -> None:
    """Отправить тот же ответ на пакет ещё раз: те же файлы, байт в байт; кто и почему – в журнал."""
    with _asking() as connection:
        files = manual.resend(connection, number, by or getpass.getuser(), reason)
    _done(as_json, {"package": number, "files": files}, f"Пакет № {number}: ответ в очереди отправки, файлов {files}")


@app.command()
def again(number: Number, reason: Reason, by: By = "", as_json: Json = False) -> None:
    """Обработать ещё раз пакет, который не удалось обработать по вине фонда: его возьмёт ближайший приём."""
    with _asking() as connection:
        manual.again(connection, number, by or getpass.getuser(), reason)
    _done(as_json, {"package": number}, f"Пакет № {number}: ждёт ближайшего приёма")


@app.command()
def file(
    path: Annotated[
        Path, typer.Argument(help="Протокол, пакет или файл из пакета", metavar="ФАЙЛ", exists=True, dir_okay=False)
    ],
    as_json: Json = False,
) -> None:
    """Чей это файл: выдан нами, получен, изменён или журналу неизвестен; код 1, если таких байтов журнал не знает."""
    content = path.read_bytes()
    with database.transaction(settings.load().database_url) as connection:
        found = whereabouts.find(connection, path.name, digest(content), len(content))
    if as_json:
        print_json(asdict(found))
    else:
        typer.echo(f"{found.name}, {found.size} байт, SHA-256 {found.sha256}: {found.summary}")
        for known in (*found.same, *found.named, *found.like):
            typer.echo(f"  {known.summary}, пакет № {known.package}, SHA-256 {known.sha256}")
    raise typer.Exit(0 if found.same else 1)


@contextmanager
def _asking() -> Iterator[Connection]:
    """A transaction for what a person asks; a refusal is told and ends with code 1."""
    try:
        with database.transaction(settings.load().database_url) as connection:
            yield connection
    except manual.Refused as refusal:
        typer.echo(str(refusal), err=True)
        raise typer.Exit(1) from None


def _done(as_json: bool, facts: dict[str, Any], said: str) -> None:
    if as_json:
        print_json(facts)
    else:
        typer.echo(said)


@app.command()
def verify(
    context: typer.Context,
    as_json: Json = False,
    by: Annotated[str, typer.Option(help="Записать проверку в журнал от этого имени")] = "",
) -> None:
    """Пересчитать цепочку событий, сверить с ней пакеты, закрытия месяцев и все файлы; код 1, если что-то изменено."""
    exchange: Exchange = context.obj(settings.load())
    try:
        with progress("Проверка") as advance:
            found = verification.verify(
                exchange.settings.database_url, exchange.store, by or None, advance, exchange.verifiers
            )
    except verification.AlreadyRunning as refusal:
        typer.echo(str(refusal), err=True)
        raise typer.Exit(1) from None
    if as_json:
        problems = [{"place": problem.place, "text": problem.text} for problem in found.problems]
        facts = {"events": found.events, "head": found.head, "packages": found.packages, "problems": problems}
        print_json(facts)
    else:
        for problem in found.problems:
            typer.echo(f"{problem.place}: {problem.text}")
        typer.echo(f"{found.summary}. Хеш последнего события {found.head}")
    raise typer.Exit(1 if found.problems else 0)

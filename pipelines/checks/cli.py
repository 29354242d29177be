"""Command line of the checks: compile a rule dictionary, say what is covered, explain rules."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, cast

import typer
from rich.console import Console
from rich.table import Table

from pipelines.checks import compiler, pages, records, suites
from pipelines.formats.layout import Layout, load
from pipelines.ground import database, settings
from pipelines.ground.sql import statement

app = typer.Typer(
    help="Правила контроля: компиляция, охват, пояснения", no_args_is_help=True, pretty_exceptions_show_locals=False
)

RecordsFile = Annotated[Path, typer.Argument(help="Справочник правил: пакет XML или CSV", exists=True, dir_okay=False)]
Kinds = Annotated[str, typer.Option(help="Виды файлов через запятую")]
Journal = Annotated[bool, typer.Option("--journal", help="Показать, сколько было замечаний, по журналу обмена")]


@app.command(name="compile")
def compile_records(
    source: RecordsFile,
    subsystem: Annotated[str, typer.Option(help="Подсистема: папка в expectations/")] = "pump",
    kinds: Kinds = "H,L,C,T,X",
    folder: Annotated[Path, typer.Option(help="Куда писать наборы")] = suites.FOLDER,
) -> None:
    """Скомпилировать справочник правил в наборы проверок."""
    layouts = _layouts(kinds)
    compiled = compiler.compile_packet(records.read(source), layouts, subsystem)
    target = folder / subsystem
    target.mkdir(parents=True, exist_ok=True)
    for kind in layouts:
        for stale in target.glob(f"{kind}_*.json"):
            stale.unlink()
    for suite in compiled:
        suites.write(suite, target)
    typer.echo(f"Наборов: {len(compiled)}, проверок: {sum(len(suite.checks) for suite in compiled)}, папка {target}")


@app.command()
def coverage(source: RecordsFile, kinds: Kinds = "H,L,C,T,X") -> None:
    """Сколько действующих правил каждого класса исполняется, и почему не исполняются остальные."""
    packet = records.read(source)
    frame = compiler.coverage(compiler.outcomes(packet, _layouts(kinds)))
    frame = frame[frame["open"]].assign(category=frame["rule"].str.slice(0, 4))
    console = Console()
    counts = frame.groupby(["kind", "category", "status"]).size().unstack(fill_value=0)
    counts = counts.reindex(columns=list(compiler.STATUS_TITLES), fill_value=0)
    table = Table("Вид файла", "Класс", *compiler.STATUS_TITLES.values(), title=f"{packet.dictionary} {packet.version}")
    for key, row in counts.iterrows():
        kind, category = cast(tuple[str, str], key)
        table.add_row(kind, category, *map(str, row))
    console.print(table)
    left = frame[frame["status"] == compiler.NOT_SUPPORTED]
    reasons = Table("Причина", "Класс", "Правил", "Правила")
    for key, group in left.groupby(["reason", "category"]):
        reason, category = map(str, key)
        reasons.add_row(reason, category, str(len(group)), " ".join(group["rule"].str.slice(5)))
    console.print(reasons)


@app.command()
def explain(
    rule: Annotated[str, typer.Argument(help="Код правила, например 006F.00.0370")], journal: Journal = False
) -> None:
    """Что проверяет правило: сообщение, элемент, условие, соотношение, срок действия, источник, примеры."""
    placed = pages.by_rule(pages.shipped()).get(rule)
    if placed is None:
        typer.echo(f"Правила {rule} нет в скомпилированных наборах", err=True)
        raise typer.Exit(1)
    hits = _hits().get(rule, ()) if journal else ()
    typer.echo(pages.page(rule, placed, hits, journal), nl=False)


@app.command(name="pages")
def write_pages(
    journal: Journal = False,
    folder: Annotated[Path, typer.Option(help="Куда писать страницы", file_okay=False)] = pages.FOLDER,
) -> None:
    """Записать страницы правил: по одной на правило, указатели по классам и видам файлов."""
    made = pages.pages(pages.shipped(), _hits() if journal else None)
    pages.write(made, folder)
    typer.echo(f"Страниц: {len(made)}, папка {folder}")


def _hits() -> dict[str, list[pages.Hits]]:
    """How often each rule was broken, as the journal of the exchange says."""
    hits: dict[str, list[pages.Hits]] = {}
    with database.transaction(settings.load().database_url) as connection:
        for row in connection.execute(statement("exchange/rule_hits")):
            hits.setdefault(row.rule, []).append(pages.Hits(row.member, row.packages, row.findings, row.checked))
    return hits


def _layouts(kinds: str) -> dict[str, Layout]:
    return {kind: load(kind) for kind in (part.strip() for part in kinds.split(",")) if kind}

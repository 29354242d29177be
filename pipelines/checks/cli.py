"""Command line of the checks: compile a rule dictionary, say what is covered, explain a rule."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, cast

import pandas as pd
import typer
from rich.console import Console
from rich.table import Table

from pipelines.checks import compiler, readings, records, suites
from pipelines.formats.layout import Layout, load

app = typer.Typer(
    help="Правила контроля: компиляция, охват, пояснения", no_args_is_help=True, pretty_exceptions_show_locals=False
)

RecordsFiles = Annotated[
    list[Path], typer.Argument(help="Справочник правил: пакет XML или CSV; можно несколько", exists=True, dir_okay=False)
]
REGISTERS = "H,L,C,T,X"
Kinds = Annotated[str, typer.Option(help="Виды файлов через запятую")]


@app.command(name="compile")
def compile_records(
    sources: RecordsFiles,
    subsystem: Annotated[str, typer.Option(help="Подсистема: папка в expectations/")] = "pump",
    kinds: Kinds = REGISTERS,
    folder: Annotated[Path, typer.Option(help="Куда писать наборы")] = suites.FOLDER,
) -> None:
    """Скомпилировать справочник правил в наборы проверок; редакции (от старой к новой) – в одни наборы с датами."""
    layouts = _layouts(kinds)
    book = compiler.book([records.read(source) for source in sources], layouts, subsystem)
    compiled = [suite for _, suite in book.every()]
    target = folder / subsystem
    target.mkdir(parents=True, exist_ok=True)
    for kind in layouts:
        for stale in target.glob(f"{kind}_*.json"):
            stale.unlink()
    for suite in compiled:
        suites.write(suite, target)
    typer.echo(f"Наборов: {len(compiled)}, проверок: {sum(len(suite.checks) for suite in compiled)}, папка {target}")


@app.command()
def coverage(sources: RecordsFiles, kinds: Kinds = f"{REGISTERS},R,D,A") -> None:
    """Сколько действующих правил исполняется: по видам файлов, по правилам, по справочникам – и почему не остальные."""
    console = Console(soft_wrap=True)
    whole = []
    for source in sources:
        packet = records.read(source)
        frame = compiler.coverage(compiler.outcomes(packet, _layouts(kinds)))
        frame = frame[frame["open"]].assign(category=frame["rule"].str.slice(0, 4))
        _by_kind(console, packet, frame)
        whole.append((f"{packet.dictionary} {packet.version}", compiler.by_rule(frame)))
    table = Table("Справочник", "Правил", *compiler.RULE_TITLES.values(), "Исполняется, %", title="Действующие правила")
    for title, counts in (*whole, ("Всего", sum((counts for _, counts in whole), start=Counter()))):
        judged = counts.total() - counts[compiler.OUT]
        share = 100 * (counts[compiler.ALL] + counts[compiler.SOME]) / judged if judged else 0.0
        table.add_row(title, str(counts.total()), *(str(counts[key]) for key in compiler.RULE_TITLES), f"{share:.1f}")
    console.print(table)


def _by_kind(console: Console, packet: records.Packet, frame: pd.DataFrame) -> None:
    counts = frame.groupby(["kind", "category", "status"]).size().unstack(fill_value=0)
    counts = counts.reindex(columns=list(compiler.STATUS_TITLES), fill_value=0)
    table = Table("Вид файла", "Класс", *compiler.STATUS_TITLES.values(), title=f"{packet.dictionary} {packet.version}")
    for key, row in counts.iterrows():
        kind, category = cast(tuple[str, str], key)
        table.add_row(kind, category, *map(str, row))
    console.print(table)
    left = frame[~frame["status"].isin(compiler.EXECUTED)]
    reasons = Table("Правило", "Виды файлов", "Что с ним", "Причина")
    for key, group in left.groupby(["rule", "status", "reason"]):
        rule, status, reason = map(str, key)
        reasons.add_row(rule, " ".join(group["kind"]), compiler.STATUS_TITLES[status], reason)
    console.print(reasons)


@app.command()
def explain(rule: Annotated[str, typer.Argument(help="Код правила, например 006F.00.0370")]) -> None:
    """Что проверяет правило: элемент, выражение, срок действия, источник."""
    shown = 0
    for path in sorted(suites.FOLDER.glob("*/*.json")):
        suite = suites.read(path)
        for check in suite.checks:
            if check.rule == rule:
                _explain(suite, check)
                shown += 1
    if not shown:
        typer.echo(f"Правила {rule} нет в скомпилированных наборах", err=True)
        raise typer.Exit(1)


def _explain(suite: suites.Suite, check: suites.Check) -> None:
    since = f"{check.since:%d.%m.%Y}" if check.since else "…"
    until = f"{check.until:%d.%m.%Y}" if check.until else "…"
    table = Table(show_header=False, title=f"{check.rule} ({suite.layout}, {suite.table})")
    for name, text in (
        ("Сообщение", check.text),
        ("Элемент", check.element),
        ("Степень", check.severity),
        ("Данные", ", ".join(check.columns)),
        ("Проверка", f"{check.type} {_parameters(check.parameters)}"),
        ("Действует", f"{since} – {until}"),
        ("Источник", check.source),
        ("Написано вручную", "да" if check.rule in readings.handwritten() else "нет"),
    ):
        table.add_row(name, text)
    Console().print(table)


def _parameters(parameters: Mapping[str, object]) -> str:
    return ", ".join(f"{name}={value}" for name, value in parameters.items() if value not in (None, False, []))


def _layouts(kinds: str) -> dict[str, Layout]:
    return {kind: load(kind) for kind in (part.strip() for part in kinds.split(",")) if kind}

"""Command line of the checks: compile a rule dictionary, say what is covered, explain a rule."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, cast

import pandas as pd
import typer
from rich.console import Console
from rich.table import Table

from pipelines.checks import compiler, mek, records, suites
from pipelines.formats.layout import Layout, load

app = typer.Typer(
    help="Правила контроля: компиляция, охват, пояснения", no_args_is_help=True, pretty_exceptions_show_locals=False
)

RecordsFile = Annotated[Path, typer.Argument(help="Справочник правил: пакет XML или CSV", exists=True, dir_okay=False)]
RecordsFiles = Annotated[
    list[Path], typer.Argument(help="Справочники правил: пакеты XML или CSV", exists=True, dir_okay=False)
]
Kinds = Annotated[str, typer.Option(help="Виды файлов через запятую; обычно – все, для которых есть правила")]


@app.command(name="compile")
def compile_records(
    source: RecordsFile,
    subsystem: Annotated[str, typer.Option(help="Папка в expectations/; обычно – своя у справочника")] = "",
    kinds: Kinds = "",
    folder: Annotated[Path, typer.Option(help="Куда писать наборы")] = suites.FOLDER,
) -> None:
    """Скомпилировать справочник правил в наборы проверок."""
    packet = records.read(source)
    layouts = _layouts(packet, kinds)
    subsystem = subsystem or compiler.subsystem_of(packet.dictionary).suites
    compiled = compiler.compile_packet(packet, layouts, subsystem)
    target = folder / subsystem
    target.mkdir(parents=True, exist_ok=True)
    for kind in layouts:
        for stale in target.glob(f"{kind}_*.json"):
            stale.unlink()
    for suite in compiled:
        suites.write(suite, target)
    typer.echo(f"Наборов: {len(compiled)}, проверок: {sum(len(suite.checks) for suite in compiled)}, папка {target}")


@app.command()
def coverage(sources: RecordsFiles, kinds: Kinds = "") -> None:
    """Сколько действующих правил исполняется: по справочникам, видам файлов, классам МЭК и регионам; почему не остальные."""
    console = Console()
    rules = {}
    for source in sources:
        packet = records.read(source)
        frame = compiler.coverage(compiler.outcomes(packet, _layouts(packet, kinds)))
        rules[packet.dictionary] = compiler.by_rule(frame)
        _by_kind(console, packet, frame)
    for dictionary, of_dictionary in rules.items():
        if (of_dictionary["class"] != "").any():
            titles = {**mek.class_titles(), "": "класс не назван"}
            _shares(console, f"{dictionary}: по классам", "Класс", of_dictionary, of_dictionary["class"].map(titles))
        if (of_dictionary["region"] != "00").any():
            _shares(console, f"{dictionary}: по регионам", "Регион", of_dictionary, of_dictionary["region"])
    every = pd.concat([frame.assign(dictionary=name) for name, frame in rules.items()])
    _shares(console, "Всего", "Справочник", every, every["dictionary"])


def _by_kind(console: Console, packet: records.Packet, frame: pd.DataFrame) -> None:
    frame = frame[frame["open"]].assign(category=frame["rule"].str.slice(0, 4))
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
        ids = sorted(set(group["rule"].str.slice(5)))
        reasons.add_row(reason, category, str(len(ids)), " ".join(ids))
    console.print(reasons)


def _shares(console: Console, title: str, name: str, rules: pd.DataFrame, by: pd.Series[str]) -> None:
    """How many open rules with content are executed, by what ``by`` says of each, and in all."""
    table = Table(name, "Действующих", "Исполняется", "Доля", title=title)
    done = rules["status"] != compiler.NOT_SUPPORTED
    for key, group in done.groupby(by):
        table.add_row(str(key), *_share(group))
    table.add_row("Итого", *_share(done))
    console.print(table)


def _share(done: pd.Series[bool]) -> tuple[str, str, str]:
    share = f"{done.mean():.1%}".replace(".", ",") if len(done) else "–"
    return str(len(done)), str(int(done.sum())), share


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
        ("Основание отказа (F014)", check.basis or "не указано"),
        ("Написано вручную", "да" if check.rule in compiler.handwritten() else "нет"),
    ):
        table.add_row(name, text)
    Console().print(table)


def _parameters(parameters: Mapping[str, object]) -> str:
    return ", ".join(f"{name}={value}" for name, value in parameters.items() if value not in (None, False, []))


def _layouts(packet: records.Packet, kinds: str) -> dict[str, Layout]:
    chosen = [part.strip() for part in kinds.split(",") if part.strip()] or compiler.subsystem_of(packet.dictionary).kinds
    return {kind: load(kind) for kind in chosen}

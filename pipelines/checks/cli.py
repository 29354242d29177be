"""Command line of the checks: compile, say what is covered, explain a rule, compare and enable editions."""

from __future__ import annotations

import getpass
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, cast

import pandas as pd
import typer
from rich.console import Console
from rich.table import Table

from pipelines.checks import compiler, editions, pages, readings, records, report, rulebook, suites
from pipelines.formats.layout import Layout, load
from pipelines.ground import database, settings
from pipelines.ground.commands import Json, print_json, progress
from pipelines.ground.sql import statement
from pipelines.nsi import compare

app = typer.Typer(
    help="Правила контроля: компиляция, охват, пояснения", no_args_is_help=True, pretty_exceptions_show_locals=False
)

RecordsFiles = Annotated[
    list[Path],
    typer.Argument(
        help="Справочники правил, пакеты XML или CSV; более новые после более старых",
        metavar="ФАЙЛ",
        exists=True,
        dir_okay=False,
    ),
]
Edition = Annotated[str, typer.Argument(help="Редакция: номер загруженной или файл", metavar="РЕДАКЦИЯ")]
Number = Annotated[int, typer.Argument(help="Номер загруженной редакции, см. editions", metavar="НОМЕР")]
Reason = Annotated[str, typer.Option(help="Основание решения")]
DecidedBy = Annotated[str, typer.Option("--by", help="Кто решил; по умолчанию учётная запись", show_default=False)]
Journal = Annotated[bool, typer.Option("--journal", help="Правила, введённые в базе, и число замечаний по журналу обмена")]
Kinds = Annotated[str, typer.Option(help="Виды файлов через запятую; обычно – все, для которых есть правила")]


@app.command(name="compile")
def compile_records(
    sources: RecordsFiles,
    subsystem: Annotated[str, typer.Option(help="Папка в expectations/; обычно – все папки справочника")] = "",
    kinds: Kinds = "",
    folder: Annotated[Path, typer.Option(help="Куда писать наборы")] = suites.FOLDER,
    as_json: Json = False,
) -> None:
    """Скомпилировать справочник правил в наборы проверок; из записей об одном правиле новая действует со своего дня."""
    packets = [records.read(source) for source in sources]
    (dictionary,) = {packet.dictionary for packet in packets}
    places = compiler.places_of(dictionary)
    written = []
    for place, usual in {subsystem: places.get(subsystem, ())}.items() if subsystem else places.items():
        layouts = _layouts(usual, kinds)
        if layouts:
            written.append(_write(folder / place, layouts, compiler.book(packets, layouts, place)))
    if as_json:
        print_json(written)
        return
    for one in written:
        typer.echo(f"Наборов: {one['suites']}, проверок: {one['checks']}, папка {one['folder']}")


def _write(target: Path, layouts: Mapping[str, Layout], book: rulebook.RuleBook) -> dict[str, object]:
    compiled = [suite for _, suite in book.every()]
    target.mkdir(parents=True, exist_ok=True)
    for kind in layouts:
        for stale in target.glob(f"{kind}_*.json"):
            stale.unlink()
    for suite in compiled:
        suites.write(suite, target)
    return {"folder": str(target), "suites": len(compiled), "checks": sum(len(suite.checks) for suite in compiled)}


@app.command()
def coverage(sources: RecordsFiles, kinds: Kinds = "", as_json: Json = False) -> None:
    """Сколько действующих правил исполняется: по видам, классам МЭК, регионам, справочникам – и почему не остальные."""
    console = Console(soft_wrap=True)
    whole = []
    for source in sources:
        packet = records.read(source)
        usual = [kind for of_place in compiler.places_of(packet.dictionary).values() for kind in of_place]
        frame = compiler.coverage(compiler.outcomes(packet, _layouts(usual, kinds)))
        frame = frame[frame["open"]].assign(category=frame["rule"].str.slice(0, 4))
        if as_json:
            whole.append((f"{packet.dictionary} {packet.version}", compiler.by_rule(frame)))
            continue
        _by_kind(console, packet, frame)
        for shares in report.tables(packet.dictionary, compiler.executed(frame)):
            console.print(shares)
        whole.append((f"{packet.dictionary} {packet.version}", compiler.by_rule(frame)))
    if as_json:
        print_json([{"dictionary": title, "rules": counts.total(), **counts} for title, counts in whole])
        return
    table = Table("Справочник", "Правил", *compiler.RULE_TITLES.values(), "Исполняется, %", title="Действующие правила")
    for title, counts in (*whole, ("Всего", sum((counts for _, counts in whole), start=Counter()))):
        judged = counts.total() - counts[compiler.OUT]
        share = 100 * (counts[compiler.ALL] + counts[compiler.SOME]) / judged if judged else 0.0
        table.add_row(title, str(counts.total()), *(str(counts[key]) for key in compiler.RULE_TITLES), f"{share:.1f}")
    console.print(table)


def _by_kind(console: Console, packet: records.Packet, frame: pd.DataFrame) -> None:
    counts = frame.groupby(["kind", "category", "status"]).size().unstack(fill_value=0)
    counts = counts.reindex(columns=list(compiler.STATUS_TITLES), fill_value=0)
    table = Table("Вид файла", "Класс", *compiler.STATUS_TITLES.values(), title=_title(packet))
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
def explain(
    rule: Annotated[str, typer.Argument(help="Код правила, например 006F.00.0370", metavar="ПРАВИЛО")],
    journal: Journal = False,
    as_json: Json = False,
) -> None:
    """Что проверяет правило: сообщение, элемент, условие, соотношение, срок действия, источник, примеры."""
    placed = pages.by_rule(_suites(journal)).get(rule)
    if placed is None:
        typer.echo(f"Правила {rule} нет в скомпилированных наборах", err=True)
        raise typer.Exit(1)
    if as_json:
        _list_json({"Вид файла": suite.layout, "Таблица": suite.table, **_explained(check)} for suite, check in placed)
        return
    hits = _hits().get(rule, ()) if journal else ()
    typer.echo(pages.page(rule, placed, hits, journal), nl=False)


@app.command(name="pages")
def write_pages(
    journal: Journal = False,
    folder: Annotated[Path, typer.Option(help="Куда писать страницы", file_okay=False)] = pages.FOLDER,
    as_json: Json = False,
) -> None:
    """Записать страницы правил: по одной на правило, указатели по классам и видам файлов."""
    with progress("Страницы правил"):
        made = pages.pages(_suites(journal), _hits() if journal else None)
        pages.write(made, folder)
    if as_json:
        print_json({"pages": len(made), "folder": str(folder)})
    else:
        typer.echo(f"Страниц: {len(made)}, папка {folder}")


@app.command()
def diff(older: Edition, newer: Edition, as_json: Json = False) -> None:
    """Чем новая редакция отличается от старой: правила новые, изменённые (какие поля), закрытые, исключённые."""
    before, after = _packet(older), _packet(newer)
    rows = [list(map(records.as_row, packet.records)) for packet in (before, after)]
    changes = compare.compare(rows[0], rows[1], ("ID_TEST",))
    if as_json:
        _list_json({"rule": one.key[0], "change": one.kind, "fields": one.fields} for one in changes)
        return
    table = Table("Правило", "Что", "Поле", "Было", "Стало", title=f"{_title(before)} → {_title(after)}")
    for change in changes:
        named = (change.key[0], _CHANGES[change.kind])
        if change.kind in (compare.CHANGED, compare.CLOSED):
            for field in change.fields:
                table.add_row(*named, *field)
        else:
            table.add_row(*named, "", "", "")
    Console().print(table)
    counts = ", ".join(f"{title} {sum(one.kind == kind for one in changes)}" for kind, title in _CHANGES.items())
    typer.echo(f"Правил: {counts}")


@app.command(name="editions")
def list_editions(as_json: Json = False) -> None:
    """Загруженные редакции справочников правил и решения о них."""
    with database.transaction(settings.load().database_url) as connection:
        kept = editions.stored(connection)
    if as_json:
        _list_json(vars(edition) for edition in kept)
        return
    table = Table("№", "Редакция", "Состояние", "Действует с", "Решение", "Кто", "Основание")
    for one in kept:
        day = _day(one.enabled_from) if one.enabled_from else ""
        decided = f"{one.decided_at:%d.%m.%Y}" if one.decided_at else ""
        table.add_row(str(one.id), one.title, _STATES[one.state], day, decided, one.decided_by or "", one.reason or "")
    Console().print(table)


@app.command()
def enable(
    number: Number,
    since: Annotated[datetime, typer.Option(formats=["%Y-%m-%d"], help="Первый отчётный день, ГГГГ-ММ-ДД")],
    reason: Reason,
    decided_by: DecidedBy = "",
    as_json: Json = False,
) -> None:
    """Ввести редакцию в действие: реестры с отчётной датой не раньше этого дня проверяются по ней."""
    with database.transaction(settings.load().database_url) as connection:
        try:
            edition = editions.find(connection, number)
            editions.enable(connection, number, since.date(), decided_by or getpass.getuser(), reason)
        except (LookupError, ValueError) as error:
            raise typer.BadParameter(str(error), param_hint="number") from error
    if as_json:
        print_json({"edition": number, "title": edition.title, "state": "enabled", "since": f"{since:%Y-%m-%d}"})
    else:
        typer.echo(f"{edition.title}: действует с {since:%d.%m.%Y}")


@app.command()
def withdraw(number: Number, reason: Reason, decided_by: DecidedBy = "", as_json: Json = False) -> None:
    """Отозвать редакцию: она не действует ни на какой день."""
    with database.transaction(settings.load().database_url) as connection:
        try:
            edition = editions.find(connection, number)
        except LookupError as error:
            raise typer.BadParameter(str(error), param_hint="number") from error
        editions.withdraw(connection, number, decided_by or getpass.getuser(), reason)
    if as_json:
        print_json({"edition": number, "title": edition.title, "state": "withdrawn"})
    else:
        typer.echo(f"{edition.title}: отозвана")


_STATES = {"proposed": "предложена", "enabled": "введена", "withdrawn": "отозвана"}
_CHANGES = {compare.NEW: "новое", compare.CHANGED: "изменено", compare.CLOSED: "закрыто", compare.GONE: "исключено"}


def _packet(named: str) -> records.Packet:
    """The packet of a file or of a stored edition."""
    if not named.isdigit():
        path = Path(named)
        if not path.is_file():
            raise typer.BadParameter(f"нет файла {named}")
        return records.read(path)
    with database.transaction(settings.load().database_url) as connection:
        try:
            return editions.packet(connection, editions.find(connection, int(named)))
        except LookupError as error:
            raise typer.BadParameter(str(error)) from error


def _title(packet: records.Packet) -> str:
    return f"{packet.dictionary} {packet.version}".strip()


def _list_json(rows: Iterable[object]) -> None:
    print_json(list(rows))


def _day(day: date | None) -> str:
    return f"{day:%d.%m.%Y}" if day else "…"


def _explained(check: suites.Check) -> Mapping[str, str]:
    return {
        "Сообщение": check.text,
        "Элемент": check.element,
        "Степень": check.severity,
        "Данные": ", ".join(check.columns),
        "Проверка": f"{check.type} {_parameters(check.parameters)}",
        "Действует": f"{_day(check.since)} – {_day(check.until)}",
        "Источник": check.source,
        "Основание отказа (F014)": check.basis or "не указано",
        "Написано вручную": "да" if check.rule in readings.handwritten() else "нет",
    }


def _parameters(parameters: Mapping[str, object]) -> str:
    return ", ".join(f"{name}={value}" for name, value in parameters.items() if value not in (None, False, []))


def _suites(journal: bool) -> list[suites.Suite]:
    """The shipped suites, or those in force where the journal is."""
    if not journal:
        return [suite for _, suite in rulebook.shipped().every()]
    with database.transaction(settings.load().database_url) as connection:
        return [suite for _, suite in rulebook.in_force(connection).every()]


def _hits() -> dict[str, list[pages.Hits]]:
    """How often each rule was broken, as the journal of the exchange says."""
    hits: dict[str, list[pages.Hits]] = {}
    with database.transaction(settings.load().database_url) as connection:
        for row in connection.execute(statement("exchange/rule_hits")):
            hits.setdefault(row.rule, []).append(pages.Hits(row.member, row.packages, row.findings, row.checked))
    return hits


def _layouts(usual: Iterable[str], kinds: str) -> dict[str, Layout]:
    """Layouts of the kinds asked for, or of the usual ones."""
    return {kind: load(kind) for kind in [part.strip() for part in kinds.split(",") if part.strip()] or usual}

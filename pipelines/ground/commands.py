"""What the command lines share: help and errors in Russian, JSON, progress on the terminal.

Data goes to stdout, everything else to stderr. Exit codes: 0 done, 1 refused, not found or differs, 2 called wrongly.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from typer import core, rich_utils

CODES = "Коды возврата: 0 – сделано; 1 – отказ, не найдено или есть расхождения; 2 – неверный вызов."
Json = Annotated[bool, typer.Option("--json", help="Вывод в JSON")]
Advance = Callable[[str, int], None]
"""Told what is being done and how much of it is done."""

_ERRORS = (
    (r"^Invalid value for (.+?): ", r"Неверное значение \1: "),
    (r"^Invalid value: ", "Неверное значение: "),
    (r"^Missing option (.+?)\.?$", r"Не указан параметр \1"),
    (r"^Missing (?:argument|parameter:?) (.+?)\.?$", r"Не указано: \1"),
    (r"^Missing command\.?$", "Не указана команда"),
    (r"^No such command (.+?)\.?$", r"Нет команды \1"),
    (r"^No such option: (\S+)", r"Нет параметра \1"),
    (r"Did you mean (.+?)\?", r"Может быть, \1?"),
    (r"\(Possible options: (.+?)\)", r"(есть \1)"),
    (r"^Got unexpected extra arguments? \((.+?)\)", r"Лишнее: \1"),
    (r"^Option (.+?) requires an argument\.?", r"У параметра \1 нет значения"),
    (r"(?:Value )?(\S+) is not a valid (?:int|integer|float)\b.*", r"\1 – не число"),
    (r"Value error, ", ""),
    (r"Input should be a valid (?:integer|number).*", "нужно число"),
    (r"Input should be greater than or equal to (\S+).*", r"не меньше \1"),
    (r"Input should be less than or equal to (\S+).*", r"не больше \1"),
    (r"(\S+) is not in the range (.+?)\.?$", r"\1 вне пределов \2"),
    (r"(\S+) does not match the formats? (.+?)\.?$", r"\1 – не дата вида \2"),
    (r"(?i:file|path) (.+?) does not exist\.?", r"нет файла \1"),
    (r"(?i:file|path) (.+?) is a directory\.?", r"\1 – папка, а нужен файл"),
    (r"(?i:directory|path) (.+?) is a file\.?", r"\1 – файл, а нужна папка"),
)
"""What typer says, and what is said instead."""


def russian(app: typer.Typer) -> typer.Typer:
    """The command line with headings, usage and errors in Russian, and the exit codes under the help of each command."""
    rich_utils.ARGUMENTS_PANEL_TITLE = "Аргументы"
    rich_utils.OPTIONS_PANEL_TITLE = "Параметры"
    rich_utils.COMMANDS_PANEL_TITLE = "Команды"
    rich_utils.ERRORS_PANEL_TITLE = "Ошибка"
    rich_utils.REQUIRED_LONG_STRING = "[обязательно]"
    rich_utils.DEFAULT_STRING = "[обычно: {}]"
    rich_utils.ENVVAR_STRING = "[переменная среды: {}]"
    rich_utils.ABORTED_TEXT = "Прервано."
    rich_utils.RICH_HELP = "Справка: [blue]{command_path} {help_option}[/]"
    app.info.cls, app.info.epilog, app._add_completion = Group, CODES, False
    for command in app.registered_commands:
        command.cls, command.epilog = Command, CODES
    for group in app.registered_groups:
        if group.typer_instance is not None:
            group.cls, group.epilog = Group, CODES
            russian(group.typer_instance)
    return app


def print_json(data: object) -> None:
    """The whole of what a command says with ``--json``: one object or list; dates and sums as text."""
    typer.echo(json.dumps(data, ensure_ascii=False, default=str, indent=2))


@contextmanager
def progress(title: str, total: int | None = None) -> Iterator[Advance]:
    """A bar on stderr while something lasts, on a terminal only; without ``total`` it counts."""
    console = Console(stderr=True)
    count = BarColumn() if total is not None else SpinnerColumn()
    columns = (TextColumn("{task.description}"), count, MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal, transient=True) as bar:
        task = bar.add_task(title, total=total)
        yield lambda what, done: bar.update(task, description=what, completed=done)


def steps(title: str, parts: Iterable[tuple[str, Callable[[], object]]]) -> list[object]:
    """Do named steps one after another under a bar; their results."""
    todo, results = list(parts), []
    with progress(title, len(todo)) as advance:
        for number, (name, step) in enumerate(todo):
            advance(name, number)
            results.append(step())
        advance(title, len(todo))
    return results


class _Russian:
    """What a command and a group of commands say of themselves, and errors of their calls."""

    def format_usage(self, ctx: Any, formatter: Any) -> None:
        pieces = " ".join(self.collect_usage_pieces(ctx))  # type: ignore[attr-defined]
        for said, instead in (("[OPTIONS]", "[ПАРАМЕТРЫ]"), ("COMMAND [ARGS]...", "КОМАНДА …")):
            pieces = pieces.replace(said, instead)
        formatter.write_usage(ctx.command_path, pieces, prefix="Вызов: ")

    def get_help_option(self, ctx: Any) -> Any:
        option = super().get_help_option(ctx)  # type: ignore[misc]
        if option is not None:
            option.help = "Показать эту справку"
        return option

    def make_context(self, *given: Any, **named: Any) -> Any:
        with _told():
            return super().make_context(*given, **named)  # type: ignore[misc]

    def invoke(self, ctx: Any) -> Any:
        with _told():
            return super().invoke(ctx)  # type: ignore[misc]


class Command(_Russian, core.TyperCommand):
    """A command that speaks Russian."""


class Group(_Russian, core.TyperGroup):
    """A group of commands that speaks Russian."""


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except Exception as error:
        if hasattr(error, "format_message") and not hasattr(error, "told"):
            error.told = said = _said(error.format_message())  # type: ignore[attr-defined]
            error.format_message = lambda: said
        raise


def _said(message: str) -> str:
    for pattern, instead in _ERRORS:
        message = re.sub(pattern, instead, message)
    return message

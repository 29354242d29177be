"""``checks impact``: the impact report on the command line; nothing is put in force."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Annotated

import typer
from rich.console import Console
from rich.markdown import Markdown

from pipelines.exchange.impact import service
from pipelines.exchange.impact.actions import ACTIONS, EDITION
from pipelines.exchange.impact.proposal import Request
from pipelines.exchange.impact.replay import ImpactError
from pipelines.exchange.protocol import LOCAL
from pipelines.exchange.service import Exchange
from pipelines.ground import settings
from pipelines.ground.commands import Json, print_json, steps
from pipelines.ground.settings import Settings

Open = Callable[[Settings], Exchange]


def mount(app: typer.Typer, open_exchange: Open) -> None:
    """Add the command to the command line of the checks, over the exchange with all its kinds."""

    @app.command()
    def impact(
        since: Annotated[str, typer.Option(help="С какого отчётного дня действует изменение, ГГГГ-ММ-ДД")],
        rule: Annotated[str, typer.Option(help="Код правила")] = "",
        kind: Annotated[str, typer.Option(help="Файл: H, L, …; пусто – все")] = "",
        action: Annotated[str, typer.Option(help=f"Что сделать: {', '.join(ACTIONS)}")] = EDITION,
        text: Annotated[str, typer.Option(help="Новый текст сообщения")] = "",
        edition: Annotated[int | None, typer.Option(help="Номер предложенной редакции")] = None,
        months: Annotated[int, typer.Option(help="Сколько последних отчётных месяцев пересчитать")] = 3,
        as_json: Json = False,
    ) -> None:
        """Отчёт о влиянии изменения правил на сохранённые реестры; в действие ничего не вводит."""
        values = {"action": action, "rule": rule, "kind": kind, "text": text, "edition": edition}
        exchange = open_exchange(settings.load())
        try:
            request = Request.of(values | {"since": since, "months": months}, datetime.now(LOCAL).date())
            digest = service.plan(exchange, request)
            replayed = steps(
                "Пересчёт",
                [
                    (f"Пересчёт за {month:%m.%Y}", partial(service.replay_months, exchange, request, digest, month, month))
                    for month in request.periods
                ],
            )
            report = service.report(exchange, request, digest, [str(part) for part in replayed])
        except ImpactError as error:
            typer.echo(f"Ошибка: {error}", err=True)
            raise typer.Exit(1) from None
        if as_json:
            print_json({"brief": report.brief, "files": dict(report.files), "paths": list(report.paths)})
            return
        Console().print(Markdown(report.brief))
        for path in report.paths:
            typer.echo(path)

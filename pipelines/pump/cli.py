"""Command line of ПУМП: how a case was priced."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from pipelines.exchange import region
from pipelines.ground import database, settings
from pipelines.ground.sql import statement
from pipelines.nsi import store
from pipelines.pump import month
from pipelines.pump.pricing import Pricing, Reference, price
from pipelines.pump.pricing.explanation import explain_case

app = typer.Typer(help="ПУМП: цены и расчёты месяца", no_args_is_help=True)


DIGITS = 11
"""Greatest length of IDCASE."""


@app.callback()
def pump() -> None:
    """Подсистема персонифицированного учёта медицинской помощи."""


@app.command()
def explain(
    idcase: Annotated[str, typer.Argument(help="Номер записи в реестре случаев (IDCASE)")],
    as_json: Annotated[bool, typer.Option("--json", help="Вывод в JSON")] = False,
) -> None:
    """Как получена цена случая: формула, коэффициенты, строки справочников, сроки и акты; код 1, если случая нет."""
    if not idcase.isascii() or not idcase.isdigit() or len(idcase) > DIGITS:
        typer.echo(f"Номер случая «{idcase}» должен состоять из цифр, не больше {DIGITS}", err=True)
        raise typer.Exit(1)
    current = settings.load()
    own = region.load(current.region_dir)
    answers = []
    with database.transaction(current.database_url) as connection:
        reference = Reference(store.load(connection), Pricing.load(own.folder), own.okato)
        for place in connection.execute(statement("pump/find_case"), {"idcase": idcase}).all():
            read = month.read(connection, place.report_month, [place.package])
            case = int((read.cases["row"] == place.row).to_numpy().argmax())
            visits = explain_case(case, read, price(read, reference), reference)
            account = read.cases.iloc[case]
            answers.append(
                {
                    "idcase": idcase,
                    "organisation": account["CODE_MO"],
                    "account": account["NSCHET"],
                    "month": f"{place.report_month:%Y-%m}",
                    "kind": place.kind,
                    "visits": [visit.data() for visit in visits],
                }
            )
    if not answers:
        typer.echo(f"Случай «{idcase}» не найден среди принятых", err=True)
        raise typer.Exit(1)
    if as_json:
        typer.echo(json.dumps(answers, ensure_ascii=False, indent=2))
        return
    for answer in answers:
        typer.echo(f"IDCASE {idcase}, организация {answer['organisation']}, счёт {answer['account']}, {answer['month']}")
        for visit in answer["visits"]:
            typer.echo(visit["text"])

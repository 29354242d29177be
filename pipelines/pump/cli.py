"""Command line of ПУМП: how a case was priced, closings of months."""

from __future__ import annotations

from datetime import date
from functools import partial
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from pipelines.exchange import region
from pipelines.ground import database, settings
from pipelines.ground.commands import Json, print_json, progress, steps
from pipelines.ground.sql import statement
from pipelines.nsi import store
from pipelines.pump import month
from pipelines.pump.closing.brief import brief, money
from pipelines.pump.closing.freeze import NotReady
from pipelines.pump.closing.service import TITLES, Closings, Unfit
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
    idcase: Annotated[str, typer.Argument(help="Номер записи в реестре случаев (IDCASE)", metavar="IDCASE")],
    as_json: Json = False,
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
        print_json(answers)
        return
    for answer in answers:
        typer.echo(f"IDCASE {idcase}, организация {answer['organisation']}, счёт {answer['account']}, {answer['month']}")
        for visit in answer["visits"]:
            typer.echo(visit["text"])


@app.command()
def closings(as_json: Json = False) -> None:
    """Закрытия месяцев и контроли за день: состояние, случаи и суммы."""
    with database.transaction(settings.load().database_url) as connection:
        rows = [dict(row) for row in connection.execute(statement("pump/closings")).mappings()]
    if as_json:
        print_json(rows)
        return
    table = Table(
        "№", "Месяц", "Вид", "Состояние", "Заключение", "Случаев", "Предъявлено", "Принято", "К оплате", "Кто решил"
    )
    for row in rows:
        sums = [money(int(row[name])) if row[name] is not None else "" for name in ("sumv", "sump", "payable")]
        kind = "месяц" if row["kind"] == "month" else "день"
        table.add_row(
            str(row["id"]), f"{row['period']:%m.%Y}", kind, TITLES[row["state"]], row["act_number"], str(row["cases"]),
            *sums, row["decided_by"] or "",
        )  # fmt: skip
    Console().print(table)


@app.command()
def close(
    context: typer.Context,
    period: Annotated[str, typer.Argument(help="Отчётный месяц, ГГГГ-ММ", metavar="МЕСЯЦ")],
    as_json: Json = False,
) -> None:
    """Закрыть месяц до решения: состав, МЭК, взаиморасчёты, документы. Код 1 – месяц не готов."""
    made = _closings(context)
    try:
        closing = made.freeze_month(_month(period))
        named = {"Сведения": made.gather, "Цены и МЭК": made.control, "Взаиморасчёты": made.settle, "Документы": made.pack}
        steps("Закрытие", [(title, partial(step, closing.id)) for title, step in named.items()])
    except (NotReady, Unfit) as refusal:
        typer.echo(str(refusal), err=True)
        raise typer.Exit(1) from None
    with database.transaction(made.exchange.settings.database_url) as connection:
        told = brief(connection, closing)
    if as_json:
        print_json({"closing": closing.id, "brief": told})
    else:
        typer.echo(told)


@app.command()
def decide(
    context: typer.Context,
    closing: Annotated[int, typer.Argument(help="Номер закрытия", metavar="ЗАКРЫТИЕ")],
    who: Annotated[str, typer.Option(help="Кто решил")],
    reason: Annotated[str, typer.Option(help="Основание")],
    reject: Annotated[bool, typer.Option("--reject", help="Отклонить: месяц снова открыт")] = False,
    as_json: Json = False,
) -> None:
    """Утвердить закрытие и передать его файлы на отправку или отклонить. Код 1 – решение сейчас не принимается."""
    made = _closings(context)
    try:
        made.decide(closing, not reject, who, reason)
        files = 0 if reject else made.deliver(closing)
    except (LookupError, Unfit) as refusal:
        typer.echo(str(refusal), err=True)
        raise typer.Exit(1) from None
    if as_json:
        print_json({"closing": closing, "approved": not reject, "files": files})
    else:
        typer.echo("Отклонено" if reject else f"Утверждено, файлов к отправке: {files}")


@app.command()
def replay(
    context: typer.Context,
    closing: Annotated[int, typer.Argument(help="Номер закрытия", metavar="ЗАКРЫТИЕ")],
    as_json: Json = False,
) -> None:
    """Пересчитать закрытие заново и сверить решения, суммы и файлы до байта. Код 1 – есть расхождения."""
    made = _closings(context)
    with progress("Пересчёт закрытия"):
        found = made.replay(closing)
    if as_json:
        told = {"closing": closing, "cases": found.cases, "documents": found.documents}
        print_json(told | {"differences": list(found.differences)})
    else:
        for difference in found.differences:
            typer.echo(difference)
        typer.echo(f"Случаев {found.cases}, файлов {found.documents}, расхождений {len(found.differences)}")
    raise typer.Exit(1 if found.differences else 0)


def _closings(context: typer.Context) -> Closings:
    return Closings(context.obj(settings.load()))


def _month(period: str) -> date:
    try:
        return date.fromisoformat(f"{period}-01")
    except ValueError:
        typer.echo(f"Отчётный месяц «{period}» указывается как ГГГГ-ММ", err=True)
        raise typer.Exit(1) from None

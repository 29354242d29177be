"""``python -m pipelines``: the command line for operators and auditors."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from pipelines.checks.cli import app as checks
from pipelines.checks.cli import explain as explain_rule
from pipelines.demo.__main__ import app as demo
from pipelines.exchange import cli
from pipelines.exchange.cli import app as exchange
from pipelines.exchange.impact import cli as impact
from pipelines.exchange.metrics import openmetrics, server
from pipelines.ground import settings
from pipelines.ground.commands import Json, print_json, russian
from pipelines.pump.cli import app as pump
from pipelines.pump.cli import explain as explain_case
from pipelines.reference.cli import app as reference
from pipelines.synthetic.cli import app as synthetic
from pipelines.systems import metrics as figures
from pipelines.systems import open_exchange

app = typer.Typer(no_args_is_help=True, pretty_exceptions_show_locals=False)
impact.mount(checks, open_exchange)
for command in (cli.status, cli.package, cli.verify, cli.resend, cli.again, cli.file):
    app.command()(command)  # what people ask most is at hand without the name of the subsystem


@app.command()
def explain(
    what: Annotated[str, typer.Argument(help="IDCASE или код правила, например 006F.00.0370", metavar="СЛУЧАЙ|ПРАВИЛО")],
    as_json: Json = False,
) -> None:
    """Как получена цена случая или что проверяет правило; код 1, если такого нет."""
    if what.isdigit():
        explain_case(what, as_json)
    else:
        explain_rule(what, False, as_json)


@app.command()
def metrics(
    listen: Annotated[
        str, typer.Option(envvar="OMS_METRICS_LISTEN", help="Отдавать по HTTP на адресе:порту, например 127.0.0.1:9808")
    ] = "",
    as_json: Json = False,
) -> None:
    """Показатели обмена в OpenMetrics (для Prometheus): один раз или по каждому запросу; ничего не меняет."""
    current = settings.load()
    if not listen:
        found = figures(current)
        if as_json:
            print_json([asdict(metric) for metric in found])
        else:
            typer.echo(openmetrics(found), nl=False)
        return
    host, _, port = listen.rpartition(":")
    if not port.isdigit():
        raise typer.BadParameter(f"{listen}: нужен адрес:порт", param_hint="--listen")
    with server(host or "127.0.0.1", int(port), lambda: openmetrics(figures(current))) as scraped:
        typer.echo(f"Показатели: http://{host or '127.0.0.1'}:{scraped.server_port}/metrics", err=True)
        scraped.serve_forever()


app.add_typer(exchange, name="exchange")
app.add_typer(checks, name="checks")
app.add_typer(pump, name="pump")
app.add_typer(reference, name="nsi")
app.add_typer(synthetic, name="generate")
app.add_typer(demo, name="demo")


@app.callback()
def installed(context: typer.Context) -> None:
    """Информационный обмен ТФОМС"""
    context.obj = open_exchange


russian(app)

if __name__ == "__main__":
    app()

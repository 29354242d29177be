"""``python -m pipelines``: the command line for operators and auditors."""

from __future__ import annotations

import typer

from pipelines.checks.cli import app as checks
from pipelines.exchange.cli import app as exchange
from pipelines.exchange.service import Exchange
from pipelines.ground.settings import Settings
from pipelines.synthetic.cli import app as synthetic

app = typer.Typer(no_args_is_help=True, pretty_exceptions_show_locals=False)
app.add_typer(exchange, name="exchange")
app.add_typer(checks, name="checks")
app.add_typer(synthetic, name="generate")


@app.callback()
def installed(context: typer.Context) -> None:
    """Информационный обмен ТФОМС"""
    context.obj = _open


def _open(settings: Settings) -> Exchange:
    from pipelines.systems import open_exchange  # loads the systems: not for every command

    return open_exchange(settings)


if __name__ == "__main__":
    app()

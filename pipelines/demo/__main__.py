"""``python -m pipelines.demo``: the stand with demo traffic; see ``run --help``."""

from __future__ import annotations

import os
import signal
import sys
import time
from typing import Annotated

import typer
from rich.console import Console

from pipelines.demo.children import ChildDiedError, alive_stand, clear_up
from pipelines.demo.config import PORTS, SERVICES, Stand
from pipelines.demo.servers.postgres import PostgresError
from pipelines.ground.commands import russian

VARIABLES = ", ".join(f"OMS_PORT_{name.upper()} ({SERVICES[name]}, {port})" for name, port in PORTS.items())
HELP = f"""Демонстрационный стенд обмена.

Переменные среды: {VARIABLES}; OMS_VAR — папка данных (var); OMS_DATABASE_URL — свой сервер PostgreSQL вместо встроенного;
OMS_REGION — территория (demo)."""

PLAIN_WIDTH = 180
"""Columns of the table when it goes to a file."""

app = typer.Typer(help=HELP, no_args_is_help=True, pretty_exceptions_show_locals=False)


@app.command()
def run(once: Annotated[bool, typer.Option("--once", help="Дождаться ответов, сверить и остановить стенд")] = False) -> None:
    """Поднять стенд, отправить показательные пакеты и показать ответы на них."""
    from pipelines.demo.run import demonstrate
    from pipelines.demo.stand import StandError

    console = Console(width=None if sys.stdout.isatty() else PLAIN_WIDTH)
    signal.signal(signal.SIGTERM, _interrupt)
    signal.signal(signal.SIGHUP, _interrupt)
    try:
        raise typer.Exit(demonstrate(Stand.from_environment(), console, once=once))
    except (StandError, ChildDiedError, PostgresError) as error:
        console.print(f"[bold red]{error}")
        raise typer.Exit(2) from None
    except KeyboardInterrupt:
        console.print("Стенд остановлен.")
        raise typer.Exit(130) from None


@app.command()
def stop() -> None:
    """Остановить стенд, запущенный в другом окне, и убрать всё, что от него осталось."""
    from pipelines.demo.stand import embedded_postgres

    stand = Stand.from_environment()
    record = stand.var / "stand.json"
    if pid := alive_stand(record):
        os.kill(pid, signal.SIGTERM)
        while alive_stand(record):
            time.sleep(0.2)
    clear_up(record)
    if stand.postgres_data.exists():
        embedded_postgres(stand).stop()


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt


russian(app)

if __name__ == "__main__":
    app()

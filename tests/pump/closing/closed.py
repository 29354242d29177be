"""A month in a small world: registers of several organisations through the exchange, ready to be closed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from pipelines.erz import load_persons
from pipelines.ground import database as db
from pipelines.pump.closing.service import Closings
from pipelines.synthetic.insured import insured_of
from pipelines.synthetic.model import Register
from pipelines.synthetic.packages import package
from pipelines.synthetic.registers import generate_register
from tests.exchange.world import REGION, World

PERIOD = date(2026, 8, 1)
NOW = datetime(2026, 9, 9, 9, 0, tzinfo=UTC)
SENT: Sequence[tuple[str, str, str, int]] = (
    ("H", "980001", "98001", 300),
    ("H", "980003", "98002", 200),
    ("H", "980007", "98002", 150),
    ("H", "980007", "98", 60),
    ("C", "980006", "98001", 80),
    ("T", "980001", "98001", 40),
    ("X", "980003", "98001", 80),
)
"""Kind, organisation, payer, cases."""


def registers_of(period: date, seed: int, sent: Sequence[tuple[str, str, str, int]] = SENT) -> list[Register]:
    """The month's registers."""
    return [generate_register(REGION, mo, payer, period, cases, seed, kind=kind) for kind, mo, payer, cases in sent]


def received(url: str, root: Path, registers: Sequence[Register], seed: int = 1, now: datetime = NOW) -> World:
    """A world whose exchange has received the registers at a moment and processed them, with their people insured."""
    world = World(url, root, lambda: now - timedelta(days=5))
    if not root.joinpath("folders").exists():
        world.set_up()
    send(world, registers, seed)
    return world


def send(world: World, registers: Sequence[Register], seed: int = 1) -> None:
    """Insure the people of registers, and have these processed."""
    with db.transaction(world.url) as connection:
        load_persons(connection, insured_of(REGION, registers, seed).persons)
    for register in registers:
        name, content = package(register)
        world.drop(register.organisation, name, content)
    world.run()


def closed(world: World, period: date = PERIOD, now: datetime = NOW, *, approve: bool = True) -> tuple[Closings, int]:
    """The month closed, and its number."""
    closings = Closings(world.exchange())
    number = closings.freeze_month(period, now).id
    for step in (closings.gather, closings.control, closings.settle, closings.pack):
        step(number)
    if approve:
        closings.decide(number, True, "главный бухгалтер", "суммы сверены")
        closings.deliver(number)
        world.exchange().deliver()
    return closings, number

"""The calendar of a report month against what has happened: who has not sent registers, what is due, what is late."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from pipelines.exchange.protocol import LOCAL
from pipelines.ground.sql import statement
from pipelines.pump.closing import freeze
from pipelines.pump.closing.service import STATES
from pipelines.pump.settlement.settings import Deadline, before, deadlines

REGISTERS = "registers"
"""Name of the step whose day is the last one for registers."""
SOON = 3
"""Days before its day from which a step is near."""


@dataclass(frozen=True)
class Due:
    """A step of a month that is not done: ``left`` days to its day (negative: late), ``missing`` who has not sent."""

    month: date
    step: Deadline
    left: int
    missing: Sequence[str] = ()


def registers_of(connection: Connection, month: date) -> list[dict[str, Any]]:
    """Medical organisations that the connection may see, with their accepted registers of a month."""
    found = connection.execute(statement("pump/registers_of_month"), {"period": month}).mappings()
    rows = [dict(row) for row in found]
    return [row | {"active": _active(row, month)} for row in rows]


def last_day(steps: Sequence[Deadline]) -> date | None:
    """The last day for registers; None where the calendar has none."""
    return next((step.day for step in steps if step.name == REGISTERS), None)


def standing(row: Mapping[str, Any], last: date | None, today: date) -> str:
    """How an organisation of ``registers_of`` stands: sent, sent late, missing (late), awaited, out of the exchange."""
    if row["registers"]:
        return "late" if last and row["first"].astimezone(LOCAL).date() > last else "sent"
    if not row["active"]:
        return "out"
    return "missing" if last and today > last else "awaited"


def reached(connection: Connection, month: date, state: str) -> bool:
    """Whether the closing of a month has come to a state."""
    closing = freeze.of_period(connection, month)
    return closing is not None and STATES.index(closing.state) >= STATES.index(state)


def due(connection: Connection, folder: Path, today: date) -> list[Due]:
    """What is near, due today or late, of this month and the two before it, by its day.

    A step that nothing in the journal can prove is told until its day only; the month before last only where it had
    registers, since the exchange may not have been there yet.
    """
    last = before(today.replace(day=1))
    found: list[Due] = []
    for month in (before(last), last, today.replace(day=1)):
        registers = registers_of(connection, month)
        if month >= last or any(row["registers"] for row in registers):
            found += _open(connection, deadlines(folder, month), month, registers, today)
    return sorted(found, key=lambda one: (one.step.day, one.step.name))


def _open(
    connection: Connection, steps: Sequence[Deadline], month: date, registers: Sequence[Mapping[str, Any]], today: date
) -> Iterator[Due]:
    for step in steps:
        left = (step.day - today).days
        if left > SOON:
            continue
        if step.name == REGISTERS:
            missing = [row for row in registers if standing(row, step.day, today) in ("missing", "awaited")]
            if missing:
                yield Due(month, step, left, [f"{row['code']} {row['short_name']}" for row in missing])
        elif (step.state and not reached(connection, month, step.state)) or (not step.state and left >= 0):
            yield Due(month, step, left)


def _active(row: Mapping[str, Any], month: date) -> bool:
    """Whether an organisation took part on a day of the month."""
    end = (month.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)
    return bool(row["valid_from"] <= end and (row["valid_until"] is None or month <= row["valid_until"]))

"""What the calendar says is near, due and late, over a month that goes its way."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import pytest
from sqlalchemy import Connection

from pipelines.ground import database as db
from pipelines.pump.closing.calendar import due, last_day, reached, registers_of, standing
from pipelines.pump.closing.service import Closings
from pipelines.pump.settlement.settings import deadlines
from tests.exchange.world import REGION, World
from tests.pump.closing.closed import NOW, PERIOD, received
from tests.pump.closing.closed import registers_of as made

SENT = (("H", "980001", "98001", 30), ("H", "980003", "98002", 20))
ABSENT = ["980002", "980004", "980005", "980006", "980007"]
STEPS = deadlines(REGION.folder, PERIOD)
"""Of August 2026: registers until 7 September, control 14, application 16, payment 25."""


@pytest.fixture(scope="module")
def world(module_database: str, tmp_path_factory: pytest.TempPathFactory) -> World:
    return received(module_database, tmp_path_factory.mktemp("calendar"), made(PERIOD, 5, SENT))


@pytest.fixture
def connection(world: World) -> Iterator[Connection]:
    with db.transaction(world.url) as opened:
        yield opened


def told(connection: Connection, today: date) -> list[tuple[str, str, int, list[str]]]:
    return [
        (f"{one.month:%m.%Y}", one.step.name, one.left, [text.partition(" ")[0] for text in one.missing])
        for one in due(connection, REGION.folder, today)
    ]


def test_days_of_the_month() -> None:
    assert {step.name: step.day for step in STEPS if step.state or step.name == "registers"} == {
        "registers": date(2026, 9, 7),
        "control": date(2026, 9, 14),
        "final_application": date(2026, 9, 16),
        "final_payment": date(2026, 9, 25),
    }
    assert last_day(STEPS) == date(2026, 9, 7)
    assert last_day([step for step in STEPS if step.name != "registers"]) is None


def test_organisations_stand_by_their_registers(connection: Connection) -> None:
    rows = {row["code"]: row for row in registers_of(connection, PERIOD)}
    last = last_day(STEPS)
    on_the_day = {code: standing(row, last, date(2026, 9, 7)) for code, row in rows.items()}
    assert on_the_day == {"980001": "sent", "980003": "sent", "980008": "out"} | dict.fromkeys(ABSENT, "awaited")
    assert standing(rows["980002"], last, date(2026, 9, 8)) == "missing"
    assert standing(rows["980001"], date(2026, 9, 3), date(2026, 9, 8)) == "late"  # it came on the 4th
    assert standing(rows["980002"], None, date(2030, 1, 1)) == "awaited"


def test_a_step_is_told_from_three_days_before_it(connection: Connection) -> None:
    assert told(connection, date(2026, 9, 3)) == []
    assert told(connection, date(2026, 9, 4)) == [("08.2026", "registers", 3, ABSENT)]
    assert told(connection, date(2026, 9, 7)) == [
        ("08.2026", "registers", 0, ABSENT),
        ("09.2026", "advance_application", 3, []),
    ]
    late = [("08.2026", "registers", -1, ABSENT), ("09.2026", "advance_application", 2, [])]
    assert told(connection, date(2026, 9, 8)) == late


def test_what_nothing_proves_is_told_until_its_day_only(connection: Connection) -> None:
    names = [name for _, name, *_ in told(connection, date(2026, 9, 10))]
    assert names == ["registers", "advance_application"]
    assert "advance_application" not in [name for _, name, *_ in told(connection, date(2026, 9, 11))]


def test_the_month_before_last_is_told_where_it_had_registers(connection: Connection) -> None:
    october = told(connection, date(2026, 10, 1))
    assert [(month, name) for month, name, *_ in october if month == "08.2026"] == [
        ("08.2026", name) for name in ("registers", "control", "final_application", "final_payment")
    ]
    assert not [month for month, *_ in told(connection, date(2026, 9, 1)) if month == "07.2026"]


def test_a_step_is_done_when_the_closing_has_come_to_its_state(world: World) -> None:
    today = date(2026, 9, 25)

    def open_steps() -> list[str]:
        with db.transaction(world.url) as connection:
            assert reached(connection, PERIOD, "CONTROLLED") == ("control" not in names(connection))
            return names(connection)

    def names(connection: Connection) -> list[str]:
        return [name for month, name, *_ in told(connection, today) if month == "08.2026"]

    whole = ["registers", "control", "final_application", "final_payment"]
    closings = Closings(world.exchange())
    number = closings.freeze_month(PERIOD, NOW).id
    closings.gather(number)
    assert open_steps() == whole
    closings.control(number)
    assert open_steps() == ["registers", "final_application", "final_payment"]
    closings.settle(number)
    closings.pack(number)
    assert open_steps() == ["registers", "final_application", "final_payment"]
    closings.decide(number, True, "oper", "приказ")
    assert open_steps() == ["registers", "final_payment"]
    closings.deliver(number)
    assert open_steps() == ["registers"]

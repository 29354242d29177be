"""Totals of closed days: what they come to, which days close, and that a late package opens its day again."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sqlalchemy import text

from pipelines.exchange.protocol import LOCAL
from pipelines.exchange.totals import close_days
from pipelines.ground import database as db
from tests.exchange.world import World
from tests.pages.rough import find_fault, put

TODAY = datetime.now(LOCAL).date()


def noon(days_ago: int) -> datetime:
    return datetime.combine(TODAY - timedelta(days=days_ago), time(12), LOCAL)


def rows(url: str, query: str) -> list[dict[str, Any]]:
    with db.transaction(url) as connection:
        return [dict(row) for row in connection.execute(text(query)).mappings()]


def close(url: str) -> int:
    with db.transaction(url) as connection:
        return close_days(connection, TODAY)


def days(url: str) -> list[date]:
    return [row["day"] for row in rows(url, "select day from exchange.day_closed order by day")]


def filled(url: str, tmp_path: Any) -> None:
    World(url, tmp_path).set_up()
    for number in range(3):
        put(url, f"A{number}.zip", noon(5) + timedelta(minutes=number))
    one = put(url, "B.zip", noon(5), result="PARTIAL", findings=3, sender="980002", sums='{"SUMV": 5}')
    for ordinal, rule in enumerate(("R.1", "R.1", "R.2"), start=1):
        find_fault(url, one, ordinal, rule, "x")
    put(url, "C.zip", noon(3), result=None)
    put(url, "D.zip", noon(1))
    put(url, "E.zip", noon(0))


def test_days_close_when_all_their_packages_are_answered(database: str, tmp_path: Any) -> None:
    filled(database, tmp_path)
    assert close(database) == 3
    assert days(database) == [TODAY - timedelta(days=number) for number in (5, 4, 2)]
    assert close(database) == 0
    counted = rows(database, "select * from exchange.day_packages order by sender")
    assert [(row["sender"], row["result"], row["packages"], row["kopecks"]) for row in counted] == [
        ("980001", "ACCEPTED", 3, 3 * 12345),
        ("980002", "PARTIAL", 1, 5),
    ]
    faults = rows(database, "select rule, packages, findings from exchange.day_findings order by rule")
    assert [tuple(row.values()) for row in faults] == [("R.1", 1, 2), ("R.2", 1, 1)]


def test_the_local_day_counts(database: str, tmp_path: Any) -> None:
    World(database, tmp_path).set_up()
    late = datetime.combine(
        TODAY - timedelta(days=5), time(23, 30), LOCAL
    )  # the next day in no zone east of here, 20:30 UTC
    put(database, "A.zip", late.astimezone(UTC))
    close(database)
    assert [row["day"] for row in rows(database, "select day from exchange.day_packages")] == [TODAY - timedelta(days=5)]


def test_a_late_package_opens_its_day_again(database: str, tmp_path: Any) -> None:
    filled(database, tmp_path)
    close(database)
    put(database, "late.zip", noon(5))
    assert TODAY - timedelta(days=5) not in days(database)
    assert close(database) >= 1
    found = rows(database, "select sum(packages)::int as packages from exchange.day_packages")
    assert found == [{"packages": 5}]


def test_an_empty_journal_has_no_days(database: str) -> None:
    assert close(database) == 0


def test_housekeeping_closes_days(database: str, tmp_path: Any) -> None:
    filled(database, tmp_path)
    World(database, tmp_path).exchange().housekeeping(TODAY)
    assert len(days(database)) == 3

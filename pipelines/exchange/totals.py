"""Totals of closed days: what the packages of a day come to, kept once all of them are answered.

An answered package does not change, so sums over any period are those of its closed days and of the packages of the others.
"""

from __future__ import annotations

from datetime import date, timedelta

from sqlalchemy import Connection

from pipelines.exchange.protocol import LOCAL
from pipelines.ground.sql import statement

OPEN_DAYS = 2
"""Days, today included, that stay open: packages may still be written with the time of their claim."""


def close_days(connection: Connection, today: date) -> int:
    """Close the days that can be closed; returns their number. A package written later opens its day again."""
    zone = LOCAL.key
    asked = {"before": today - timedelta(days=OPEN_DAYS - 1), "zone": zone}
    days = connection.execute(statement("exchange/days_to_close"), asked).scalars().all()
    closed = 0
    for day in days:
        if connection.execute(statement("exchange/day_close"), {"day": day}).rowcount:  # else another run has just done it
            connection.execute(statement("exchange/day_packages"), {"day": day, "zone": zone})
            connection.execute(statement("exchange/day_findings"), {"day": day, "zone": zone})
            connection.execute(statement("exchange/day_totals"), {"day": day})
            connection.execute(statement("exchange/day_rules"), {"day": day})
            closed += 1
    return closed

"""Freezing: which packages, editions of НСИ, choices of the region and earlier decisions a closing works on."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime

from sqlalchemy import Connection

from pipelines import nsi
from pipelines.exchange import journal
from pipelines.exchange.protocol import LOCAL
from pipelines.exchange.region import Region
from pipelines.ground.sql import statement
from pipelines.ground.store import Store
from pipelines.pump import acts
from pipelines.pump.closing.model import Closing, Kind
from pipelines.pump.mek import load_terms
from pipelines.pump.registers import KINDS
from pipelines.pump.settlement.settings import before

REGISTERS = [kind.code for kind in KINDS]


class NotReady(RuntimeError):  # noqa: N818
    """A month that cannot be closed now; the Russian text says why."""


def read(connection: Connection, closing: int) -> Closing:
    """Header of a closing; raises ``LookupError`` for a number that there is not."""
    row = connection.execute(statement("pump/closing"), {"id": closing}).mappings().first()
    if row is None:
        raise LookupError(f"there is no closing {closing}")
    return Closing(**row)


def of_period(connection: Connection, period: date) -> Closing | None:
    """The closing of a month that was not rejected."""
    found = connection.execute(statement("pump/closing_of_period"), {"period": period}).scalar()
    return None if found is None else read(connection, found)


def open_periods(connection: Connection) -> list[date]:
    """Months with accepted registers that are not frozen."""
    return list(connection.execute(statement("pump/open_periods"), {"kinds": REGISTERS}).scalars())


def freeze_month(connection: Connection, store: Store, region: Region, period: date, now: datetime) -> Closing:
    """The closing of a month: the one there is, else one made now. From its commit on the month takes no registers.

    Raises ``NotReady`` where registers of the subsystem wait for their answers, the month has none, or an earlier month is
    open.
    """
    connection.execute(statement("pump/period_take"), {"period": period})
    if (known := of_period(connection, period)) is not None:
        return known
    waiting = connection.execute(statement("pump/closing_waiting"), {"now": now}).scalar_one()
    if waiting:
        raise NotReady(f"Ждут обработки пакеты реестров: {waiting}. Месяц можно закрыть, когда на них будут ответы")
    since = _since(region, period)
    left = connection.execute(
        statement("pump/closing_open_before"), {"kinds": REGISTERS, "period": period, "since": since}
    ).scalars()
    if months := [f"{month:%m.%Y}" for month in left]:
        raise NotReady(f"Не закрыты прошлые месяцы: {', '.join(months)}")
    packages = _packages(connection, period)
    if not packages:
        raise NotReady(f"За {period:%m.%Y} нет принятых реестров")
    return _freeze(connection, store, region, period, "month", now, packages, packages)


def freeze_day(connection: Connection, store: Store, region: Region, period: date, now: datetime) -> Closing | None:
    """Control of the registers of a month that no control of a day has answered yet; None where there are none.

    All registers of the month so far take part, so that copies and intersections between them are found.
    """
    connection.execute(statement("pump/period_take"), {"period": period})
    if of_period(connection, period) is not None:
        return None
    packages = _packages(connection, period)
    answered = set(connection.execute(statement("pump/closing_answered"), {"period": period}).scalars())
    fresh = [package for package in packages if package not in answered]
    if not fresh:
        return None
    return _freeze(connection, store, region, period, "day", now, packages, fresh)


def _freeze(
    connection: Connection,
    store: Store,
    region: Region,
    period: date,
    kind: Kind,
    now: datetime,
    packages: Sequence[int],
    fresh: Sequence[int],
) -> Closing:
    day = now.astimezone(LOCAL).date()
    number = connection.execute(statement("pump/closing_number"), {"kind": kind, "period": period}).scalar_one() + 1
    earlier = connection.execute(
        statement("pump/closing_earlier"), {"period": period, "since": _since(region, period)}
    ).all()
    row = {
        "period": period,
        "kind": kind,
        "act_number": f"{'МЭК' if kind == 'month' else 'МЭКД'}-{period:%m%y}-{number}",
        "act_date": day,
        "frozen_at": now,
        "packages": list(packages),
        "fresh": list(fresh),
        "acts": acts.waiting(connection, now) if kind == "month" else [],
        "editions": nsi.pinned(connection),
        "earlier": [one.id for one in earlier],
        "terms_sha256": store.put((region.folder / "month.yaml").read_bytes()),
    }
    closing = read(connection, connection.execute(statement("pump/closing_insert"), row).scalar_one())
    details = {"closing": closing.id, "period": period, "kind": kind, "packages": len(packages), "fresh": len(fresh)}
    journal.append(connection, None, journal.Event("MONTH_FROZEN", datetime.now(UTC), details))
    return closing


def _packages(connection: Connection, period: date) -> list[int]:
    asked = {"kinds": REGISTERS, "period": period}
    return list(connection.execute(statement("pump/closing_packages"), asked).scalars())


def _since(region: Region, period: date) -> date:
    """First month whose decisions count as history: at least since the beginning of the year."""
    first = period
    for _ in range(load_terms(region.folder).history_months):
        first = before(first)
    return min(first, period.replace(month=1))

"""All files of a closing: payment packages of its accounts, then its documents."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pandas as pd
from sqlalchemy import Connection

from pipelines import nsi
from pipelines.exchange.service import Exchange
from pipelines.ground.sql import statement
from pipelines.pump.closing import outcome
from pipelines.pump.closing.control import consumed, intake
from pipelines.pump.closing.freeze import read
from pipelines.pump.closing.gather import Registers
from pipelines.pump.closing.model import Closed, Closing, Document
from pipelines.pump.closing.packages import EARLY, registers
from pipelines.pump.documents import DocumentTerms, Source, Turnover, conclusions, make_all, parties
from pipelines.pump.settlement import Terms


def documents(connection: Connection, exchange: Exchange, terms: Path, closed: Closed) -> Iterator[Document]:
    """Registers with decisions for the accounts that the closing answers, and the documents; always in the same order.

    A control of a day has the conclusions of these accounts only.
    """
    closing = closed.closing
    for _, opened, _ in Registers(connection, exchange).opened(closing.fresh):
        yield from registers(closed, opened, exchange.region.code)
    source = _source(connection, exchange, terms, closed)
    if closing.kind == "month":
        yield from make_all(source)
        return
    for document in conclusions(source, closing.fresh):
        yield replace(document, name=f"{EARLY}{document.name}")


def _source(connection: Connection, exchange: Exchange, terms: Path, closed: Closed) -> Source:
    closing = closed.closing
    dictionaries = nsi.load_pinned(connection, closing.editions)
    earlier = [read(connection, one) for one in closing.earlier]
    quarter = (closing.period.month - 1) // 3
    before = [one for one in earlier if one.period.year == closing.period.year and (one.period.month - 1) // 3 == quarter]
    turnovers = [
        Turnover(one.period, settled)
        for one in sorted(before, key=lambda one: one.period)
        if (settled := outcome.read_settled(connection, one)) is not None
    ]
    year = [one.id for one in earlier if one.period.year == closing.period.year]
    return Source(
        closed=closed,
        region=exchange.region,
        dictionaries=dictionaries,
        parties=parties(dictionaries, exchange.region, closing.act_date),
        terms=DocumentTerms.load(terms),
        settlement=Terms.load(terms),
        earlier=turnovers,
        history=_paid(connection, closing),
        received=_received(closed),
        intake=intake(connection, closing),
        consumed=consumed(connection, closing),
        first_order=1 + connection.execute(statement("pump/orders_before"), {"closings": year}).scalar_one(),
    )


def _paid(connection: Connection, closing: Closing) -> pd.DataFrame:
    """What payers paid for earlier months: ``payer``, ``month``, ``amount`` (kopecks)."""
    rows = connection.execute(statement("pump/paid_before"), {"closings": list(closing.earlier)}).all()
    frame = pd.DataFrame(rows, columns=["payer", "month", "amount"])
    return frame.assign(month=pd.to_datetime(frame["month"])).astype({"payer": "str", "amount": "int64"})


def _received(closed: Closed) -> pd.DataFrame:
    """Advances of the month that the insurers passed on: ``SMO``, ``amount``."""
    if closed.settled is None:
        return pd.DataFrame({"SMO": pd.array([], "str"), "amount": pd.array([], "int64")})
    dues = closed.settled.withheld
    sums = dues[dues["what"] == "advance"].groupby("payer")["amount"].sum().rename_axis("SMO").reset_index()
    return sums.astype({"SMO": "str", "amount": "int64"})

"""All documents of a closed month."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from pipelines.pump.closing.model import Document
from pipelines.pump.documents.application import advances, finals
from pipelines.pump.documents.bill import bill
from pipelines.pump.documents.conclusion import conclusions, register
from pipelines.pump.documents.payment_order import orders, payment_order
from pipelines.pump.documents.reconciliation import reconciliation
from pipelines.pump.documents.source import Source, records
from pipelines.pump.documents.summaries import summaries


def make_all(source: Source) -> Iterator[Document]:
    """Documents in their order, one at a time; the same source gives the same bytes.

    Raises ``ValueError`` for a closing of a day, ``LookupError`` naming the side that lacks requisites.
    """
    yield from conclusions(source)
    yield register(source)
    lines = source.settled.lines
    for line in records(lines[lines["gross"] > 0]):
        yield from bill(source, str(line.payer), str(line.CODE_MO))
    for order in records(orders(source)):
        yield from payment_order(source, str(order.payer), str(order.CODE_MO), int(order.number))
    if source.period.month in source.terms.reconciliation_months:
        for payer, code_mo in _pairs(source):
            yield from reconciliation(source, payer, code_mo)
    yield from finals(source)
    yield from advances(source)
    yield summaries(source)


def _pairs(source: Source) -> list[tuple[str, str]]:
    """Insurers and organisations that settled in the quarter's months up to this one.

    With other territories the funds settle, not the organisations.
    """
    lines = [source.settled.lines, *(month.settled.lines for month in source.earlier)]
    frame = pd.concat([part[["payer", "CODE_MO"]] for part in lines]).drop_duplicates()
    frame = frame[[not source.elsewhere(str(payer)) for payer in frame["payer"]]]
    return sorted((str(payer), str(code_mo)) for payer, code_mo in frame.itertuples(index=False))

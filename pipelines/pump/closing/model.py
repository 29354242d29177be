"""A closing: control and payment of a report month, or of the registers of a day; what it is made of and what comes out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

import pandas as pd

from pipelines.pump.mek import Decision
from pipelines.pump.month import Month
from pipelines.pump.settlement import Settled

Kind = Literal["month", "day"]


@dataclass(frozen=True)
class Closing:
    """Header of a closing: a row of ``pump.closing``, where the columns are explained.

    ``act_number`` is the number of the conclusions (an account adds its own), ``act_date`` their day.
    """

    id: int
    period: date
    kind: Kind
    state: str
    act_number: str
    act_date: date
    frozen_at: datetime
    packages: Sequence[int]
    fresh: Sequence[int]
    acts: Sequence[int]
    editions: Sequence[int]
    earlier: Sequence[int]
    terms_sha256: str

    def act(self, package: int) -> str:
        """Number of the conclusion on an account."""
        return f"{self.act_number}/{package}"


@dataclass(frozen=True)
class Closed:
    """A closing with its frames; ``case`` and ``visit`` are positions in those of the month.

    answers: ``case``, ``person``, ``found``, ``payer``, ``by``, ``attached``, a row for each case. prices: a row for each
    visit: ``visit``, ``way``, ``due`` (Int64 kopecks), ``N_KSG``, ``fault``. hits: of МЭК (``mek.hits``) with ``applied``
    (kopecks). payers: who pays for each case, empty for nobody. settled: None for a day. volumes: ``CODE_MO``, ``UNIT``,
    ``QUANTITY`` (hundredths), ``MONEY``.
    """

    closing: Closing
    month: Month
    answers: pd.DataFrame
    prices: pd.DataFrame
    hits: pd.DataFrame
    decision: Decision
    payers: pd.Series
    settled: Settled | None
    volumes: pd.DataFrame


@dataclass(frozen=True)
class Document:
    """A file that a closing makes. ``recipient``: code of the organisation that gets it, None where the fund keeps it.

    ``kind`` is a key of ``documents.TITLES``; ``payer`` and ``code_mo`` say what it is about, where it is about one.
    """

    kind: str
    name: str
    title: str
    content: bytes
    recipient: str | None = None
    payer: str | None = None
    code_mo: str | None = None

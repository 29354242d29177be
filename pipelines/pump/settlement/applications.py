"""Applications of the insurers to the fund: for an advance, and for the final settlement of a month."""

from __future__ import annotations

from datetime import date

import pandas as pd

from pipelines.pump.settlement.settings import Terms, before
from pipelines.pump.tariffs.exact import Exact

HISTORY, PLAN = "среднемесячная сумма", "1/12 годового плана"
"""What an advance is counted from."""


def advance(period: date, limits: pd.DataFrame, history: pd.DataFrame, terms: Terms) -> pd.DataFrame:
    """Application for an advance: SMO, basis (``HISTORY`` or ``PLAN``), base, share (text), amount; kopecks.

    ``limits``: SMO, LIMIT of the month (``norms.insurers``), which also bounds the advance; ``history``: payer, month (first
    day), amount paid. The mean needs a payment in each of the last months; else a twelfth of the year's plan, the month's
    limit, stands for it.
    """
    months = [before(period)]
    while len(months) < terms.advance_months:
        months.append(before(months[-1]))
    recent = history[pd.to_datetime(history["month"]).isin([pd.Timestamp(month) for month in months])]
    paid = recent.groupby("payer").agg(amount=("amount", "sum"), months=("month", "nunique"))
    rows = []
    for insurer, limit in zip(limits["SMO"], limits["LIMIT"].astype(int), strict=True):
        whole = insurer in paid.index and int(paid.loc[insurer, "months"]) == terms.advance_months
        total = Exact.of(int(paid.loc[insurer, "amount"])) if whole else Exact.of(int(limit))
        base = total.divided(Exact.of(terms.advance_months if whole else 1), 0)
        amount = int((base * Exact.of(terms.advance_share)).rounded(0).units[0])
        basis = HISTORY if whole else PLAN
        rows.append((insurer, basis, int(base.units[0]), str(terms.advance_share), min(amount, int(limit))))
    return pd.DataFrame(rows, columns=["SMO", "basis", "base", "share", "amount"]).astype({"SMO": "str", "basis": "str"})


def final(lines: pd.DataFrame, limits: pd.DataFrame, received: pd.DataFrame) -> pd.DataFrame:
    """Application for the final settlement: SMO, ``gross`` (due for the month), ``withheld`` (sanctions, fines, debts),
    ``advance`` (set off), ``payable``, ``limit``, ``received`` (advance that the fund paid), ``amount`` (asked within the
    limit), ``reserve`` (asked from the reserve beyond it); kopecks.

    ``lines`` of the settlement; other territories' lines are the fund's own and are left out. ``received``: SMO, amount.
    """
    own = lines[lines["payer"].isin(limits["SMO"])]
    withheld = own["debt"] + own["sanction"] + own["fine"]
    sums = own.assign(withheld=withheld).groupby("payer")[["gross", "withheld", "advance", "payable"]].sum()
    frame = limits[["SMO", "LIMIT"]].rename(columns={"LIMIT": "limit"})
    frame = frame.join(sums, on="SMO")
    given = received.groupby("SMO")["amount"].sum()
    frame["received"] = frame["SMO"].map(given)
    numbers = ["gross", "withheld", "advance", "payable", "limit", "received"]
    frame[numbers] = frame[numbers].fillna(0).astype("int64")
    # Money that came as advance and was not set off is used first.
    need = (frame["payable"] - (frame["received"] - frame["advance"])).clip(lower=0)
    frame["amount"] = need.clip(upper=(frame["limit"] - frame["received"]).clip(lower=0))
    frame["reserve"] = need - frame["amount"]
    return frame[["SMO", *numbers, "amount", "reserve"]].sort_values("SMO", ignore_index=True)

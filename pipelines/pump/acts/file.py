"""A register of acts as frames, whatever is wrong with its values."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd

from pipelines.exchange.kinds import Opened
from pipelines.formats.tables import PARENT
from pipelines.ground.money import kopecks

ROLE = "RAK"
"""Role and layout of the only member."""

_WHOLE = re.compile(r"-?\d{1,18}", re.ASCII)
_AMOUNT = re.compile(r"-?\d{1,15}(\.\d{1,2})?", re.ASCII)


@dataclass(frozen=True)
class Acts:
    """Frames whose row i is row i of the file's table; values that are none of their kind are null, texts are as they came.

    acts: ``CODEA``, ``NAKT``, ``DAKT`` (date), ``KONT``, ``TYPEK``, ``SKONT``, ``S_TIP`` (Int64), ``experts`` (list).
    accounts: ``act`` (row), ``CODE_MO``, ``PLAT``, ``NSCHET``, ``DSCHET``, ``period`` (date; null for no month), ``CODE``,
    ``YEAR``, ``MONTH`` (Int64).
    cases: ``account``, ``act`` (rows), ``IDCASE``, ``OPLATA``, ``REFREASON`` (Int64), ``SUMP``, ``SANK_IT``, ``PENALTY``
    (Int64, kopecks), ``given`` (Int64: kopecks of its sanctions, null where one is no amount).
    sanctions: ``case`` (row), ``S_CODE``, ``S_COM``, ``S_OSN`` (Int64), ``S_SUM``, ``FIN_PENALTY`` (Int64, kopecks).
    visits: ``sanction``, ``case`` (rows), ``SL_ID``.
    """

    acts: pd.DataFrame
    accounts: pd.DataFrame
    cases: pd.DataFrame
    sanctions: pd.DataFrame
    visits: pd.DataFrame


def read(opened: Opened) -> Acts:
    """The frames of an opened package."""
    acts = _frame(opened, "AKT", ["CODEA", "NAKT"], ["KONT", "TYPEK", "SKONT", "S_TIP"])
    experts = _frame(opened, "CODE_EXP", ["CODE_EXP"]).dropna().groupby("parent")["CODE_EXP"].agg(list)
    acts = acts.assign(DAKT=_dates(opened, "AKT", "DAKT"), experts=experts.reindex(acts.index))
    accounts = _frame(opened, "SCHET", ["CODE_MO", "PLAT", "NSCHET"], ["CODE", "YEAR", "MONTH"])
    accounts = accounts.assign(DSCHET=_dates(opened, "SCHET", "DSCHET"), period=_months(accounts))
    cases = _frame(
        opened, "SLUCH", [], ["IDCASE", "OPLATA", "REFREASON"], ["SUMP", "SANK_IT", "PENALTY"]
    )  # fmt: skip
    sanctions = _frame(opened, "SANK", ["S_CODE", "S_COM"], ["S_OSN"], ["S_SUM", "FIN_PENALTY"])
    visits = _frame(opened, "SL_ID", ["SL_ID"])
    cases = cases.rename(columns={"parent": "account"}).assign(
        act=accounts["parent"].to_numpy()[cases["parent"]], given=_given(sanctions, len(cases))
    )
    return Acts(
        acts,
        accounts.rename(columns={"parent": "act"}),
        cases,
        sanctions.rename(columns={"parent": "case"}),
        visits.rename(columns={"parent": "sanction"}).assign(case=sanctions["parent"].to_numpy()[visits["parent"]]),
    )


def _frame(
    opened: Opened, table: str, texts: list[str], whole: list[str] | None = None, amounts: list[str] | None = None
) -> pd.DataFrame:
    """Columns of a table, and ``parent`` (int64; absent in AKT, whose rows lie below nothing)."""
    data = opened.tables[ROLE].data[table]
    columns: dict[str, object] = {}
    if PARENT in data.column_names:
        columns["parent"] = data[PARENT].to_numpy()
    for name in texts:
        columns[name] = pd.Series([text or None for text in data[name].to_pylist()], dtype="str")
    for name in whole or ():
        columns[name] = _parsed(data[name].to_pylist(), _WHOLE, int)
    for name in amounts or ():
        columns[name] = _parsed(data[name].to_pylist(), _AMOUNT, kopecks)
    return pd.DataFrame(columns, index=pd.RangeIndex(data.num_rows))


def _parsed(texts: list[str | None], form: re.Pattern[str], parse: Callable[[str], int]) -> pd.Series:
    return pd.Series([parse(text) if text and form.fullmatch(text) else None for text in texts], dtype="Int64")


def _dates(opened: Opened, table: str, name: str) -> pd.Series:
    return pd.Series([_date(text) for text in opened.tables[ROLE].data[table][name].to_pylist()], dtype=object)


def _date(text: str | None) -> date | None:
    if not text or not re.fullmatch(r"\d{4}-\d\d-\d\d", text, re.ASCII):
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _months(accounts: pd.DataFrame) -> pd.Series:
    """First days of the report months; None where there is no such month."""
    days = []
    for year, month in zip(accounts["YEAR"], accounts["MONTH"], strict=True):
        known = not (pd.isna(year) or pd.isna(month)) and 2000 <= year <= 2999 and 1 <= month <= 12
        days.append(date(int(year), int(month), 1) if known else None)
    return pd.Series(days, dtype=object, index=accounts.index)


def _given(sanctions: pd.DataFrame, cases: int) -> pd.Series:
    """Kopecks of the sanctions of each case, null where one of them is no amount."""
    total = np.zeros(cases, np.int64)
    np.add.at(total, sanctions["parent"].to_numpy(), sanctions["S_SUM"].fillna(0).to_numpy(np.int64))
    unknown = np.zeros(cases, bool)
    unknown[sanctions.loc[sanctions["S_SUM"].isna(), "parent"]] = True
    return pd.Series(total, dtype="Int64").mask(unknown)

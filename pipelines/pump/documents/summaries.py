"""Summaries of a month for the fund: one workbook with the tables of the operators' screens."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd

from pipelines.formats.sheets import Book, Column
from pipelines.nsi.dictionaries import Dictionaries
from pipelines.pump.closing.model import Document
from pipelines.pump.documents.source import Source, counted, records
from pipelines.pump.documents.titles import TITLES, month_title
from pipelines.pump.settlement import by_accounts, by_stages, by_volumes
from pipelines.pump.settlement.norms import in_force
from pipelines.pump.settlement.summaries import STAGES

KIND = "summaries"
SUMS = (
    Column("Предоставлено, случаев", 14, "count"),
    Column("Предоставлено, руб.", 20, "money"),
    Column("Отказано, случаев", 12, "count"),
    Column("Отказано, руб.", 20, "money"),
    Column("Принято, случаев", 14, "count"),
    Column("Принято, руб.", 20, "money"),
)
ORGANISATION = (Column("Код МО", 12), Column("Медицинская организация", 30))
STAGE = (
    *ORGANISATION,
    Column("Этап", 8, "count"),
    Column("Название этапа", 52),
    Column("Случаев", 12, "count"),
    Column("Сумма, руб.", 20, "money"),
)
ACCOUNT = (
    *ORGANISATION,
    Column("Номер счёта", 20),
    Column("Дата счёта", 12, "date"),
    Column("Вид", 8),
    Column("Код плательщика", 13),
    Column("Плательщик", 28),
    Column("Случаев", 12, "count"),
    Column("Предъявлено, руб.", 20, "money"),
    Column("Оплачено полностью", 12, "count"),
    Column("Оплачено частично", 12, "count"),
    Column("Отказано", 12, "count"),
    Column("Отказано, руб.", 20, "money"),
    Column("Принято, руб.", 20, "money"),
)
PROFILE = (Column("Условия оказания", 28), Column("Код профиля", 12), Column("Профиль", 40), *SUMS)
CONDITION = (Column("Код", 8), Column("Условия оказания", 36), *SUMS)
GROUP = (Column("Условия оказания", 28), Column("КСГ", 14), *SUMS)
VOLUME = (
    *ORGANISATION,
    Column("Единица", 12),
    Column("Название единицы учёта", 44),
    Column("Утверждено", 16, "number"),
    Column("Корректировка", 16, "number"),
    Column("МЭК", 14, "number"),
    Column("Факт с начала квартала", 18, "number"),
    Column("Факт без МЭК", 16, "number"),
    Column("Отклонение", 16, "number"),
    Column("Выполнение, %", 13, "number"),
)
REFUSALS = (
    Column("Этап МЭК", 38),
    Column("Основание", 12),
    Column("Код F014", 10),
    Column("Содержание", 70),
    Column("Выявлено нарушений", 13, "count"),
    Column("Случаев с отказом", 12, "count"),
    Column("Применено", 12, "count"),
    Column("Отказано, руб.", 20, "money"),
)
SUM_NAMES = ("n_presented", "presented", "n_refused", "refused", "n_payable", "payable")


def summaries(source: Source) -> Document:
    """The workbook; every total equals the sum of its column and the closed month's."""
    title = f"{TITLES[KIND]}: {month_title(source.period)}"
    with Book(title, source.region.fund.name) as book:
        for name, make in SHEETS.items():
            columns, rows, totals = make(source)
            sheet = book.sheet(name)
            sheet.heading(f"{name}: {month_title(source.period)}", across=min(6, len(columns) - 1))
            sheet.table(columns, rows, totals, main=True)
    return Document(KIND, f"SVODKI_{source.period:%y%m}.xlsx", title, book.content())


Table = tuple[Sequence[Column], Iterable[Sequence[Any]], Sequence[Any] | None]


def _stages(source: Source) -> Table:
    """Each step of each organisation, then of all; steps are parts of each other, so there is no total of all rows."""
    found = by_stages(source.closed.month, source.closed.decision.cases, _applied(source), source.intake)
    whole = found.groupby(["step", "title"], as_index=False)[["cases", "amount"]].sum().assign(CODE_MO="")
    frame = pd.concat([whole, found], ignore_index=True)
    rows = (
        (row.CODE_MO or "Все", source.short_name(row.CODE_MO) if row.CODE_MO else "Все организации", row.step, row.title,
         row.cases, row.amount)
        for row in records(frame)
    )  # fmt: skip
    return STAGE, rows, None


def _accounts(source: Source) -> Table:
    frame = by_accounts(source.closed.month, source.closed.decision.cases, source.closed.payers)
    names = ["cases", "SUMV", "paid", "partial", "refused", "SANK_IT", "SUMP"]
    rows = (
        (
            row.CODE_MO,
            source.short_name(row.CODE_MO),
            None if pd.isna(row.NSCHET) else row.NSCHET,
            None if pd.isna(row.DSCHET) else row.DSCHET,
            row.kind,
            row.payer,
            source.short_name(row.payer),
            *(getattr(row, name) for name in names),
        )
        for row in records(frame)
    )
    return ACCOUNT, rows, ["Итого", *[""] * 6, *(int(frame[name].sum()) for name in names)]


def _profiles(source: Source) -> Table:
    frame = source.by_profile()
    rows = ((row.condition, row.PROFIL, row.profile, *_sums(row)) for row in records(frame))
    return PROFILE, rows, ["Итого", "", "", *_totals(frame)]


def _conditions(source: Source) -> Table:
    detail = source.by_profile()
    frame = detail.groupby(["USL_OK", "condition"], as_index=False)[list(SUM_NAMES)].sum()
    return CONDITION, ((row.USL_OK, row.condition, *_sums(row)) for row in records(frame)), ["Итого", "", *_totals(frame)]


def _groups(source: Source) -> Table:
    """Only SL that a КСГ pays for."""
    own = source.positions[source.positions["N_KSG"] != ""]
    frame = counted(own).groupby(["USL_OK", "N_KSG"], as_index=False)[list(SUM_NAMES)].sum()
    rows = ((source.conditions.get(row.USL_OK, row.USL_OK), row.N_KSG, *_sums(row)) for row in records(frame))
    return GROUP, rows, ["Итого", "", *_totals(frame)]


def _volumes(source: Source) -> Table:
    fact = volumes(source)
    planned = plan(source.dictionaries, source)
    names = dict(zip(*(_units(source)[name] for name in ("UNIT", "NAME")), strict=True))
    frame = by_volumes(planned, fact)
    values = ("approved", "correction", "returned", "fact", "net", "deviation", "percent")
    rows = (
        (row.CODE_MO, source.short_name(row.CODE_MO), row.UNIT, names.get(row.UNIT, ""), *(getattr(row, n) for n in values))
        for row in records(frame)
    )
    return VOLUME, rows, None


def _refusals(source: Source) -> Table:
    hits = source.closed.hits
    own = hits[hits["applied"] > 0]
    frame = own.groupby(["stage", "code", "osn"], as_index=False).agg(
        cases=("case", "nunique"), positions=("case", "size"), applied=("applied", "sum")
    )
    found = hits[hits["code"] != ""].groupby(["stage", "code", "osn"]).size()
    frame = frame.assign(
        found=[int(found.loc[key]) for key in zip(frame["stage"], frame["code"], frame["osn"], strict=True)]
    )
    rows = (
        (_title(row.stage), row.osn, row.code, source.bases.get(row.code, ("", ""))[1], row.found, row.cases, row.positions,
         row.applied)
        for row in records(frame)
    )  # fmt: skip
    # A case may be refused on several grounds, so cases have no total.
    return (
        REFUSALS,
        rows,
        ["Итого", "", "", "", int(frame["found"].sum()), "", *(int(frame[n].sum()) for n in ("positions", "applied"))],
    )


SHEETS = {
    "По этапам обработки": _stages,
    "По кодировкам счетов": _accounts,
    "По профилям": _profiles,
    "По условиям оказания": _conditions,
    "По КСГ": _groups,
    "Объёмы и план": _volumes,
    "Отказы по основаниям": _refusals,
}
"""Sheets by name, in their order."""


def plan(dictionaries: Dictionaries, source: Source) -> pd.DataFrame:
    """Plan of the quarter up to the month (T_VOLUME on the day of the act), for ``by_volumes``: CODE_MO, UNIT, V, VKM, VDM.

    Quantities, or roubles where the unit measures money. V: without what was returned for refused cases (MEC = 1).
    """
    period = source.period
    rows = in_force(dictionaries, "T_VOLUME", source.day)
    if rows.empty:
        return pd.DataFrame(columns=["CODE_MO", "UNIT", "V", "VKM", "VDM"])
    month = pd.to_numeric(rows["MONTH"], errors="coerce")
    quarter = str((period.month - 1) // 3 + 1)
    rows = rows[(rows["YEAR"] == str(period.year)) & (rows["QUARTER"] == quarter) & ~(month > period.month)]
    money = rows["UNIT"].map(_measures(source)) == "money"
    amount = [Decimal(text) if isinstance(text, str) else Decimal(0) for text in rows["MONEY"].where(money, rows["VOLUME"])]
    returned = (rows["MEC"] == "1").to_numpy()
    correction = rows["MONTH"].notna().to_numpy()
    kept = {"V": ~returned, "VKM": correction & ~returned, "VDM": returned}
    columns = {
        name: pd.Series([value if counts else Decimal(0) for value, counts in zip(amount, mask, strict=True)], dtype=object)
        for name, mask in kept.items()
    }
    return pd.DataFrame({"CODE_MO": rows["MCOD"].to_numpy(), "UNIT": rows["UNIT"].to_numpy(), **columns})


def volumes(source: Source) -> pd.DataFrame:
    """What was accepted since the beginning of the quarter: CODE_MO, UNIT, ``quantity`` (``Decimal``; roubles for money)."""
    own = source.closed.volumes
    frame = own if source.consumed is None else pd.concat([source.consumed, own], ignore_index=True)
    money = (frame["UNIT"].map(_measures(source)) == "money").to_numpy()
    hundredths = np.where(money, frame["MONEY"].to_numpy(np.int64), frame["QUANTITY"].to_numpy(np.int64))
    quantity = pd.Series([Decimal(int(value)).scaleb(-2) for value in hundredths], dtype=object)
    return pd.DataFrame({"CODE_MO": frame["CODE_MO"].to_numpy(), "UNIT": frame["UNIT"].to_numpy(), "quantity": quantity})


def _units(source: Source) -> pd.DataFrame:
    if "T_UNIT" not in source.dictionaries:
        return pd.DataFrame(columns=["UNIT", "NAME", "MEASURE"], dtype="str")
    frame: pd.DataFrame = source.dictionaries["T_UNIT"].rows.to_pandas()
    return frame.drop_duplicates("UNIT", keep="last")


def _measures(source: Source) -> pd.Series:
    return _units(source).set_index("UNIT")["MEASURE"]


def _title(stage: str) -> str:
    return STAGES[stage][0].upper() + STAGES[stage][1:]


def _applied(source: Source) -> pd.DataFrame:
    hits = source.closed.hits
    own = hits[hits["applied"] > 0]
    return pd.DataFrame({"case": own["case"], "stage": own["stage"], "amount": own["applied"]}).reset_index(drop=True)


def _sums(row: Any) -> list[int]:
    return [int(getattr(row, name)) for name in SUM_NAMES]


def _totals(frame: pd.DataFrame) -> list[int]:
    return [int(frame[name].sum()) for name in SUM_NAMES]

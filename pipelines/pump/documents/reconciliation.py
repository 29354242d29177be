"""Reconciliation of a payer with an organisation over several months.

The balance is what the payer owes, below 0 what the organisation owes: what is due for a month adds to it; advances,
sanctions, fines and payments take from it. What a month could not withhold is the debt that it carries on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import pandas as pd

from pipelines.formats.sheets import Book, Column
from pipelines.pump.closing.model import Document
from pipelines.pump.documents.printing import pdf
from pipelines.pump.documents.sides import accrued, both, own, requisites, side
from pipelines.pump.documents.source import Source, Turnover, records
from pipelines.pump.documents.titles import DEDUCTION_TITLES, TITLES, day_title, footer, month_title
from pipelines.pump.documents.words import in_words, money

KIND = "reconciliation"
ENTRIES = (
    Column("№", 6, "count"),
    Column("Дата", 12, "date"),
    Column("Операция, документ", 70),
    Column("Начислено, руб.", 20, "money"),
    Column("Удержано и оплачено, руб.", 20, "money"),
    Column("Сальдо, руб.", 20, "money"),
)
WITHHELD = (
    Column("Месяц", 12),
    Column("Вид", 30),
    Column("Дата", 12, "date"),
    Column("Документ", 50),
    Column("Подлежит удержанию, руб.", 20, "money"),
    Column("Удержано, руб.", 20, "money"),
    Column("Переходит, руб.", 20, "money"),
)


@dataclass(frozen=True)
class Entry:
    """A line of the account: ``credit`` adds to what the payer owes, ``debit`` takes from it; kopecks."""

    day: date
    text: str
    credit: int
    debit: int


@dataclass(frozen=True)
class Account:
    """What passed between two sides: opening balance, entries, ``Settled.withheld`` with its ``period``."""

    opening: int
    entries: Sequence[Entry]
    withheld: pd.DataFrame

    @property
    def credit(self) -> int:
        return sum(entry.credit for entry in self.entries)

    @property
    def debit(self) -> int:
        return sum(entry.debit for entry in self.entries)

    @property
    def closing(self) -> int:
        return self.opening + self.credit - self.debit


def account(source: Source, months: Sequence[Turnover], payer: str, code_mo: str) -> Account:
    """What passed between a payer and an organisation in months that follow each other.

    Raises ``ValueError`` where a month's debts are not what the month before carried.
    """
    opening, entries, withheld = 0, [], []
    carried: int | None = None
    for month in months:
        items = _of_pair(month.settled.withheld, payer, code_mo)
        debts = int(items.loc[items["what"] == "debt", "amount"].sum())
        if carried is None:
            opening = -debts
        elif debts != carried:
            raise ValueError("debts of a month are not those that the month before carried")
        entries += _entries(source, month, items, payer, code_mo)
        carried = int(items["rest"].sum())
        withheld.append(items.assign(period=month.period))
    made = Account(opening, entries, pd.concat(withheld, ignore_index=True))
    if made.closing != -(carried or 0):
        raise ValueError("the balance differs from the debts carried on")
    return made


def reconciliation(source: Source, payer: str, code_mo: str) -> list[Document]:
    """Act over the quarter's months up to this one, PDF and XLSX, for the organisation and the payer."""
    months = [*source.earlier, Turnover(source.period, source.settled)]
    passed = account(source, months, payer, code_mo)
    title = f"{TITLES[KIND]} {_span(months)}"
    stem = f"AKT_SVERKI_{months[0].period:%y%m}_{months[-1].period:%y%m}_{code_mo}_{payer}"
    made = (
        (f"{stem}.pdf", _printed(source, months, passed, payer, code_mo)),
        (f"{stem}.xlsx", _workbook(source, months, passed, payer, code_mo)),
    )
    return [
        Document(KIND, name, title, content, recipient, payer, code_mo)
        for name, content in made
        for recipient in (code_mo, own(source, payer))
    ]


def _entries(source: Source, month: Turnover, items: pd.DataFrame, payer: str, code_mo: str) -> list[Entry]:
    line = _of_pair(month.settled.lines, payer, code_mo)
    last = (pd.Timestamp(month.period) + pd.offsets.MonthEnd(0)).date()
    made = []
    if len(line):
        made = [Entry(last, f"{text}, {month.period:%m.%Y}", amount, 0) for text, amount in accrued(source, line.iloc[0])]
    for item in records(items[items["what"] != "debt"]):
        title = DEDUCTION_TITLES[item.what]
        text = item.act if item.act.startswith(title) else f"{title}: {item.act}"
        made.append(Entry(item.date.date(), text, 0, int(item.amount)))
    if len(line) and int(line["payable"].iloc[0]):
        made.append(Entry(last, f"Окончательный расчёт за {month.period:%m.%Y}", 0, int(line["payable"].iloc[0])))
    return made


def _of_pair(frame: pd.DataFrame, payer: str, code_mo: str) -> pd.DataFrame:
    return frame[(frame["payer"] == payer) & (frame["CODE_MO"] == code_mo)]


def _span(months: Sequence[Turnover]) -> str:
    first, last = months[0].period, months[-1].period
    return f"за {month_title(last)}" if first == last else f"за {month_title(first)} – {month_title(last)}"


def _running(passed: Account) -> list[int]:
    balance, shown = passed.opening, []
    for entry in passed.entries:
        balance += entry.credit - entry.debit
        shown.append(balance)
    return shown


def _balance(passed: Account) -> str:
    if passed.closing < 0:
        return f"Задолженность медицинской организации перед плательщиком: {in_words(-passed.closing)}."
    return "Задолженности сторон нет." if not passed.closing else f"Задолженность плательщика: {in_words(passed.closing)}."


def _printed(source: Source, months: Sequence[Turnover], passed: Account, payer: str, code_mo: str) -> bytes:
    parties = both(source, payer, code_mo)
    rows = [("", "", "Сальдо на начало", "", "", money(passed.opening))]
    for number, (entry, balance) in enumerate(zip(passed.entries, _running(passed), strict=True), 1):
        sums = [money(value) if value else "" for value in (entry.credit, entry.debit)]
        rows.append((str(number), day_title(entry.day), entry.text, sums[0], sums[1], money(balance)))
    withheld = passed.withheld
    return pdf(
        "reconciliation",
        {
            "title": TITLES[KIND],
            "subtitle": _subtitle(source, months, payer),
            "footer": footer(source.closed.closing),
            "sides": [side(role, one) for role, one in parties],
            "rows": rows,
            "totals": ["", "", "Обороты и сальдо на конец", *map(money, (passed.credit, passed.debit, passed.closing))],
            "balance": _balance(passed),
            "withheld": [
                (f"{item.period:%m.%Y}", DEDUCTION_TITLES[item.what], day_title(item.date.date()), item.act,
                 *(money(int(value)) for value in (item.amount, item.withheld, item.rest)))
                for item in records(withheld)
            ],
            "withheld_totals": ["", "Итого", "", "", "", money(int(withheld["withheld"].sum())), ""],
            "signers": [(one.NAME, one.POST) for _, one in parties],
        },
    )  # fmt: skip


def _workbook(source: Source, months: Sequence[Turnover], passed: Account, payer: str, code_mo: str) -> bytes:
    with Book(f"{TITLES[KIND]} {_span(months)}", source.region.fund.name) as book:
        sheet = book.sheet("Акт сверки")
        sheet.heading(f"{TITLES[KIND]} {_subtitle(source, months, payer)}", across=5)
        for role, one in both(source, payer, code_mo):
            sheet.line(f"{role}: {one.NAME}", "subtitle", across=5)
            sheet.pairs(requisites(one), across=5)
        sheet.gap()
        rows: list[tuple[object, ...]] = [("", "", "Сальдо на начало", "", "", passed.opening)]
        for number, (entry, balance) in enumerate(zip(passed.entries, _running(passed), strict=True), 1):
            rows.append((number, entry.day, entry.text, entry.credit or "", entry.debit or "", balance))
        totals = ["", "", "Обороты и сальдо на конец", passed.credit, passed.debit, passed.closing]
        sheet.table(ENTRIES, rows, totals, widths=True)
        sheet.line(_balance(passed), across=5)
        sheet.gap()
        for role, one in both(source, payer, code_mo):
            sheet.line(f"{role}: {one.POST} ____________ / ____________ /", across=5)
        sheet = book.sheet("Удержания по документам")
        items = passed.withheld
        listed = (
            (f"{item.period:%m.%Y}", DEDUCTION_TITLES[item.what], item.date, item.act, item.amount, item.withheld, item.rest)
            for item in records(items)
        )
        sheet.table(WITHHELD, listed, ["Итого", "", "", "", "", int(items["withheld"].sum()), ""], main=True)
    return book.content()


def _subtitle(source: Source, months: Sequence[Turnover], payer: str) -> str:
    outside = f", {source.payer_name(payer)}" if source.elsewhere(payer) else ""
    return f"{_span(months)}{outside}"

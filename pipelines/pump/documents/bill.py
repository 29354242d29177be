"""Bill of an organisation to a payer for a month."""

from __future__ import annotations

import pandas as pd

from pipelines.formats.sheets import Book, Column
from pipelines.pump.closing.model import Document
from pipelines.pump.documents.printing import pdf
from pipelines.pump.documents.sides import accrued, both, line_of, own, requisites, side
from pipelines.pump.documents.source import Source, records
from pipelines.pump.documents.titles import DEDUCTION_TITLES, TITLES, day_of, day_title, footer, month_title, text_of
from pipelines.pump.documents.words import grouped, in_words, money

KIND = "bill"
LINES = (Column("№", 6, "count"), Column("Наименование", 80), Column("Сумма, руб.", 20, "money"))
ACCOUNTS = (
    Column("№", 6, "count"),
    Column("Номер счёта", 24),
    Column("Дата", 12, "date"),
    Column("Случаев", 12, "count"),
    Column("Предъявлено, руб.", 18, "money"),
    Column("Отказано, руб.", 18, "money"),
    Column("Принято, руб.", 18, "money"),
)
ACCOUNT_SUMS = ("cases", "SUMV", "SANK_IT", "SUMP")


def bill(source: Source, payer: str, code_mo: str) -> list[Document]:
    """Bill for what is due for a month (the line's ``gross``), PDF and XLSX; raises ``LookupError`` without a line."""
    line = line_of(source, payer, code_mo)
    accounts = source.accounts[(source.accounts["payer"] == payer) & (source.accounts["CODE_MO"] == code_mo)]
    number = source.terms.bill(source.period, payer, code_mo)
    title = f"{TITLES[KIND]} № {number}"
    stem = f"SCHET_{source.period:%y%m}_{code_mo}_{payer}"
    made = (
        (f"{stem}.pdf", _printed(source, line, accounts, number)),
        (f"{stem}.xlsx", _workbook(source, line, accounts, number)),
    )
    return [Document(KIND, name, title, content, own(source, payer), payer, code_mo) for name, content in made]


def _withheld(line: pd.Series) -> list[tuple[str, int]]:
    parts = [(f"Удержано: {title.lower()}", int(line[name])) for name, title in DEDUCTION_TITLES.items()]
    return [("Всего по счёту", int(line["gross"])), *(part for part in parts if part[1])]


def _subtitle(source: Source, payer: str, number: str) -> str:
    outside = f", {source.payer_name(payer)}" if source.elsewhere(payer) else ""
    return f"№ {number} от {day_title(source.day)} за {month_title(source.period)}{outside}"


def _printed(source: Source, line: pd.Series, accounts: pd.DataFrame, number: str) -> bytes:
    payer, code_mo = str(line["payer"]), str(line["CODE_MO"])
    return pdf(
        "bill",
        {
            "title": TITLES[KIND],
            "subtitle": _subtitle(source, payer, number),
            "footer": footer(source.closed.closing),
            "sides": [side(role, one) for role, one in both(source, payer, code_mo)],
            "rows": [(str(n), name, money(amount)) for n, (name, amount) in enumerate(accrued(source, line), 1)],
            "totals": ["", "Итого", money(int(line["gross"]))],
            "words": in_words(int(line["gross"])),
            "accounts": [
                (str(n), text_of(row.NSCHET), day_of(row.DSCHET), grouped(int(row.cases)),
                 *(money(int(amount)) for amount in (row.SUMV, row.SANK_IT, row.SUMP)))
                for n, row in enumerate(records(accounts), 1)
            ],
            "accounts_totals": ["", "Итого", "", grouped(int(accounts["cases"].sum())),
                                *(money(int(accounts[name].sum())) for name in ACCOUNT_SUMS[1:])],
            "settlement": [(name, money(amount)) for name, amount in _withheld(line)],
            "payable": ["К перечислению", money(int(line["payable"]))],
            "posts": [source.party(code_mo).POST, "Главный бухгалтер"],
        },
    )  # fmt: skip


def _workbook(source: Source, line: pd.Series, accounts: pd.DataFrame, number: str) -> bytes:
    payer, code_mo = str(line["payer"]), str(line["CODE_MO"])
    with Book(f"{TITLES[KIND]} № {number}", source.party(code_mo).NAME) as book:
        sheet = book.sheet("Счёт")
        sheet.heading(f"{TITLES[KIND]} {_subtitle(source, payer, number)}", across=2)
        for role, one in both(source, payer, code_mo):
            sheet.line(f"{role}: {one.NAME}", "subtitle", across=2)
            sheet.pairs(requisites(one), across=2)
        sheet.gap()
        rows = [(n, name, amount) for n, (name, amount) in enumerate(accrued(source, line), 1)]
        sheet.table(LINES, rows, ["", "Итого", int(line["gross"])], widths=True)
        sheet.line(f"Всего по счёту: {in_words(int(line['gross']))}. Без НДС.", across=2)
        sheet.gap()
        settled = [("", name, amount) for name, amount in _withheld(line)]
        sheet.table((Column("", 6), *LINES[1:]), settled, ["", "К перечислению", int(line["payable"])])
        sheet.gap()
        for post in (source.party(code_mo).POST, "Главный бухгалтер"):
            sheet.line(f"{post} ____________ / ____________ /", across=2)
        sheet = book.sheet("Реестры счетов")
        listed = (
            (n, text_of(row.NSCHET), None if pd.isna(row.DSCHET) else row.DSCHET, row.cases, row.SUMV, row.SANK_IT, row.SUMP)
            for n, row in enumerate(records(accounts), 1)
        )
        totals = ["", "Итого", "", *(int(accounts[name].sum()) for name in ACCOUNT_SUMS)]
        sheet.table(ACCOUNTS, listed, totals, main=True)
    return book.content()

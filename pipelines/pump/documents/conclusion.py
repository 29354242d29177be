"""Conclusion of МЭК on an account (order 120н of 19.09.2022 as amended by 172н), and the register of a month's ones."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Any

import pandas as pd

from pipelines.formats.sheets import Book, Column
from pipelines.pump.closing.model import Document
from pipelines.pump.documents.printing import pdf
from pipelines.pump.documents.sides import own
from pipelines.pump.documents.source import SUMS, Source, records
from pipelines.pump.documents.titles import TITLES, day_of, day_title, footer, month_title, text_of
from pipelines.pump.documents.words import grouped, money

KIND = "conclusion"
TABLE = (
    Column("№", 6, "count"),
    Column("Условия оказания", 26),
    Column("Код профиля", 10),
    Column("Профиль медицинской помощи", 34),
    Column("Предоставлено к оплате, случаев", 15, "count"),
    Column("Предоставлено к оплате, руб.", 18, "money"),
    Column("Отказано, случаев", 12, "count"),
    Column("Отказано, руб.", 18, "money"),
    Column("Подлежит оплате, случаев", 12, "count"),
    Column("Подлежит оплате, руб.", 18, "money"),
)
REFUSED = (
    Column("№", 6, "count"),
    Column("IDCASE", 14),
    Column("N_ZAP", 12),
    Column("SL_ID", 23),
    Column("ID_PAC", 23),
    Column("Начало", 12, "date"),
    Column("Окончание", 12, "date"),
    Column("Код F014", 9),
    Column("Основание", 11),
    Column("Сумма отказа, руб.", 16, "money"),
    Column("Содержание основания", 44),
    Column("Причина отказа", 56),
)
HITS = (
    *REFUSED[:9],
    Column("Сумма нарушения, руб.", 16, "money"),
    Column("Применено, руб.", 16, "money"),
    Column("Применено", 12),
    Column("Правило", 16),
    Column("Причина", 56),
)
REGISTER = (
    Column("№", 6, "count"),
    Column("Номер заключения", 20),
    Column("Дата", 12, "date"),
    Column("Код МО", 10),
    Column("Медицинская организация", 28),
    Column("Код плательщика", 12),
    Column("Плательщик", 28),
    Column("Номер счёта", 18),
    Column("Дата счёта", 12, "date"),
    Column("Вид реестра", 9),
    Column("Случаев", 10, "count"),
    Column("Предъявлено, руб.", 18, "money"),
    Column("Отказано, руб.", 18, "money"),
    Column("Подлежит оплате, руб.", 18, "money"),
)


def conclusions(source: Source, packages: Collection[int] | None = None) -> Iterator[Document]:
    """Conclusions on every account by payer, or on those of some packages."""
    known = source.accounts
    for account in records(known if packages is None else known[known["package"].isin(list(packages))]):
        yield from _conclusion(source, account)


def conclusion(source: Source, package: int, payer: str) -> list[Document]:
    """Conclusion on what a payer pays of an account, XLSX and PDF, for the organisation and the payer.

    The payer's copy stays in the fund where the payer is another territory or nobody. Raises ``LookupError`` for an account
    of which the payer has no case.
    """
    known = source.accounts
    for account in records(known[(known["package"] == package) & (known["payer"] == payer)]):
        return _conclusion(source, account)
    raise LookupError(f"account {package} has no case of that payer")


def _conclusion(source: Source, account: Any) -> list[Document]:
    key = (int(account.package), str(account.payer))
    table, hits = source.account_profiles[key], source.account_hits.get(key, [])
    refused = [hit for hit in hits if hit.applied > 0]
    if [sum(getattr(row, name) for row in table) for name in SUMS] != [account.SUMV, account.SANK_IT, account.SUMP]:
        raise ValueError("the conclusion's totals differ from the account's")
    if sum(hit.applied for hit in refused) != account.SANK_IT:
        raise ValueError("the refused positions do not add up to what the account is refused")
    package, payer = key
    stem = f"MEK_{source.period:%y%m}_{account.CODE_MO}_{payer or 'NONE'}_{package}"
    title = f"{TITLES[KIND]} № {source.closed.closing.act(package)}"
    made = (
        (f"{stem}.xlsx", _workbook(source, account, table, refused, hits)),
        (f"{stem}.pdf", _printed(source, account, table, refused)),
    )
    copy = own(source, payer) if payer else None
    return [
        Document(KIND, name, title, content, recipient, payer, account.CODE_MO)
        for name, content in made
        for recipient in (account.CODE_MO, copy)
    ]


def register(source: Source) -> Document:
    """Register of the conclusions of the month, for the fund."""
    accounts = source.accounts
    closing = source.closed.closing
    rows = (
        (
            number,
            closing.act(int(row.package)),
            closing.act_date,
            row.CODE_MO,
            source.short_name(row.CODE_MO),
            row.payer,
            source.short_name(row.payer),
            text_of(row.NSCHET),
            None if pd.isna(row.DSCHET) else row.DSCHET,
            row.kind,
            row.cases,
            row.SUMV,
            row.SANK_IT,
            row.SUMP,
        )
        for number, row in enumerate(records(accounts), 1)
    )
    with Book(TITLES["conclusions"], source.region.fund.name) as book:
        sheet = book.sheet("Реестр заключений")
        sheet.heading(TITLES["conclusions"], [("Период", month_title(source.period))])
        totals = ["", "Итого", *[""] * 8, *(int(accounts[name].sum()) for name in ("cases", "SUMV", "SANK_IT", "SUMP"))]
        sheet.table(REGISTER, rows, totals, main=True)
    return Document("conclusions", f"REESTR_MEK_{source.period:%y%m}.xlsx", TITLES["conclusions"], book.content())


def _pairs(source: Source, account: Any) -> list[tuple[str, str]]:
    closing, payer = source.closed.closing, str(account.payer)
    outside = bool(payer) and source.elsewhere(payer)
    label = "ТФОМС по месту страхования" if outside else "Страховая медицинская организация"
    organisation = source.region.by_code(account.CODE_MO)
    name = organisation.name if organisation else ""
    return [
        ("Номер и дата заключения", f"№ {closing.act(int(account.package))} от {day_title(closing.act_date)}"),
        ("Территориальный фонд ОМС", source.party(source.region.code).NAME),
        (label, f"{source.payer_name(payer)} {payer}".strip()),
        ("Медицинская организация", f"{name} {account.CODE_MO}".strip()),
        ("Счёт", f"№ {text_of(account.NSCHET)} от {day_of(account.DSCHET)}, реестр {account.kind}"),
        ("Отчётный период", month_title(source.period)),
        ("Законченных случаев", str(account.cases)),
    ]


def _rows(table: Sequence[Any]) -> Iterator[tuple[Any, ...]]:
    for number, row in enumerate(table, 1):
        sums = (row.n_presented, row.presented, row.n_refused, row.refused, row.n_payable, row.payable)
        yield (number, row.condition, row.PROFIL, row.profile, *sums)


def _totals(table: Sequence[Any]) -> list[int]:
    return [sum(getattr(row, name) for row in table) for sums in SUMS for name in (f"n_{sums}", sums)]


def _workbook(source: Source, account: Any, table: Sequence[Any], refused: Sequence[Any], hits: Sequence[Any]) -> bytes:
    withheld = sum(hit.applied for hit in refused)
    number = source.closed.closing.act(int(account.package))
    with Book(f"{TITLES[KIND]} № {number}", source.region.fund.name) as book:
        sheet = book.sheet("Заключение")
        sheet.heading(TITLES[KIND], _pairs(source, account), across=9)
        sheet.table(TABLE, _rows(table), ["", "Итого", "", "", *_totals(table)], main=True)
        sheet.gap()
        for post in (source.party(source.region.code).POST, "Исполнитель"):
            sheet.line(f"{post} ____________ / ____________ /", across=9)
        for name, columns, rows, totals, none in (
            ("Отклонённые позиции", REFUSED, _refused(refused), ["", "Итого", *[""] * 7, withheld, "", ""],
             "Отклонённых позиций нет."),
            ("Все основания", HITS, _all_hits(hits), ["", "Итого", *[""] * 8, withheld, "", "", ""],
             "Нарушений не найдено."),
        ):  # fmt: skip
            sheet = book.sheet(name)
            sheet.heading(f"{name}: заключение № {number}")
            if not sheet.table(columns, rows, totals, main=True, keep=2):
                sheet.gap()
                sheet.line(none, "note")
    return book.content()


def _refused(refused: Sequence[Any]) -> Iterator[tuple[Any, ...]]:
    for number, row in enumerate(refused, 1):
        yield (number, *_object(row), row.code, row.osn, row.applied, row.ground, row.detail)


def _all_hits(hits: Sequence[Any]) -> Iterator[tuple[Any, ...]]:
    for number, row in enumerate(hits, 1):
        applied = "да" if row.applied > 0 else "нет"
        yield (number, *_object(row), row.code, row.osn, row.amount, row.applied, applied, row.rule, row.detail)


def _object(row: Any) -> Sequence[Any]:
    values = (row.IDCASE, row.N_ZAP, row.SL_ID, row.ID_PAC, row.first, row.last)
    return [None if pd.isna(value) else value for value in values]


def _printed(source: Source, account: Any, table: Sequence[Any], refused: Sequence[Any]) -> bytes:
    shown, hidden = refused[: source.terms.printed_refusals], refused[source.terms.printed_refusals :]
    note = ""
    if hidden:
        rest = money(sum(hit.applied for hit in hidden))
        note = (
            f"Показаны первые {grouped(len(shown))} отклонённых позиций. "
            f"Ещё {grouped(len(hidden))} на сумму {rest} руб. – в файле XLSX этого заключения."
        )
    return pdf(
        "conclusion",
        {
            "title": TITLES[KIND],
            "subtitle": f"№ {source.closed.closing.act(int(account.package))} от {day_title(source.day)}",
            "footer": footer(source.closed.closing),
            "pairs": _pairs(source, account)[1:],
            "rows": [(str(row[0]), *row[1:4], *_written(row[4:])) for row in _rows(table)],
            "totals": ["", "Итого", "", "", *_written(_totals(table))],
            "refused": [_line(number, hit) for number, hit in enumerate(shown, 1)],
            "note": note,
            "posts": [source.party(source.region.code).POST, "Исполнитель"],
        },
    )


def _line(number: int, hit: Any) -> Sequence[str]:
    period = f"{day_of(hit.first)} –\n{day_of(hit.last)}"
    names = (text_of(value) for value in (hit.IDCASE, hit.N_ZAP, hit.SL_ID, hit.ID_PAC))
    return (str(number), *names, period, f"{hit.osn} ({hit.code})", money(hit.applied), hit.detail)


def _written(sums: Sequence[int]) -> list[str]:
    """Counts and kopecks by turns, as text."""
    return [money(value) if place % 2 else grouped(value) for place, value in enumerate(sums)]

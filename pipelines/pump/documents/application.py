"""Applications of the insurers to the fund, drafted by it: for an advance and for the final settlement."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date

from pipelines.formats.sheets import Book, Column
from pipelines.pump.closing.model import Document
from pipelines.pump.documents.printing import pdf
from pipelines.pump.documents.sides import requisites, side
from pipelines.pump.documents.source import Source, records
from pipelines.pump.documents.titles import TITLES, day_title, footer, month_title
from pipelines.pump.documents.words import in_words, money
from pipelines.pump.settlement import advance, budget, final, insurers

Row = tuple[str, int | str]
"""A line: kopecks, or text."""
FINAL: Sequence[tuple[str, str]] = (
    ("gross", "Начислено медицинским организациям за месяц"),
    ("withheld", "Удержано: санкции, штрафы, перенос прошлых месяцев"),
    ("advance", "Зачтено ранее выплаченных авансов"),
    ("payable", "Подлежит перечислению медицинским организациям"),
    ("limit", "Норматив финансирования страховой организации на месяц"),
    ("received", "Получено от фонда в виде аванса"),
    ("amount", "Заявляется в пределах норматива"),
    ("reserve", "Заявляется из нормированного страхового запаса"),
)


def advances(source: Source) -> Iterator[Document]:
    """Applications of all insurers for the advance of the next month, PDF and XLSX."""
    period = _after(source.period)
    limits = insurers(period, source.dictionaries, budget(period, source.dictionaries))
    for row in records(advance(period, limits, source.history, source.settlement)):
        limit = int(limits.loc[limits["SMO"] == row.SMO, "LIMIT"].iloc[0])
        rows: list[Row] = [
            (f"Основа расчёта: {row.basis}", int(row.base)),
            ("Доля аванса", f"{row.share.replace('.', ',')}"),
            ("Норматив финансирования на месяц", limit),
        ]
        yield from _documents(source, "advance", period, str(row.SMO), rows, int(row.amount), "Сумма аванса", "")


def finals(source: Source) -> Iterator[Document]:
    """Applications of all insurers for the final settlement of the month, PDF and XLSX."""
    limits = insurers(source.period, source.dictionaries, budget(source.period, source.dictionaries))
    for row in records(final(source.settled.lines, limits, source.received)):
        rows: list[Row] = [(title, int(getattr(row, name))) for name, title in FINAL]
        asked = int(row.amount) + int(row.reserve)
        note = "Заявка сверх норматива рассматривается в порядке использования нормированного страхового запаса."
        text = note if row.reserve else ""
        yield from _documents(source, "final", source.period, str(row.SMO), rows, asked, "Всего заявляется", text)


def _documents(
    source: Source, kind: str, period: date, insurer: str, rows: Sequence[Row], asked: int, label: str, note: str
) -> Iterator[Document]:
    title = f"{TITLES[kind]} за {month_title(period)}"
    stem = f"{'ZAYAVKA_AVANS' if kind == 'advance' else 'ZAYAVKA_RASCHET'}_{period:%y%m}_{insurer}"
    parties = [("Заявитель", source.party(insurer)), ("Получатель заявки", source.party(source.region.code))]
    posts = [source.party(insurer).POST, "Главный бухгалтер"]
    printed = pdf(
        "application",
        {
            "title": TITLES[kind],
            "subtitle": f"за {month_title(period)} от {day_title(source.day)} (проект)",
            "footer": footer(source.closed.closing),
            "sides": [side(role, one) for role, one in parties],
            "rows": [
                (str(number), name, value if isinstance(value, str) else f"{money(value)} руб.")
                for number, (name, value) in enumerate(rows, 1)
            ],
            "totals": ["", label, f"{money(asked)} руб."],
            "words": in_words(asked),
            "note": note,
            "posts": posts,
        },
    )
    with Book(title, source.party(insurer).NAME) as book:
        sheet = book.sheet("Заявка")
        sheet.heading(f"{title} (проект)", across=2)
        for role, one in parties:
            sheet.line(f"{role}: {one.NAME}", "subtitle", across=2)
            sheet.pairs(requisites(one), across=2)
        sheet.gap()
        columns = (Column("№", 6, "count"), Column("Показатель", 90), Column("Значение, руб.", 26, "money"))
        numbered = [(number, name, value) for number, (name, value) in enumerate(rows, 1)]
        sheet.table(columns, numbered, ["", label, asked], widths=True)
        sheet.line(f"Сумма заявки: {in_words(asked)}.", across=2)
        if note:
            sheet.line(note, "note", across=2)
        sheet.gap()
        for post in posts:
            sheet.line(f"{post} ____________ / ____________ /", across=2)
    for name, content in ((f"{stem}.pdf", printed), (f"{stem}.xlsx", book.content())):
        yield Document(kind, name, title, content, insurer, insurer)


def _after(period: date) -> date:
    """First day of the next month."""
    return date(period.year + (period.month == 12), period.month % 12 + 1, 1)

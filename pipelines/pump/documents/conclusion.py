"""Conclusion of МЭК on an account (order 120н of 19.09.2022 as amended by 172н), and the register of a month's ones."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pandas as pd

from pipelines.pump.closing.model import Document
from pipelines.pump.documents.printing import pdf
from pipelines.pump.documents.sheets import Book, Column
from pipelines.pump.documents.source import Source, records
from pipelines.pump.documents.titles import TITLES, day_of, day_title, footer, month_title, text_of
from pipelines.pump.documents.words import grouped, money

KIND = "conclusion"
WHOLE = "случай целиком"
SUMS = ("presented", "refused", "payable")
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
    Column("SL_ID", 38),
    Column("ID_PAC", 38),
    Column("Начало", 12, "date"),
    Column("Окончание", 12, "date"),
    Column("Код F014", 9),
    Column("Основание", 11),
    Column("Сумма отказа, руб.", 16, "money"),
    Column("Содержание основания", 44),
    Column("Причина отказа", 70),
)
HITS = (
    *REFUSED[:9],
    Column("Сумма нарушения, руб.", 16, "money"),
    Column("Применено, руб.", 16, "money"),
    Column("Применено", 12),
    Column("Правило", 16),
    Column("Причина", 70),
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


def conclusions(source: Source) -> Iterator[Document]:
    """Conclusions on every account by payer."""
    for account in records(source.accounts):
        yield from conclusion(source, int(account.package), str(account.payer))


def conclusion(source: Source, package: int, payer: str) -> list[Document]:
    """Conclusion on what a payer pays of an account, XLSX and PDF, for the organisation and the payer.

    The payer's copy stays in the fund where the payer is another territory or nobody. Raises ``LookupError`` for an account
    of which the payer has no case.
    """
    known = source.accounts
    found = known[(known["package"] == package) & (known["payer"] == payer)]
    if found.empty:
        raise LookupError(f"account {package} has no case of that payer")
    account = found.iloc[0]
    table = by_profile(source, source.account_positions(package, payer))
    hits = _hits(source, source.account_hits(package, payer))
    refused = hits[hits["applied"] > 0].reset_index(drop=True)
    if [int(table[name].sum()) for name in SUMS] != [int(account[name]) for name in ("SUMV", "SANK_IT", "SUMP")]:
        raise ValueError("the conclusion's totals differ from the account's")
    if int(refused["applied"].sum()) != int(account["SANK_IT"]):
        raise ValueError("the refused positions do not add up to what the account is refused")
    stem = f"MEK_{source.period:%y%m}_{account['CODE_MO']}_{payer or 'NONE'}_{package}"
    title = f"{TITLES[KIND]} № {source.closed.closing.act(package)}"
    own = payer if payer and not source.elsewhere(payer) else None
    made = (
        (f"{stem}.xlsx", _workbook(source, account, table, refused, hits)),
        (f"{stem}.pdf", _printed(source, account, table, refused)),
    )
    return [
        Document(KIND, name, title, content, recipient, payer, str(account["CODE_MO"]))
        for name, content in made
        for recipient in (str(account["CODE_MO"]), own)
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
            source.payer_name(row.payer),
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


def by_profile(source: Source, positions: pd.DataFrame) -> pd.DataFrame:
    """By condition and profile: USL_OK, PROFIL, counts (``n_presented``, ``n_refused``, ``n_payable``) of SL and kopecks.

    A SL counts as refused where all of its sum is.
    """
    whole = (positions["refused"] > 0) & (positions["payable"] == 0)
    counted = positions.assign(n_presented=1, n_refused=whole.astype("int64"), n_payable=(~whole).astype("int64"))
    names = [*(f"n_{name}" for name in SUMS), *SUMS]
    sums = counted.groupby(["USL_OK", "PROFIL"], as_index=False)[names].sum()
    return sums.assign(
        condition=sums["USL_OK"].map(lambda code: source.conditions.get(code, code)),
        profile=sums["PROFIL"].map(lambda code: source.profiles.get(code, "") if code else "профиль не указывается"),
    )


def _hits(source: Source, hits: pd.DataFrame) -> pd.DataFrame:
    """Hits with what names their object, in the order of the register; grounds by F014 on the day of the act."""
    cases, visits = source.closed.month.cases, source.closed.month.visits
    case, visit = hits["case"].to_numpy(np.int64), hits["visit"].to_numpy(np.int64)
    record = cases.iloc[case].reset_index(drop=True)
    inner = visit >= 0
    slot = np.where(inner, visit, 0)
    frame = pd.DataFrame({name: record[name] for name in ("IDCASE", "N_ZAP", "ID_PAC")})
    for name, element in (("first", "DATE_1"), ("last", "DATE_2")):
        whole = record[f"{element[:5]}Z_{element[-1]}"]
        frame[name] = visits[element].iloc[slot].reset_index(drop=True).where(inner, whole) if len(visits) else whole
    frame["SL_ID"] = visits["SL_ID"].iloc[slot].reset_index(drop=True).where(inner, WHOLE) if len(visits) else WHOLE
    texts = hits[["code", "osn", "rule", "detail", "amount", "applied"]].reset_index(drop=True)
    frame = pd.concat([frame, texts], axis=1).assign(case=case, visit=visit)
    ground = [source.bases.get(code, ("", ""))[1] for code in frame["code"]]
    return frame.assign(ground=ground).sort_values(["case", "visit"], kind="stable", ignore_index=True)


def _pairs(source: Source, account: pd.Series) -> list[tuple[str, str]]:
    closing, payer = source.closed.closing, str(account["payer"])
    outside = [("ТФОМС по месту страхования", source.payer_name(payer))] if payer and source.elsewhere(payer) else []
    insurer = [] if outside else [("Страховая медицинская организация", f"{source.payer_name(payer)} {payer}".strip())]
    organisation = source.region.by_code(str(account["CODE_MO"]))
    name = organisation.name if organisation else ""
    return [
        ("Номер и дата заключения", f"№ {closing.act(int(account['package']))} от {day_title(closing.act_date)}"),
        ("Территориальный фонд ОМС", source.party(source.region.code).NAME),
        *insurer,
        *outside,
        ("Медицинская организация", f"{name} {account['CODE_MO']}".strip()),
        ("Счёт", f"№ {text_of(account['NSCHET'])} от {day_of(account['DSCHET'])}, реестр {account['kind']}"),
        ("Отчётный период", month_title(source.period)),
        ("Законченных случаев", str(account["cases"])),
    ]


def _rows(table: pd.DataFrame) -> Iterator[tuple[Any, ...]]:
    for number, row in enumerate(records(table), 1):
        sums = (row.n_presented, row.presented, row.n_refused, row.refused, row.n_payable, row.payable)
        yield (number, row.condition, row.PROFIL, row.profile, *sums)


def _totals(table: pd.DataFrame) -> list[int]:
    return [int(table[name].sum()) for sums in SUMS for name in (f"n_{sums}", sums)]


def _workbook(source: Source, account: pd.Series, table: pd.DataFrame, refused: pd.DataFrame, hits: pd.DataFrame) -> bytes:
    with Book(f"{TITLES[KIND]} № {source.closed.closing.act(int(account['package']))}", source.region.fund.name) as book:
        sheet = book.sheet("Заключение")
        sheet.heading(TITLES[KIND], _pairs(source, account), across=9)
        sheet.table(TABLE, _rows(table), ["", "Итого", "", "", *_totals(table)], main=True)
        sheet.gap()
        for post in (source.party(source.region.code).POST, "Исполнитель"):
            sheet.line(f"{post} ____________ / ____________ /", across=9)
        sheet = book.sheet("Отклонённые позиции")
        totals = ["", "Итого", *[""] * 7, int(refused["applied"].sum()), "", ""]
        sheet.table(REFUSED, _refused(refused), totals, main=True)
        sheet = book.sheet("Все основания")
        totals = ["", "Итого", *[""] * 8, int(hits["applied"].sum()), "", "", ""]
        sheet.table(HITS, _all_hits(hits), totals, main=True)
    return book.content()


def _refused(refused: pd.DataFrame) -> Iterator[tuple[object, ...]]:
    for number, row in enumerate(records(refused), 1):
        yield (number, *_object(row), row.code, row.osn, row.applied, row.ground, row.detail)


def _all_hits(hits: pd.DataFrame) -> Iterator[tuple[object, ...]]:
    for number, row in enumerate(records(hits), 1):
        applied = "да" if row.applied > 0 else "нет"
        yield (number, *_object(row), row.code, row.osn, row.amount, row.applied, applied, row.rule, row.detail)


def _object(row: Any) -> Sequence[object]:
    names = ("IDCASE", "N_ZAP", "SL_ID", "ID_PAC", "first", "last")
    values = [getattr(row, name) for name in names]
    return [None if pd.isna(value) else value for value in values]


def _printed(source: Source, account: pd.Series, table: pd.DataFrame, refused: pd.DataFrame) -> bytes:
    shown = refused.head(source.terms.printed_refusals)
    hidden = len(refused) - len(shown)
    note = ""
    if hidden:
        rest = int(refused["applied"].iloc[len(shown) :].sum())
        note = (
            f"Показаны первые {grouped(len(shown))} отклонённых позиций. "
            f"Ещё {grouped(hidden)} на сумму {money(rest)} руб. – в файле XLSX этого заключения."
        )
    totals = [grouped(value) if place % 2 == 0 else money(value) for place, value in enumerate(_totals(table))]
    return pdf(
        "conclusion",
        {
            "title": TITLES[KIND],
            "subtitle": f"№ {source.closed.closing.act(int(account['package']))} от {day_title(source.day)}",
            "footer": footer(source.closed.closing),
            "pairs": _pairs(source, account)[1:],
            "rows": [
                (str(number), *texts, *(money(v) if place % 2 else grouped(v) for place, v in enumerate(values)))
                for number, *rest in _rows(table)
                for texts, values in ((rest[:3], rest[3:]),)
            ],
            "totals": ["", "Итого", "", "", *totals],
            "refused": [
                (
                    str(number),
                    text_of(row.IDCASE),
                    text_of(row.N_ZAP),
                    text_of(row.SL_ID),
                    text_of(row.ID_PAC),
                    f"{day_of(row.first)} – {day_of(row.last)}",
                    f"{row.osn} ({row.code})",
                    money(int(row.applied)),
                    row.detail,
                )
                for number, row in enumerate(records(shown), 1)
            ],
            "note": note,
            "posts": [source.party(source.region.code).POST, "Исполнитель"],
        },
    )

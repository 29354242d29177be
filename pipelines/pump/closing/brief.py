"""What the person who decides on a month is shown: sums by payer, refusals by ground, in Markdown."""

from __future__ import annotations

from sqlalchemy import Connection

from pipelines.ground.money import written
from pipelines.ground.sql import statement
from pipelines.pump.closing.model import Closing


def money(kopecks: int) -> str:
    """Roubles with spaces between thousands and a comma: ``1 234 567,89``."""
    return written(kopecks, " ")


def brief(connection: Connection, closing: Closing) -> str:
    """Sums of a packed closing."""
    asked = {"closing": closing.id}
    cases = connection.execute(statement("pump/brief_decisions"), asked).one()
    payers = connection.execute(statement("pump/brief_payers"), asked).all()
    grounds = connection.execute(statement("pump/brief_bases"), asked).all()
    documents = len(connection.execute(statement("pump/documents"), asked).all())
    lines = [
        f"**Отчётный месяц {closing.period:%m.%Y}**, закрытие № {closing.id}, заключение {closing.act_number}"
        f" от {closing.act_date:%d.%m.%Y}",
        "",
        f"Случаев {cases.cases} от организаций: {cases.organisations}. Предъявлено {money(int(cases.sumv))} руб.,"
        f" принято {money(int(cases.sump))} руб., отказано {money(int(cases.sank_it))} руб."
        f" (полностью – {cases.refused}, частично – {cases.partly}). Документов {documents}.",
        "",
    ]
    if payers:
        lines += [
            "| Плательщик | Начислено | Удержано | К оплате | Переходит |",
            "|---|---:|---:|---:|---:|",
            *(
                f"| {row.payer} {row.name} | {money(int(row.gross))} | {money(int(row.withheld))} |"
                f" {money(int(row.payable))} | {money(int(row.carried))} |"
                for row in payers
            ),
            f"| **Всего** | {money(sum(int(row.gross) for row in payers))} |"
            f" {money(sum(int(row.withheld) for row in payers))} |"
            f" **{money(sum(int(row.payable) for row in payers))}** |"
            f" {money(sum(int(row.carried) for row in payers))} |",
            "",
        ]
    if grounds:
        lines += ["| Основание | Позиций | Сумма отказа |", "|---|---:|---:|"]
        lines += [f"| {row.osn} | {row.positions} | {money(int(row.amount))} |" for row in grounds]
    return "\n".join(lines)

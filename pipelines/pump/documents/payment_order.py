"""Payment orders (fields of form 0401060) for what is to be paid: XML to execute, PDF to print."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

import jinja2
import pandas as pd

from pipelines.formats.sheets import clean
from pipelines.ground.money import roubles
from pipelines.pump.closing.model import Document
from pipelines.pump.documents.parties import Party
from pipelines.pump.documents.printing import TEMPLATES, pdf
from pipelines.pump.documents.sides import line_of, own
from pipelines.pump.documents.source import Source
from pipelines.pump.documents.titles import TITLES, day_title
from pipelines.pump.documents.words import in_words

KIND = "payment_order"
PURPOSE = 210
"""Length of a purpose of payment."""


def orders(source: Source) -> pd.DataFrame:
    """Lines to be paid, in order, with the ``number`` of their payment order: payer, CODE_MO, ``payable`` (kopecks)."""
    lines = source.settled.lines
    due = lines[lines["payable"] > 0][["payer", "CODE_MO", "payable"]].sort_values(["payer", "CODE_MO"], ignore_index=True)
    return due.assign(number=range(source.first_order, source.first_order + len(due)))


def payment_order(source: Source, payer: str, code_mo: str, number: int) -> list[Document]:
    """Order of a payer to pay an organisation: XML and PDF for the payer, the PDF as a notice for the organisation.

    The fund itself pays for other territories. Raises ``ValueError`` for nothing to pay or a purpose too long.
    """
    fields = _fields(source, line_of(source, payer, code_mo), number)
    title = f"{TITLES[KIND]} № {number} от {day_title(source.day)}"
    printed = pdf(KIND, {**fields, "title": title, "date": day_title(source.day), "amount": _amount(fields["kopecks"])})
    name, payer_copy = fields["name"], own(source, payer)
    return [
        Document(KIND, f"{name}.xml", title, _xml(fields), payer_copy, payer, code_mo),
        Document(KIND, f"{name}.pdf", title, printed, payer_copy, payer, code_mo),
        Document(KIND, f"{name}.pdf", title, printed, code_mo, payer, code_mo),
    ]


def _fields(source: Source, line: pd.Series, number: int) -> Mapping[str, Any]:
    payer, code_mo, amount = str(line["payer"]), str(line["CODE_MO"]), int(line["payable"])
    if amount <= 0:
        raise ValueError("there is nothing to pay")
    terms, day = source.terms, source.day
    bill = terms.bill(source.period, payer, code_mo)
    purpose = terms.order_purpose.format(period=source.period, bill=bill, day=day)
    if len(purpose) > PURPOSE:
        raise ValueError(f"the purpose of payment is longer than {PURPOSE} characters")
    target = source.territories.get(payer, payer[:2]) if source.elsewhere(payer) else source.region.code
    recipient = source.party(code_mo)
    budget_code = terms.order_kbk or recipient.KBK
    return {
        "name": terms.order_name.format(source=source.region.code, target=target, period=source.period, number=number),
        "source": source.region.code,
        "target": target,
        "period": source.period.isoformat(),
        "year": source.period.year,
        "month": source.period.month,
        "number": str(number),
        "day": day.isoformat(),
        "kopecks": amount,
        "sum": roubles(amount),
        "words": in_words(amount),
        "kind": terms.order_kind,
        "priority": terms.order_priority,
        "way": "электронно",
        "status": "",
        "code": "0",
        "kbk": budget_code or "0",
        "oktmo": (recipient.OKTMO if budget_code else "") or "0",
        "purpose": purpose,
        "payer": _side(source.party(payer)),
        "recipient": _side(recipient),
        "plat": payer,
        "code_mo": code_mo,
        "bill": bill,
    }


def _side(party: Party) -> Mapping[str, str]:
    personal = f" (л/с {party.LS})" if party.LS else ""
    return {
        "name": f"{party.NAME}{personal}",
        "inn": party.INN,
        "kpp": party.KPP,
        "account": party.RS,
        "bank": party.BANK,
        "bik": party.BIK,
        "correspondent": party.KS,
        "personal": party.LS,
    }


def _amount(amount: int) -> str:
    """Sum as the form writes it: ``1234-56``, ``1234=`` for whole roubles."""
    whole, rest = divmod(amount, 100)
    return f"{whole}-{rest:02d}" if rest else f"{whole}="


def _xml(fields: Mapping[str, Any]) -> bytes:
    plain = {name: clean(value) if isinstance(value, str) else value for name, value in fields.items()}
    return _template().render(plain).encode("windows-1251", "xmlcharrefreplace")


@cache
def _template() -> jinja2.Template:
    loader = jinja2.FileSystemLoader(TEMPLATES)
    environment = jinja2.Environment(
        loader=loader, autoescape=True, undefined=jinja2.StrictUndefined, keep_trailing_newline=True
    )
    return environment.get_template("payment_order.xml.j2")

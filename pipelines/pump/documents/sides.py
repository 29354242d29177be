"""Sides of a payment as documents show them, and what a line of the settlement is made of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from pipelines.pump.documents.parties import Party
from pipelines.pump.documents.source import Source
from pipelines.pump.documents.titles import NORM_TITLES
from pipelines.pump.settlement import ACCEPTED


def requisites(party: Party) -> list[tuple[str, str]]:
    """Requisites by label."""
    lines = [
        ("Адрес", party.ADDRESS),
        ("ИНН / КПП", f"{party.INN} / {party.KPP}"),
        ("ОГРН", party.OGRN),
        ("Счёт", party.RS),
        ("Банк", party.BANK),
        ("БИК", party.BIK),
        ("К/с (ЕКС)", party.KS),
        ("Лицевой счёт", party.LS),
    ]
    return [line for line in lines if line[1]]


def side(role: str, party: Party) -> Mapping[str, Any]:
    """A side for the printed form."""
    return {"role": role, "name": party.NAME, "lines": requisites(party)}


def both(source: Source, payer: str, code_mo: str) -> list[tuple[str, Party]]:
    """The organisation as supplier and its payer."""
    return [("Поставщик", source.party(code_mo)), ("Плательщик", source.party(payer))]


def line_of(source: Source, payer: str, code_mo: str) -> pd.Series:
    """The settlement's line; raises ``LookupError`` where the pair has none."""
    lines = source.settled.lines
    found = lines[(lines["payer"] == payer) & (lines["CODE_MO"] == code_mo)]
    if found.empty:
        raise LookupError(f"{payer} has no settlement with {code_mo}")
    return found.iloc[0]


def accrued(source: Source, line: pd.Series) -> list[tuple[str, int]]:
    """What the gross sum is made of, without zeros: accepted cases by conditions of care, norms; kopecks."""
    parts = []
    for name in ACCEPTED:
        code = name.removeprefix("accepted_")
        parts.append((f"Случаи, принятые к оплате: {source.conditions.get(code, code).lower()}", int(line[name])))
    parts += [(title, int(line[name])) for name, title in NORM_TITLES.items()]
    return [part for part in parts if part[1]]


def own(source: Source, payer: str) -> str | None:
    """Code of the payer as recipient; None where the fund pays itself."""
    return None if source.elsewhere(payer) else payer

"""Requisites of the fund, insurers and organisations: dictionary T_REKV of the region."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import date

from pipelines.exchange.region import Region
from pipelines.ground.identifiers import inn_valid, ogrn_valid
from pipelines.nsi.dictionaries import Dictionaries

_OPTIONAL = frozenset({"LS", "KBK", "OKTMO"})
"""Personal account at the treasury, budget code and place: not everyone has them."""
_ACCOUNT_WEIGHTS = "713"
_TREASURY, _CENTRES = "01", ("000", "001", "002")
"""БИК of a treasury begins so, that of a settlement centre of the Bank of Russia ends so."""


@dataclass(frozen=True)
class Party:
    """A side of a payment; fields are named as the columns of T_REKV.

    RS, KS: its account and the bank's correspondent (treasury: single) account; LS, KBK, OKTMO may be empty.
    """

    CODE: str
    NAME: str
    INN: str
    KPP: str
    OGRN: str
    RS: str
    BIK: str
    BANK: str
    KS: str
    LS: str
    KBK: str
    OKTMO: str
    ADDRESS: str
    POST: str


def parties(dictionaries: Dictionaries, region: Region, on: date) -> Mapping[str, Party]:
    """The fund (under the code of the territory), insurers and organisations of the region with the requisites of a day.

    Raises ``LookupError`` naming the organisation that takes part on that day and lacks a requisite, ``ValueError`` for one
    whose check digit is wrong.
    """
    if "T_REKV" not in dictionaries:
        raise LookupError("dictionary T_REKV is not loaded")
    needed = {region.code: region.fund.name} | {one.code: one.name for one in region.active(on) if one.kind in {"МО", "СМО"}}
    known = needed | {one.code: one.name for one in region.organisations if one.kind in {"МО", "СМО"}}
    found = {}
    for code, name in known.items():
        row = dictionaries["T_REKV"].get("CODE", code, on)
        if row is not None:
            found[code] = _party(row, name)
        elif code in needed:
            raise LookupError(f"T_REKV: {name} ({code}): нет действующей записи на {on:%d.%m.%Y}")
    return found


def party(known: Mapping[str, Party], code: str) -> Party:
    """A side by its code; raises ``LookupError`` for one without requisites."""
    if code not in known:
        raise LookupError(f"T_REKV: нет реквизитов организации {code}")
    return known[code]


def account_valid(account: str, bik: str, *, correspondent: bool = False) -> bool:
    """Whether the check digit of an account of 20 digits agrees with the bank's БИК.

    Accounts at a settlement centre or treasury, and correspondent accounts, take digits 5 and 6 of the БИК after a zero, all
    others its last three.
    """
    if not (
        account.isascii() and account.isdigit() and len(account) == 20 and bik.isascii() and bik.isdigit() and len(bik) == 9
    ):
        return False
    central = correspondent or bik.startswith(_TREASURY) or bik.endswith(_CENTRES)
    digits = ("0" + bik[4:6] if central else bik[-3:]) + account
    weights = _ACCOUNT_WEIGHTS * 8
    return sum(int(digit) * int(weight) for digit, weight in zip(digits, weights, strict=False)) % 10 == 0


def _party(row: Mapping[str, str | None], name: str) -> Party:
    values = {field.name: row.get(field.name) or "" for field in fields(Party)}
    place = f"T_REKV: {name} ({values['CODE']})"
    missing = [field for field, value in values.items() if not value and field not in _OPTIONAL]
    if missing:
        raise LookupError(f"{place}: нет реквизита {', '.join(missing)}")
    wrong = {
        "INN": not inn_valid(values["INN"]),
        "OGRN": not ogrn_valid(values["OGRN"]),
        "RS": not account_valid(values["RS"], values["BIK"]),
        "KS": not account_valid(values["KS"], values["BIK"], correspondent=True),
    }
    if any(wrong.values()):
        raise ValueError(f"{place}: неверен контрольный разряд {', '.join(field for field, bad in wrong.items() if bad)}")
    return Party(**values)

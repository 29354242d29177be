"""Stage A: the account as a whole. A hit returns every case of the account."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pyarrow as pa

from pipelines.pump.mek import hits
from pipelines.pump.mek.given import Given
from pipelines.pump.mek.hits import phrase, roubles


def account_hits(given: Given) -> pd.DataFrame:
    """1.4.1 requisites, repeated accounts, organisations outside the registry, 1.4.2 totals, 1.8.2 ended licences."""
    cases = given.month.cases
    if not len(cases):
        return hits.empty()
    accounts = cases.groupby("package", sort=True).agg(
        CODE_MO=("CODE_MO", "first"),
        NSCHET=("NSCHET", "first"),
        DSCHET=("DSCHET", "first"),
        PLAT=("PLAT", "first"),
        SUMMAV=("SUMMAV", "first"),
        SUMV=("SUMV", "sum"),
    )
    accounts = accounts.reset_index()
    checks = (_total, _requisites, _repeated, _unregistered, _unlicensed)
    return hits.concat([check(given, accounts) for check in checks])


def _returned(given: Given, osn: str, rule: str, accounts: pd.DataFrame, detail: pd.Series) -> pd.DataFrame:
    """Hits on every case of the accounts."""
    texts = pd.Series(detail.to_numpy(), index=accounts["package"].to_numpy(), dtype="str")
    package = given.month.cases["package"]
    case = np.flatnonzero(package.isin(accounts["package"]).to_numpy())
    text = texts.reindex(package.iloc[case]).reset_index(drop=True)
    return hits.make(given.bases, "A", osn, rule, text, given.facts.of_cases(case))


def _total(given: Given, accounts: pd.DataFrame) -> pd.DataFrame:
    expected = accounts["SUMV"] + accounts["package"].map(dict(given.refused)).fillna(0).astype("int64")
    wrong = accounts[accounts["SUMMAV"] != expected].reset_index(drop=True)
    text = phrase(
        "счёт {number}: SUMMAV = {total}, сумма SUMV случаев реестра = {sum}; должны быть равны",
        len(wrong),
        number=wrong["NSCHET"],
        total=roubles(wrong["SUMMAV"].fillna(0)),
        sum=roubles(expected[accounts["SUMMAV"] != expected]),
    )
    return _returned(given, "1.4.2", "MEK.A.1", wrong, text)


def _requisites(given: Given, accounts: pd.DataFrame) -> pd.DataFrame:
    month = pd.Timestamp(given.month.period)
    early = accounts["DSCHET"].isna() | (accounts["DSCHET"] < month) | (accounts["DSCHET"] > pd.Timestamp(given.on))
    wrong = accounts[early | accounts["NSCHET"].isna()].reset_index(drop=True)
    text = phrase(
        "счёт {number}: DSCHET = {day}; ожидаются номер и дата счёта от {first} до {last}",
        len(wrong),
        number=wrong["NSCHET"],
        day=wrong["DSCHET"],
        first=f"{month:%d.%m.%Y}",
        last=f"{given.on:%d.%m.%Y}",
    )
    return _returned(given, "1.4.1", "MEK.A.2", wrong, text)


def _repeated(given: Given, accounts: pd.DataFrame) -> pd.DataFrame:
    """The same organisation, number, payer and year: the account that came first stays."""
    again = accounts.duplicated(["CODE_MO", "NSCHET"]) & accounts["NSCHET"].notna()
    year = given.month.period.year
    known = pd.Series(
        [(mo, number, year) in given.earlier for mo, number in zip(accounts["CODE_MO"], accounts["NSCHET"], strict=True)],
        index=accounts.index,
        dtype=bool,
    )
    wrong = accounts[again | known].reset_index(drop=True)
    text = phrase(
        "счёт {number} от {day} организации {mo}: счёт с этим номером уже принят; ожидается новый номер",
        len(wrong),
        number=wrong["NSCHET"],
        day=wrong["DSCHET"],
        mo=wrong["CODE_MO"],
    )
    return _returned(given, "1.4.1", "MEK.A.3", wrong, text)


def _unregistered(given: Given, accounts: pd.DataFrame) -> pd.DataFrame:
    dictionary, field = given.terms.registry
    codes = pa.array(accounts["CODE_MO"], type=pa.string())
    member = given.nsi.contains(dictionary, field, codes, given.month.period)
    wrong = accounts[~member].reset_index(drop=True)
    text = phrase(
        "счёт {number}: CODE_MO = {mo}; ожидается организация из реестра {registry} на {day}",
        len(wrong),
        number=wrong["NSCHET"],
        mo=wrong["CODE_MO"],
        registry=dictionary,
        day=f"{given.month.period:%d.%m.%Y}",
    )
    return _returned(given, "1.4.1", "MEK.A.4", wrong, text)


def _unlicensed(given: Given, accounts: pd.DataFrame) -> pd.DataFrame:
    """No licence of the organisation was in force at the beginning nor at the end of the month."""
    if "T_LICENCE" not in given.nsi:
        return hits.empty()
    codes = pa.array(accounts["CODE_MO"], type=pa.string())
    first = np.datetime64(given.month.period, "D")
    last = (first.astype("datetime64[M]") + 1).astype("datetime64[D]") - 1
    licensed = np.zeros(len(accounts), dtype=bool)
    for day in (first, last):
        licensed |= given.nsi.contains("T_LICENCE", "MCOD", codes, day.astype(date))
    wrong = accounts[~licensed].reset_index(drop=True)
    text = phrase(
        "счёт {number}: у организации {mo} нет лицензии, действующей в отчётном месяце; ожидается действующая лицензия",
        len(wrong),
        number=wrong["NSCHET"],
        mo=wrong["CODE_MO"],
    )
    return _returned(given, "1.8.2", "MEK.A.5", wrong, text)

"""Checks of acts that no expectation can express: the file's name, repetitions, accounts, cases and money of the fund.

Cases are judged in the order of the file: what an earlier act of the same file withholds counts even if that act is refused,
because the later one was drawn up with it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from sqlalchemy import Connection, text

from pipelines.checks import findings as found
from pipelines.checks.declared import Rule
from pipelines.exchange.kinds import Opened
from pipelines.pump.acts import paid, rules
from pipelines.pump.acts.file import ROLE, Acts, read
from pipelines.pump.acts.paid import Paid

Rows = Iterable[int]
"""Rows of the table that a rule judges."""


@dataclass(frozen=True)
class Given:
    """What the checks look at; ``single``: cases that are found once (``Paid.single``)."""

    connection: Connection
    opened: Opened
    acts: Acts
    paid: Paid
    single: pd.DataFrame


def check_acts(connection: Connection, opened: Opened, so_far: pd.DataFrame) -> pd.DataFrame:
    """Findings of the rules that name a function of this module; acts of other packages wait until this one is done."""
    connection.execute(text("select pg_advisory_xact_lock(hashtextextended('pump.acts', 0))"))
    acts = read(opened)
    known = paid.paid(connection, acts, opened.match["mo"], opened.package.id)
    given = Given(connection, opened, acts, known, known.single())
    return found.concat(_findings(rule, opened, _CHECKS[rule.check](given)) for rule in rules.written())


def _findings(rule: Rule, opened: Opened, rows: Rows) -> pd.DataFrame:
    values = opened.tables[ROLE].data[rule.table][rule.column]
    one = {"member": ROLE, "rule": rule.id, "severity": rule.severity, "table": rule.table, "element": rule.element}
    message = f"{rule.column}: {rule.text}"
    return found.frame(
        one | {"row": int(row), "value": values[int(row)].as_py(), "message": message} for row in sorted(rows)
    )


def _file_name(given: Given) -> Rows:
    stem = given.opened.file_names[ROLE].rpartition(".")[0].upper()
    names = given.opened.tables[ROLE].data["ZGLV"]["FILENAME"].to_pylist()
    return [row for row, name in enumerate(names) if name and name.upper() != stem]


def _organisation(given: Given) -> Rows:
    return _other(given.acts.accounts["CODE_MO"], given.opened.match["mo"])


def _payer(given: Given) -> Rows:
    return _other(given.acts.accounts["PLAT"], str(given.opened.package.sender))


def _other(values: pd.Series, right: str) -> Rows:
    return values.index[values.notna() & (values != right)]


def _repeated_records(given: Given) -> Rows:
    return _repeated(given.acts.acts[["CODEA"]])


def _repeated_numbers(given: Given) -> Rows:
    acts = given.acts.acts
    years = acts["DAKT"].map(lambda day: day.year, na_action="ignore")
    here = _repeated(pd.DataFrame({"NAKT": acts["NAKT"], "year": years}))
    package = given.opened.package
    return {*here, *paid.used_numbers(given.connection, given.acts, str(package.sender), package.id)}


def _repeated_sanctions(given: Given) -> Rows:
    package = given.opened.package
    earlier = paid.used_codes(given.connection, given.acts, str(package.sender), package.id)
    return {*_repeated(given.acts.sanctions[["S_CODE"]]), *earlier}


def _repeated(keys: pd.DataFrame) -> Rows:
    """Rows whose keys are all there and stand more than once."""
    whole = keys.dropna()
    return whole.index[whole.duplicated(keep=False)]


def _unknown_accounts(given: Given) -> Rows:
    """Of the organisation in the name; accounts whose keys are none are told of elsewhere."""
    accounts = given.acts.accounts
    whole = accounts[["YEAR", "MONTH", "NSCHET", "DSCHET", "CODE"]].notna().all(axis=1)
    own = accounts["CODE_MO"] == given.opened.match["mo"]
    return accounts.index[whole & own & ~accounts.index.isin(given.paid.accounts)]


def _unknown_cases(given: Given) -> Rows:
    return given.paid.asked - set(given.paid.cases["case"])


def _several_cases(given: Given) -> Rows:
    return set(given.paid.cases["case"]) - set(given.single.index)


def _foreign_cases(given: Given) -> Rows:
    return given.single.index[given.single["payer"] != str(given.opened.package.sender)]


def _repeated_cases(given: Given) -> Rows:
    of_act = given.acts.cases["act"].loc[given.single.index]
    return _repeated(given.single[["package", "row"]].assign(act=of_act))


def _early_acts(given: Given) -> Rows:
    days = given.acts.acts["DAKT"].loc[given.acts.cases["act"].loc[given.single.index]]
    both = zip(given.single.index, days, given.single["ended"], strict=True)
    return [case for case, day, ended in both if day is not None and day < ended]


def _unknown_visits(given: Given) -> Rows:
    there = paid.visits(given.connection, given.acts, given.single)
    return there.index[~there]


def _rests(given: Given) -> pd.DataFrame:
    """Cases whose sanctions are amounts: ``rest`` kopecks of the payment after this act and all before it, ``SUMP``."""
    cases = given.single.sort_index().join(given.acts.cases[["given", "SUMP"]])
    cases = cases[cases["given"].notna()]
    withheld = cases.groupby(["package", "row"])["given"].cumsum() + cases["sanctions"]
    return pd.DataFrame({"rest": cases["sump"] - withheld, "SUMP": cases["SUMP"]})


def _beyond_payment(given: Given) -> Rows:
    rests = _rests(given)
    return rests.index[rests["rest"] < 0]


def _other_rest(given: Given) -> Rows:
    rests = _rests(given)
    rests = rests[(rests["rest"] >= 0) & rests["SUMP"].notna()]
    return rests.index[(rests["rest"] != rests["SUMP"]).to_numpy(np.bool_)]


_CHECKS: Mapping[str, Callable[[Given], Rows]] = {
    "file_name": _file_name,
    "organisation": _organisation,
    "payer": _payer,
    "repeated_records": _repeated_records,
    "repeated_numbers": _repeated_numbers,
    "repeated_sanctions": _repeated_sanctions,
    "unknown_accounts": _unknown_accounts,
    "unknown_cases": _unknown_cases,
    "several_cases": _several_cases,
    "foreign_cases": _foreign_cases,
    "repeated_cases": _repeated_cases,
    "early_acts": _early_acts,
    "unknown_visits": _unknown_visits,
    "beyond_payment": _beyond_payment,
    "other_rest": _other_rest,
}

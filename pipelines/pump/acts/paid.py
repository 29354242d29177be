"""What the fund knows of the cases that acts are about: decisions of approved closings, earlier acts."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd
from sqlalchemy import Connection

from pipelines.ground.sql import statement
from pipelines.pump.acts.file import Acts

_ACCOUNT = ["period", "NSCHET", "DSCHET", "CODE"]


@dataclass(frozen=True)
class Paid:
    """``accounts``: rows of SCHET that are known. ``asked``: rows of SLUCH that were looked for: numbered, in known ones.

    ``cases``: ``case`` (row of SLUCH; several times where several cases bear the number), ``package``, ``row`` (as in
    ``pump.decision``), ``payer``, ``sump`` (kopecks), ``ended`` (date), ``sanctions`` (kopecks of earlier acts).
    """

    accounts: frozenset[int]
    asked: frozenset[int]
    cases: pd.DataFrame

    def single(self) -> pd.DataFrame:
        """Cases that are found once, by row of SLUCH."""
        return self.cases.drop_duplicates("case", keep=False).set_index("case")


def paid(connection: Connection, acts: Acts, code_mo: str, package: int) -> Paid:
    """Find the accounts and cases of the package among those of the organisation that payment was approved for.

    Its own acts, where they are loaded (a change of the rules is replayed), are no earlier ones, here and below.
    """
    wanted = acts.accounts.dropna(subset=_ACCOUNT)
    accounts = _read(
        connection, "act_accounts", ["account", "closing", "package"], code_mo=code_mo, places=list(wanted.index),
        periods=list(wanted["period"]), nschet=list(wanted["NSCHET"]), dschet=list(wanted["DSCHET"]),
        codes=list(wanted["CODE"]),
    )  # fmt: skip
    known = frozenset(accounts["account"])
    numbered = acts.cases[acts.cases["IDCASE"].notna() & acts.cases["account"].isin(known)]
    asked = numbered[["account", "IDCASE"]].rename_axis("case").reset_index().merge(accounts, on="account")
    cases = _read(
        connection, "act_cases", ["case", "package", "row", "payer", "sump", "ended", "sanctions"],
        places=list(asked["case"]), closings=list(asked["closing"]), packages=list(asked["package"]),
        numbers=list(asked["IDCASE"]), periods=sorted(set(wanted["period"])), package=package,
    )  # fmt: skip
    return Paid(known, frozenset(numbered.index), cases)


def visits(connection: Connection, acts: Acts, single: pd.DataFrame) -> pd.Series:
    """Rows of SL_ID whose case is found: True where the case has such a visit, False where it has not."""
    of_case = acts.visits[acts.visits["SL_ID"].notna() & acts.visits["case"].isin(single.index)]
    places = single.loc[of_case["case"]]
    found = _read(
        connection, "act_visits", ["visit"], places=list(of_case.index), packages=list(places["package"]),
        rows=list(places["row"]), numbers=list(of_case["SL_ID"]), periods=sorted(set(acts.accounts["period"].dropna())),
    )  # fmt: skip
    return pd.Series(of_case.index.isin(found["visit"]), index=of_case.index)


def used_numbers(connection: Connection, acts: Acts, smo: str, package: int) -> list[int]:
    """Rows of AKT whose number the insurer has given to an accepted act of the same year."""
    asked = acts.acts.dropna(subset=["NAKT", "DAKT"])
    years = [day.year for day in asked["DAKT"]]
    found = _read(
        connection, "act_numbers", ["act"], smo=smo, places=list(asked.index), years=years, numbers=list(asked["NAKT"]),
        package=package,
    )  # fmt: skip
    return list(found["act"])


def used_codes(connection: Connection, acts: Acts, smo: str, package: int) -> list[int]:
    """Rows of SANK whose identifier the insurer has given in an accepted act."""
    asked = acts.sanctions["S_CODE"].dropna()
    found = _read(
        connection, "act_codes", ["sanction"], smo=smo, places=list(asked.index), codes=list(asked), package=package
    )
    return list(found["sanction"])


def _read(connection: Connection, name: str, columns: list[str], **parameters: object) -> pd.DataFrame:
    rows = connection.execute(statement(f"pump/{name}"), {key: _plain(value) for key, value in parameters.items()}).all()
    return pd.DataFrame([tuple(row) for row in rows], columns=columns)


def _plain(value: object) -> object:
    """Lists of Python's own whole numbers, which the driver knows."""
    return [int(one) if hasattr(one, "__index__") else one for one in value] if isinstance(value, list) else value

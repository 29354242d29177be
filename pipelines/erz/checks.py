"""Checks of a PR request that no expectation can express: check digits, repetitions, the file's name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import Connection

from pipelines.checks import findings as found
from pipelines.erz import judge, rules
from pipelines.erz.judge import Mask
from pipelines.exchange.kinds import Opened
from pipelines.ground.identifiers import enp_valid
from pipelines.ground.sql import statement

ROLE = "DBF"
RECORD = "REC"
_FIRST_BIRTH = date(1900, 1, 1)


def insurer(connection: Connection, opened: Opened) -> str | None:
    """Code of the СМО that the file's name means by the last two digits; None when there is none, or two."""
    codes = connection.execute(
        statement("erz/insurer"), {"ending": opened.match["smo"], "today": opened.package.received_at.date()}
    ).scalars()
    only = list(codes)
    return str(only[0]) if len(only) == 1 else None


def check_records(connection: Connection, opened: Opened, so_far: pd.DataFrame) -> pd.DataFrame:
    """Findings of the rules of ``include/rules/identification.yaml`` that name a function of this module."""
    parts = [
        judge.findings(rule, opened, ROLE, _CHECKS[rule.check](opened)) for rule in rules.written() if rule.check in _CHECKS
    ]
    if insurer(connection, opened) is None:
        unknown = next(rule for rule in rules.written() if rule.check == "unknown_insurer")
        parts.append(found.frame([judge.finding(unknown, ROLE) | {"table": "", "row": -1, "value": opened.match["smo"]}]))
    return found.concat(parts)


def _column(opened: Opened, name: str) -> pa.Array:
    return judge.column(opened, ROLE, RECORD, name)


def _of_policy(opened: Opened, kind: str) -> Mask:
    letters = [letter for letter, named in rules.policies().items() if named == kind]
    return np.asarray(pc.is_in(_column(opened, "TIP_D"), value_set=pa.array(letters)))


def birth_date(text: str) -> date | None:
    """Day of a DR ``YYYYMMDD``; None for what is none."""
    if len(text) != 8 or not text.isascii() or not text.isdigit():
        return None
    try:
        return date(int(text[:4]), int(text[4:6]), int(text[6:]))
    except ValueError:
        return None


def _birth_dates(opened: Opened) -> Mask:
    today = opened.package.received_at.date()

    def right(text: str) -> bool:
        day = birth_date(text)
        return day is not None and _FIRST_BIRTH <= day <= today

    return judge.wrong(_column(opened, "DR"), right)


def _enp_digits(opened: Opened) -> Mask:
    return judge.wrong(_column(opened, "N_POL"), enp_valid, _of_policy(opened, "unified"))


def _temporary_numbers(opened: Opened) -> Mask:
    return judge.wrong(_column(opened, "N_POL"), judge.digits(9), _of_policy(opened, "temporary"))


def _repeated_numbers(opened: Opened) -> Mask:
    return judge.repeated(_column(opened, "RECID"))


def _foreign_organisations(opened: Opened) -> Mask:
    return judge.wrong(_column(opened, "LPU_ID"), lambda text: text.zfill(6) == opened.package.sender)


def _other_insurers(opened: Opened) -> Mask:
    return judge.wrong(_column(opened, "Q"), lambda text: text == opened.match["smo"])


_CHECKS: Mapping[str, Callable[[Opened], Mask]] = {
    "birth_dates": _birth_dates,
    "enp_digits": _enp_digits,
    "temporary_numbers": _temporary_numbers,
    "repeated_numbers": _repeated_numbers,
    "foreign_organisations": _foreign_organisations,
    "other_insurers": _other_insurers,
}

"""Checks of an insurer's file about its insured that no expectation can express (``include/rules/insured.yaml``)."""

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
from pipelines.ground.identifiers import enp_fits, enp_valid, snils_valid
from pipelines.ground.sql import statement

ROLE = "OPLIST"
RECORD = "OP"
HEAD = "ZGLV"


def is_snapshot(opened: Opened) -> bool:
    """Whether the file is a full snapshot; else it tells of changes."""
    return opened.match["file"].upper() == "F"


def check_register(connection: Connection, opened: Opened, so_far: pd.DataFrame) -> pd.DataFrame:
    """Findings of the rules that name a function of this module."""
    parts = []
    for rule in rules.written(rules.OPLIST):
        faulty = _of_register(connection, opened) if rule.check == "completeness" else _CHECKS[rule.check](opened)
        parts.append(judge.findings(rule, opened, ROLE, faulty))
    return found.concat(parts)


def _of_register(connection: Connection, opened: Opened) -> Mask:
    """A snapshot that lacks more of the insurer's people than are allowed to be gone."""
    faulty = np.zeros(opened.tables[ROLE].data[HEAD].num_rows, bool)
    if is_snapshot(opened):
        listed = _column(opened, "ENP").drop_null().to_pylist()
        counted = connection.execute(
            statement("erz/snapshot_absent"), {"smo": opened.package.sender, "listed": listed}
        ).one()
        faulty[:] = counted.absent * 100 > counted.known * rules.declared(rules.OPLIST)["absent"]
    return faulty


def _column(opened: Opened, name: str, table: str = RECORD) -> pa.Array:
    return judge.column(opened, ROLE, table, name)


def _kinds(opened: Opened, letters: str) -> Mask:
    named = [letter for letter, kept in rules.policies(rules.OPLIST).items() if kept in letters]
    return np.asarray(pc.is_in(_column(opened, "POLVID"), value_set=pa.array(named)))


def _operations(opened: Opened) -> Mask:
    file = "snapshot" if is_snapshot(opened) else "changes"
    known = {code for code, operation in rules.operations().items() if operation.file == file}
    return judge.wrong(_column(opened, "TIP_OP"), known.__contains__)


def _enp_digits(opened: Opened) -> Mask:
    return judge.wrong(_column(opened, "ENP"), enp_valid)


def _unified_numbers(opened: Opened) -> Mask:
    return judge.wrong(_column(opened, "NPOLIS"), enp_valid, _kinds(opened, "ПЭКЦ"))


def _temporary_numbers(opened: Opened) -> Mask:
    return judge.wrong(_column(opened, "NPOLIS"), judge.digits(9), _kinds(opened, "В"))


def _snils_digits(opened: Opened) -> Mask:
    return judge.wrong(_column(opened, "SS"), snils_valid)


def _enp_person(opened: Opened) -> Mask:
    """ЕНП made for another person; those that are no ЕНП, or of people whose day of birth is none, are told of elsewhere."""

    def fits(text: str) -> bool:
        number, day, sex = text.split("|")
        try:
            return not enp_valid(number) or sex not in {"1", "2"} or enp_fits(number, date.fromisoformat(day), int(sex))
        except ValueError:
            return True

    person = pc.binary_join_element_wise(_column(opened, "ENP"), _column(opened, "DR"), _column(opened, "W"), "|")
    return judge.wrong(person, fits)


def _repeated_numbers(opened: Opened) -> Mask:
    return judge.repeated(_column(opened, "N_REC"))


def _file_name(opened: Opened) -> Mask:
    stem = opened.file_names[ROLE].rpartition(".")[0].upper()
    return judge.wrong(_column(opened, "FILENAME", HEAD), lambda text: text.upper() == stem)


def _sender(opened: Opened) -> Mask:
    return judge.wrong(_column(opened, "SMO", HEAD), lambda text: text == opened.package.sender)


def _number_of_records(opened: Opened) -> Mask:
    number = str(opened.tables[ROLE].data[RECORD].num_rows)
    return judge.wrong(_column(opened, "NRECORDS", HEAD), lambda text: text.lstrip("0") == number)


_CHECKS: Mapping[str, Callable[[Opened], Mask]] = {
    "operations": _operations,
    "enp_digits": _enp_digits,
    "unified_numbers": _unified_numbers,
    "temporary_numbers": _temporary_numbers,
    "snils_digits": _snils_digits,
    "enp_person": _enp_person,
    "repeated_numbers": _repeated_numbers,
    "file_name": _file_name,
    "sender": _sender,
    "number_of_records": _number_of_records,
}

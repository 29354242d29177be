"""Registers of accounts H, C, T, X with their persons L: names, checks across the two files, load of what was accepted.

The kinds differ in name and layout only. Source: Общие принципы (приказ ФФОМС от 07.04.2011 № 79), приложение Д.
"""

from __future__ import annotations

import re
from datetime import date

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import Connection, text

from pipelines.checks import findings as found
from pipelines.exchange import messages
from pipelines.exchange.kinds import Applied, Mask, Member, Opened, PackageKind
from pipelines.formats.tables import Tables
from pipelines.ground.money import kopecks
from pipelines.ground.sql import statement
from pipelines.pump.load import PERSONS, load_register, main_role


def report_month(opened: Opened) -> date | None:
    """First day of the report month that SCHET names; None when it names none."""
    schet = opened.tables[main_role(opened)].data["SCHET"]
    if schet.num_rows == 0:
        return None
    try:
        return date(int(schet["YEAR"][0].as_py() or 0), int(schet["MONTH"][0].as_py() or 0), 1)
    except ValueError:
        return None


def check_links(connection: Connection, opened: Opened, so_far: pd.DataFrame) -> pd.DataFrame:
    """The main file against the persons and both against the names of their files (LNK.010–LNK.080)."""
    role = main_role(opened)
    main, persons = opened.tables[role], opened.tables[PERSONS]
    return found.concat(
        [
            _file_names(opened, role),
            _missing(role, main, "ZAP", "ID_PAC", "LNK.030", persons.data["PERS"]["ID_PAC"]),
            _missing(PERSONS, persons, "PERS", "ID_PAC", "LNK.040", main.data["ZAP"]["ID_PAC"]),
            _repeated(PERSONS, persons, "PERS", "ID_PAC", "LNK.050"),
            _repeated(role, main, "ZAP", "N_ZAP", "LNK.060"),
            _repeated(role, main, "ZAP", "IDCASE", "LNK.070"),
            _faulty_persons(role, main, persons, so_far),
        ]
    )


def _file_names(opened: Opened, main: str) -> pd.DataFrame:
    stems = {role: name.rsplit(".", 1)[0].upper() for role, name in opened.file_names.items()}
    expected = [
        (main, "FILENAME", "LNK.010", stems[main]),
        (PERSONS, "FILENAME", "LNK.010", stems[PERSONS]),
        (PERSONS, "FILENAME1", "LNK.020", stems[main]),
    ]
    rows = []
    for role, column, code, name in expected:
        header = opened.tables[role].data["ZGLV"]
        value = header[column][0].as_py() if header.num_rows else None
        if value and value.upper() != name:
            rows.append(messages.finding(code, role=role, table="ZGLV", row=0, element=f"ZGLV/{column}", value=value))
    return found.frame(rows)


def _frame(role: str, tables: Tables, table: str, column: str, code: str, faulty: pa.Array) -> pd.DataFrame:
    """Findings of one message at the rows where ``faulty`` is true."""
    rows = np.flatnonzero(faulty.to_numpy(zero_copy_only=False))
    values = tables.data[table][column].take(pa.array(rows))
    element = tables.layout.element(table, column).path
    frame = found.frame([messages.finding(code, role=role, table=table, element=element)] * len(rows))
    return frame.assign(row=rows, value=pd.Series(values.to_pandas()).astype("str"))


def _missing(role: str, tables: Tables, table: str, column: str, code: str, known: pa.ChunkedArray) -> pd.DataFrame:
    values = tables.data[table][column].combine_chunks()
    faulty = pc.and_(pc.is_valid(values), pc.invert(pc.is_in(values, value_set=known.combine_chunks())))
    return _frame(role, tables, table, column, code, faulty)


def _repeated(role: str, tables: Tables, table: str, column: str, code: str) -> pd.DataFrame:
    values = pd.Series(tables.data[table][column].to_pandas())
    return _frame(role, tables, table, column, code, pa.array(values.duplicated(keep=False) & values.notna()))


def _faulty_persons(role: str, main: Tables, persons: Tables, so_far: pd.DataFrame) -> pd.DataFrame:
    """Errors of a person's record stand against all of that person's cases."""
    errors = so_far[(so_far["member"] == PERSONS) & (so_far["severity"] == "error")]
    rows = set(errors.loc[errors["table"] == "PERS", "row"])
    for table in ("DOST", "DOST_P"):
        parents = persons.data[table]["_parent"].to_numpy()
        rows |= set(parents[errors.loc[errors["table"] == table, "row"]])
    ids = persons.data["PERS"]["ID_PAC"].combine_chunks().take(pa.array(sorted(rows), pa.int64())).drop_null()
    faulty = pc.is_in(main.data["ZAP"]["ID_PAC"].combine_chunks(), value_set=ids, skip_nulls=True)
    return _frame(role, main, "ZAP", "ID_PAC", "LNK.080", faulty)


def check_open(connection: Connection, opened: Opened, so_far: pd.DataFrame) -> pd.DataFrame:
    """The report month is not closed yet. Holds the month open until the package's transaction ends."""
    month = report_month(opened)
    if month is None:
        return found.frame()
    connection.execute(statement("pump/period_hold"), {"period": month})
    closed = connection.execute(statement("pump/period_closed"), {"period": month}).scalar()
    if closed is None:
        return found.frame()
    role = main_role(opened)
    place = {"role": role, "table": "SCHET", "row": 0, "element": "SCHET/MONTH", "value": f"{month:%m.%Y}"}
    return found.frame([messages.finding("PER.010", **place, month=f"{month:%m.%Y}", date=f"{closed:%d.%m.%Y}")])


def apply(connection: Connection, opened: Opened, accepted: Mask) -> Applied:
    """Load the accepted cases and their persons."""
    month = report_month(opened)
    assert month is not None, "a register without report month has fatal findings"
    connection.execute(text("select pump.open_month(:month)"), {"month": month})
    load_register(connection, opened, accepted, month)
    return Applied(len(accepted), int(accepted.sum()), month)


def sums(opened: Opened, accepted: Mask) -> dict[str, int]:
    """SUMV of the accepted cases and SUMV_REFUSED of the others, kopecks; what is no sum counts as nothing."""
    texts = opened.tables[main_role(opened)].data["ZAP"]["SUMV"].combine_chunks()
    numbers = pc.if_else(pc.fill_null(pc.match_substring_regex(texts, _SUM), False), texts, pa.scalar("0"))
    amounts = numbers.cast(pa.decimal128(38, 2))
    names = {"SUMV": pa.array(accepted), "SUMV_REFUSED": pa.array(~accepted)}
    return {name: kopecks(pc.sum(amounts.filter(rows)).as_py() or "0") for name, rows in names.items()}


_SUM = r"^[0-9]{1,15}(?:\.[0-9]{1,2})?$"
_TAIL = r"(?P<tail>M(?P<sender>\d{6})(?:S(?P<payer>\d{5})|T(?P<fund>\d{2}))_\d{4}\d{1,6})"
"""Of both files' names after the letters: sender, payer, ГГММ and number."""


def _register(layout: str, title: str, letters: str, persons: str) -> PackageKind:
    """The kind of a layout; ``letters`` masks how the main file's name begins, ``persons`` follows the L of the other's."""
    return PackageKind(
        code=f"PUMP_{layout}",
        title=title,
        subsystem="pump",
        name=re.compile(letters + _TAIL, re.IGNORECASE),
        family=re.compile(rf"{letters}M?\d", re.IGNORECASE),
        members=(
            Member(layout, r"{stem}\.xml", "xml", layout, suites=f"pump/{layout}"),
            Member(PERSONS, rf"L{persons}{{tail}}\.xml", "xml", PERSONS, suites=f"pump/{PERSONS}"),
        ),
        senders=frozenset({"МО"}),
        policy="records",
        report_date=report_month,
        apply=apply,
        checks=(check_links,),
        arrival=(check_open,),
        sums=sums,
    )


KINDS = (
    _register("H", "Реестр счетов и персональных данных (Д.1, Д.5)", "H", ""),
    _register("C", "Реестр счетов по онкологии и персональных данных (Д.4, Д.5)", "C", "C"),
    _register("T", "Реестр счетов за ВМП и персональных данных (Д.2, Д.5)", "T", "T"),
    # DP, DV, DO, DS, DU, DF by examination; F for all of them in the registers of 2026.
    _register(
        "X", "Реестр счетов за диспансеризацию и персональных данных (Д.3, Д.5)", r"(?:D(?P<exam>[PVOSUF])|F)", "{exam}"
    ),
)

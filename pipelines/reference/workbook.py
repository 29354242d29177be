"""ФФОМС's workbook of clinical groups as editions of the dictionaries that prices are made from.

A workbook tells the groups and the grouper's table of one condition of care from its first day on: the first of January of
the year in its name, or the day behind it. An edition of V023 or T_GROUPER is therefore made of the one in force and the
workbook: rows of the other condition stay, those of its own that began before its first day end on the day before, later
ones give way. So the books for round-the-clock and day hospitals come in any order, and earlier years can still be priced.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta

import pandas as pd
from sqlalchemy import Connection

from pipelines.checks import findings as found
from pipelines.exchange import messages
from pipelines.exchange.kinds import Opened
from pipelines.formats.flat import flat_rows
from pipelines.formats.workbook import LINE, bad_cells
from pipelines.nsi.dictionaries import BEGIN, END
from pipelines.reference.edition import Edition, Fields, Findings, before, faults, lock, noted, unchanged

ROLE, CODE = "XLSX", "KSG"
GROUP, ROW = "GROUP", "ROW"
CARE = {"KS": ("st", "1"), "DS": ("ds", "2")}
"""Letters in the name of the file: prefix of the groups, condition of care (V006)."""
GROUPS, TABLE = "V023", "T_GROUPER"
_CODES = {GROUPS: "K_KSG", TABLE: "N_KSG"}
"""Dictionaries, and the field of a group's code in each."""


def first_day(opened: Opened) -> date:
    """The day from which the workbook holds; raises ``ValueError`` for a name that tells none."""
    since = opened.match["since"]
    return date.fromisoformat(since) if since else date(2000 + int(opened.match["year"]), 1, 1)


def own_editions(connection: Connection, opened: Opened) -> list[Edition]:
    """What the workbook itself holds, in the fields of the dictionaries, valid from its first day on."""
    return noted(connection, opened, "own", lambda: _own(opened))


def _own(opened: Opened) -> list[Edition]:
    _, condition = CARE[opened.match["care"].upper()]
    tables = opened.tables[ROLE]
    since = {BEGIN: first_day(opened).isoformat(), END: ""}
    groups = [
        {"IDUMP": condition, **{name: row[name] for name in ("K_KSG", "N_KSG", "KOEF_Z", "PROFILE", "K_ZP")}, **since}
        for row in flat_rows(tables, GROUP)
    ]
    table = [{name: value for name, value in row.items() if name != LINE} | since for row in flat_rows(tables, ROW)]
    return [Edition(GROUPS, tuple(groups), ROLE, GROUP), Edition(TABLE, tuple(table), ROLE, ROW)]


def whole_editions(connection: Connection, opened: Opened) -> list[Edition]:
    """The editions that the workbook makes of those that were in force when it came."""
    return noted(connection, opened, "whole", lambda: _whole(connection, opened))


def _whole(connection: Connection, opened: Opened) -> list[Edition]:
    prefix, _ = CARE[opened.match["care"].upper()]
    editions = []
    for edition in own_editions(connection, opened):
        older = before(connection, opened, edition.dictionary).rows
        merged = list(_merged(older, edition.rows, _CODES[edition.dictionary], prefix, first_day(opened)))
        names = dict.fromkeys((*edition.rows[0], *(older[0] if older else ()))) if edition.rows else ()
        rows = tuple({name: row.get(name, "") for name in names} for row in merged)
        editions.append(replace(edition, rows=rows))
    return editions


def check_workbook(connection: Connection, opened: Opened, so_far: pd.DataFrame) -> pd.DataFrame:
    """Cells, groups and their condition of care; then what is said of any edition."""
    try:
        first_day(opened)
    except ValueError:
        return found.frame([messages.finding("WBK.060", role=ROLE, value=opened.match["since"])])
    lock(connection, (GROUPS, TABLE))
    rows: list[dict[str, object]] = [*_cells(opened), *_groups(opened)]
    if not rows:
        for edition in own_editions(connection, opened):
            rows += faults(connection, edition)
        rows += _unchanged(connection, opened)
    return found.frame(rows)


def _cells(opened: Opened) -> Findings:
    for bad in bad_cells(opened.tables[ROLE], CODE):
        place = {"table": bad.table, "row": bad.row, "element": f"{bad.table}/{bad.column.field}", "value": bad.value}
        names = {"sheet": bad.sheet, "cell": bad.cell, "column": bad.column.title, "expected": bad.column.expected}
        yield messages.finding("WBK.040" if bad.value else "WBK.041", role=ROLE, **place, **names)


def _groups(opened: Opened) -> Findings:
    """Groups that stand twice in the list, are not in it, or are of the other condition of care."""
    tables = opened.tables[ROLE]
    prefix, _ = CARE[opened.match["care"].upper()]
    listed: set[str] = set()
    for row, fields in enumerate(flat_rows(tables, GROUP)):
        code = fields["K_KSG"]
        if code in listed:
            yield _group("WBK.052", "КСГ", GROUP, row, "K_KSG", fields)
        elif code and not code.startswith(prefix):
            yield _group("WBK.050", "КСГ", GROUP, row, "K_KSG", fields, prefix=prefix)
        listed.add(code)
    for row, fields in enumerate(flat_rows(tables, ROW)):
        if fields["N_KSG"] and fields["N_KSG"] not in listed:
            yield _group("WBK.051", "Группировщик", ROW, row, "N_KSG", fields)


def _group(code: str, sheet: str, table: str, row: int, field: str, fields: Fields, **names: object) -> dict[str, object]:
    place = {"table": table, "row": row, "element": f"{table}/{field}", "value": fields[field]}
    return messages.finding(code, role=ROLE, **place, sheet=sheet, line=fields[LINE], **names)


def _unchanged(connection: Connection, opened: Opened) -> Findings:
    for edition in whole_editions(connection, opened):
        yield from unchanged(before(connection, opened, edition.dictionary), edition)


def _merged(
    older: Sequence[Fields], newer: Sequence[Fields], code: str, prefix: str, since: date
) -> Iterator[Mapping[str, str]]:
    """Rows of an edition in force and of a workbook that holds from a day on for the groups of a prefix."""
    first, eve = since.isoformat(), (since - timedelta(days=1)).isoformat()
    for fields in older:
        if not fields.get(code, "").startswith(prefix):
            yield fields
        elif fields.get(BEGIN, "") < first:
            yield {**fields, END: min(fields.get(END) or eve, eve)}
    yield from newer

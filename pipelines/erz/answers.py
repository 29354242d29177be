"""Answer to a PR request: the same DBF with what was found, in a ZIP named as the request with ``A`` before it."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import pyarrow as pa
from sqlalchemy import Connection

from pipelines.erz import rules
from pipelines.erz.checks import RECORD, ROLE
from pipelines.exchange.kinds import Opened
from pipelines.exchange.model import Outgoing
from pipelines.formats.archive import write_archive
from pipelines.formats.dbf_writer import write_dbf
from pipelines.formats.layout import load
from pipelines.ground.sql import statement

COLUMNS = ("C_ERR", "ANS_R", "LPUID_ET", "DATEIN_ET", "SPOS_ET")


def answers(connection: Connection, opened: Opened, findings: pd.DataFrame) -> Sequence[Outgoing]:
    """One ZIP with one DBF: every record of the request in its order, in cp866; equal requests give equal bytes."""
    records = opened.tables[ROLE].data[RECORD]
    table = answer_table(connection, opened, records)
    content = write_dbf(table, load("PR_ANSWER"), dated=opened.package.received_at.date(), replace=True)
    name = f"A{opened.file_names[ROLE]}".upper()
    stem = f"A{opened.match.group()}".upper()
    return [Outgoing(f"{stem}.ZIP", write_archive({name: content}))]


def answer_table(connection: Connection, opened: Opened, records: pa.Table) -> pa.Table:
    """The request's columns and those of the answer; records that the control refused have C_ERR only."""
    refused = rules.refusals()
    columns: dict[str, list[str | None]] = {name: [None] * records.num_rows for name in COLUMNS}
    columns["C_ERR"] = [refused["control"]] * records.num_rows
    for row in connection.execute(statement("erz/request_answers"), {"package": opened.package.id}):
        told = (refused.get(row.refusal), rules.outcomes()[row.found].code, row.lpuid_et, row.datein_et, row.spos_et)
        for name, value in zip(COLUMNS, told, strict=True):
            columns[name][row.row] = value
    for name, values in columns.items():
        records = records.append_column(name, pa.array(values, pa.string()))
    return records

"""Answer to an insurer's file: ``R<name>.zip`` with REPLIST, every record of the file in its order with what came of it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import pyarrow as pa
from sqlalchemy import Connection

from pipelines.erz import rules
from pipelines.erz.register_checks import RECORD, ROLE
from pipelines.exchange.kinds import Opened
from pipelines.exchange.model import Outgoing
from pipelines.formats.archive import write_archive
from pipelines.formats.layout import load
from pipelines.formats.xml_writer import write_xml
from pipelines.ground.sql import statement


def answers(connection: Connection, opened: Opened, findings: pd.DataFrame) -> Sequence[Outgoing]:
    """One ZIP with one XML in windows-1251; equal packages give equal bytes."""
    records = opened.tables[ROLE].data[RECORD]
    table = pd.DataFrame({name: records[name].to_pandas() for name in ("N_REC", "ID")}, dtype="str")
    told = pd.DataFrame(
        [tuple(row) for row in connection.execute(statement("erz/change_answers"), {"package": opened.package.id})],
        columns=["row", "refusal", "ENP", "SMO", "DBEG", "DEND"],
    ).set_index("row")
    told = told.reindex(np.arange(len(table))).astype(object)
    told = told.where(told.notna(), None)
    declared = rules.declared(rules.OPLIST)
    reasons = {name: (str(row["code"]), row["text"]) for name, row in declared["refusals"].items()}
    done = (declared["accepted"]["code"], declared["accepted"]["text"])
    kept = set(connection.execute(statement("erz/change_rows"), {"package": opened.package.id}).scalars())
    outcomes = [
        (done if reason is None else reasons[reason]) if row in kept else reasons["control"]
        for row, reason in enumerate(told["refusal"])
    ]
    table["CODE_ERP"], table["COMMENT"] = zip(*outcomes, strict=True)
    for name in ("ENP", "SMO", "DBEG", "DEND"):
        table[name] = told[name]
    return [_outgoing(opened, table)]


def _outgoing(opened: Opened, table: pd.DataFrame) -> Outgoing:
    layout = load("REPLIST")
    asked = opened.match.group().upper()
    head = {
        "VERSION": layout.versions[-1],
        "DATA": f"{opened.package.received_at:%Y-%m-%d}",
        "FILENAME": f"R{asked}",
        "FILENAME1": asked,
        "NRECORDS": str(len(table)),
    }
    schema = pa.schema([(name, pa.string()) for name in table.columns])
    tables = {"ZGLV": pa.Table.from_pylist([head]), "REP": pa.Table.from_pandas(table, schema, preserve_index=False)}
    return Outgoing(f"R{asked}.ZIP", write_archive({f"R{asked}.XML": write_xml(tables, layout)}))

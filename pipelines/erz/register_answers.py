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

_INSURANCE = ["ENP", "SMO", "DBEG", "DEND"]


def answers(connection: Connection, opened: Opened, findings: pd.DataFrame) -> Sequence[Outgoing]:
    """One ZIP with one XML in windows-1251; equal packages give equal bytes."""
    records = opened.tables[ROLE].data[RECORD]
    rows = connection.execute(statement("erz/change_answers"), {"package": opened.package.id})
    told = pd.DataFrame([tuple(row) for row in rows], columns=["row", "reason", *_INSURANCE]).set_index("row")
    told["reason"] = told["reason"].fillna("done")
    told = told.reindex(np.arange(records.num_rows))
    declared = rules.declared(rules.OPLIST)
    reasons = {"done": declared["accepted"], **declared["refusals"]}
    reason = told["reason"].fillna("control")
    table = pd.DataFrame({name: records[name].to_pandas() for name in ("N_REC", "ID")}, dtype="str")
    table["CODE_ERP"] = reason.map({name: str(row["code"]) for name, row in reasons.items()})
    table["COMMENT"] = reason.map({name: row["text"] for name, row in reasons.items()})
    table[_INSURANCE] = told[_INSURANCE]
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

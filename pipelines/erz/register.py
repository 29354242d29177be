"""What insurers tell of their insured: changes ``OPL<СМО>_<ГГММДД>_<n>.zip``, full snapshots ``OPF<СМО>_<ГГММДД>.zip``.

In each the XML of the same name, layout OPLIST (the fund's own, after the shape that insurers know). Every record is
identified in the register as of its DATE_OP; whether its operation stands depends on where the person then is
(``include/rules/insured.yaml``). A change of the insurer ends the older insurance the day before. A snapshot tells the
state of all people of the insurer: those of its people whom it does not name are insured up to the day before.
"""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import Connection, text

from pipelines.erz import rules
from pipelines.erz.identify import identify
from pipelines.erz.register_answers import answers
from pipelines.erz.register_checks import HEAD, RECORD, ROLE, check_register, is_snapshot
from pipelines.exchange.kinds import Applied, Mask, Member, Opened, PackageKind
from pipelines.formats.tables import PARENT
from pipelines.ground.database import copy_table
from pipelines.ground.sql import statement

_STEPS = (
    "change_settle", "change_weigh", "change_number", "person_keep", "person_insert", "person_change", "policy_end",
    "policy_shut", "policy_insert", "document_end", "document_insert", "attachment_shut", "change_keep",
)  # fmt: skip
_NAMES = {
    **{name: name for name in ("N_REC", "ID", "TIP_OP", "DATE_OP", "FAM", "IM", "OT", "W", "DR", "ENP")},
    **{name: name for name in ("SPOLIS", "NPOLIS", "DBEG", "DEND", "DDEATH")},
    **{"SS": "SNILS", "POLVID": "kind"},
}


def apply(connection: Connection, opened: Opened, accepted: Mask) -> Applied:
    """Identify the persons of the accepted records, do what stands, keep every record with what came of it."""
    connection.execute(text("select pg_advisory_xact_lock(hashtextextended('erz.register', 0))"))
    records, documents = _records(opened, accepted), _documents(opened, accepted)
    judged = _judged(connection, records, documents, opened)
    for create in ("change_arriving", "document_arriving"):
        connection.execute(statement(f"erz/{create}"))
    copy_table(connection, "change_arriving", _table(judged, opened))
    copy_table(connection, "document_arriving", pa.Table.from_pandas(documents, preserve_index=False))
    for table in ("change_arriving", "document_arriving"):
        connection.execute(text(f"analyze {table}"))
    parameters = {"package": opened.package.id, "smo": opened.package.sender}
    for step in _STEPS:
        connection.execute(statement(f"erz/{step}"), parameters)
    if is_snapshot(opened):
        day = opened.tables[ROLE].data[HEAD]["DATA"][0].as_py()
        connection.execute(statement("erz/snapshot_end"), parameters | {"day": day})
    return Applied(len(accepted), int(accepted.sum()))


def _records(opened: Opened, accepted: Mask) -> pd.DataFrame:
    """Accepted records under the names that the identification knows; ``row`` in the file's table."""
    rows = np.flatnonzero(accepted)
    table = opened.tables[ROLE].data[RECORD].take(pa.array(rows))
    records = pd.DataFrame({new: table[old].to_pandas() for old, new in _NAMES.items()}, dtype="str").replace("", None)
    records["kind"] = records["kind"].map(rules.policies(rules.OPLIST))
    return records.assign(row=rows)


def _documents(opened: Opened, accepted: Mask) -> pd.DataFrame:
    """Papers of the accepted records: ``row`` of the record, ``doctype``, ``docser``, ``docnum``, ``issued``."""
    table = opened.tables[ROLE].data["DOC"]
    table = table.filter(pa.array(accepted).take(table[PARENT]))
    columns = {"row": PARENT, "doctype": "DOCTYPE", "docser": "DOCSER", "docnum": "DOCNUM", "issued": "DOCDATE"}
    return pd.DataFrame({new: table[old].to_pandas() for new, old in columns.items()}).replace("", None)


def _judged(connection: Connection, records: pd.DataFrame, documents: pd.DataFrame, opened: Opened) -> pd.DataFrame:
    """The records with ``person``, ``does`` and ``refusal``."""
    first = documents.drop_duplicates("row").set_index("row").reindex(records["row"])
    asked = records.assign(
        DR=pd.to_datetime(records["DR"]),
        DAY=pd.to_datetime(records["DATE_OP"]),
        SMO=opened.package.sender,
        VPOLIS=records["kind"].map({"С": "1", "В": "2"}).fillna("3"),
        DOCTYPE=first["doctype"].to_numpy(),
        DOCSER=first["docser"].to_numpy(),
        DOCNUM=first["docnum"].to_numpy(),
    )
    found = identify(connection, asked, "DAY")
    place = found["found"].where(found["found"] != "none", found["reason"])
    stands = [(code, here) for code, operation in rules.operations().items() for here in operation.stands]
    refused = ~pd.MultiIndex.from_arrays([records["TIP_OP"], place]).isin(stands)
    same = found["person"].astype("str").where(found["person"].notna(), _unknown(records))
    return records.assign(
        person=found["person"],
        does=records["TIP_OP"].map({code: operation.does for code, operation in rules.operations().items()}),
        refusal=place.where(refused).mask(same.duplicated(), "repeated"),
    )


def _unknown(records: pd.DataFrame) -> pd.Series:
    """What tells people whom the register does not know from each other: the ЕНП, else name and day of birth."""
    parts = records[["FAM", "IM", "OT", "DR"]].fillna("")
    name = parts["FAM"] + "|" + parts["IM"] + "|" + parts["OT"] + "|" + parts["DR"]
    return records["ENP"].fillna(name.str.upper().str.replace("Ё", "Е"))


def _table(judged: pd.DataFrame, opened: Opened) -> pa.Table:
    columns = judged.rename(columns={"SPOLIS": "series", "NPOLIS": "number", "DDEATH": "dead_on"})
    columns.columns = columns.columns.str.lower()
    table = pa.Table.from_pandas(columns, preserve_index=False)
    snils = pc.replace_substring_regex(table["snils"].cast(pa.string()), r"[^0-9]", "")
    table = table.set_column(table.column_names.index("snils"), "snils", snils)
    return table.append_column("package", pa.repeat(pa.scalar(opened.package.id), table.num_rows))


def _kind(code: str, title: str, letter: str, tail: str) -> PackageKind:
    return PackageKind(
        code=code,
        title=title,
        subsystem="erz",
        name=re.compile(rf"OP(?P<file>{letter})(?P<sender>\d{{5}})_\d{{6}}{tail}", re.IGNORECASE),
        family=re.compile(rf"OP{letter}\d", re.IGNORECASE),
        members=(Member(ROLE, r"{stem}\.xml", "xml", "OPLIST", suites="erz/OPLIST"),),
        senders=frozenset({"СМО"}),
        policy="records",
        report_date=lambda opened: None,
        apply=apply,
        checks=(check_register,),
        answers=answers,
    )


KINDS = (
    _kind("ERZ_OPL", "Изменения сведений о застрахованных лицах (OPLIST)", "L", r"_[1-9]\d{0,2}"),
    _kind("ERZ_OPF", "Полный срез застрахованных лиц СМО (OPLIST)", "F", ""),
)

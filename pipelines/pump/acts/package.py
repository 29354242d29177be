"""What insurers answer to accounts: registers of acts of control ``AS<СМО>M<МО>_<ГГММ><n>.zip``.

In each the XML of the same name, layout RAK (the fund's own, after the shape that insurers know): acts of МЭК, which are the
answers to accounts, of МЭЭ and of ЭКМП about the cases of one organisation. The record is the act: one wrong case refuses
the whole of it, since what is signed and disputed is the act. What an accepted act withholds goes into the next settlement.
"""

from __future__ import annotations

import re
from datetime import date

import numpy as np
import pandas as pd
import pyarrow as pa
from sqlalchemy import Connection

from pipelines.exchange.kinds import Applied, Mask, Member, Opened, PackageKind
from pipelines.ground.database import copy_table
from pipelines.pump.acts.checks import check_acts
from pipelines.pump.acts.file import ROLE, read
from pipelines.pump.acts.paid import paid

_CENTURY = 2000


def report_month(opened: Opened) -> date:
    """First day of the month in the file's name."""
    return date(_CENTURY + int(opened.match["year"]), int(opened.match["month"]), 1)


def apply(connection: Connection, opened: Opened, accepted: Mask) -> Applied:
    """Load the accepted acts with their cases and sanctions; sums are those of the accepted acts."""
    acts = read(opened)
    smo, code_mo = str(opened.package.sender), opened.match["mo"]
    stands = acts.cases[accepted[acts.cases["act"]]]
    decided = paid(connection, acts, code_mo, opened.package.id).single().loc[stands.index]
    sanctions = acts.sanctions[acts.sanctions["case"].isin(stands.index)]
    standing = acts.acts[accepted]
    _copy(connection, opened, "act", standing.index, {
        "smo": smo, "code_mo": code_mo, "number": standing["NAKT"], "date": standing["DAKT"], "kont": standing["KONT"],
        "typek": standing["TYPEK"], "skont": standing["SKONT"], "s_tip": standing["S_TIP"],
        "experts": _arrays(standing["experts"]),
    })  # fmt: skip
    _copy(connection, opened, "act_case", stands.index, {
        "act": stands["act"], "case_package": decided["package"], "case_row": decided["row"], "oplata": stands["OPLATA"],
        "sump": stands["SUMP"], "refreason": stands["REFREASON"], "sank_it": stands["SANK_IT"],
        "penalty": stands["PENALTY"],
    })  # fmt: skip
    visits = acts.visits.dropna().groupby("sanction")["SL_ID"].agg(list).reindex(sanctions.index)
    _copy(connection, opened, "act_sanction", sanctions.index, {
        "act_case": sanctions["case"], "smo": smo, "s_code": sanctions["S_CODE"], "s_sum": sanctions["S_SUM"],
        "s_osn": sanctions["S_OSN"], "fin_penalty": sanctions["FIN_PENALTY"].fillna(0), "visits": _arrays(visits),
        "s_com": sanctions["S_COM"],
    })  # fmt: skip
    sums = {"SANK_IT": int(stands["SANK_IT"].sum()), "PENALTY": int(stands["PENALTY"].sum())}
    return Applied(len(accepted), int(accepted.sum()), report_month(opened), sums)


def _copy(connection: Connection, opened: Opened, table: str, rows: pd.Index, columns: dict[str, object]) -> None:
    frame = pd.DataFrame({"package": opened.package.id, "row": rows.to_numpy(np.int64), **{
        name: value.array if isinstance(value, pd.Series) else value for name, value in columns.items()
    }})  # fmt: skip
    copy_table(connection, f"pump.{table}", pa.Table.from_pandas(frame, preserve_index=False))


def _arrays(lists: pd.Series) -> pd.Series:
    """Lists of texts as PostgreSQL writes arrays; nothing is an empty one."""

    def written(texts: object) -> str:
        quoted = [re.sub(r'(["\\])', r"\\\1", text) for text in texts] if isinstance(texts, list) else []
        return "{" + ",".join(f'"{text}"' for text in quoted) + "}"

    return lists.map(written)


KINDS = (
    PackageKind(
        code="PUMP_RAK",
        title="Реестр актов контроля СМО (RAK)",
        subsystem="pump",
        name=re.compile(
            r"AS(?P<sender>\d{5})M(?P<mo>\d{6})_(?P<year>\d\d)(?P<month>0[1-9]|1[0-2])[1-9]\d{0,5}", re.IGNORECASE
        ),
        family=re.compile(r"AS\d", re.IGNORECASE),
        members=(Member(ROLE, r"{stem}\.xml", "xml", "RAK", suites="acts/RAK"),),
        senders=frozenset({"СМО"}),
        policy="records",
        report_date=report_month,
        apply=apply,
        checks=(check_acts,),
    ),
)

"""What a closing came to, in the tables of ``pump``: written once, sealed by its hash, read back as frames."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from sqlalchemy import Connection, text

from pipelines.ground.database import copy_table, read_frame
from pipelines.ground.sql import source, statement
from pipelines.pump import month as months
from pipelines.pump.closing import gather
from pipelines.pump.closing.model import Closed, Closing
from pipelines.pump.mek import Decision
from pipelines.pump.month import Month
from pipelines.pump.settlement import ACCEPTED, DEDUCTIONS, NORMS, Settled
from pipelines.pump.settlement.lines import ITEM

LINE = ("payer", "CODE_MO", *ACCEPTED, *NORMS, "gross", *DEDUCTIONS, "payable", "carried")
"""Columns of a settlement's line."""
OUTPUTS = ("document", "line", "volume", "sanction", "hit", "price", "decision")
"""Tables that a closing fills."""


def tables(closed: Closed) -> dict[str, pd.DataFrame]:
    """Rows of the tables ``pump.decision``, ``price``, ``hit``, ``sanction``, ``volume``, without the closing's number."""
    month, cases = closed.month, closed.month.cases
    keys = cases[["package", "row"]]
    decided = closed.decision.cases
    decision = keys.assign(
        kind=cases["kind"],
        code_mo=cases["CODE_MO"],
        idcase=_whole(cases["IDCASE"]),
        person=closed.answers["person"].array,
        payer=closed.payers.mask(closed.payers == "").array,
        due=_case_due(closed).array,
        usl_ok=_whole(cases["USL_OK"]),
        sumv=cases["SUMV"],
        oplata=decided["OPLATA"].astype("int64").array,
        sump=decided["SUMP"].array,
        sank_it=decided["SANK_IT"].array,
    )
    price = month.visits[["package", "row"]].assign(
        **{name.lower(): closed.prices[name].array for name in ("way", "due", "N_KSG", "fault")}
    )
    return {
        "decision": decision,
        "price": price,
        "hit": _numbered(_hits(closed)),
        "sanction": _numbered(_sanctions(closed)),
        "volume": closed.volumes.rename(columns=str.lower),
    }


def sealed(connection: Connection, closing: Closing) -> tuple[str | None, str | None]:
    """SHA-256 of the decisions and of the settlement as the tables hold them; None for what is not there."""
    row = connection.execute(statement("pump/seal"), {"closing": closing.id}).one()
    return row.decisions, row.lines


def forget(connection: Connection, closing: Closing) -> None:
    """Remove what control and settlement wrote."""
    for table in OUTPUTS:
        connection.execute(text(source("pump/outcome_delete").format(table=table)), {"closing": closing.id})


def keep(connection: Connection, closing: Closing, frames: Mapping[str, pd.DataFrame]) -> None:
    """COPY rows into the tables of ``pump`` by name."""
    for name, frame in frames.items():
        if len(frame):
            rows = pa.Table.from_pandas(frame.assign(closing=closing.id), preserve_index=False)
            copy_table(connection, f"pump.{name}", rows)


def lines(settled: Settled) -> dict[str, pd.DataFrame]:
    """Rows of ``pump.line``, without the closing's number."""
    return {"line": settled.lines[list(LINE)].rename(columns={"CODE_MO": "code_mo"})}


def keep_withheld(connection: Connection, closing: Closing, settled: Settled) -> None:
    """Note how much of each deduction was withheld and what rests."""
    rows = [
        {"closing": closing.id, **{name.lower(): row[name] for name in (*ITEM, "withheld", "rest")}}
        for row in settled.withheld.assign(date=settled.withheld["date"].dt.date).to_dict("records")
    ]
    if rows:
        connection.execute(statement("pump/due_withheld"), rows)


def read(connection: Connection, closing: Closing) -> Closed:
    """A controlled closing as frames; ``settled`` where it is settled."""
    month = months.read(connection, closing.period, closing.packages)
    decision = _frame(connection, "decision", closing)
    order = month.cases[["package", "row"]].merge(decision, how="left", on=["package", "row"], validate="1:1")
    if order["oplata"].isna().any():
        raise LookupError("a case of the closing has no decision")
    cases = pd.DataFrame(
        {
            "case": np.arange(len(order)),
            "OPLATA": order["oplata"].astype("int64").astype("str"),
            "SUMP": order["sump"].astype("int64"),
            "SANK_IT": order["sank_it"].astype("int64"),
        }
    )
    prices = month.visits[["visit", "package", "row"]].merge(
        _frame(connection, "price", closing), how="left", on=["package", "row"], validate="1:1"
    )
    prices = prices.rename(columns={"n_ksg": "N_KSG"})[["visit", "way", "due", "N_KSG", "fault"]].astype({"due": "Int64"})
    return Closed(
        closing,
        month,
        gather.kept_answers(connection, closing, month),
        prices,
        _read_hits(connection, closing, month),
        Decision(cases, _read_sanctions(connection, closing, month)),
        order["payer"].fillna("").astype("str"),
        read_settled(connection, closing),
        _frame(connection, "volume", closing).rename(columns=str.upper).drop(columns="CLOSING"),
    )


def _frame(connection: Connection, table: str, closing: Closing) -> pd.DataFrame:
    return read_frame(connection, source("pump/outcome").format(table=table, closing=closing.id))


def _case_due(closed: Closed) -> pd.Series:
    """What the tariffs give for each case; null where a visit has no tariff."""
    case = closed.month.visits["case"].to_numpy(np.int64)
    count = len(closed.month.cases)
    due = closed.prices["due"]
    total = np.zeros(count, dtype=np.int64)
    np.add.at(total, case, due.fillna(0).to_numpy(np.int64))
    lost = np.bincount(case[due.isna().to_numpy()], minlength=count) > 0
    return pd.Series(total, dtype="Int64").mask(lost)


def _whole(texts: pd.Series) -> Any:
    return pd.to_numeric(texts, errors="coerce").astype("Int64").array


def _rows_of(frame: pd.DataFrame, places: np.ndarray, name: str) -> Any:
    """A column of the rows at places, null where a place is -1."""
    values = frame[name].to_numpy(np.int64)
    known = places >= 0
    column = pd.array([pd.NA] * len(places), "Int64")
    column[known] = values[places[known]]
    return column


def _hits(closed: Closed) -> pd.DataFrame:
    hits, month = closed.hits.reset_index(drop=True), closed.month
    case, visit, service, other = (hits[name].to_numpy(np.int64) for name in ("case", "visit", "service", "other"))
    names = ["stage", "code", "osn", "rule", "amount", "applied", "other_ref", "detail"]
    return pd.DataFrame(
        {
            "package": month.cases["package"].to_numpy()[case],
            "row": month.cases["row"].to_numpy()[case],
            "visit_row": _rows_of(month.visits, visit, "row"),
            "service_row": _rows_of(month.services, service, "row"),
            "other_package": _rows_of(month.cases, other, "package"),
            "other_row": _rows_of(month.cases, other, "row"),
            **{name: hits[name].array for name in names},
        }
    )


def _sanctions(closed: Closed) -> pd.DataFrame:
    sanctions, month = closed.decision.sanctions, closed.month
    case, visit = (sanctions[name].to_numpy(np.int64) for name in ("case", "visit"))
    names = ["S_CODE", "S_SUM", "S_OSN", "S_COM"]
    return pd.DataFrame(
        {
            "package": month.cases["package"].to_numpy()[case],
            "row": month.cases["row"].to_numpy()[case],
            "visit_row": _rows_of(month.visits, visit, "row"),
            "whole": sanctions["whole"].to_numpy(bool),
            **{name.lower(): sanctions[name].array for name in names},
            "hit": sanctions["hit"].to_numpy(np.int64) + 1,
        }
    )


def _numbered(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.assign(ordinal=np.arange(1, len(frame) + 1))


def _places(frame: pd.DataFrame, packages: pd.Series, rows: pd.Series) -> np.ndarray:
    """Positions in a frame of the month of rows of packages; -1 for none."""
    index = pd.MultiIndex.from_arrays([frame["package"], frame["row"]])
    asked = pd.MultiIndex.from_arrays([packages.fillna(-1).astype("int64"), rows.fillna(-1).astype("int64")])
    places: np.ndarray = index.get_indexer(asked).astype(np.int64)
    return places


def _read_hits(connection: Connection, closing: Closing, month: Month) -> pd.DataFrame:
    rows = _frame(connection, "hit", closing)
    found = rows[["stage", "code", "osn", "rule", "amount", "applied", "other_ref", "detail"]].fillna(
        {"code": "", "other_ref": "", "detail": ""}
    )
    return found.assign(
        case=_places(month.cases, rows["package"], rows["row"]),
        visit=_places(month.visits, rows["package"], rows["visit_row"]),
        service=_places(month.services, rows["package"], rows["service_row"]),
        other=_places(month.cases, rows["other_package"], rows["other_row"]),
    )


def _read_sanctions(connection: Connection, closing: Closing, month: Month) -> pd.DataFrame:
    rows = _frame(connection, "sanction", closing)
    case = _places(month.cases, rows["package"], rows["row"])
    frame = pd.DataFrame(
        {
            "case": case,
            "visit": _places(month.visits, rows["package"], rows["visit_row"]),
            "service": -1,
            "whole": (rows["whole"].astype("str") == "t").to_numpy(),
            "S_CODE": rows["s_code"].astype("str"),
            "S_SUM": rows["s_sum"].astype("int64"),
            "S_TIP": "1",
            "S_OSN": rows["s_osn"].astype("str"),
            "DATE_ACT": pd.Timestamp(closing.act_date),
            "NUM_ACT": pd.Series([closing.act(int(package)) for package in rows["package"]], dtype="str"),
            "S_COM": rows["s_com"].astype("str"),
            "S_IST": "1",
            "hit": rows["hit"].astype("int64") - 1,
        }
    )
    return frame.astype({"S_TIP": "str", "S_IST": "str", "NUM_ACT": "str"})


def read_settled(connection: Connection, closing: Closing) -> Settled | None:
    rows = _frame(connection, "line", closing)
    if not len(rows):
        return None
    found = rows.rename(columns={"code_mo": "CODE_MO"}).sort_values(["payer", "CODE_MO"], ignore_index=True)[list(LINE)]
    dues = _frame(connection, "due", closing).rename(columns={"code_mo": "CODE_MO"})
    items = dues[[*ITEM, "withheld", "rest"]].fillna({"withheld": 0, "rest": 0})
    items = items.assign(date=pd.to_datetime(items["date"])).astype({"withheld": "int64", "rest": "int64"})
    rest = items[items["rest"] > 0]
    carried = rest.assign(what="debt", amount=rest["rest"])[list(ITEM)].reset_index(drop=True)
    return Settled(found, items, carried)

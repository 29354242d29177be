"""A report month as frames: what the packages of the month left in the load tables, ready for МЭК, prices and settlement.

Columns named in capitals are elements of the registers, under the orders' names; those in lower case are keys:
``case``, ``visit``, ``service`` number the rows of their frames from 0, so ``visits["case"]`` is a position in ``cases``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache

import numpy as np
import numpy.typing as npt
import pandas as pd
import yaml
from sqlalchemy import Connection

from pipelines.formats import ddl
from pipelines.formats.layout import Layout, load
from pipelines.ground.database import read_frame
from pipelines.ground.settings import ROOT

KINDS = ("H", "C", "T", "X")
"""Layouts of the registers of accounts."""

DIAGNOSES = ("DS2", "DS3", "DS2_N")
"""Tables of the accompanying diagnoses (DS2_N in X) and complications."""


@cache
def elements() -> Mapping[str, Sequence[str]]:
    """Lists of ``include/pump/month.yaml`` by name."""
    declared = yaml.safe_load((ROOT / "include" / "pump" / "month.yaml").read_text(encoding="utf-8"))
    return {name: str(names).split() for name, names in declared.items()}


@dataclass(frozen=True)
class Month:
    """Accepted cases of a report month, in the order of receipt and of the file.

    cases: ``case``, ``package``, ``row`` (of the record in the file), ``kind`` (H, C, T, X), elements of the account, the
    case and the person. visits: ``visit``, ``case``, ``package``, ``row`` and elements. services: ``service``, ``visit``,
    ``case``, ``package``, ``row`` and elements. diagnoses: ``visit``, ``which`` (DS2, DS3), ``DS``. criteria: ``visit``,
    ``CRIT``. complexity: ``visit``, ``IDSL``, ``Z_SL``. Which elements and how they are kept: ``include/pump/month.yaml``.
    All indexes are 0, 1, 2, …
    """

    period: date
    cases: pd.DataFrame
    visits: pd.DataFrame
    services: pd.DataFrame
    diagnoses: pd.DataFrame
    criteria: pd.DataFrame
    complexity: pd.DataFrame


def read(connection: Connection, period: date, packages: Iterable[int] | None = None, *, chosen: str | None = None) -> Month:
    """The month as it was loaded; ``packages`` narrows it to some of them, ``chosen`` to the cases of a table.

    ``chosen`` names a table with ``package`` and ``row`` of records (ZAP).
    """
    source = _Source(connection, period, None if packages is None else sorted(packages), chosen)
    cases = _numbered(source.cases(), "case")
    visits = _numbered(_under(source.rows("SL", elements()["visit"]), cases, "case"), "visit")
    services = _numbered(_under(source.rows("USL", elements()["service"]), visits, "visit"), "service")
    services.insert(2, "case", visits["case"].to_numpy()[services["visit"]])
    diagnoses = [
        source.rows(table, [table[:3]]).rename(columns={table[:3]: "DS"}).assign(which=table[:3]) for table in DIAGNOSES
    ]
    return Month(
        period,
        cases.drop(columns="parent"),
        visits,
        services,
        _under(pd.concat(diagnoses, ignore_index=True), visits, "visit")[["visit", "which", "DS"]],
        _under(source.rows("CRIT", ["CRIT"]), visits, "visit")[["visit", "CRIT"]],
        _under(source.rows("SL_KOEF", ["IDSL", "Z_SL"]), visits, "visit")[["visit", "IDSL", "Z_SL"]],
    )


@dataclass(frozen=True)
class _Source:
    """The load tables of a month, the rows of all kinds of register together."""

    connection: Connection
    period: date
    packages: Sequence[int] | None
    chosen: str | None

    def cases(self) -> pd.DataFrame:
        """Records with the elements of their account and their person."""
        parts = []
        for layout in map(load, KINDS):
            columns = [
                f"'{layout.code}' as kind",
                *_selected(layout, "SCHET", elements()["account"], "account"),
                *_selected(layout, "ZAP", elements()["case"], "main"),
                *_selected(load("L"), "PERS", elements()["person"], "person"),
            ]
            joined = f"""
                join pump.{ddl.table_name(layout, "SCHET")} account
                    on account.report_month = main.report_month and account.package = main.package
                left join (
                    select distinct on (package, id_pac) * from pump.l_pers where {self._where()}
                    order by package, id_pac, row
                ) person on person.package = main.package and person.id_pac = main.id_pac"""  # noqa: S608
            parts.append(self._read(layout, "ZAP", columns, joined))
        return pd.concat(parts, ignore_index=True)

    def rows(self, table: str, names: Sequence[str]) -> pd.DataFrame:
        """Rows of a table of the layouts that have it."""
        layouts = [layout for layout in map(load, KINDS) if table in layout.tables]
        parts = [self._read(layout, table, _selected(layout, table, names, "main"), "") for layout in layouts]
        return pd.concat(parts, ignore_index=True)

    def _read(self, layout: Layout, table: str, selected: Sequence[str], joined: str) -> pd.DataFrame:
        columns = ", ".join(("main.package", "main.row", "main.parent", *selected))
        source = f"pump.{ddl.table_name(layout, table)} main"
        narrowed = self._narrowed(layout, table)
        query = f"select {columns} from {source} {joined} {narrowed} where {self._where('main.')}"  # noqa: S608
        return read_frame(self.connection, query)

    def _narrowed(self, layout: Layout, table: str) -> str:
        """Joins up to the chosen records."""
        if self.chosen is None:
            return ""
        joins, below = [], "main"
        while table != layout.record:
            table = layout.tables[table].parent or ""
            joins.append(
                f"join pump.{ddl.table_name(layout, table)} {table.lower()} "
                f"on {self._where(f'{table.lower()}.')} and {table.lower()}.package = {below}.package "
                f"and {table.lower()}.row = {below}.parent"
            )
            below = table.lower()
        return " ".join(
            [*joins, f"join {self.chosen} chosen on (chosen.package, chosen.row) = ({below}.package, {below}.row)"]
        )

    def _where(self, prefix: str = "") -> str:
        month = f"{prefix}report_month = date '{self.period.isoformat()}'"
        if self.packages is None:
            return month
        return f"{month} and {prefix}package = any(array[{', '.join(map(str, map(int, self.packages)))}]::bigint[])"


def joined(period: date, months: Sequence[Month]) -> Month:
    """Months one behind the other as one, of the report month ``period``; raises ``ValueError`` for none."""
    frames: dict[str, list[pd.DataFrame]] = {}
    offsets = {"case": 0, "visit": 0, "service": 0}
    for part in months:
        for name in ("cases", "visits", "services", "diagnoses", "criteria", "complexity"):
            frame = getattr(part, name)
            keys = [key for key in offsets if key in frame]
            frames.setdefault(name, []).append(frame.assign(**{key: frame[key] + offsets[key] for key in keys}))
        for key, name in (("case", "cases"), ("visit", "visits"), ("service", "services")):
            offsets[key] += len(getattr(part, name))
    return Month(period, **{name: pd.concat(parts, ignore_index=True) for name, parts in frames.items()})


def _selected(layout: Layout, table: str, names: Iterable[str], alias: str) -> list[str]:
    """Columns of a query: kopecks, dates, whole numbers or text; null where the layout has no such element."""
    own = {element.column for element in layout.tables[table].columns}
    return [f'{_typed(name, f"{alias}.{name.lower()}" if name in own else "null")} as "{name}"' for name in names]


def _typed(element: str, source: str) -> str:
    if element in elements()["money"]:
        return f"({source} * 100)::bigint"
    if element in elements()["dates"]:
        return f"{source}::date"
    return f"{source}::{'bigint' if element in elements()['numbers'] else 'text'}"


def _keys(frame: pd.DataFrame, row: str) -> npt.NDArray[np.int64]:
    keys: npt.NDArray[np.int64] = frame["package"].to_numpy(np.int64) * (1 << 31) + frame[row].to_numpy(np.int64)
    return keys


def _under(rows: pd.DataFrame, above: pd.DataFrame, name: str) -> pd.DataFrame:
    """Rows with the position of the row above them, in the order of ``above`` and of the file."""
    order = np.lexsort((rows["row"], rows["package"]))
    rows = rows.iloc[order].reset_index(drop=True)
    rows.insert(0, name, np.searchsorted(_keys(above, "row"), _keys(rows, "parent")))
    return rows.drop(columns="parent")


def _numbered(frame: pd.DataFrame, name: str) -> pd.DataFrame:
    """The frame by package and row, its rows numbered."""
    frame = frame.sort_values(["package", "row"], kind="stable", ignore_index=True)
    frame.insert(0, name, np.arange(len(frame)))
    return frame

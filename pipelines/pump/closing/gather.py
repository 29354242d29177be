"""Gathering: what a closing works on and what may change later – persons and payers, findings of suites, deductions."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa
from sqlalchemy import Connection, TextClause, text

from pipelines import erz, nsi
from pipelines.checks import findings as found
from pipelines.checks import rulebook
from pipelines.checks.runner import run_bulk
from pipelines.exchange.bulk import BULK
from pipelines.exchange.kinds import Opened, PackageKind
from pipelines.exchange.opening import open_package
from pipelines.exchange.processing import package_of
from pipelines.exchange.service import Exchange
from pipelines.formats.tables import PARENT, Tables
from pipelines.ground.database import copy_table, read_frame
from pipelines.ground.sql import source, statement
from pipelines.pump import acts
from pipelines.pump import month as months
from pipelines.pump.closing.model import Closing
from pipelines.pump.load import PERSONS, main_role
from pipelines.pump.mek import MekTerms, suites_of
from pipelines.pump.month import Month
from pipelines.pump.registers import report_month
from pipelines.pump.settlement import advances, no_deductions
from pipelines.pump.settlement.lines import ITEM

OBJECTS = ("ZAP", "SL", "USL")
"""Tables whose rows МЭК refuses; findings of the tables below belong to the nearest of them."""
LETTERS = [letter.lower() for letter in months.KINDS]


def of_kind(name: str, letter: str) -> TextClause:
    """A statement for the tables of one kind of register."""
    return text(source(name).replace("{kind}", letter))


def identified(connection: Connection, cases: pd.DataFrame, terms: MekTerms) -> pd.DataFrame:
    """``case``, ``person``, ``found``, ``payer``, ``by`` of each case of a month.

    Insured on the region's day (``insured_on``); the payer is that of ``payer_on`` where the person is insured then too,
    and care after death is found on the last day of the case.
    """
    answers = erz.identify(connection, cases, terms.insured_on).reset_index(drop=True)
    differ = np.flatnonzero((cases["DATE_Z_1"] != cases["DATE_Z_2"]).to_numpy())
    if len(differ):
        (other_day,) = {"DATE_Z_1", "DATE_Z_2"} - {terms.insured_on}
        other = erz.identify(connection, cases.iloc[differ], other_day).reset_index(drop=True)
        if terms.payer_on == other_day:
            stands = (other["payer"].notna() & answers["payer"].iloc[differ].reset_index(drop=True).notna()).to_numpy()
            for name in ("found", "payer"):
                answers.loc[differ[stands], name] = other.loc[stands, name].array
        if other_day == "DATE_Z_2":
            answers.loc[differ[(other["found"] == "dead").to_numpy()], "found"] = "dead"
    answers.loc[answers["found"].isin(["none", "dead"]), "payer"] = None
    return answers[["case", "person", "found", "payer", "by"]]


@dataclass(frozen=True)
class Registers:
    """The stored registers of a closing, opened anew from the bytes that arrived."""

    connection: Connection
    exchange: Exchange

    def opened(self, packages: Sequence[int]) -> Iterator[tuple[PackageKind, Opened, int]]:
        """Kind, tables and unpacked bytes of each package, one at a time."""
        for package_id in packages:
            row = self.connection.execute(statement("pump/package"), {"id": package_id}).one()
            package = package_of(row)
            kind, match = self.exchange.processor.identify(package.name)
            content = self.exchange.store.get(package.sha256)
            opened, members = open_package(package, content, kind, match, self.exchange.processor.rules.limits)
            yield kind, opened, sum(member.size for member in members)


def suite_findings(connection: Connection, exchange: Exchange, closing: Closing) -> Iterator[tuple[int, pd.DataFrame]]:
    """Findings of the suites of МЭК (Q016, Q023) in each package, as findings of its records, visits and services."""
    dictionaries = nsi.load_pinned(connection, closing.editions)
    book = rulebook.in_force(connection)
    together: dict[str, list[Opened]] = defaultdict(list)
    size = 0

    def run() -> Iterator[tuple[int, pd.DataFrame]]:
        for role, group in together.items():
            suites = suites_of(exchange.region, role, book)
            days = [report_month(one) or closing.period for one in group]
            frames = run_bulk([one.tables for one in group], suites, dictionaries, days, closing.act_date)
            for one, frame in zip(group, frames, strict=True):
                yield one.package.id, on_objects(one, frame)
        together.clear()

    for _, opened, unpacked in Registers(connection, exchange).opened(closing.packages):
        together[main_role(opened)].append(opened)
        size += unpacked
        if size >= BULK:
            yield from run()
            size = 0
    yield from run()


def on_objects(opened: Opened, findings: pd.DataFrame) -> pd.DataFrame:
    """Findings moved up to the record, visit or service that they are about; those of a person to all its cases."""
    main = opened.tables[main_role(opened)]
    parts = []
    for (member, table), group in findings.groupby(["member", "table"], sort=False):
        rows = group["row"].to_numpy(np.int64)
        if member == PERSONS and table:
            place, cases = _cases_of(main, *_climbed(opened.tables[PERSONS], str(table), rows, ("PERS",)), opened)
            parts.append(group.iloc[place].assign(table="ZAP", row=cases))
            continue
        name, above = _climbed(main, str(table), rows, OBJECTS)
        parts.append(group.assign(table=name, row=above))
    return found.concat(parts)


def _climbed(tables: Tables, table: str, rows: np.ndarray, wanted: Sequence[str]) -> tuple[str, np.ndarray]:
    """The nearest of the wanted tables above, and the rows there; a table that none of them is above stays."""
    name, climbed = table, rows
    while name not in wanted:
        spec = tables.layout.tables.get(name)
        if spec is None or spec.parent is None:
            return table, rows
        climbed = tables.data[name][PARENT].to_numpy()[climbed]
        name = spec.parent
    return name, climbed


def _cases_of(main: Tables, name: str, rows: np.ndarray, opened: Opened) -> tuple[np.ndarray, np.ndarray]:
    """For rows of PERS the positions repeated for each of the person's cases, and the rows of ZAP; all cases for others."""
    of_case = main.data["ZAP"]["ID_PAC"].to_pandas()
    if name != "PERS":
        return np.repeat(np.arange(len(rows)), len(of_case)), np.tile(np.arange(len(of_case)), len(rows))
    person = opened.tables[PERSONS].data["PERS"]["ID_PAC"].to_pandas().iloc[rows]
    asked = pd.DataFrame({"id": person.to_numpy(), "place": np.arange(len(rows))})
    met = asked.merge(pd.DataFrame({"id": of_case, "row": np.arange(len(of_case))}), on="id")
    return met["place"].to_numpy(), met["row"].to_numpy()


def deductions(connection: Connection, closing: Closing, dictionaries: nsi.Dictionaries) -> pd.DataFrame:
    """What is to be withheld for a month: advances paid for it, debts carried, sanctions and fines of acts (``ITEM``)."""
    carried = connection.execute(statement("pump/carried"), {"earlier": list(closing.earlier)}).mappings().all()
    debts = pd.DataFrame(carried, columns=list(ITEM)) if carried else no_deductions()
    parts = [debts, acts.deductions(connection, closing.acts)]
    if "T_AVANS" in dictionaries:
        parts.insert(0, advances(closing.period, dictionaries))
    kept = [part for part in parts if len(part)]
    frame = pd.concat(kept, ignore_index=True) if kept else no_deductions()
    frame = frame.assign(date=pd.to_datetime(frame["date"])).astype(
        {"payer": "str", "CODE_MO": "str", "what": "str", "act": "str", "amount": "int64"}
    )
    return frame.groupby(list(ITEM[:5]), sort=True)["amount"].sum().reset_index()  # a row for each document


def keep(connection: Connection, closing: Closing, month: Month, answers: pd.DataFrame, dues: pd.DataFrame | None) -> None:
    """Write answers and deductions of a closing."""
    rows = month.cases[["package", "row"]].assign(closing=closing.id, **{
        name: answers[name].array for name in ("person", "found", "payer", "by")
    })  # fmt: skip
    copy_table(connection, "pump.identified", pa.Table.from_pandas(rows, preserve_index=False))
    for letter in LETTERS:
        connection.execute(of_kind("pump/attach", letter), {"closing": closing.id, "period": closing.period})
    if dues is not None and len(dues):
        frame = dues.rename(columns={"CODE_MO": "code_mo"})
        frame = frame.assign(closing=closing.id, ordinal=np.arange(1, len(frame) + 1), date=frame["date"].dt.date)
        copy_table(connection, "pump.due", pa.Table.from_pandas(frame, preserve_index=False))


def keep_findings(connection: Connection, closing: Closing, package: int, findings: pd.DataFrame) -> None:
    """Write the findings of a package's suites."""
    if len(findings):
        rows = findings.assign(closing=closing.id, package=package, ordinal=np.arange(1, len(findings) + 1))
        rows = rows.assign(value=rows["value"].str.replace("\x00", "\ufffd"))
        copy_table(connection, "pump.mek_finding", pa.Table.from_pandas(rows, preserve_index=False))


def kept_answers(connection: Connection, closing: Closing, month: Month) -> pd.DataFrame:
    """Answers of a closing in the order of the month's cases."""
    rows = read_frame(connection, source("pump/identified").format(closing=closing.id))
    joined = month.cases[["case", "package", "row"]].merge(rows, how="left", on=["package", "row"], validate="1:1")
    if joined["found"].isna().any():
        raise LookupError("a case of the month has no answer of identification")
    return joined[["case", "person", "found", "payer", "by", "attached"]].astype({"person": "Int64"})


def kept_findings(connection: Connection, closing: Closing) -> Mapping[int, pd.DataFrame]:
    """Findings of suites by package."""
    frame = read_frame(connection, source("pump/mek_findings").format(closing=closing.id))
    groups = {int(str(package)): group[list(found.COLUMNS)] for package, group in frame.groupby("package")}
    return {package: group.astype(found.COLUMNS) for package, group in groups.items()}


def kept_dues(connection: Connection, closing: Closing) -> pd.DataFrame:
    """Deductions of a closing (``ITEM``)."""
    rows = connection.execute(statement("pump/dues"), {"closing": closing.id}).mappings().all()
    if not rows:
        return no_deductions()
    frame = pd.DataFrame(rows, columns=list(ITEM)).assign(date=lambda one: pd.to_datetime(one["date"]))
    return frame.astype({"payer": "str", "CODE_MO": "str", "what": "str", "act": "str", "amount": "int64"})

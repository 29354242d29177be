"""Control of an opened package: structure, suites, values, the kind's own checks; and which records stand."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt
import pandas as pd
from sqlalchemy import Connection

from pipelines.checks import findings as found
from pipelines.checks.locate import locate
from pipelines.checks.mek import flk_suites, joined
from pipelines.checks.required import look_ups
from pipelines.checks.rulebook import in_force
from pipelines.checks.runner import Suites, run
from pipelines.checks.values import value_faults
from pipelines.exchange import messages
from pipelines.exchange.kinds import Check, Mask, Opened, PackageKind
from pipelines.exchange.region import RegionError
from pipelines.formats.layout import Layout
from pipelines.formats.tables import PARENT, Tables
from pipelines.nsi import Dictionaries


@dataclass(frozen=True)
class Verification:
    """All findings of a package and the mask of records that stand (``bool`` per row of the record table)."""

    findings: pd.DataFrame
    accepted: Mask


@dataclass(frozen=True)
class Terms:
    """What the findings of a package's suites depend on beside its tables: ``on`` the day whose rules hold, ``today``."""

    suites: Suites
    dictionaries: Dictionaries
    on: date
    today: date

    def same(self, other: Terms) -> bool:
        """Whether these are the suites and the very editions of dictionaries of the other terms, and its days."""
        if (self.on, self.today) != (other.on, other.today) or self.suites != other.suites:
            return False
        mine, its = self.dictionaries, other.dictionaries
        return mine.keys() == its.keys() and all(mine[name] is its[name] for name in mine)


def terms(connection: Connection, kind: PackageKind, opened: Opened, dictionaries: Dictionaries) -> Terms:
    """The terms that hold for an opened package."""
    received = opened.package.received_at.date()
    return Terms(suites_of(connection, kind), dictionaries, kind.report_date(opened) or received, received)


@dataclass(frozen=True)
class Ahead:
    """Findings of a package's suites that were made before its transaction, and the terms of them."""

    findings: pd.DataFrame
    terms: Terms


def control(
    connection: Connection, kind: PackageKind, opened: Opened, dictionaries: Dictionaries, ahead: Ahead | None = None
) -> Verification:
    """Run every check of the kind over an opened package; ``ahead`` spares the suites if its terms still hold."""
    now = terms(connection, kind, opened, dictionaries)
    if ahead is not None and ahead.terms.same(now):
        ruled = ahead.findings
    else:
        ruled = run(opened.tables, now.suites, dictionaries, now.on, now.today)
    concluded = conclude(connection, kind, opened, ruled, kind.arrival)
    return Verification(locate(concluded.findings, opened.tables), concluded.accepted)


def conclude(
    connection: Connection, kind: PackageKind, opened: Opened, ruled: pd.DataFrame, arrival: Sequence[Check] = ()
) -> Verification:
    """What the findings of the rules come to with those of structure, values and the kind's own checks; not located.

    ``arrival``: checks of the moment, which a replay of a stored package leaves out.
    """
    parts = [*(_structure(role, tables) for role, tables in opened.tables.items()), ruled]
    parts.append(_values(opened, found.concat(parts)))
    for check in (*kind.checks, *arrival):
        parts.append(check(connection, opened, found.concat(parts)))
    everything = found.concat(parts)
    return Verification(everything, _accepted(kind, opened, everything))


def suites_of(connection: Connection, kind: PackageKind) -> Suites:
    """The suites of a kind's members by role, of the book in force, with the ФЛК of the regions that the fund adopts."""
    book = in_force(connection)
    return {
        member.role: joined([*book[member.suites], *flk_suites(member.layout, member.regions, book)])
        for member in kind.members
        if member.suites
    }


def check_adopted(kinds: Iterable[PackageKind], dictionaries: Dictionaries) -> None:
    """Raise ``RegionError`` where adopted ФЛК of the regional level needs a dictionary that the fund does not have."""
    members = {(member.layout, member.regions) for kind in kinds for member in kind.members if member.suites}
    suites = (suite for layout, regions in sorted(members) for suite in flk_suites(layout, regions))
    for check in (check for suite in suites for check in suite.checks):
        if absent := sorted({name for name, _ in look_ups(check)} - set(dictionaries)):
            raise RegionError(f"rules_regions.Q022: правилу {check.rule} нужен справочник {absent[0]}, которого нет")


def _structure(role: str, tables: Tables) -> pd.DataFrame:
    """Anomalies of a reader as findings."""
    return found.frame(_finding(role, tables.layout, row) for row in tables.anomalies.to_pylist())


def _finding(role: str, layout: Layout, row: dict[str, object]) -> dict[str, object]:
    """A fault that a reader or the layout found, with all that its text may want to name."""
    element = layout.by_path.get(str(row["element"]))
    texts: dict[str, object] = {"expected": "", "length": 0, "since": ""}
    texts |= {"member": role, "field": row["element"], "told": row["value"] or ""}
    if element is not None:
        number = f"до {element.length} цифр" + (f" и {element.scale} после точки" if element.scale else "")
        texts |= {"expected": number, "length": element.length, "since": element.since or ""}
    places = {key: row[key] for key in ("table", "row", "element", "value")}
    return messages.finding(str(row["code"]), role=role, **texts, **places)


def _values(opened: Opened, so_far: pd.DataFrame) -> pd.DataFrame:
    """Faulty values that no finding names yet; a warning does not excuse what cannot be loaded."""
    parts = []
    for role, tables in opened.tables.items():
        named = so_far[(so_far["member"] == role) & (so_far["severity"] != "warning")]
        faults = value_faults(tables, named)
        parts.append(found.frame(_finding(role, tables.layout, row) for row in faults))
    return found.concat(parts)


def record_rows(tables: Tables, table: str, rows: npt.NDArray[np.int64]) -> npt.NDArray[np.int64] | None:
    """Rows of the record table above the given rows of a table; None for a table that is not below it."""
    layout = tables.layout
    while table != layout.record:
        spec = layout.tables.get(table)
        if spec is None or spec.parent is None:
            return None
        rows = tables.data[table].column(PARENT).to_numpy()[rows]
        table = spec.parent
    return rows


def _accepted(kind: PackageKind, opened: Opened, everything: pd.DataFrame) -> Mask:
    """Which records stand: none after a fatal finding or an error outside the records (or any error, by policy)."""
    main = opened.main
    tables = opened.tables[main]
    accepted = np.ones(tables.data[tables.layout.record].num_rows, dtype=bool)
    against = everything[everything["severity"] != "warning"]
    if (against["severity"] == "fatal").any() or (kind.policy == "package" and len(against)):
        return np.zeros_like(accepted)
    for (role, table), group in against.groupby(["member", "table"]):
        assert isinstance(role, str)
        assert isinstance(table, str)
        if role != main:
            if opened.tables[role].layout.record != table and table not in _below_record(opened.tables[role].layout):
                return np.zeros_like(accepted)
            continue  # the kind's own checks carry it over to the main file's records
        rows = record_rows(tables, table, group["row"].to_numpy())
        if rows is None:
            return np.zeros_like(accepted)
        accepted[rows] = False
    return accepted


def _below_record(layout: Layout) -> set[str]:
    return {name for name in layout.tables if layout.record in layout.ancestors(name)}

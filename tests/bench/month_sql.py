"""Persons, copies and intersections of a month by DuckDB, beside ours over the same frames: the same hits, then the times.

The statements are made from the region's terms, as ours are. DuckDB is favoured: loading its tables is not counted, a person
is a hash, and it only names what is hit, while our hits have their ground, sum and text.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd

from pipelines.pump.mek import Given, hits
from pipelines.pump.mek.crossings import crossing_hits
from pipelines.pump.mek.duplicates import duplicate_hits
from pipelines.pump.mek.facts import Facts
from pipelines.pump.mek.standing import Standing

FOLDER = Path(__file__).parent / "sql"
PERSON = ("ENP", "VPOLIS", "NPOLIS", "NOVOR", "FAM", "IM", "OT", "DR", "FAM_P", "IM_P", "OT_P", "DR_P")
CASE = ("CODE_MO", "IDCASE", "USL_OK", "FOR_POM", "IDSP", "DISP", "P_CEL", "DATE_Z_1", "DATE_Z_2", "SUMV")
VISIT = ("SL_ID", "PROFIL", "PRVS", "DS1", "IDDOKT", "NHISTORY", "P_CEL", "DATE_1", "DATE_2", "SUM_M")
SERVICE = ("CODE_USL", "VID_VME")


def beside(given: Given) -> dict[str, Any]:
    """Seconds of ours and of DuckDB's, by part. Raises ``AssertionError`` where the hits are not the same."""
    ours, found = _ours(given)
    connection = duckdb.connect()
    _load(connection, given)
    seconds, theirs = _theirs(connection, given)
    for part, rows in found.items():
        assert rows == theirs[part], (part, sorted(rows ^ theirs[part])[:5])
    (threads,) = connection.execute("select current_setting('threads')").fetchone() or (0,)
    connection.close()
    return {"ours": ours, "duckdb": seconds, "threads": threads, "rows": sum(map(len, found.values()))}


def _ours(given: Given) -> tuple[dict[str, float], dict[str, set[tuple[Any, ...]]]]:
    fresh = replace(given)
    standing = Standing.after(hits.empty(), fresh.facts)
    assert fresh.history is None or fresh.paid is not None  # chosen before the clock runs, as DuckDB's tables are
    seconds: dict[str, float] = {}
    timed(seconds, "persons", lambda: fresh.persons)
    copies = timed(seconds, "duplicates", lambda: duplicate_hits(fresh, standing))
    crossings = timed(seconds, "intersections", lambda: crossing_hits(fresh, standing))
    return seconds, {
        "duplicates": set(copies[["rule", "osn", "case", "visit"]].itertuples(index=False, name=None)),
        "intersections": set(crossings[["rule", "case", "visit"]].itertuples(index=False, name=None)),
    }


def timed(seconds: dict[str, float], name: str, action: Callable[[], Any]) -> Any:
    started = time.perf_counter()
    result = action()
    seconds[name] = time.perf_counter() - started
    return result


def _load(connection: duckdb.DuckDBPyConnection, given: Given) -> None:
    known = None
    if given.answers is not None:
        known = pd.Series(pd.NA, index=given.month.cases.index, dtype="Int64")
        known.iloc[given.answers["case"].to_numpy()] = given.answers["person"].astype("Int64").to_numpy()
    nothing = replace(
        given.month,
        cases=given.month.cases.iloc[:0],
        visits=given.month.visits.iloc[:0],
        services=given.month.services.iloc[:0],
    )
    for prefix, facts in (("month", given.facts), ("paid", given.paid or Facts(nothing))):
        cases = facts.month.cases[["case", *dict.fromkeys((*PERSON, *CASE))]]
        person = known if prefix == "month" else None
        if person is None:
            person = facts.month.cases.get("person", pd.Series(pd.NA, index=cases.index)).astype("Int64")
        cases = cases.assign(known=person, first_visit=facts.first_visit, stands=True)
        visits = facts.month.visits[["visit", "case", *VISIT]].assign(stands=True)
        services = facts.month.services[["case", "visit", *SERVICE]]
        for name, frame in (("cases", cases), ("visits", visits), ("services", services)):
            days = {one: frame[one].astype("datetime64[s]") for one in frame if frame[one].dtype.kind == "M"}
            connection.register("source", frame.assign(**days))
            connection.execute(f"create table {prefix}_{name} as select * replace ({_dates(days)}) from source" if days
                               else f"create table {prefix}_{name} as select * from source")  # fmt: skip
            connection.unregister("source")


def _dates(names: Mapping[str, Any]) -> str:
    return ", ".join(f'"{name}"::date as "{name}"' for name in names)


def _theirs(connection: duckdb.DuckDBPyConnection, given: Given) -> tuple[dict[str, float], dict[str, set[tuple[Any, ...]]]]:
    terms = given.terms
    seconds: dict[str, float] = {}
    first = ", ".join(f'v."{name}"' for name in VISIT if name not in CASE)
    above = ", ".join(f'c."{name}"' for name in CASE if name not in VISIT)

    def people() -> None:
        for one in _read("people", first_visit=first, of_case=above).split(";\n"):
            connection.execute(one)

    def copies() -> set[tuple[Any, ...]]:
        statements = [_duplicate(rule) for rule in terms.duplicates]
        statements += [_read("once_a_year", kinds=_listed(group)) for group in terms.once_a_year]
        return {row for one in statements for row in connection.execute(one).fetchall()}

    def crossings() -> set[tuple[Any, ...]]:
        connection.execute('create or replace table lost ("case" bigint)')
        found: set[tuple[Any, ...]] = set()
        for number, rule in enumerate(terms.crossings):
            if rule.with_ is None:
                unless = {f"{side}_unless": _unless(rule.unless, side, "case") for side in ("month", "paid")}
                stay = _condition(rule.stay, "month", "case")
                connection.execute(_read("among_stays", number=number, rule=rule.rule, stay=stay, **unless))
                found |= set(connection.execute(f'select rule, "case", -1 from lost_{number}').fetchall())
                connection.execute(f'insert into lost select "case" from lost_{number}')
            else:
                found |= set(connection.execute(_inside(rule)).fetchall())
        return found

    timed(seconds, "persons", people)
    found = {"duplicates": timed(seconds, "duplicates", copies), "intersections": timed(seconds, "intersections", crossings)}
    return seconds, found


def _duplicate(rule: Any) -> str:
    key = [f'"{name}"' for name in rule.key]
    condition = f"{key[0]} is not null and {_condition(rule.within, 'month', rule.level)}"
    return _read(
        "duplicate",
        level=rule.level,
        rule=rule.rule,
        key=", ".join(key),
        condition=f"{condition} and {_unless(rule.unless, 'month', rule.level)}",
        history="true" if rule.scope != "month" else "false",
        month="true" if rule.scope != "history" else "false",
        same=" and ".join(f"given.{name} is not distinct from met.{name}" for name in key),
        visit="id" if rule.level == "visit" else "-1",
    )


def _inside(rule: Any) -> str:
    ends = rule.touch == "ends"
    level = "visit" if ends else "case"
    first, last = ('"DATE_1"', '"DATE_2"') if ends else ('"DATE_Z_1"', '"DATE_Z_2"')
    point = "(one.{0} < stay.last and stay.first < one.{0})"
    meets = (
        f"({point.format('first')} or {point.format('last')})" if ends else "one.first < stay.last and stay.first < one.last"
    )
    assert rule.loser == "inner"
    return _read(
        "inside",
        level=level,
        rule=rule.rule,
        visit="visit" if ends else "-1",
        first=first,
        last=last,
        meets=meets,
        stay=_condition(rule.stay, "month", "case"),
        within=_condition(rule.with_, "month", level),
        elsewhere=_condition(rule.elsewhere, "month", level) if rule.elsewhere else "false",
        month_unless=_unless(rule.unless, "month", level),
        paid_unless=_unless(rule.unless, "paid", level),
    )


def _condition(condition: Mapping[str, Any], side: str, level: str) -> str:
    """A condition of ``month.yaml`` as SQL that is never null."""
    parts = [_field(field, wanted, side, level) for field, wanted in condition.items()]
    return f"({' and '.join(parts) or 'true'})"


def _unless(conditions: Sequence[Mapping[str, Any]], side: str, level: str) -> str:
    return f"not ({' or '.join(_condition(one, side, level) for one in conditions) or 'false'})"


def _field(field: str, wanted: Any, side: str, level: str) -> str:
    if field == "CODES":
        starts = " or ".join(f"starts_with(\"{name}\", '{code}')" for name in SERVICE for code in wanted["prefix"])
        return f'"{level}" in (select "{level}" from {side}_services where {starts})'
    first, last = ("DATE_Z_1", "DATE_Z_2") if level == "case" else ("DATE_1", "DATE_2")
    column = f'("{last}" - "{first}")' if field == "DAYS" else f'"{field}"'
    if isinstance(wanted, list):
        return f"coalesce({column} in ({_listed(wanted)}), false)"
    tests = {
        "to": lambda value: f"{column} <= {value}",
        "from": lambda value: f"{column} >= {value}",
        "rubric": lambda value: " or ".join(f"starts_with({column}, '{code}')" for code in value),
    }
    return " and ".join(f"coalesce({tests[form](value)}, false)" for form, value in wanted.items())


def _listed(values: Sequence[str]) -> str:
    return ", ".join(f"'{value}'" for value in values)


def _read(name: str, **values: Any) -> str:
    return (FOLDER / f"{name}.sql").read_text(encoding="utf-8").format_map(values)

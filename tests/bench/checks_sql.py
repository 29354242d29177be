"""The suites as one DuckDB statement: what one would write in SQL over the same tables, for the benchmark only.

Joins upwards, sums and counts of the rows below aggregated before they are joined, dictionaries joined by key and day, every
cast made once. Each suite gives a row of counts, one a check. Periods of dictionaries are merged beforehand, empty texts are
made null beforehand, and rows are only counted, not named: all of this is in SQL's favour.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from pipelines.checks import masks
from pipelines.checks.frames import foreign, group, kind_of, part_source
from pipelines.checks.relation import (
    Aggregate,
    Choice,
    Comparison,
    Condition,
    Constant,
    Function,
    Junction,
    Name,
    Node,
    Part,
    Presence,
    Reference,
    Sum,
    Today,
    parse,
    parse_reference,
    references,
)
from pipelines.checks.suites import Check, Suite
from pipelines.formats.layout import Layout
from pipelines.formats.tables import PARENT, Tables
from pipelines.nsi import Dictionaries, Dictionary
from pipelines.nsi.dictionaries import plain_numbers

AS = "@alias"
"""Stands for the alias of a join in its text."""
MOST_DIGITS = 18
_LATE = date(9999, 12, 31)


class NotInSqlError(Exception):
    """A check that this generator cannot write."""


@dataclass(frozen=True)
class Value:
    """SQL of a value and its form: ``text``, ``day``, ``int`` (any number), ``bool``, ``list``."""

    sql: str
    form: str


@dataclass
class Look:
    """A dictionary as it is joined: fields of its key in order, whether the day counts, the last compares as a number."""

    dictionary: str
    fields: tuple[str, ...]
    dated: bool
    numeric: bool

    @property
    def table(self) -> str:
        way = ("dated" if self.dated else "any", "number" if self.numeric else "text")
        return quoted("_".join([self.dictionary, *self.fields, *way]))


@dataclass
class Statement:
    """The statement for some suites: its text, the checks of each suite in the order of its counts, what is left out."""

    text: str
    checks: Mapping[str, Sequence[Check]]
    looks: Sequence[Look]
    left_out: Sequence[tuple[Check, str]]


def statement(suites: Mapping[str, Sequence[Suite]], layouts: Mapping[str, Layout], on: date, today: date,
              dictionaries: Dictionaries) -> Statement:  # fmt: skip
    """Counts of failing rows of every check in force on a day that SQL can say."""
    parts, checks, looks, left = [], {}, {}, []
    for role, of_role in suites.items():
        for suite in of_role:
            source = Source(layouts[role], suite.table, today)
            said: list[tuple[Check, str]] = []
            for check in suite.checks:
                if not check.valid_on(on):
                    continue
                try:
                    said.append((check, Writer(source, check, dictionaries).fails()))
                except NotInSqlError as error:
                    left.append((check, str(error)))
            if not said:
                continue
            name = f"{role}/{suite.table}"
            counts = ",\n  ".join(f"count_if({sql})" for _, sql in said)
            parts.append(f"select {literal(name)} as suite, [\n  {counts}] as failed from ({source.select()})")
            checks[name] = [check for check, _ in said]
            looks |= {look.table: look for look in source.looks}
    return Statement("\nunion all\n".join(parts), checks, list(looks.values()), left)


@dataclass
class Source:
    """A table and all that is joined to its rows; ``atoms`` are the values taken from there, each computed once."""

    layout: Layout
    table: str
    today: date
    joins: dict[str, str] = field(default_factory=dict)
    atoms: dict[str, str] = field(default_factory=dict)
    looks: list[Look] = field(default_factory=list)

    def select(self) -> str:
        columns = ", ".join(f"{sql} as {name}" for sql, name in self.atoms.items()) or "1"
        return f"select {columns} from {self.from_()}"

    def from_(self) -> str:
        joined = "".join(f"\n left join {sql.replace(AS, alias)}" for sql, alias in self.joins.items())
        return f"{stored(self.layout, self.table)} t{joined}"

    def atom(self, sql: str) -> str:
        return self.atoms.setdefault(sql, f"a{len(self.atoms)}")

    def joined(self, sql: str) -> str:
        """Alias of a join; ``AS`` in its text is the alias."""
        return self.joins.setdefault(sql, f"j{len(self.joins)}")

    def above(self, layout: Layout, table: str, alias: str, target: str) -> str:
        if target == table:
            return alias
        if table == layout.root or target not in layout.ancestors(table):
            return self.joined(f"(select * from {stored(layout, target)} where _row = 0) {AS} on true")
        parent = layout.tables[table].parent
        assert parent is not None
        step = self.joined(f"{stored(layout, parent)} {AS} on {AS}._row = {alias}.{PARENT}")
        return self.above(layout, parent, step, target)

    def value(self, node: Reference, place: tuple[Layout, str, str] | None = None) -> Value:
        """The value of a reference seen from a row (layout, table, alias); from the source's own by default."""
        layout, table, alias = place or (self.layout, self.table, "t")
        join = foreign(layout, node)
        if join is not None:
            own = self.above(layout, table, alias, join.own)
            theirs = stored(join.layout, join.table)
            first = f"(select {join.key}, min(_row) as r from {theirs} group by 1)"
            met = self.joined(f"{first} {AS} on {AS}.{join.key} = {own}.{join.key}")
            row = self.joined(f"{theirs} {AS} on {AS}._row = {met}.r")
            inner = Name(None, node.column) if isinstance(node, Name) and node.table == join.table else node
            found = self.value(inner, (join.layout, join.table, row))
            return Value(f"case when {row}._row is not null then {found.sql} end", found.form)
        match node:
            case Today():
                return Value(f"date '{self.today}'", "day")
            case Part(name=name):
                source, pattern = part_source(layout, name)
                if source is None:
                    raise NotInSqlError("the name under which the file arrived")
                file, _, column = source.partition(".")
                order = list(re.compile(pattern).groupindex)
                names = f"regexp_extract({column}, {literal(pattern)}, {order}) as part"
                alias = self.joined(f"(select {names} from {stored(layout, file)} where _row = 0) {AS} on true")
                return Value(f"nullif({alias}.part.{name}, '')", "text")
            case Aggregate():
                return self.gathered(layout, table, alias, node)
            case Name(table=above, column=column):
                holder = self.above(layout, table, alias, above) if above else alias
                groups = {element.column for element in layout.tables[above or table].groups}
                return Value(f"{holder}.{quoted(column)}", "bool" if column in groups else "text")
        raise NotInSqlError(type(node).__name__)

    def gathered(self, layout: Layout, table: str, alias: str, node: Aggregate) -> Value:
        """Something of the rows below, aggregated by the row in which both meet before it is joined."""
        counted = node.function == "count"
        below = group(layout, node.name.column).table if counted else str(node.name.table)
        inner = Source(layout, below, self.today)
        chain = [] if table == layout.root else [table, *layout.ancestors(table)]
        meeting = next((name for name in chain if name in (below, *layout.ancestors(below))), None)
        conditions = []
        if node.where is not None:
            kinds = {str(name): kind_of(layout, below, str(name)) for name in references(node.where)}
            conditions.append(Terms(inner, kinds, deep=True).condition(node.where))
        if counted:
            head = group(layout, node.name.column)
            conditions += [] if head.table_head else [f"t.{quoted(head.name)}"]
            what, form = "count(*) as n", "int"
        elif node.function == "sum":
            raw = f"t.{quoted(node.name.column)}"
            cast = number(raw, layout.element(below, node.name.column).scale)
            what, form = f"sum({cast}) as n, bool_or({raw} is not null and {cast} is null) as spoilt", "int"
        elif node.function != "list":
            raise NotInSqlError(node.function)
        else:
            raw = f"t.{quoted(node.name.column)}"
            what, form = f"list({raw}) filter (where {raw} is not null) as n", "list"
        where = f" where {' and '.join(f'({condition})' for condition in conditions)}" if conditions else ""
        if meeting is None:
            found = self.joined(f"(select {what} from {inner.from_()}{where}) {AS} on true")
        else:
            key = inner.key_of(meeting)
            rows = f"(select {key} as k, {what} from {inner.from_()}{where} group by 1)"
            found = self.joined(f"{rows} {AS} on {AS}.k = {self.above(layout, table, alias, meeting)}._row")
        if form == "list":
            return Value(f"coalesce({found}.n, [])", form)
        if counted:
            return Value(f"coalesce({found}.n, 0)", form)
        return Value(f"case when {found}.spoilt then null else coalesce({found}.n, 0) end", form)

    def key_of(self, target: str) -> str:
        """Row number in a table above, without a join of that table itself."""
        if target == self.table:
            return "t._row"
        chain = [self.table, *self.layout.ancestors(self.table)]
        return f"{self.above(self.layout, self.table, 't', chain[chain.index(target) - 1])}.{PARENT}"


@dataclass
class Terms:
    """Conditions as SQL. ``deep``: inside an aggregate, where values are not atoms of the outer select."""

    source: Source
    kinds: Mapping[str, str]
    deep: bool = False

    @property
    def scale(self) -> int:
        return max((int(kind.removeprefix("L")[1:] or 0) for kind in self.kinds.values()), default=0)

    def condition(self, node: Condition) -> str:
        match node:
            case Comparison(operands=operands, operators=operators):
                pairs = zip(operands, operators, operands[1:], strict=False)
                return " and ".join(self.compare(left, sign, right) for left, sign, right in pairs)
            case Presence(reference=reference, there=wanted):
                found = there(self.taken(self.source.value(reference)))
                return found if wanted else f"not ({found})"
            case Junction(word=word, parts=parts):
                return {"и": " and ", "или": " or "}[word].join(f"({self.condition(part)})" for part in parts)
        raise NotInSqlError(type(node).__name__)

    def compare(self, left: Node, sign: str, right: Node) -> str:
        if sign not in ("=", "<>", "<", "<=", ">", ">="):
            raise NotInSqlError(sign)
        if isinstance(left, Constant):
            return self.compare(right, {"<": ">", "<=": ">=", ">": "<", ">=": "<="}.get(sign, sign), left)
        first = self.term(left)
        if isinstance(right, Choice):
            members = ", ".join(constant(member, first) for member in right.members)
            return f"{first.sql} {'in' if sign == '=' else 'not in'} ({members})"
        if isinstance(right, Constant):
            return f"{first.sql} {sign} {constant(right, first)}"
        second = self.term(right)
        if "list" in (first.form, second.form):
            listed, one = (first, second) if first.form == "list" else (second, first)
            return f"{'' if sign == '=' else 'not '}list_contains({listed.sql}, {one.sql})"
        return f"{first.sql} {sign} {second.sql}"

    def term(self, node: Node) -> Value:
        match node:
            case Name() | Aggregate() | Today() | Part():
                return self.reference(node)
            case Constant():
                return Value(node.text, "int")
            case Sum(terms=terms):
                return self.sum([(sign, *self.with_absence(part)) for sign, part in terms])
            case Function(name=name, arguments=arguments):
                return self.function(name, [self.term(argument).sql for argument in arguments])
        raise NotInSqlError(type(node).__name__)

    def reference(self, node: Reference) -> Value:
        kind, value = self.kinds[str(node)], self.source.value(node)
        if value.form in ("list", "int", "day") or kind == "T":
            return self.taken(value)
        if kind == "D":
            return self.taken(Value(day(value.sql), "day"))
        return self.taken(Value(number(value.sql, self.scale), "int"))

    def taken(self, value: Value) -> Value:
        return value if self.deep else Value(self.source.atom(value.sql), value.form)

    def with_absence(self, node: Node) -> tuple[str, str]:
        """A term, and whether there is no value at all."""
        term = self.term(node).sql
        if isinstance(node, (Name, Part, Aggregate)):
            return term, f"{self.taken(self.source.value(node)).sql} is null"
        return term, "false"

    def sum(self, terms: Iterable[tuple[int, str, str]]) -> Value:
        parts = list(terms)
        counted = [f" {'+' if sign > 0 else '-'} case when {absent} then 0 else {term} end" for sign, term, absent in parts]
        return Value(f"case when not ({' and '.join(absent for _, _, absent in parts)}) then 0{''.join(counted)} end", "int")

    def function(self, name: str, arguments: Sequence[str]) -> Value:
        match name, *arguments:
            case "last", text:
                return Value(f"right({text}, 1)", "text")
            case (("year" | "month"), moment):
                return Value(f"{name}({moment})", "int")
            case "years", begin, end:
                months = f"(year({end}) - year({begin})) * 12 + month({end}) - month({begin})"
                return Value(f"floor(({months} - (day({end}) < day({begin}))::int) / 12)", "int")
        raise NotInSqlError(name)


@dataclass
class Writer:
    """When a check fails, as SQL over the atoms of its suite's source."""

    source: Source
    check: Check
    dictionaries: Dictionaries

    def fails(self) -> str:
        own = dict(self.check.parameters)
        condition = own.pop("condition", None)
        if unknown := [name for name, value in own.items() if value and name not in _PARAMETERS]:
            raise NotInSqlError(", ".join(unknown))
        columns = self.check.columns[: condition["own"]] if condition else self.check.columns
        values = [self.source.value(parse_reference(column)) for column in columns]
        try:
            wrong = _KINDS[self.check.type](self, values, own)
        except KeyError as error:
            raise NotInSqlError(str(error)) from None
        if condition is None:
            return wrong
        return f"({Terms(self.source, condition['types']).condition(parse(condition['relation']))}) and ({wrong})"

    def atom(self, value: Value) -> Value:
        return Value(self.source.atom(value.sql), value.form)

    def present(self, values: Sequence[Value], _parameters: Mapping[str, Any]) -> str:
        lacking = f"not ({there(self.atom(values[0]))})"
        return f"{lacking} and {there(self.atom(values[1]))}" if len(values) > 1 else lacking

    def missing(self, values: Sequence[Value], _parameters: Mapping[str, Any]) -> str:
        return there(self.atom(values[0]))

    def in_set(self, values: Sequence[Value], parameters: Mapping[str, Any]) -> str:
        values_of = pa.array(parameters["values"], pa.string())
        members = ", ".join(map(literal, (plain_numbers(values_of) if parameters["numeric"] else values_of).to_pylist()))
        return f"{self.source.atom(plain(values[0].sql, parameters['numeric']))} not in ({members})"

    def in_dictionary(self, values: Sequence[Value], parameters: Mapping[str, Any]) -> str:
        by, dated = parameters["by"], parameters["dated"]
        look = Look(parameters["dictionary"], (*by, parameters["field"]), dated, parameters["numeric"])
        keys = [value.sql for value in values[1 : 1 + len(by)]] + [plain(values[0].sql, parameters["numeric"])]
        equal = [f"{AS}.k{place} = {key}" for place, key in enumerate(keys)]
        if dated:
            on = day(values[-1].sql)
            equal.append(f"case when {on} is null then {AS}.one else {on} between {AS}.first and {AS}.last end")
        self.source.looks.append(look)
        alias = self.source.joined(f"{look.table} {AS} on {' and '.join(equal)}")
        there = " and ".join(f"{key} is not null" for key in keys)
        return self.source.atom(f"{alias}.k0 is null and {there}")

    def in_format(self, values: Sequence[Value], parameters: Mapping[str, Any]) -> str:
        text = self.atom(values[0]).sql
        wrong = []
        if parameters["min_length"] is not None:
            wrong.append(f"length({text}) < {parameters['min_length']}")
        if parameters["max_length"] is not None:
            wrong.append(f"length({text}) > {parameters['max_length']}")
        if parameters["pattern"] is not None:
            wrong.append(f"not regexp_full_match({text}, {literal(parameters['pattern'])})")
        if parameters["calendar"]:
            wrong.append(f"({text} is not null and {day(text)} is null)")
        if mask := parameters["mask"]:
            rows, chooser = self.dictionaries[mask["dictionary"]], self.atom(values[1]).sql
            by_key = dict(zip(rows.values(mask["key"]).to_pylist(), rows.values(mask["field"]).to_pylist(), strict=True))
            forms = "".join(
                f" when {literal(code)} then not regexp_full_match({text}, {literal(masks.document_pattern(form))})"
                for code, form in by_key.items()
                if form
            )
            wrong.append(f"case {chooser}{forms} end")
        return f"({' or '.join(wrong)})"

    def in_relation(self, values: Sequence[Value], parameters: Mapping[str, Any]) -> str:
        relation = Terms(self.source, parameters["types"]).condition(parse(parameters["relation"]))
        return f"not ({relation}) and {self.atom(values[0]).sql} is not null"


_PARAMETERS = {
    "values", "numeric", "dictionary", "field", "by", "dated", "pattern", "min_length", "max_length", "calendar", "mask",
    "relation", "types",
}  # fmt: skip
"""Parameters of expectations that are said in SQL."""

_KINDS: Mapping[str, Callable[[Writer, Sequence[Value], Mapping[str, Any]], str]] = {
    "expect_element_present": Writer.present,
    "expect_element_absent": Writer.missing,
    "expect_element_in_set": Writer.in_set,
    "expect_element_in_dictionary": Writer.in_dictionary,
    "expect_element_in_format": Writer.in_format,
    "expect_element_in_relation": Writer.in_relation,
}


def there(value: Value) -> str:
    match value.form:
        case "bool":
            return f"coalesce({value.sql}, false)"
        case "int":
            return f"coalesce({value.sql}, 0) > 0"
        case "list":
            return f"coalesce(len({value.sql}), 0) > 0"
    return f"{value.sql} is not null"


def constant(node: Constant, beside: Value) -> str:
    return node.text if beside.form == "int" else literal(node.text)


def plain(sql: str, numeric: bool) -> str:
    """A number without the zeros that say nothing, as ``nsi.dictionaries.plain_numbers`` has it."""
    if numeric:
        for pattern, kept in ((r"^(-?)0+([0-9][0-9.]*)$", r"\1\2"), (r"^(-?[0-9]+)\.0+$", r"\1")):
            sql = f"regexp_replace({sql}, '{pattern}', '{kept}')"
        return rf"regexp_replace({sql}, '^(-?[0-9]+\.[0-9]*[1-9])0+$', '\1')"
    return sql


def number(sql: str, scale: int) -> str:
    """The text as an exact number, null for what is none; a bare ``try_cast`` would round 1.5 and take 1e3."""
    fraction = rf"(\.[0-9]{{1,{scale}}})?" if scale else ""
    form = f"-?[0-9]{{1,{MOST_DIGITS - scale}}}{fraction}"
    return f"case when regexp_full_match({sql}, '{form}') then try_cast({sql} as decimal({MOST_DIGITS}, {scale})) end"


def day(sql: str) -> str:
    """The text as a day, null for what is none; a bare ``try_cast`` would take 2026-1-5."""
    return f"case when length({sql}) = 10 then try_cast({sql} as date) end"


def literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def quoted(name: str) -> str:
    return f'"{name}"'


def stored(layout: Layout, table: str) -> str:
    return quoted(f"{layout.code}_{table}")


def load(connection: Any, files: Mapping[str, Tables], looks: Sequence[Look], dictionaries: Dictionaries) -> None:
    """The tables of a package and the dictionaries as DuckDB's own tables."""
    # DuckDB finds the tables to copy by the names of our variables.
    for tables in files.values():
        layout = tables.layout
        connection.execute(f"create or replace table {stored(layout, layout.root)} as select 0::bigint as _row")
        for name, table in tables.data.items():
            columns = {column: _nulled(table.column(column)) for column in table.column_names}
            given = pa.table(columns | {"_row": pa.array(range(table.num_rows), pa.int64())})  # noqa: F841
            connection.execute(f"create or replace table {stored(layout, name)} as select * from given")
    for look in looks:
        rows = _periods(dictionaries[look.dictionary], look)  # noqa: F841
        connection.execute(f"create or replace table {look.table} as select * from rows")


def _nulled(column: pa.ChunkedArray) -> pa.ChunkedArray:
    return pc.if_else(pc.equal(column, ""), None, column) if pa.types.is_string(column.type) else column


def _periods(dictionary: Dictionary, look: Look) -> pa.Table:
    """Distinct keys with their periods, those that meet or overlap merged; ``one`` marks one row of each key."""
    columns = [dictionary.values(name) for name in look.fields]
    columns[-1] = plain_numbers(columns[-1]) if look.numeric else columns[-1]
    keys = list(zip(*(column.to_pylist() for column in columns), strict=True))
    days = zip(dictionary.first.tolist(), dictionary.last.tolist(), strict=True)
    by_key: dict[tuple[str | None, ...], list[tuple[date, date]]] = {}
    for key, (first, last) in zip(keys, days, strict=True):
        if None not in key and first <= last:
            by_key.setdefault(key, []).append((first, last))
    rows: list[dict[str, Any]] = []
    for key, periods in by_key.items():
        merged = _merged(periods) if look.dated else [(date.min, _LATE)]
        for place, (first, last) in enumerate(merged):
            named = {f"k{number}": part for number, part in enumerate(key)}
            rows.append(named | {"first": first, "last": last, "one": place == 0})
    types = {f"k{number}": pa.string() for number in range(len(look.fields))}
    return pa.Table.from_pylist(
        rows, schema=pa.schema(types | {"first": pa.date32(), "last": pa.date32(), "one": pa.bool_()})
    )


def _merged(periods: list[tuple[date, date]]) -> list[tuple[date, date]]:
    merged: list[tuple[date, date]] = []
    for first, last in sorted(periods):
        if merged and (merged[-1][1] == _LATE or first <= merged[-1][1] + timedelta(days=1)):
            merged[-1] = (merged[-1][0], max(merged[-1][1], last))
        else:
            merged.append((first, last))
    return merged

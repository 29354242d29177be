"""A second reading of the rules, deliberately plain: its own parser, one row at a time, Python values, no vectors.

It reads the texts of the dictionaries and those of the suites alike. A name is looked for in the row, in the rows above, in
the groups that the file has once, in the partner's row of the same patient and at last in the rows below, any of which may
answer. Results are True, False or None (not known).
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache
from typing import Any

from pipelines.formats.layout import Layout, load
from pipelines.formats.tables import PARENT
from tests.checks.build import TODAY, Rows

Tree = tuple[Any, ...]
Truth = bool | None

SIGNS: dict[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "<>": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
TOKEN = re.compile(
    r"""\s*(?:(?P<code>[A-Z]\d\d(?:\.\d+)?(?![A-Z0-9_])|[a-z]+\d+)|(?P<number>\d+(?:\.\d+)?)|"(?P<text>[^"]*)"
    |(?P<call>(?:sum|count|list|times|years|year|month|last|rubric|today)(?=\())
    |(?P<found>(?:не\ )?найден\ в\ (?P<field>[A-Z]\w*\.\w+))|(?P<where>где|на)(?![а-я])|(?P<begins>(?:не\ )?начинается\ с)
    |(?P<part>(?:Pi|Ni|Pp|Np|YY|MM|KIND)(?![A-Za-z0-9_]))|(?P<name>[A-Z][A-Z0-9_]*+(?![a-z])(?:[./][A-Z][A-Z0-9_]*+)*)|(?P<key>[A-Za-z]\w*)
    |(?P<sign><=|>=|<>|[<>=])|(?P<mark>[{}(),+-])
    |(?P<word>и(?![А-Яа-я])|или(?![А-Яа-я])|присутствует|отсутствует)|(?P<capitals>[А-ЯЁ][А-ЯЁ0-9]*))""",
    re.VERBOSE,
)


class Prose(Exception):  # noqa: N818
    """A text that the witness does not read."""


@dataclass(frozen=True)
class File:
    """Rows of a file by table, as of ``tests.checks.build``, and its name as it arrived."""

    layout: Layout
    rows: Rows
    name: str = ""


@dataclass(frozen=True)
class Place:
    """A row: ``index`` of ``table`` in ``file``; the partner's file and how the two meet."""

    file: File
    table: str
    index: int
    other: File | None = None
    join: Any = None

    @property
    def cells(self) -> Mapping[str, Any]:
        return self.file.rows[self.table][self.index] if self.table in self.file.layout.tables else {}

    def at(self, table: str, index: int) -> Place:
        return Place(self.file, table, index, self.other, self.join)

    def upwards(self) -> Iterator[Place]:
        """The row and those above it."""
        yield self
        if self.table in self.file.layout.tables and (parent := self.file.layout.tables[self.table].parent):
            yield from self.at(parent, self.cells.get(PARENT, 0)).upwards()

    def beside(self, table: str) -> list[Place]:
        """Rows of another table under the nearest row above both."""
        chain = {place.table: place.index for place in self.upwards()}
        found = []
        for index in range(len(self.file.rows.get(table, []))):
            row = self.at(table, index)
            meeting = next((place for place in row.upwards() if place.table in chain), None)
            if meeting is None or chain[meeting.table] == meeting.index:
                found.append(row)
        return found

    def met(self) -> Place | None:
        """The partner's row of the same patient."""
        own = next((place for place in self.upwards() if self.join and place.table == self.join.own), None)
        if own is None and self.join and self.join.own in self.file.rows and self.file.rows[self.join.own]:
            own = None if self.table not in self.file.layout.tables else self.at(self.join.own, 0)
        key = own and own.cells.get(self.join.key)
        if not key or self.other is None:
            return None
        rows = self.other.rows.get(self.join.table, [])
        return next((Place(self.other, self.join.table, n) for n, r in enumerate(rows) if r.get(self.join.key) == key), None)


@cache
def read(text: str) -> Tree:
    """Tree of a condition or relation; raises ``Prose``."""
    tokens, at = [], 0
    text = text.replace("\xa0", " ").rstrip()
    while at < len(text):
        match = TOKEN.match(text, at)
        if match is None or match.end() == at:
            raise Prose(text)
        kind = "found" if match["found"] else str(match.lastgroup)
        tokens.append(("sign" if kind == "begins" else kind, match[kind]))
        at = match.end()
    reader = _Reader(tokens)
    tree = reader.either()
    if reader.tokens:
        raise Prose(text)
    return tree


class _Reader:
    def __init__(self, tokens: list[tuple[str, str]]) -> None:
        self.tokens = tokens

    def take(self, *wanted: str) -> str | None:
        """The next token when it is one of those wanted, by its kind or its text."""
        if self.tokens and (
            self.tokens[0][0] in wanted or (self.tokens[0][0] in "mark word" and self.tokens[0][1] in wanted)
        ):
            return self.tokens.pop(0)[1]
        return None

    def need(self, *wanted: str) -> str:
        found = self.take(*wanted)
        if found is None:
            raise Prose(str(self.tokens[:1]))
        return found

    def either(self) -> Tree:
        parts = [self.both()]
        while self.take("или"):
            parts.append(self.both())
        return ("или", parts) if len(parts) > 1 else parts[0]

    def both(self) -> Tree:
        parts = [self.statement()]
        while self.take("и"):
            parts.append(self.statement())
        return ("и", parts) if len(parts) > 1 else parts[0]

    def statement(self) -> Tree:
        kept = list(self.tokens)
        if self.take("("):
            try:
                inner = self.either()
                self.need(")")
            except Prose:
                self.tokens = kept
            else:
                if not self.tokens or self.tokens[0][0] not in ("sign", "mark") or self.tokens[0][1] == ")":
                    return inner
                self.tokens = kept
        operands, signs = [self.sum()], []
        if word := self.take("присутствует", "отсутствует"):
            return ("there", operands[0], word == "присутствует")
        if found := self.take("found"):
            return self.look_up(operands[0], found)
        while sign := self.take("sign"):
            signs.append(sign)
            operands.append(self.choice() if self.take("{") else self.sum())
        if not signs:
            raise Prose("no comparison")
        return ("compare", operands, signs)

    def look_up(self, subject: Tree, found: str) -> Tree:
        dictionary, _, field = found.rpartition(" ")[2].partition(".")
        beside, on = [], None
        if self.tokens and self.tokens[0][1] == "где":
            self.need("where")
            while not beside or self.take(","):
                name = self.tokens.pop(0)[1]
                self.need("sign")
                beside.append((name, self.term()))
        if self.take("where"):
            on = self.term()
        return ("found", subject, not found.startswith("не"), dictionary, field, beside, on)

    def choice(self) -> Tree:
        members = [self.term()]
        while self.take(","):
            members.append(self.term())
        self.need("}")
        return ("one of", members)

    def sum(self) -> Tree:
        terms = [(1, self.term())]
        while sign := self.take("+", "-"):
            terms.append((1 if sign == "+" else -1, self.term()))
        return ("total", terms) if len(terms) > 1 else terms[0][1]

    def term(self) -> Tree:
        if self.take("("):
            inner = self.sum()
            self.need(")")
            return inner
        for kind in ("code", "number", "text", "capitals"):
            if self.tokens and self.tokens[0][0] == kind:
                return ("constant", self.tokens.pop(0)[1])
        if part := self.take("part"):
            return ("part", part)
        if function := self.take("call"):
            return self.call(function)
        return ("name", self.need("name"))

    def call(self, function: str) -> Tree:
        self.need("(")
        if function == "today":
            self.need(")")
            return ("today",)
        arguments = [self.sum()]
        while self.take(","):
            arguments.append(self.either() if function in ("sum", "count", "list") else self.sum())
        self.need(")")
        return (function, *arguments)


class Witness:
    """Judges trees on rows. ``unequal`` and ``none``: elements whose absence, whose repetition ``<>`` reads otherwise.

    ``dictionaries``: the one row of each, in force at any time.
    """

    def __init__(
        self,
        unequal: frozenset[str] = frozenset(),
        none: frozenset[str] = frozenset(),
        dictionaries: Mapping[str, Mapping[str, str | None]] | None = None,
    ) -> None:
        self.unequal, self.none, self.dictionaries = unequal, none, dictionaries or {}

    def true(self, tree: Tree, row: Place) -> Truth:
        match tree:
            case ("или", parts):
                found = [self.true(part, row) for part in parts]
                return True if True in found else None if None in found else False
            case ("и", parts):
                found = [self.true(part, row) for part in self._gathered(parts, row)]
                return False if False in found else None if None in found else True
            case ("there", subject, wanted):
                return self._there(subject, row) if wanted else self._lacking(subject, row)
            case ("any of", table, parts):
                return any(all(self.true(part, below) is True for part in parts) for below in row.beside(table))
            case ("found", subject, wanted, dictionary, field, beside, _):
                return self._found([(field, subject), *beside], self.dictionaries[dictionary], row, wanted)
            case ("compare", operands, signs):
                return self._compare(tree, operands, signs, row)
        raise Prose(str(tree))

    def _found(self, pairs: list[tuple[str, Tree]], line: Mapping[str, str | None], row: Place, wanted: bool) -> Truth:
        values = [(field, self._value(term, row)[1]) for field, term in pairs]
        if any(value is None for _, value in values):
            return None
        return all(str(value) == line.get(field) for field, value in values) == wanted

    def _gathered(self, parts: list[Tree], row: Place) -> list[Tree]:
        """Neighbours that speak of one nested group ask it of one row."""
        kept: list[Tree] = []
        groups: dict[str, list[Tree]] = {}
        for part in parts:
            table = self._nested(part, row)
            if table is None or self._differs(part) in self.none:
                kept.append(part)
            else:
                groups.setdefault(table, []).append(part)
        return kept + [("any of", table, found) for table, found in groups.items()]

    def _nested(self, tree: Tree, row: Place) -> str | None:
        """The table below that a comparison of a name, or all of several, speak of."""
        if tree[0] in ("и", "или"):
            tables = {self._nested(part, row) for part in tree[1]}
            return tables.pop() if len(tables) == 1 else None
        found = [self._find(operand[1], row) for operand in tree[1] if operand[0] == "name"] if tree[0] == "compare" else []
        return str(found[0][0]) if found and all(isinstance(one, list) for one in found) else None  # type: ignore[index]

    @staticmethod
    def _differs(tree: Tree) -> str | None:
        if tree[0] == "compare" and tree[2] == ["<>"] and tree[1][0][0] == "name":
            return re.split(r"[./]", tree[1][0][1])[-1]
        return None

    def _compare(self, tree: Tree, operands: list[Tree], signs: list[str], row: Place) -> Truth:
        table = self._nested(tree, row)
        if table is not None:
            if self._differs(tree) in self.none:
                return not any(self.true(("compare", operands, ["="]), below) for below in row.beside(table))
            return any(self.true(tree, below) is True for below in row.beside(table))
        values = [self._value(operand, row) for operand in operands]
        steps = [_step(left, sign, right) for left, sign, right in zip(values, signs, values[1:], strict=False)]
        if steps == [None] and self._differs(tree) in self.unequal and values[0][1] is None:
            return self._is_met(operands[0][1], row)
        return False if False in steps else None if None in steps else True

    def _is_met(self, name: str, row: Place) -> Truth:
        """Of the partner's element, absence counts only where the partner has the row."""
        found = self._find(name, row)
        return True if isinstance(found, Place) and found.index >= 0 else None

    def _lacking(self, subject: Tree, row: Place) -> bool:
        """Of the partner's element, only where the partner has the row."""
        if subject[0] == "name":
            with suppress(Prose):
                found = self._find(subject[1], row)
                if isinstance(found, Place) and found.index < 0 and found.file is not row.file:
                    return False
        return not self._there(subject, row)

    def _there(self, subject: Tree, row: Place) -> bool:
        if subject[0] == "count":
            return bool(self._value(subject, row)[1])
        try:
            found = self._find(subject[1], row)
        except Prose:
            found = None
        last = re.split(r"[./]", subject[1])[-1]
        if isinstance(found, Place):
            return found.index >= 0 and bool(found.cells.get(last, self._is_group(found, last)))
        if isinstance(found, list):
            heads = any(e.name == found[1] and e.table_head and e.table == found[0] for e in row.file.layout.elements)
            return any(heads or below.cells.get(found[1]) for below in row.beside(found[0]))
        return bool(row.beside(_table(row.file.layout, last)))

    @staticmethod
    def _is_group(row: Place, name: str) -> bool:
        return any(group.column == name for group in row.file.layout.tables[row.table].groups)

    def _find(self, name: str, row: Place) -> Place | list[str]:
        """The row that holds an element (index -1: the partner has no such row), or table and column of nested ones."""
        *groups, last = re.split(r"[./]", name)
        layout = row.file.layout
        wanted = _table(layout, groups[-1]) if groups and _has(layout, groups[-1]) else None
        if not groups or wanted is not None:
            places = list(row.upwards())
            above = {place.table for place in places}
            once = [n for n, s in layout.tables.items() if s.parent is None and not layout.by_path[s.path].repeated]
            places += [row.at(n, 0 if row.file.rows.get(n) else -1) for n in once if n not in above]
            for place in places:
                if place.table in layout.tables and wanted in (None, place.table) and _column(layout, place.table, last):
                    return place
            for table in layout.tables:
                if table not in above | set(once) and wanted in (None, table) and _column(layout, table, last, True):
                    return [table, last]
        if row.join is None:
            raise Prose(name)
        met = row.met()
        if row.other is None:
            raise Prose(name)
        beyond = met or Place(row.other, row.join.table, -1)
        return self._find(name, beyond) if met else _missing(row.join.layout, row.other, row.join.table, groups, last)

    def _value(self, tree: Tree, row: Place) -> tuple[str, Any]:
        """Kind (N number, D date, T text, L list, ? a constant) and value."""
        match tree:
            case ("constant", text):
                return "?", text
            case ("one of", members):
                return "{", [member[1] for member in members]
            case ("today",):
                return "D", TODAY
            case ("part", name):
                return ("N", Decimal(self._part(name, row))) if name in ("YY", "MM") else ("T", self._part(name, row))
            case ("name", name):
                found = self._find(name, row)
                if not isinstance(found, Place):
                    return "L", [below.cells.get(found[1]) for below in row.beside(found[0])]
                column = re.split(r"[./]", name)[-1]
                element = found.file.layout.element(found.table, column)
                return element.type, _typed(element.type, found.cells.get(column) if found.index >= 0 else None)
            case ("years", begin, end):
                (_, first), (_, second) = self._value(begin, row), self._value(end, row)
                if first is None or second is None:
                    return "N", None
                return "N", Decimal(second.year - first.year - ((second.month, second.day) < (first.month, first.day)))
            case ("year" | "month" as part, argument):
                day = self._value(argument, row)[1]
                return "N", None if day is None else Decimal(getattr(day, part))
            case ("last", argument):
                text = self._value(argument, row)[1]
                return "T", text and text[-1:]
            case ("rubric", argument):
                text = self._value(argument, row)[1]
                return "T", text and text[:3]
            case ("times", ("name", name)):
                table, _, column = name.rpartition(".")
                return "N", self._times(table, column, row)
            case ("total", terms):
                values = [(sign, self._number(self._value(term, row))) for sign, term in terms]
                known = [sign * value for sign, value in values if value is not None]
                return "N", sum(known) if known else None
            case ("count" | "sum" | "list", *_):
                return self._gather(tree, row)
        raise Prose(str(tree))

    @staticmethod
    def _number(value: tuple[str, Any]) -> Decimal | None:
        return Decimal(value[1]) if value[0] == "?" else value[1]

    def _gather(self, tree: Tree, row: Place) -> tuple[str, Any]:
        function, (_, name), *where = tree
        table, _, column = name.rpartition(".") if function != "count" else (name, "", "")
        start = row if _has(row.file.layout, table) else row.met()
        if start is None:
            return {"count": "N", "sum": "N", "list": "L"}[function], None
        chosen = [b for b in start.beside(_table(start.file.layout, table)) if not where or self.true(where[0], b) is True]
        if function == "count":
            if _merged(start.file.layout, table):
                chosen = [below for below in chosen if below.cells.get(table, True)]
            return "N", Decimal(len(chosen))
        values = [below.cells.get(column) for below in chosen]
        return ("L", values) if function == "list" else ("N", sum((Decimal(v) for v in values if v), Decimal(0)))

    @staticmethod
    def _times(table: str, column: str, row: Place) -> Decimal | None:
        own = row.cells.get(column)
        above = next((place.index for place in row.upwards() if place.table == table), None)
        same = 0
        for index, cells in enumerate(row.file.rows[row.table]):
            at = next((place.index for place in row.at(row.table, index).upwards() if place.table == table), None)
            same += at == above and cells.get(column) == own
        return Decimal(same) if own else None

    def _part(self, name: str, row: Place) -> str:
        cells = row.file.rows["ZGLV"][0]
        if not _column(row.file.layout, "ZGLV", "FILENAME", True):
            found = re.match(r"(?P<KIND>[A-Z])(?P<Ni>\d\d)(?P<Np>\d\d)(?P<YY>\d\d)", row.file.name)
            assert found is not None, row.file.name
            return found[name]
        text = cells["FILENAME1"] if name == "KIND" and cells.get("FILENAME1") else cells["FILENAME"]
        kind, pi, ni, pp, np, yy, mm = re.match(r"([A-Z]{1,2}?)([MST])(\d+)([MST])(\d+)_(\d\d)(\d\d)", text).groups()  # type: ignore[union-attr]
        return {"KIND": kind, "Pi": pi, "Ni": ni, "Pp": pp, "Np": np, "YY": yy, "MM": mm}[name]


def _missing(layout: Layout, other: File, table: str, groups: list[str], last: str) -> Place | list[str]:
    """Where the partner would hold an element, had it the row."""
    wanted = _table(layout, groups[-1]) if groups else None
    for place in [table, *layout.ancestors(table)]:
        if wanted in (None, place) and _column(layout, place, last):
            return Place(other, place, -1)
    for place in layout.tables:
        if wanted in (None, place) and _column(layout, place, last, True):
            return Place(other, place, -1)
    raise Prose(last)


def _table(layout: Layout, name: str) -> str:
    if name not in _groups(layout.code):
        raise Prose(name)
    return _groups(layout.code)[name][0]


def _has(layout: Layout, name: str) -> bool:
    return name in _groups(layout.code)


def _merged(layout: Layout, name: str) -> bool:
    return _groups(layout.code)[name][1]


@cache
def _groups(code: str) -> dict[str, tuple[str, bool]]:
    """Table of each group and repeated element, and whether it is merged into another's."""
    found: dict[str, tuple[str, bool]] = {}
    for element in load(code).elements:
        if element.type == "S" or element.table_head:
            found.setdefault(element.name, (element.table, not element.table_head))
    return found


@cache
def _columns(code: str, table: str) -> tuple[frozenset[str], frozenset[str]]:
    spec = load(code).tables[table]
    return frozenset(column.column for column in spec.columns), frozenset(group.column for group in spec.groups)


def _column(layout: Layout, table: str, name: str, values_only: bool = False) -> bool:
    values, groups = _columns(layout.code, table)
    return name in values or (not values_only and name in groups)


def _typed(kind: str, text: Any) -> Any:
    if text in (None, ""):
        return None
    try:
        return Decimal(text) if kind == "N" else date.fromisoformat(text) if kind == "D" else text
    except (ArithmeticError, ValueError):
        return None


def _step(left: tuple[str, Any], sign: str, right: tuple[str, Any]) -> Truth:
    (kind, one), (other_kind, other) = left, right
    if one is None or other is None:
        return None
    if other_kind == "{":
        plain = {"<>": "=", "не начинается с": "начинается с"}.get(sign, sign)
        return any(_step(left, plain, ("?", member)) for member in other) == (sign == plain)
    if "начинается" in sign:
        return str(one).startswith(other) != sign.startswith("не")
    if "L" in (kind, other_kind):
        return ((one in other) if other_kind == "L" else (other in one)) == (sign == "=")
    if "?" in (kind, other_kind) and "N" in (kind, other_kind):
        one, other = Decimal(one), Decimal(other)
    return SIGNS[sign](one, other)

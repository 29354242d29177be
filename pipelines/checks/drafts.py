"""Minimal records made from a rule itself: what satisfies or refutes a condition, without the evaluators.

One row of the rule's table and of each above it, more only where a relation counts rows.
"""

from __future__ import annotations

import copy
import operator
from collections.abc import Callable
from decimal import Decimal
from itertools import pairwise
from typing import Any

from pipelines.checks.frames import part_source
from pipelines.checks.joins import join_of
from pipelines.checks.relation import (
    Aggregate,
    Choice,
    Comparison,
    Condition,
    Constant,
    Function,
    Junction,
    Lookup,
    Name,
    Part,
    Presence,
    Reference,
)
from pipelines.formats.layout import Layout

Rows = dict[str, list[dict[str, Any]]]
"""Rows by table, values by column; what is not there is absent."""

SIGNS: dict[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "<>": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


CODE, OTHER = "77", "88"
"""A value that the dictionaries of the tests have, and one that they have not."""

LETTERS = {"Pi": ["M", "S", "T"], "Pp": ["M", "S", "T"], "KIND": ["H", "X"]}


class Unsolved(Exception):  # noqa: N818
    """A rule that no record is made for: it has one in ``include/rules/examples``."""


class Draft:
    """One chain of rows down to the rule's table, and the persons or the case beside it."""

    def __init__(self, layout: Layout, table: str) -> None:
        self.layout, self.table = layout, table
        self.name_parts = {"KIND": layout.code, "Ni": "99", "Np": "98", "YY": "26"}
        self.join = join_of(layout.code)
        self.own = self._chain(layout, table)
        self.partner = self._chain(self.join.layout, self.join.table) if self.join else {}
        if self.join:
            self.own.setdefault(self.join.own, [{}])[0][self.join.key] = "p-1"
            self.partner[self.join.table][0][self.join.key] = "p-1"

    def copy(self) -> Draft:
        """The same rows, to be changed."""
        made = copy.copy(self)
        for side in ("own", "partner"):
            setattr(made, side, {table: [dict(row) for row in rows] for table, rows in getattr(self, side).items()})
        return made

    @staticmethod
    def _chain(layout: Layout, table: str) -> Rows:
        names = [table, *layout.ancestors(table)] if table in layout.tables else []
        names += [name for name in ("ZGLV", "SCHET") if name in layout.tables and name not in names]
        return {name: [{}] for name in names}

    @property
    def name(self) -> str:
        """The name of the file as it arrived, for files that do not hold their own."""
        return "{KIND}{Ni}{Np}{YY}0001".format(**self.name_parts)

    def rows(self, table: str) -> list[dict[str, Any]]:
        """Rows of a table of this file or of the partner's."""
        side = self.own if table in self.layout.tables else self.partner
        return side.setdefault(table, [])

    def put(self, reference: Reference, value: object, table: str) -> None:
        """Set a value where a reference from a row of ``table`` leads; the row is made when there is none."""
        if isinstance(reference, Part):
            source, _ = part_source(self.layout, reference.name)
            if source is None:
                self.name_parts |= {reference.name: str(value)}
                return
            parts = {"KIND": "H", "Pi": "M", "Ni": "990001", "Pp": "S", "Np": "99001", "YY": "26", "MM": "02"}
            parts |= self.rows("ZGLV")[0].get("_parts", {}) | {reference.name: str(value)}
            self.rows("ZGLV")[0]["_parts"] = parts
            name = "{KIND}{Pi}{Ni}{Pp}{Np}_{YY}{MM}1".format(**parts)
            self.rows("ZGLV")[0] |= {"FILENAME": name, source.rpartition(".")[2]: name}
            return
        if not isinstance(reference, Name):
            raise Unsolved(str(reference))
        rows = self.rows(reference.table or table)
        if not rows:
            rows.append({})
        rows[0][reference.column] = value

    def has(self, reference: Reference, table: str) -> bool:
        """Whether there is a value already, which stays."""
        rows = self.rows(reference.table or table) if isinstance(reference, Name) else []
        return bool(rows and rows[0].get(reference.column))  # type: ignore[union-attr]

    def settle(self, condition: Condition, table: str, wanted: bool) -> None:
        """Make a condition true or false on the first row of ``table``; raises ``Unsolved``."""
        match condition:
            case Junction(word=word, parts=parts):
                for part in parts if (word == "и") == wanted else parts[:1]:
                    self.settle(part, table, wanted)
            case Lookup(subject=subject, where=beside, there=there):
                for _, value in beside:
                    if not isinstance(value, Constant):
                        self._look_up(value, CODE, table)
                self._look_up(subject, CODE if there == wanted else OTHER, table)
            case Presence(reference=Aggregate(function="count") as counted, there=there):
                self._count(counted, there == wanted)
            case Presence(reference=reference, there=there):
                group = _group(self.layout, reference, table)
                if there != wanted:
                    self.put(reference, False if group else None, table)
                elif not self.has(reference, table):
                    self.put(reference, True if group else "1", table)
            case Comparison(operands=(Aggregate(function="count") as counted, Constant(text="0")), operators=(sign,)):
                if sign not in (">", "="):
                    raise Unsolved(str(condition))
                self._count(counted, (sign == ">") == wanted)
            case Comparison():
                self._compare(condition, table, wanted)

    def _look_up(self, subject: object, value: str, table: str) -> None:
        if isinstance(subject, Function):
            (subject,) = subject.arguments
        assert isinstance(subject, Name | Part), subject
        self.put(subject, value, table)

    def _count(self, counted: Aggregate, there: bool) -> None:
        below = counted.name.column
        if not there:
            self.rows(below).clear()
            return
        layout = self.layout if below in self.layout.tables or self.join is None else self.join.layout
        for name in (*layout.ancestors(below), below):
            if not self.rows(name):
                self.rows(name).append({})
        if counted.where is not None:
            self.settle(counted.where, below, True)

    def _compare(self, condition: Comparison, table: str, wanted: bool) -> None:
        places = [number for number, operand in enumerate(condition.operands) if not isinstance(operand, Constant | Choice)]
        if len(places) == 2 and all(isinstance(condition.operands[place], Name) for place in places):
            self._pair(condition, table, wanted)
            return
        if len(places) != 1:
            raise Unsolved(str(condition))
        (place,) = places
        subject = condition.operands[place]
        for value in LETTERS.get(str(subject), candidates(condition)):
            operands = [value if number == place else operand for number, operand in enumerate(condition.operands)]
            if _true(operands, condition.operators) == wanted:
                self.assign(subject, value, table)
                return
        raise Unsolved(str(condition))

    def assign(self, subject: object, value: str, table: str) -> None:
        """Give a value to what a comparison speaks of; raises ``Unsolved`` for what cannot be given one."""
        match subject:
            case Function(name="years", arguments=(born, day)):
                self.put(day, "2026-02-02", table)  # type: ignore[arg-type]
                self.put(born, f"{2026 - int(value)}-02-02", table)  # type: ignore[arg-type]
            case Function(name="last", arguments=(text,)):
                self.put(text, f"101022{value}", table)  # type: ignore[arg-type]
            case Name() | Part():
                self.put(subject, value, table)
            case _:
                raise Unsolved(str(subject))

    def _pair(self, condition: Comparison, table: str, wanted: bool) -> None:
        if len(condition.operators) != 1:
            raise Unsolved(str(condition))
        first, second = condition.operands
        assert isinstance(first, Name)
        assert isinstance(second, Name)
        dated = self.kind(first, table) == "D"
        for left, right in ((1, 2), (2, 2), (2, 1)):
            if SIGNS[condition.operators[0]](left, right) == wanted:
                for name, value in ((first, left), (second, right)):
                    self.put(name, f"2026-02-0{value}" if dated else str(value), table)
                return

    def kind(self, name: Name, table: str) -> str:
        """Type of the element that a name leads to."""
        place = name.table or table
        layout = self.layout if place in self.layout.tables or self.join is None else self.join.layout
        return layout.element(place, name.column).type


def _group(layout: Layout, reference: Reference, table: str) -> bool:
    if not isinstance(reference, Name) or (reference.table or table) not in layout.tables:
        return False
    return layout.element(reference.table or table, reference.column).type == "S"


def candidates(condition: Comparison) -> list[str]:
    """The constants of a comparison, what is just beside them, and something else."""
    texts: list[str] = []
    for operand in condition.operands:
        for constant in operand.members if isinstance(operand, Choice) else (operand,):
            if isinstance(constant, Constant):
                texts.append(constant.text)
                if constant.text.isdigit():
                    texts += [str(int(constant.text) + 1), str(max(int(constant.text) - 1, 0))]
                elif constant.text.replace(".", "", 1).isdigit():
                    step = Decimal((0, (1,), Decimal(constant.text).as_tuple().exponent))  # type: ignore[arg-type]
                    texts += [str(Decimal(constant.text) + step), str(Decimal(constant.text) - step)]
                else:
                    texts += [constant.text + "1", constant.text[:-1]]
    return [*texts, "9", "A00.0", "Z99.9"]


def _true(operands: list[Any], operators: tuple[str, ...]) -> bool:
    return all(_one(left, sign, right) for (left, right), sign in zip(pairwise(operands), operators, strict=True))


def _one(left: Any, sign: str, right: Any) -> bool:
    if isinstance(right, Choice):
        positive = {"<>": "=", "не начинается с": "начинается с"}.get(sign, sign)
        return any(_one(left, positive, member) for member in right.members) == (sign == positive)
    texts = [operand.text if isinstance(operand, Constant) else operand for operand in (left, right)]
    if "начинается с" in sign:
        return texts[0].startswith(texts[1]) != sign.startswith("не")
    numbers = all(text.replace(".", "", 1).isdigit() for text in texts)
    return SIGNS[sign](*(map(float, texts) if numbers else texts))

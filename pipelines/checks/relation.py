"""Relations between values of a record: the language, its tree, and what a text refers to.

    SUMV = sum(SL.SUM_M)            DATE_1 <= DATE_2 <= ZAP.DATE_Z_2           DS1 <> list(DS2.DS2) и DS1 <> list(DS3.DS3)
    200 < VNOV_D < 2500             SANK_MEK = sum(SANK.S_SUM, S_TIP = {1, 10, 11, 12})
    DS1 найден в M001.IDDS          DIAG_RSLT найден в N008.ID_R_M где ID_Mrf = DIAG_CODE на ZAP.DATE_Z_2

References: ``COL`` of the row itself (or of the group's presence), ``TABLE.COL`` of the row above, ``sum(TABLE.COL)``,
``max(TABLE.COL)`` and ``count(TABLE)`` of the rows below (each may carry a relation that chooses them), ``list(TABLE.COL)``
the values of a repeated element, ``times(TABLE.COL)`` how many rows within the group above have the row's value,
``nth(A, B)`` which a row is among those of the file with the same values, ``today()`` the day of processing. Parts of the
file's name: ``Pi Ni Pp Np YY MM`` and ``KIND`` (of the main file). Functions: ``year(x)``, ``month(x)`` of a date,
``years(a, b)`` full years and ``days(a, b)`` days between dates, ``addmonths(d, n)``; ``last(x)`` the last character of a
text, ``rubric(x)`` its first three; ``snils(x)``, ``enp(x)`` 1 where the check digits are right; ``subcodes``, ``listed`` of
a dictionary (``functions.py``). ``X найден в D.FIELD где F = y на d``: whether the dictionary has a row, in force on d, with
both. ``X присутствует``, ``X отсутствует``: whether there is a value. The vocabulary, with what the dictionaries write and
how it is brought to it, is in ``docs/rules-language.md``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from lark import Lark, Token, Transformer, UnexpectedInput

GRAMMAR = r"""
?start: disjunction
?disjunction: conjunction ("или" conjunction)*
?conjunction: statement ("и" statement)*
?statement: comparison | presence | lookup | "(" disjunction ")"
lookup: sum FOUND FIELD ["где" match ("," match)*] ["на" reference]
match: KEY "=" term
presence: reference PRESENCE
comparison: sum (OPERATOR operand)+
?operand: sum | set
set: "{" constant ("," constant)* "}"
?sum: term (SIGN term)*
?term: constant | reference | function | "(" sum ")"
constant: NUMBER | CODE | TEXT | WORD
?reference: name | aggregate | today | part | nth
part: PART
name: NAME ["." NAME]
nth: "nth" "(" member ("," member)* ")"
?member: name | aggregate
aggregate: AGGREGATE "(" name ["," disjunction] ")"
today: "today" "(" ")"
function: FUNCTION "(" sum ("," sum)* ")"

AGGREGATE: "sum" | "count" | "list" | "times" | "max"
FUNCTION: "years" | "year" | "month" | "last" | "rubric" | "days" | "addmonths" | "snils" | "enp" | "subcodes" | "listed"
FOUND: /(не )?найден в/
FIELD: /[A-Z]\w*\.[A-Za-z_]\w*(\+[A-Za-z_]\w*)*/
KEY: /[A-Za-z_]\w*/
PRESENCE: "присутствует" | "отсутствует"
PART.3: /(Pi|Ni|Pp|Np|YY|MM|KIND)(?![A-Za-z0-9_])/
OPERATOR: "<=" | ">=" | "<>" | "<" | ">" | "=" | "начинается с" | "не начинается с"
SIGN: "+" | "-"
NUMBER: /\d+(\.\d+)?/
CODE.2: /[A-Z]\d\d(\.\d+)?(?![A-Z0-9_])|[a-z]+\d+/
WORD: /[А-ЯЁ][А-ЯЁ0-9]*/
TEXT: /"[^"]*"/
NAME: /[A-Z][A-Z0-9_]*/
%ignore /\s+/
"""


@dataclass(frozen=True)
class Constant:
    text: str

    def __str__(self) -> str:
        return self.text if self.text.replace(".", "", 1).isdigit() else f'"{self.text}"'


@dataclass(frozen=True)
class Choice:
    """A set of constants."""

    members: tuple[Constant, ...]

    def __str__(self) -> str:
        return "{" + ", ".join(map(str, self.members)) + "}"


@dataclass(frozen=True)
class Name:
    """A column, ``table`` None for the row's own."""

    table: str | None
    column: str

    def __str__(self) -> str:
        return f"{self.table}.{self.column}" if self.table else self.column


@dataclass(frozen=True)
class Aggregate:
    """Something of the rows below: ``sum(T.C)``, ``max(T.C)``, ``count(T)`` (``name.column`` is the table), ``list(T.C)``.

    ``times(T.C)``: how many rows of the own table in the same row of T have the own value of C.
    """

    function: str
    name: Name
    where: Condition | None

    def __str__(self) -> str:
        return f"{self.function}({self.name}{f', {self.where}' if self.where else ''})"


@dataclass(frozen=True)
class Today:
    def __str__(self) -> str:
        return "today()"


@dataclass(frozen=True)
class Part:
    """A part of the file's name: who sends (letter Pi, code Ni), who receives (Pp, Np), YY, MM, KIND of the main file."""

    name: str

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True)
class Nth:
    """Which a row is, from 1, among the rows of its file with the same values (absent ones equal each other)."""

    members: tuple[Name | Aggregate, ...]

    def __str__(self) -> str:
        return f"nth({', '.join(map(str, self.members))})"


Reference = Name | Aggregate | Today | Part | Nth


@dataclass(frozen=True)
class Function:
    name: str
    arguments: tuple[Term, ...]

    def __str__(self) -> str:
        return f"{self.name}({', '.join(map(str, self.arguments))})"


@dataclass(frozen=True)
class Sum:
    """Terms with their signs, +1 or -1."""

    terms: tuple[tuple[int, Term], ...]

    def __str__(self) -> str:
        (_, first), *rest = self.terms
        parts = [f" {'+' if sign > 0 else '-'} {f'({term})' if isinstance(term, Sum) else term}" for sign, term in rest]
        return str(first) + "".join(parts)


Term = Constant | Reference | Function | Sum


@dataclass(frozen=True)
class Comparison:
    """A chain: every pair of neighbours must hold."""

    operands: tuple[Term | Choice, ...]
    operators: tuple[str, ...]

    def __str__(self) -> str:
        rest = (f" {operator} {operand}" for operator, operand in zip(self.operators, self.operands[1:], strict=True))
        return str(self.operands[0]) + "".join(rest)


@dataclass(frozen=True)
class Presence:
    """Whether there is a value (a group, a row); always known."""

    reference: Reference
    there: bool

    def __str__(self) -> str:
        return f"{self.reference} {'присутствует' if self.there else 'отсутствует'}"


@dataclass(frozen=True)
class Lookup:
    """Whether a dictionary has a row, in force ``on`` a day, with the value in ``field`` and ``where`` in others."""

    subject: Term
    there: bool
    dictionary: str
    field: str
    where: tuple[tuple[str, Term], ...]
    on: Reference | None

    def __str__(self) -> str:
        where = ", ".join(f"{name} = {value}" for name, value in self.where)
        text = f"{self.subject} {'' if self.there else 'не '}найден в {self.dictionary}.{self.field}"
        return text + (f" где {where}" if where else "") + (f" на {self.on}" if self.on else "")


@dataclass(frozen=True)
class Junction:
    """``и`` (all) or ``или`` (any) of conditions."""

    word: str
    parts: tuple[Condition, ...]

    def __str__(self) -> str:
        texts = [f"({part})" if isinstance(part, Junction) else str(part) for part in self.parts]
        return f" {self.word} ".join(texts)


Condition = Comparison | Presence | Lookup | Junction
Node = Condition | Term | Choice


class RelationError(ValueError):
    """A text that is no relation."""


class _Tree(Transformer[Token, Condition]):
    """Tree of the dataclasses above from lark's."""

    def constant(self, items: list[Token]) -> Constant:
        return Constant(str(items[0]).strip('"'))

    def set(self, items: list[Constant]) -> Choice:
        return Choice(tuple(items))

    def name(self, items: list[Token | None]) -> Name:
        first, second = items
        return Name(str(first), str(second)) if second is not None else Name(None, str(first))

    def aggregate(self, items: list[Token | Name | Condition | None]) -> Aggregate:
        function, name, where = items
        return Aggregate(str(function), name, where)  # type: ignore[arg-type]

    def today(self, _items: list[Token]) -> Today:
        return Today()

    def nth(self, items: list[Name | Aggregate]) -> Nth:
        return Nth(tuple(items))

    def part(self, items: list[Token]) -> Part:
        return Part(str(items[0]))

    def presence(self, items: list[Token | Reference]) -> Presence:
        reference, word = items
        return Presence(reference, word == "присутствует")  # type: ignore[arg-type]

    def match(self, items: list[Token | Term]) -> tuple[str, Term]:
        name, value = items
        return str(name), value  # type: ignore[return-value]

    def lookup(self, items: list[Any]) -> Lookup:
        subject, found, place, *matches, on = items
        dictionary, _, field = str(place).partition(".")
        where = tuple(match for match in matches if match is not None)
        return Lookup(subject, not found.startswith("не"), dictionary, field, where, on)

    def function(self, items: list[Token | Term]) -> Function:
        name, *arguments = items
        return Function(str(name), tuple(arguments))  # type: ignore[arg-type]

    def sum(self, items: list[Token | Term]) -> Sum:
        signs = [1] + [1 if sign == "+" else -1 for sign in items[1::2]]
        return Sum(tuple(zip(signs, items[0::2], strict=True)))  # type: ignore[arg-type]

    def comparison(self, items: list[Token | Term]) -> Comparison:
        return Comparison(tuple(items[0::2]), tuple(map(str, items[1::2])))  # type: ignore[arg-type]

    def conjunction(self, items: list[Condition]) -> Junction:
        return Junction("и", tuple(items))

    def disjunction(self, items: list[Condition]) -> Junction:
        return Junction("или", tuple(items))


_PARSER = Lark(GRAMMAR, parser="lalr", maybe_placeholders=True, start=["start", "reference"])


@lru_cache(maxsize=16384)
def parse(text: str) -> Condition:
    """Tree of a relation; raises ``RelationError`` for a text outside the language."""
    return _parse(text, "start")  # type: ignore[return-value]


@lru_cache(maxsize=16384)
def parse_reference(text: str) -> Reference:
    """Tree of one reference: ``ZAP.DATE_Z_2``, ``sum(SL.SUM_M)``; raises ``RelationError``."""
    return _parse(text, "reference")  # type: ignore[return-value]


def references(node: Node) -> Iterator[Reference]:
    """References of a tree from left to right; those inside an aggregate's choice belong to its rows and are left out."""
    match node:
        case Name() | Aggregate() | Today() | Part() | Nth():
            yield node
        case Presence(reference=reference):
            yield reference
        case Lookup(subject=subject, where=where, on=on):
            for value in (subject, *(value for _, value in where), *([on] if on else [])):
                yield from references(value)
        case Function(arguments=parts) | Junction(parts=parts) | Comparison(operands=parts):
            for part in parts:
                yield from references(part)
        case Sum(terms=terms):
            for _, term in terms:
                yield from references(term)


def _parse(text: str, start: str) -> Node:
    try:
        return _Tree().transform(_PARSER.parse(text, start=start))
    except UnexpectedInput as error:
        raise RelationError(f"not a relation: {text!r}") from error


def lookups(node: Node) -> Iterator[Lookup]:
    """Look-ups of a tree, those inside an aggregate's choice included."""
    match node:
        case Lookup():
            yield node
        case Aggregate(where=Comparison() | Presence() | Lookup() | Junction() as where):
            yield from lookups(where)
        case Presence(reference=reference):
            yield from lookups(reference)
        case Function(arguments=parts) | Junction(parts=parts) | Comparison(operands=parts):
            for part in parts:
                yield from lookups(part)
        case Sum(terms=terms):
            for _, term in terms:
                yield from lookups(term)


def functions(node: Node) -> Iterator[Function]:
    """Functions of a tree, those inside an aggregate's choice included."""
    match node:
        case Function(arguments=arguments):
            yield node
            for argument in arguments:
                yield from functions(argument)
        case Aggregate(where=Comparison() | Presence() | Lookup() | Junction() as where):
            yield from functions(where)
        case Presence(reference=reference):
            yield from functions(reference)
        case Junction(parts=parts) | Comparison(operands=parts):
            for part in parts:
                yield from functions(part)
        case Sum(terms=terms):
            for _, term in terms:
                yield from functions(term)


def fields_of(node: Node) -> Iterator[tuple[str, str]]:
    """Dictionaries and fields that the functions of a tree look into (``subcodes``, ``listed``)."""
    for call in functions(node):
        if call.name in ("subcodes", "listed"):
            dictionary, *rest = (argument.text for argument in call.arguments if isinstance(argument, Constant))
            yield from ((dictionary, name) for name in rest)

"""Conditions in Russian, for messages and pages."""

from __future__ import annotations

from pipelines.checks.relation import (
    Aggregate,
    Choice,
    Comparison,
    Condition,
    Constant,
    Function,
    Junction,
    Lookup,
    Presence,
    Term,
)

_FUNCTIONS = {"year": "год {}", "month": "месяц {}", "last": "последний символ {}", "rubric": "рубрика {}"}


def in_russian(condition: Condition) -> str:
    """The condition as a phrase; comparisons stay signs, counts, ages and parts of texts become words."""
    match condition:
        case Junction(word=word, parts=parts):
            texts = [f"({in_russian(part)})" if isinstance(part, Junction) else in_russian(part) for part in parts]
            return f" {word} ".join(texts)
        case Presence(reference=Aggregate(function="count") as counted, there=there):
            return _counted(counted, there)
        case Comparison(
            operands=(Aggregate(function="count") as counted, Constant(text="0")), operators=(">" | "=" as sign,)
        ):
            return _counted(counted, sign == ">")
        case Lookup():
            return _lookup(condition)
        case Comparison(operands=operands, operators=operators):
            rest = (f" {sign} {_term(operand)}" for sign, operand in zip(operators, operands[1:], strict=True))
            return _term(operands[0]) + "".join(rest)
    return str(condition)


def _counted(counted: Aggregate, there: bool) -> str:
    which = f", где {in_russian(counted.where)}" if counted.where else ""
    return f"{'есть' if there else 'нет'} {counted.name.column}{which}"


def _lookup(lookup: Lookup) -> str:
    where = "".join(f", {field} = {_term(value)}" for field, value in lookup.where)
    on = f", на дату {lookup.on}" if lookup.on else ""
    found = "есть" if lookup.there else "нет"
    return f"{_term(lookup.subject)} {found} в справочнике {lookup.dictionary} (поле {lookup.field}{where}{on})"


def _term(term: Term | Choice) -> str:
    match term:
        case Function(name="years", arguments=(begin, end)):
            return f"полных лет от {_term(begin)} на {_term(end)}"
        case Function(name=name, arguments=(argument,)):
            return _FUNCTIONS[name].format(_term(argument))
    return str(term)

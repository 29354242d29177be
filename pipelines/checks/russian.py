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
    Nth,
    Presence,
    Sum,
    Term,
)

_FUNCTIONS = {"year": "год {}", "month": "месяц {}", "last": "последний символ {}", "rubric": "рубрика {}"}
_CHECKED = {"snils": "СНИЛС", "enp": "ЕНП"}


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
        case Comparison(
            operands=(Function(name="snils" | "enp" as name, arguments=(text,)), Constant(text="0" | "1" as right))
        ):
            return f"{_CHECKED[name]} {_term(text)} {'верен' if right == '1' else 'неверен'}"
        case Lookup():
            return _lookup(condition)
        case Comparison(
            operands=(Function(name="listed", arguments=(name, key, field, code, text, on)), Constant(text="1"))
        ):
            return f"{text} в перечне {_bare(field)} справочника {_bare(name)} для {_bare(key)} = {code} на {on}"
        case Comparison(operands=operands, operators=operators):
            rest = (f" {sign} {_term(operand)}" for sign, operand in zip(operators, operands[1:], strict=True))
            return _term(operands[0]) + "".join(rest)
    return str(condition)


def _bare(term: Term) -> str:
    """A constant without quotation marks."""
    return str(term).strip('"')


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
        case Function(name="days", arguments=(begin, end)):
            return f"дней от {_term(begin)} до {_term(end)}"
        case Function(name="addmonths", arguments=(day, months)):
            return f"{_term(day)} + {months} мес."
        case Function(name="subcodes", arguments=(name, _, code, on)):
            return f"число подрубрик {code} в {_bare(name)} на {on}"
        case Aggregate(function="max", name=greatest, where=None):
            return f"наибольшее {greatest}"
        case Nth(members=members):
            return f"номер среди строк файла с теми же {', '.join(map(str, members))}"
        case Sum(terms=((_, first), *rest)):
            return _term(first) + "".join(f" {'+' if sign > 0 else '-'} {_term(part)}" for sign, part in rest)
        case Function(name=name, arguments=(argument,)):
            return _FUNCTIONS[name].format(_term(argument))
    return str(term)

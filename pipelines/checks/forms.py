"""From a rule record to the form of its check: which expectation, on which columns, with which parameters and words.

A record of the dictionaries says what it wants by its category and the columns that it fills: 001F and 005F a dictionary,
002F values, 003F presence or absence, 004F length and mask, 006F a relation. A condition of use (USL_TEST) becomes the
check's condition, unless it says no more than the structure or the period of validity does.
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import cache
from typing import Any

import yaml

from pipelines.checks import masks
from pipelines.checks.conditions import certain
from pipelines.checks.evaluate import ABSENT, PRESENT
from pipelines.checks.frames import kind_of, typed_nulls
from pipelines.checks.phrases import normalised
from pipelines.checks.quantify import applied
from pipelines.checks.records import RuleRecord
from pipelines.checks.relation import Aggregate, Comparison, Condition, Name, Presence, RelationError, parse, references
from pipelines.checks.resolve import UnknownNameError, resolve_condition, resolve_name
from pipelines.checks.russian import in_russian
from pipelines.formats.layout import Element, Layout
from pipelines.ground.settings import ROOT


class NotSupportedError(Exception):
    """A record that cannot be compiled; the text is the reason, in Russian."""


@dataclass(frozen=True)
class Form:
    """A check without the record's identity. ``fault`` and ``expected`` make its message; dates override the record's."""

    type: str
    table: str
    columns: tuple[str, ...]
    parameters: Mapping[str, Any]
    element: Element
    fault: str
    expected: str
    since: date | None = None
    until: date | None = None


MUST_BE_ABSENT = "элемент должен отсутствовать"

_PRESENT = re.compile(r"тег (?P<group>[A-Z_.]+) присутствует", re.IGNORECASE)
_PERIOD = re.compile(r'(?P<side>с|до) отчетного периода "(?P<month>\w+) (?P<year>\d{4})"(?: включительно)?')
_MONTHS = ["январь", "февраль", "март", "апрель", "май", "июнь"]
_MONTHS += ["июль", "август", "сентябрь", "октябрь", "ноябрь", "декабрь"]
_NAME = re.compile(r"[A-Z][A-Z0-9_]*(?:\.[A-Z][A-Z0-9_]*)?")
_ONCE = re.compile(r"[A-Z_0-9]+ не повторяется в пределах (?P<scope>[A-Z_]+|файла)")
_SET = re.compile(r"\{([^{}]*)\}")
_WORDS = {"<": "меньше", "<=": "не больше", ">": "больше", ">=": "не меньше", "=": "равно", "<>": "не равно"}
_WORDS |= {sign: sign for sign in ("начинается с", "не начинается с")}


def form_of(record: RuleRecord, layout: Layout, written: Mapping[str, Any]) -> Form:
    """Form of a record whose element the layout has; ``written`` is its entry among the handwritten rules, if any.

    Raises ``NotSupportedError``.
    """
    record = replace(record, **written.get("record", {}))
    if "as" in written:
        record = replace(record, ID_TEST=written["as"] + record.ID_TEST[4:])
    element = layout.by_path[written.get("element") or record.ID_EL.partition("/")[2]]
    since, until = _period(record.USL_TEST)
    if "versions" in written:
        form = _set(element, list(layout.versions))
    elif "presence" in written:
        form = _filled(element, layout, **written["presence"])
    elif "relation" in written:
        form = replace(_relation(element, layout, written["relation"]), expected=written["text"])
    else:
        form = replace(_unconditional(record, element, layout, written), since=since, until=until)
    condition = written.get("condition", record.USL_TEST)
    if since or until or ("condition" not in written and _same_as_structure(record, element)):
        condition = ""
    if element.since is not None and form.type == PRESENT:
        known = ", ".join(f'"{version}"' for version in layout.versions[layout.versions.index(element.since) :])
        condition = f"ZGLV.VERSION = {{{known}}}" + (f" и ({condition})" if condition else "")
    return _under(condition, form, layout, record.ID_TEST) if condition else form


def _under(text: str, form: Form, layout: Layout, rule: str) -> Form:
    """The form where a condition holds."""
    try:
        condition = applied(parse(normalised(text)), layout, form.table, rule)
    except RelationError as error:
        raise NotSupportedError(f"условие не разобрано: {text}") from error
    except UnknownNameError as error:
        raise NotSupportedError(f"нет в структуре файла: {error}") from error
    names = list(dict.fromkeys([*form.columns, *map(str, references(condition))]))
    types = {name: kind_of(layout, form.table, name) for name in names}
    _comparable(condition, types)
    stated = {"relation": str(condition), "types": types, "own": len(form.columns)}
    return replace(
        form,
        columns=tuple(names),
        parameters={**form.parameters, "condition": stated},
        expected=f"{form.expected} (при условии: {in_russian(condition)})",
    )


def _comparable(condition: Condition, types: Mapping[str, str]) -> None:
    """Try the condition on a row without values: what has no order or another kind cannot be compared."""
    try:
        certain(condition, {name: typed_nulls(kind, 1) for name, kind in types.items()}, types)
    except TypeError as error:
        raise NotSupportedError(f"нельзя сравнить: {condition}") from error


def _unconditional(record: RuleRecord, element: Element, layout: Layout, written: Mapping[str, Any]) -> Form:
    if element.type == "S" and element.table_head and record.category != "003F":
        raise NotSupportedError("нет формального выражения: правило о группе элементов")
    choice = written.get("nsi") or _dictionaries()["by_rule"].get(record.ID_TEST, {})
    if choice or record.category in ("001F", "005F"):
        return _dictionary(record, element, layout, choice)
    match record.category:
        case "002F" | "006F":
            return _values(record, element, layout)
        case "003F" if not record.VAL_EL and (not record.COMMENT or MUST_BE_ABSENT in record.COMMENT.lower()):
            return _presence(element, layout, absent=MUST_BE_ABSENT in record.COMMENT.lower())
        case "003F" if match := _ONCE.fullmatch(record.VAL_EL):
            return _once(element, layout, match["scope"])
        case "004F":
            return _format(record, element, layout)
        case "001K" | "002K" | "003K" if record.VAL_EL:
            return _values(record, element, layout)
        case "001K" | "002K" | "003K" if record.NSI_OBJ:
            return _dictionary(record, element, layout, choice)
    raise NotSupportedError("нет формального выражения")


def _same_as_structure(record: RuleRecord, element: Element) -> bool:
    """Whether the condition only says that the element's own group is there."""
    match = _PRESENT.fullmatch(record.USL_TEST)
    return match is not None and f"/{element.parent_path}".endswith("/" + match["group"].replace(".", "/"))


def _period(condition: str) -> tuple[date | None, date | None]:
    match = _PERIOD.fullmatch(condition)
    if match is None or match["month"] not in _MONTHS:
        return None, None
    year, month = int(match["year"]), _MONTHS.index(match["month"]) + 1
    if match["side"] == "с":
        return date(year, month, 1), None
    return None, date(year, month, monthrange(year, month)[1])


def _dictionary(record: RuleRecord, element: Element, layout: Layout, choice: Mapping[str, Any]) -> Form:
    """``choice``: dictionary and field where the record names none or others; ``by``, ``through`` as for the evaluator."""
    name = choice.get("dictionary", record.NSI_OBJ)
    field = choice.get("field", record.NSI_EL)
    if not name or not field:
        raise NotSupportedError("справочник регионального уровня не назначен")
    undated = _dictionaries()["by_dictionary"]
    on = undated[name] if name in undated else _date(element, layout)
    by = _seen(choice.get("by", {}), layout, element.table)
    through = choice.get("through")
    words = f"значение справочника {name} (поле {field})"
    words += f" для {', '.join(column.split('.')[-1] for column in by.values())}" if by else ""
    words += f", действующее на дату {on.split('.')[-1]}" if on else ""
    return Form(
        type="expect_element_in_dictionary",
        table=element.table,
        columns=(element.column, *by.values(), *([on] if on else [])),
        parameters={"dictionary": name, "field": field, "by": list(by), "dated": bool(on), "numeric": element.type == "N"}
        | ({"through": through} if through else {}),
        element=element,
        fault="значения нет в справочнике",
        expected=words,
    )


def _seen(by: Mapping[str, str], layout: Layout, table: str) -> dict[str, str]:
    """The columns beside the value as they are seen from its table."""
    try:
        return {field: str(resolve_name(_name(column), layout, table)) for field, column in by.items()}
    except UnknownNameError as error:
        raise NotSupportedError(f"нет в структуре файла: {error}") from error


def _date(element: Element, layout: Layout) -> str | None:
    """The column with the date on which the element's code must be in force; None: it does not matter when."""
    choice = _dictionaries()
    below = (choice["below"][above] for above in layout.ancestors(element.table) if above in choice["below"])
    on = choice["by_element"].get(element.path) or choice["by_table"].get(element.table) or next(below, None)
    if on is None:
        return None
    table, _, column = on.rpartition(".")
    found = any(date.column == column for date in layout.tables[table or element.table].columns)
    return str(on) if found else None


def _values(record: RuleRecord, element: Element, layout: Layout) -> Form:
    text = record.VAL_EL
    if match := _SET.fullmatch(text):
        members = [member.strip() for member in match[1].split(",")]
        if masks.NEWBORN in members:
            return _newborn(element, [member for member in members if member != masks.NEWBORN])
        return _set(element, members)
    if record.category == "002F" and re.fullmatch(r"[\w.]+", text):
        try:
            resolve_name(_name(text), layout, element.table)
        except (UnknownNameError, RelationError):
            return _set(element, [text])
    if _NAME.fullmatch(text):
        text = f"{element.column} = {text}"
    elif text.startswith(("<", ">", "=")):
        text = f"{element.column} {text}"
    return _relation(element, layout, text)


def _set(element: Element, members: list[str]) -> Form:
    return Form(
        type="expect_element_in_set",
        table=element.table,
        columns=(element.column,),
        parameters={"values": members, "numeric": element.type == "N"},
        element=element,
        fault="недопустимое значение",
        expected=f"одно из: {', '.join(members)}" if len(members) > 1 else members[0],
    )


def _newborn(element: Element, others: list[str]) -> Form:
    pattern = "|".join([*map(re.escape, others), masks.NEWBORN_PATTERN])
    words = "ПДДММГГН (П – пол, ДДММГГ – дата рождения, Н – порядковый номер от 1 до 10)"
    return _formatted(element, pattern=pattern, expected=" или ".join([*others, words]))


def _presence(element: Element, layout: Layout, *, absent: bool) -> Form:
    table = layout.root
    columns: tuple[str, ...] = (f"count({element.name})",)
    if parent := layout.by_path.get(element.parent_path):
        table = parent.table
        if not element.table_head:
            columns = (element.column,)
        if not parent.table_head and not absent:
            columns += (parent.column,)
    what = "группа элементов" if element.type == "S" else "элемент"
    return Form(
        type=ABSENT if absent else PRESENT,
        table=table,
        columns=columns,
        parameters={},
        element=element,
        fault="лишний элемент" if absent else "обязательный элемент отсутствует или пуст",
        expected=f"отсутствие ({what})"
        if absent
        else ("группа элементов" if element.type == "S" else "заполненный элемент"),
    )


def _filled(element: Element, layout: Layout, *, absent: bool = False, nonzero: bool = False) -> Form:
    form = _presence(element, layout, absent=absent)
    if not nonzero:
        return form
    return replace(form, parameters={"nonzero": True}, fault="элемент отсутствует или равен нулю", expected="не ноль")


def _once(element: Element, layout: Layout, scope: str) -> Form:
    """The element is there, and its value no second time within a group (``файла``: in the file)."""
    form = _presence(element, layout, absent=False)
    within = Name(layout.root if scope == "файла" else scope, element.column)
    times = resolve_condition(Presence(Aggregate("times", within, None), True), layout, form.table)
    return replace(
        form,
        columns=(*form.columns, *map(str, references(times))),
        parameters={"once": True},
        fault="обязательный элемент отсутствует, пуст или повторяется",
        expected=f"значение, которое не повторяется в пределах {scope}",
    )


def _format(record: RuleRecord, element: Element, layout: Layout) -> Form:
    parts = []
    pattern = None
    calendar = record.MASK_VAL == masks.CALENDAR
    mask = None
    if calendar:
        parts.append("дата ГГГГ-ММ-ДД, существующая в календаре")
    elif record.NSI_OBJ:
        mask = {"dictionary": record.NSI_OBJ, "key": "IDDoc", "field": record.NSI_EL}
        parts.append(f"вид по маске {record.NSI_OBJ}.{record.NSI_EL} для типа документа DOCTYPE")
    elif record.MASK_VAL:
        pattern = masks.pattern(record.MASK_VAL)
        if pattern is None:
            raise NotSupportedError(f"маска не разобрана: {record.MASK_VAL}")
        parts.append(f"вид {record.MASK_VAL} (9 – цифра, X – необязательная цифра, A – латинская буква)")
    if record.COMMENT.startswith("Допустимы"):
        allowed = masks.characters(record.COMMENT)
        if allowed is None or (allowed and pattern):
            raise NotSupportedError(f"перечень символов не разобран: {record.COMMENT}")
        if allowed:
            pattern = f"[{allowed}]*"
        parts.append(record.COMMENT.removeprefix("Допустимы").removeprefix(" только").strip())
    least, most = record.MIN_LEN, record.MAX_LEN
    if least is not None or most is not None:
        parts.append(f"длина {least}" if least == most else f"длина от {least} до {most}")
    if not parts:
        raise NotSupportedError("нет формального выражения")
    return _formatted(
        element, pattern=pattern, expected=", ".join(parts), least=least, most=most, calendar=calendar, mask=mask
    )


def _formatted(
    element: Element,
    *,
    pattern: str | None,
    expected: str,
    least: int | None = None,
    most: int | None = None,
    calendar: bool = False,
    mask: Mapping[str, str] | None = None,
) -> Form:
    return Form(
        type="expect_element_in_format",
        table=element.table,
        columns=(element.column, "DOCTYPE") if mask else (element.column,),
        parameters={
            "pattern": pattern,
            "min_length": least,
            "max_length": most,
            "calendar": calendar,
            "mask": mask,
        },
        element=element,
        fault="значение не соответствует формату",
        expected=expected,
    )


def _relation(element: Element, layout: Layout, text: str) -> Form:
    try:
        stated = parse(text)
    except RelationError as error:
        raise NotSupportedError("нет формального выражения") from error
    try:
        resolved = resolve_condition(stated, layout, element.table)
    except UnknownNameError as error:
        raise NotSupportedError(f"нет в структуре файла: {error}") from error
    if isinstance(resolved, Comparison) and len(set(resolved.operands)) == 1:
        raise NotSupportedError("нет формального выражения: значение сравнивается само с собой")
    if element.type == "S" and element.table_head:
        raise NotSupportedError("соотношение задано для группы, у которой нет значения")
    names = list(dict.fromkeys([element.column, *map(str, references(resolved))]))
    types = {name: kind_of(layout, element.table, name) for name in names}
    _comparable(resolved, types)
    return Form(
        type="expect_element_in_relation",
        table=element.table,
        columns=tuple(names),
        parameters={"relation": str(resolved), "types": types},
        element=element,
        fault="нарушено соотношение",
        expected=_in_words(stated, element),
    )


def _in_words(condition: Condition, element: Element) -> str:
    """«не больше DATE_2» of ``DATE_1 <= DATE_2`` on DATE_1; the formula itself of anything longer."""
    if isinstance(condition, Comparison) and condition.operators and len(condition.operands) == 2:
        left, right = condition.operands
        if left == Name(None, element.column):
            return f"{_WORDS[condition.operators[0]]} {right}"
    return str(condition)


def _name(text: str) -> Name:
    table, _, column = text.rpartition(".")
    if not _NAME.fullmatch(text):
        raise RelationError(text)
    return Name(table or None, column)


@cache
def _dictionaries() -> dict[str, Any]:
    text = (ROOT / "include" / "rules" / "dictionaries.yaml").read_text(encoding="utf-8")
    return dict(yaml.safe_load(text))

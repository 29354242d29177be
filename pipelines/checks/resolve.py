"""Names of elements as the dictionaries write them, made into references from a table."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace

from pipelines.checks.frames import foreign, group, part_source
from pipelines.checks.joins import join_of
from pipelines.checks.relation import (
    Aggregate,
    Choice,
    Condition,
    Constant,
    Function,
    Junction,
    Lookup,
    Name,
    Nth,
    Part,
    Presence,
    Reference,
    Sum,
    Term,
    Today,
)
from pipelines.formats.layout import Layout


class UnknownNameError(LookupError):
    """A name that the layout does not have; its argument is the name."""


def resolve_condition(condition: Condition, layout: Layout, table: str) -> Condition:
    """The condition with every name made a reference from ``table``; raises ``UnknownNameError``."""
    if isinstance(condition, Junction):
        return replace(condition, parts=tuple(resolve_condition(part, layout, table) for part in condition.parts))
    if isinstance(condition, Presence):
        return replace(condition, reference=_subject(condition.reference, layout, table))
    if isinstance(condition, Lookup):
        on = condition.on and _reference(condition.on, layout, table)
        where = tuple((field, _term(value, layout, table)) for field, value in condition.where)
        return replace(condition, subject=_term(condition.subject, layout, table), where=where, on=on)
    return replace(condition, operands=tuple(_operand(operand, layout, table) for operand in condition.operands))


def resolve_name(name: Name, layout: Layout, table: str) -> Name | Aggregate:
    """Where the value of a name stands, as seen from a row of ``table``.

    Own column, else the nearest row above, else a group that the file has once, else the values of a repeated element (a
    list). ``Z_SL.LPU`` may name a group merged into another table. What the file does not have is looked for in its partner
    (``joins``). Raises ``UnknownNameError``.
    """
    try:
        return _within(name, layout, table)
    except UnknownNameError:
        join = join_of(layout.code)
        if join is None:
            raise
        found = _within(name, join.layout, join.table)
        if isinstance(found, Name):
            found = replace(found, table=found.table or join.table)
        if foreign(layout, found) is None:
            raise
        return found


def _within(name: Name, layout: Layout, table: str) -> Name | Aggregate:
    own, above, once, lists = _reach(layout, table)
    wanted = None if name.table is None else _table_of(name.table, layout)
    for place in [*own, *above, *once, *lists]:
        if wanted is not None and place != wanted:
            continue
        if any(column.column == name.column for column in layout.tables[place].columns):
            if place in own:
                return Name(None, name.column)
            found = Name(place, name.column)
            return Aggregate("list", found, None) if place in lists else found
    raise UnknownNameError(str(name))


def _reach(layout: Layout, table: str) -> tuple[list[str], list[str], list[str], list[str]]:
    """Tables as seen from one: itself, those above, those that the file has once, all others."""
    own = [table] if table in layout.tables else []
    above = list(layout.ancestors(table)) if own else []
    once = [name for name, spec in layout.tables.items() if spec.parent is None and not layout.by_path[spec.path].repeated]
    once = [name for name in once if name not in own + above]
    return own, above, once, [name for name in layout.tables if name not in own + above + once]


def _table_of(name: str, layout: Layout) -> str:
    """Table of a group, of the file itself or of its partner."""
    join = join_of(layout.code)
    for place in (layout, *([join.layout] if join else [])):
        with suppress(KeyError):
            return group(place, name).table
    raise UnknownNameError(name)


def _subject(reference: Reference, layout: Layout, table: str) -> Reference:
    """What is there or not: a value of the row or above, a merged group, rows of a table (counted)."""
    if not isinstance(reference, Name):
        return _reference(reference, layout, table)
    with suppress(UnknownNameError):
        found = resolve_name(reference, layout, table)
        if isinstance(found, Name):
            return found
    with suppress(KeyError):
        head = group(layout, reference.column)
        own, above, *_ = _reach(layout, table)
        if head.table_head:
            return Aggregate("count", Name(None, head.table), None)
        if head.table in own + above:
            return Name(None if head.table in own else head.table, head.column)
    found = resolve_name(reference, layout, table)
    assert isinstance(found, Aggregate), found
    assert found.name.table is not None, found
    return Aggregate("count", Name(None, found.name.table), Presence(Name(None, found.name.column), True))


def _reference(reference: Reference, layout: Layout, table: str) -> Reference:
    found = _term(reference, layout, table)
    assert isinstance(found, Reference), found
    return found


def _home(table: str, layout: Layout) -> Layout:
    """The layout that has a table: this or its partner's."""
    join = join_of(layout.code)
    return layout if table in layout.tables or join is None else join.layout


def _operand(term: Term | Choice, layout: Layout, table: str) -> Term | Choice:
    return term if isinstance(term, Choice) else _term(term, layout, table)


def _term(term: Term, layout: Layout, table: str) -> Term:
    match term:
        case Constant() | Today():
            return term
        case Part():
            try:
                part_source(layout, term.name)
            except KeyError as error:
                raise UnknownNameError(term.name) from error
            return term
        case Name():
            return resolve_name(term, layout, table)
        case Nth():
            members = tuple(_term(member, layout, table) for member in term.members)
            return Nth(members)  # type: ignore[arg-type]
        case Function():
            return replace(term, arguments=tuple(_term(part, layout, table) for part in term.arguments))
        case Sum():
            return replace(term, terms=tuple((sign, _term(part, layout, table)) for sign, part in term.terms))
        case Aggregate(function="times", name=Name(table=str(scope), column=column)):
            place = scope if scope == layout.root else _table_of(scope, layout)
            own = resolve_name(Name(None, column), layout, table)
            if place not in (*layout.ancestors(table), layout.root) or own != Name(None, column):
                raise UnknownNameError(str(term.name))
            return replace(term, name=Name(place, column))
        case Aggregate(function="count"):
            below = _table_of(term.name.column, layout)
            return replace(term, where=term.where and resolve_condition(term.where, _home(below, layout), below))
        case Aggregate(name=Name(table=str(below), column=column)):
            place = _table_of(below, layout)
            found = resolve_name(Name(None, column), _home(place, layout), place)
            if found != Name(None, column):
                raise UnknownNameError(str(term.name))
            where = term.where and resolve_condition(term.where, _home(place, layout), place)
            return replace(term, name=Name(place, column), where=where)
    raise UnknownNameError(str(term))

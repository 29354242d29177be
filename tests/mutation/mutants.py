"""Mutants of a module: its source with one small error, made on the syntax tree.

Not touched: annotations, docstrings, decorators, assertions, ``strict=`` of ``zip`` (an assertion too), type variables.
"""

from __future__ import annotations

import ast
import copy
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

COMPARED: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Lt: (ast.LtE, ast.GtE),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.LtE),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
}
CALCULATED: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.FloorDiv,
    ast.FloorDiv: ast.Mult,
    ast.Mod: ast.FloorDiv,
    ast.Pow: ast.Mult,
    ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
}
PAIRS = [("and_", "or_"), ("logical_and", "logical_or"), ("zeros", "ones"), ("equal", "not_equal"), ("less", "less_equal")]
PAIRS += [("greater", "greater_equal"), ("minimum", "maximum"), ("eq", "ne"), ("lt", "le"), ("gt", "ge"), ("any", "all")]
PAIRS += [("partition", "rpartition"), ("min", "max")]
NAMES = {one: other for pair in PAIRS for one, other in (pair, pair[::-1])}
"""Functions and methods that are taken for one another."""


@dataclass(frozen=True)
class Mutant:
    """One error: ``place`` is the qualified name around it, ``before`` and ``after`` the source of what changed."""

    path: Path = field(repr=False)
    place: str
    line: int
    before: str
    after: str
    slot: int
    change: int
    nth: int
    """Which it is, from 0, of those that look alike at the place."""

    def __str__(self) -> str:
        return f"{self.path.name}:{self.line} {self.place}: {self.before} -> {self.after}"

    def tree(self) -> ast.Module:
        """The module with the error, under the line numbers of the original."""
        tree = ast.parse(self.path.read_text(encoding="utf-8"))
        slot = list(_slots(tree, ""))[self.slot]
        slot.put(_changes(slot)[self.change])
        return ast.fix_missing_locations(tree)


def mutants(path: Path) -> list[Mutant]:
    """All mutants of a file in the order of its source."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    found: list[Mutant] = []
    alike: Counter[tuple[str, ...]] = Counter()
    for number, slot in enumerate(_slots(tree, "")):
        for change, instead in enumerate(_changes(slot)):
            line = getattr(slot.node, "lineno", None) or next(n.lineno for n in ast.walk(slot.node) if hasattr(n, "lineno"))
            texts = [" ".join(ast.unparse(node).split()) if node else "" for node in (slot.node, instead)]
            look = (slot.place, *texts)
            found.append(Mutant(path, slot.place, line, *texts, number, change, alike[look]))
            alike[look] += 1
    return found


@dataclass(frozen=True)
class _Slot:
    """A node in its parent's field, and the qualified name of the function or class around it."""

    parent: ast.AST
    field: str
    index: int | None
    node: ast.AST
    place: str

    def put(self, instead: ast.AST | None) -> None:
        """Replace the node; None removes it from its list."""
        if self.index is None:
            setattr(self.parent, self.field, instead)
        elif instead is None:
            del getattr(self.parent, self.field)[self.index]
        else:
            getattr(self.parent, self.field)[self.index] = instead


def _slots(node: ast.AST, place: str) -> Iterator[_Slot]:
    for name, value in ast.iter_fields(node):
        if name in ("annotation", "returns", "decorator_list"):
            continue
        for index, child in enumerate(value if isinstance(value, list) else [value]):
            if not isinstance(child, ast.AST) or _spared(child):
                continue
            inner = place
            if isinstance(child, ast.FunctionDef | ast.ClassDef):
                inner = f"{place}.{child.name}".lstrip(".")
            elif not place and isinstance(child, ast.Assign | ast.AnnAssign | ast.AugAssign):
                inner = ast.unparse(child.targets[0] if isinstance(child, ast.Assign) else child.target)
            yield _Slot(node, name, index if isinstance(value, list) else None, child, inner)
            yield from _slots(child, inner)


def _spared(node: ast.AST) -> bool:
    """Assertions, docstrings, ``strict=``, imports and type variables."""
    match node:
        case ast.Assert() | ast.Import() | ast.ImportFrom() | ast.keyword(arg="strict"):
            return True
        case ast.Expr(value=ast.Constant()) | ast.Assign(value=ast.Call(func=ast.Name(id="TypeVar"))):
            return True
    return False


def _changes(slot: _Slot) -> list[ast.AST | None]:
    """What may stand in place of a node; None: nothing."""
    node = slot.node
    match node:
        case ast.Compare(ops=signs):
            instead = [_with(node, "ops", n, other()) for n, sign in enumerate(signs) for other in COMPARED[type(sign)]]
        case ast.BoolOp(op=word, values=values):
            other_word = ast.Or() if isinstance(word, ast.And) else ast.And()
            instead = [_changed(node, op=other_word), *(_without(node, number) for number in range(len(values)))]
        case ast.UnaryOp(op=ast.Not() | ast.Invert() | ast.USub(), operand=operand):
            instead = [operand]
        case ast.BinOp(op=sign) | ast.AugAssign(op=sign) if type(sign) in CALCULATED:
            instead = [_changed(node, op=CALCULATED[type(sign)]())]
        case ast.Constant(value=value):
            instead = [_changed(node, value=other) for other in _constants(value)]
        case ast.Attribute(attr=name) if name in NAMES:
            instead = [_changed(node, attr=NAMES[name])]
        case ast.Call(func=ast.Name(id=name)) if name in ("any", "all", "min", "max"):
            instead = [_changed(node, func=_changed(node.func, id=NAMES[name]))]
        case ast.If(test=test) | ast.IfExp(test=test) if not isinstance(test, ast.Compare | ast.UnaryOp):
            instead = [_changed(node, test=ast.copy_location(ast.UnaryOp(ast.Not(), test), test))]
        case ast.comprehension(ifs=[_, *_]):
            instead = [_changed(node, ifs=[])]
        case ast.match_case(guard=guard):
            instead = [_changed(node, guard=ast.copy_location(ast.Constant(False), node.pattern))]
            instead += [_changed(node, guard=None)] if guard is not None else []
        case _:
            instead = []
    if isinstance(node, ast.stmt) and (other := _statement(node)) is not None:
        instead.append(ast.copy_location(other, node))
    return [ast.copy_location(other, node) if isinstance(other, ast.expr) else other for other in instead]


def _constants(value: object) -> list[object]:
    if isinstance(value, bool):
        return [not value]
    if isinstance(value, int):
        return [value + 1, value - 1] if value else [1]
    if isinstance(value, str):
        return ["" if value else "~"]
    return []


def _statement(statement: ast.stmt) -> ast.stmt | None:
    """Nothing in place of a call, an error or an addition, the other kind of jump, an empty answer."""
    match statement:
        case ast.Expr(value=ast.Call()) | ast.AugAssign() | ast.Raise():
            return ast.Pass()
        case ast.Continue():
            return ast.Break()
        case ast.Return(value=ast.expr() as value) if not isinstance(value, ast.Constant):
            return ast.Return(ast.Constant(None))
    return None


def _changed(node: ast.AST, **fields: object) -> ast.AST:
    made = copy.copy(node)
    for name, value in fields.items():
        setattr(made, name, value)
    return made


def _with(node: ast.AST, name: str, number: int, value: ast.AST) -> ast.AST:
    items = list(getattr(node, name))
    items[number] = value
    return _changed(node, **{name: items})


def _without(node: ast.BoolOp, number: int) -> ast.AST:
    rest = [value for other, value in enumerate(node.values) if other != number]
    return rest[0] if len(rest) == 1 else _changed(node, values=rest)

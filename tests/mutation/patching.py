"""A mutant put into the modules that are already loaded: functions get other code, constants other values.

Functions keep their identity, so whoever imported them has the error too; constants are rebound under their name wherever
the old object stands. What a test computed on import stays as it was.
"""

from __future__ import annotations

import ast
import functools
import gc
import sys
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from types import CodeType, FunctionType, ModuleType
from typing import Any

from tests.mutation.mutants import Mutant

FUNCTION = 0x1  # CO_OPTIMIZED: the code of a function, not of a class body


class Misplaced(Exception):  # noqa: N818
    """A mutant that cannot be put into what is loaded."""


class Loaded:
    """The modules of some files with their functions (methods and lambdas included) and caches, found once."""

    def __init__(self, paths: Iterable[Path]) -> None:
        self.trees = {path: ast.parse(path.read_text(encoding="utf-8")) for path in paths}
        self.codes = {path: compile(tree, str(path), "exec") for path, tree in self.trees.items()}
        self.modules = {Path(file): m for m in sys.modules.values() if (file := getattr(m, "__file__", None))}
        self.functions: dict[str, list[FunctionType]] = defaultdict(list)
        self.caches: dict[str, list[Any]] = defaultdict(list)
        for thing in gc.get_objects():
            if isinstance(thing, FunctionType):
                self.functions[thing.__code__.co_filename].append(thing)
            elif isinstance(thing, functools._lru_cache_wrapper):
                self.caches[thing.__module__].append(thing)

    def apply(self, mutant: Mutant) -> None:
        """Put the error in; raises ``Misplaced`` where nothing loaded would have it."""
        path, tree = mutant.path, mutant.tree()
        module = self.modules[path]
        changed = _different(self.codes[path], compile(tree, str(path), "exec"))
        for old, new in changed:
            function = next((f for f in self.functions[str(path)] if _same(f.__code__, old)), None)
            if function is None:
                raise Misplaced(f"no function has the code of {mutant}")
            function.__code__ = new
        pairs = zip(self.trees[path].body, tree.body, strict=True)
        statement = next(number for number, (one, other) in enumerate(pairs) if ast.dump(one) != ast.dump(other))
        node = tree.body[statement]
        if not isinstance(node, ast.FunctionDef | ast.ClassDef):
            _rebind(self.trees[path], tree, statement, module)
        elif not changed:
            _set_defaults(node, module)
        for cached in self.caches[module.__name__]:
            cached.cache_clear()


def _set_defaults(node: ast.FunctionDef | ast.ClassDef, module: ModuleType) -> None:
    """Give a function the default values of its changed definition."""
    if not isinstance(node, ast.FunctionDef):
        raise Misplaced(f"line {node.lineno} of {module.__name__} changes what the class alone holds")
    scope = dict(vars(module))
    exec(compile(ast.Module([node], []), module.__file__ or "", "exec"), scope)
    live, made = vars(module)[node.name], scope[node.name]
    live.__defaults__, live.__kwdefaults__ = made.__defaults__, made.__kwdefaults__


def _same(code: CodeType, other: CodeType) -> bool:
    where = (code.co_qualname, code.co_firstlineno, list(code.co_positions()))
    return where == (other.co_qualname, other.co_firstlineno, list(other.co_positions()))


def _different(old: CodeType, new: CodeType) -> list[tuple[CodeType, CodeType]]:
    """Outermost functions whose code differs."""
    found = []
    for one, other in zip(_inner(old), _inner(new), strict=True):
        if one.co_flags & FUNCTION:
            found += [(one, other)] if one != other else []
        else:
            found += _different(one, other)
    return found


def _inner(code: CodeType) -> list[CodeType]:
    return [constant for constant in code.co_consts if isinstance(constant, CodeType)]


def _rebind(original: ast.Module, tree: ast.Module, statement: int, module: ModuleType) -> None:
    """Give what a changed statement of a module assigns, and what is made of that, the values of the changed module."""
    names = _assigned(original.body[statement]) | _assigned(tree.body[statement])
    if not names:
        raise Misplaced(
            f"line {original.body[statement].lineno} of {module.__name__} is neither a function nor an assignment"
        )
    for node in tree.body[statement:]:
        reads = {part.id for part in ast.walk(node) if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Load)}
        names |= _assigned(node) if reads & names else set()
    scope = {"__name__": module.__name__, "__file__": module.__file__}
    exec(compile(tree, str(module.__file__), "exec"), scope)
    for name in names:
        _replace(name, vars(module)[name], scope[name])


def _assigned(node: ast.stmt) -> set[str]:
    if not isinstance(node, ast.Assign | ast.AnnAssign | ast.AugAssign):
        return set()
    return {part.id for part in ast.walk(node) if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store)}


def _replace(name: str, old: Any, new: Any) -> None:
    for other in list(sys.modules.values()):
        if getattr(other, "__name__", "").startswith(("pipelines.", "tests.")) and vars(other).get(name) is old:
            setattr(other, name, new)

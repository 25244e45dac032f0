# SPDX-License-Identifier: GPL-2.0-only
"""Names of the kernel side: where each is defined at every point of the series, where used, in which members."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property

from ...mends import Mend
from ...series import PATCHES
from .definitions import Definition, modules, on_top
from .renames import RENAMES


@dataclass(frozen=True, slots=True)
class Use:
    """A place where a name is used."""

    #: The definition it is in.
    name: str
    point: int
    #: The line of its file.
    line: int
    #: The member of a struct that leads there, "" if the name itself stands there.
    pointer: str = ""


class Symbols:
    """All names of the kernel side, with *mends* on top of the series."""

    def __init__(self, mends: tuple[Mend, ...] = ()) -> None:
        self.definitions: dict[str, list[Definition]] = defaultdict(list)
        #: The last point that has anything.
        self.last = len(PATCHES) + len(mends)
        for module in (*modules(), *on_top(mends)):
            for definition in module.definitions:
                self.definitions[definition.name].append(definition)
        #: What later kernels call it -> the name of 2013.
        self.later = {later: name for name in RENAMES if name in self.definitions for later in RENAMES[name].names}

    def at(self, name: str, point: int) -> Definition | None:
        """Return the definition of *name* at *point*; the first one if there is none yet."""
        found = self.definitions.get(name, [])
        return next((each for each in reversed(found) if each.point <= point), found[0] if found else None)

    @cached_property
    def pointers(self) -> dict[str, tuple[str, ...]]:
        """Member of a struct -> functions that are put into it."""
        found: dict[str, list[str]] = defaultdict(list)
        for definition in self._functions():
            for node in ast.walk(definition.node):
                for member, name in stored(node):
                    if self.is_function(name) and name not in found[member]:
                        found[member].append(name)
        return {member: tuple(names) for member, names in found.items() if names}

    def is_function(self, name: str) -> bool:
        """Return whether *name* is a function."""
        return any(each.kind == "function" for each in self.definitions.get(name, [])[:1])

    @cached_property
    def uses(self) -> dict[str, list[Use]]:
        """Name -> where it is called or otherwise used, in link order; a function's own use of itself too."""
        found: dict[str, list[Use]] = defaultdict(list)
        for definition in self._functions():
            own = local_names(definition.node)
            for node in ast.walk(definition.node):
                if isinstance(node, ast.Name) and node.id in self.definitions and node.id not in own:
                    found[node.id].append(Use(definition.name, definition.point, node.lineno))
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                    member = node.func.attr
                    for name in self.pointers.get(member, ()):
                        found[name].append(Use(definition.name, definition.point, node.lineno, member))
        return found

    def callers(self, name: str, point: int) -> list[Use]:
        """Yield where *name* is used at *point*, each definition and line once."""
        uses = dict.fromkeys(use for use in self.uses.get(name, []) if use.name != name or not use.pointer)
        return [use for use in uses if (now := self.at(use.name, point)) and now.point == use.point <= point]

    def _functions(self) -> Iterator[Definition]:
        """Yield all definitions of functions."""
        for definitions in self.definitions.values():
            yield from (each for each in definitions if each.kind == "function")


@cache
def symbols(mends: tuple[Mend, ...] = ()) -> Symbols:
    """Return the names of the kernel side with *mends* on top of the series, read once."""
    return Symbols(mends)


def stored(node: ast.AST) -> Iterator[tuple[str, str]]:
    """Yield member and name of *node*, if it is `x.member = name` or `f(member=name)`."""
    match node:
        case ast.Assign(targets=[ast.Attribute(attr=member)], value=ast.Name(id=name)):
            yield member, name
        case ast.Call(keywords=keywords):
            yield from ((each.arg, each.value.id) for each in keywords if each.arg and isinstance(each.value, ast.Name))


def local_names(node: ast.stmt) -> set[str]:
    """Return the names of a function's parameters and variables."""
    found = set()
    for each in ast.walk(node):
        if isinstance(each, ast.arg):
            found.add(each.arg)
        elif isinstance(each, ast.Name) and isinstance(each.ctx, ast.Store):
            found.add(each.id)
    globals_ = (name for each in ast.walk(node) if isinstance(each, ast.Global) for name in each.names)
    return found - set(globals_)

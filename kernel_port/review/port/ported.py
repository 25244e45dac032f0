# SPDX-License-Identifier: GPL-2.0-only
"""What is ported: each function, macro and struct of the C, with its definition."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from .definitions import Definition, modules

#: Python type -> C type, where it is not a pointer to a struct of the same name.
C_TYPES = {"int": "int ", "None": "void ", "str": "const char *", "bool": "bool "}


@dataclass(frozen=True, slots=True)
class Ported:
    """One function, macro or struct of the C."""

    definition: Definition
    #: The C file, and the C name, which is another one where a long function was split.
    c_file: str
    c_name: str
    #: function, macro or struct.
    kind: str
    is_static: bool
    #: In C; "" for structs and macros.
    prototype: str

    @property
    def name(self) -> str:
        """The name of the definition."""
        return self.definition.name

    @property
    def point(self) -> int:
        """The first point of the series that has it."""
        return self.definition.point


@cache
def ported() -> tuple[Ported, ...]:
    """Yield all definitions of the kernel side that name a C file, in link order; a modified function has several."""
    return tuple(each for module in modules() for definition in module.definitions for each in describe(definition))


def describe(definition: Definition) -> Iterator[Ported]:
    """Describe a definition, if it names a C file and is not a variable there."""
    origin, node = definition.origin, definition.node
    if origin is None or origin.kind == "variable":
        return
    kind = "struct" if definition.kind == "struct" else origin.kind
    static = origin.linkage == "static"
    prototype = c_prototype(node, static) if isinstance(node, ast.FunctionDef) and kind == "function" else ""
    c_name = origin.name or definition.name.removeprefix("struct_")
    yield Ported(definition, origin.file, c_name, kind, static, prototype)


def c_prototype(node: ast.FunctionDef, static: bool) -> str:
    """Return the C prototype of a function."""
    arguments = (c_type(argument.annotation) + argument.arg for argument in node.args.args)
    return f"{'static ' * static}{c_type(node.returns)}{node.name}({', '.join(arguments) or 'void'})"


def c_type(annotation: ast.expr | None) -> str:
    """Return the C type for an annotation, ready for a name to follow."""
    name = ast.unparse(annotation) if annotation else "None"
    return C_TYPES.get(name, f"struct {name} *")

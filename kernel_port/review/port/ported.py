# SPDX-License-Identifier: GPL-2.0-only
"""What is ported: each function, macro and struct of the C, beside the definition that stands for it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from .definitions import Definition, modules

#: Python type -> C type, where it is no pointer to a struct of the same name.
C_TYPES = {"int": "int ", "None": "void ", "str": "const char *", "bool": "bool "}


@dataclass(frozen=True, slots=True)
class Ported:
    """One function, macro or struct of the C."""

    definition: Definition
    #: The C file, and the C name: another one where a long function has become several.
    c_file: str
    c_name: str
    #: function, macro or struct.
    kind: str
    is_static: bool
    #: As the C has it; "" for structs and macros.
    prototype: str

    @property
    def name(self) -> str:
        """What the definition is called."""
        return self.definition.name

    @property
    def point(self) -> int:
        """From which point of the series on."""
        return self.definition.point


@cache
def ported() -> tuple[Ported, ...]:
    """All definitions of the kernel side that name a C file, in link order; a modified function has several."""
    return tuple(each for module in modules() for definition in module.definitions for each in describe(definition))


def describe(definition: Definition) -> Iterator[Ported]:
    """What a definition says of itself, if it names a C file and is no variable there."""
    origin, node = definition.origin, definition.node
    if origin is None or origin.kind == "variable":
        return
    kind = "struct" if definition.kind == "struct" else origin.kind
    static = origin.linkage == "static"
    prototype = c_prototype(node, static) if isinstance(node, ast.FunctionDef) and kind == "function" else ""
    c_name = origin.name or definition.name.removeprefix("struct_")
    yield Ported(definition, origin.file, c_name, kind, static, prototype)


def c_prototype(node: ast.FunctionDef, static: bool) -> str:
    """The prototype that a function has in C."""
    arguments = (c_type(argument.annotation) + argument.arg for argument in node.args.args)
    return f"{'static ' * static}{c_type(node.returns)}{node.name}({', '.join(arguments) or 'void'})"


def c_type(annotation: ast.expr | None) -> str:
    """The C type that an annotation stands for, ready for a name to follow."""
    name = ast.unparse(annotation) if annotation else "None"
    return C_TYPES.get(name, f"struct {name} *")

# SPDX-License-Identifier: GPL-2.0-only
"""What is ported: each function, macro and struct of the C, with its file there and its room here, from the source."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from ...link import BASE, PATCHES, SERVICES
from .flat import Piece, read_room

#: "C: drivers/pci/pci.c, static, base" or "C: drivers/pci/probe.c pci_setup_device(), base; ..."
SOURCE_LINE = re.compile(r"^C: ([\w./-]+\.[ch])(?: (\w+)\(\))?(.*)$", re.MULTILINE)
#: Python type -> C type, where it is no pointer to a struct of the same name.
C_TYPES = {"int": "int ", "None": "void ", "str": "const char *", "bool": "bool "}


@dataclass(frozen=True, slots=True)
class Ported:
    """One definition of the port, and what it stands for."""

    name: str
    #: The C file, and the C name: another one where a long function has become several.
    c_file: str
    c_name: str
    #: function, macro or struct.
    kind: str
    #: "base/pci", and the line there.
    room: str
    line: int
    #: From which point of the series on.
    point: int
    is_static: bool
    #: As the C has it; "" for structs and macros.
    prototype: str


@cache
def ported() -> tuple[Ported, ...]:
    """All definitions of the kernel side that name a C file, in link order; a modified function has several."""
    points = [*((name, 0) for name in SERVICES + BASE), *((name, i) for i, name in enumerate(PATCHES, 1))]
    pieces = ((piece, point) for room, point in points for piece in read_room(room).pieces)
    return tuple(each for piece, point in pieces for each in describe(piece, point))


def describe(piece: Piece, point: int) -> Iterator[Ported]:
    """What a definition says of itself, if it names a C file and is no variable there."""
    node = ast.parse(piece.text).body[0]
    if not isinstance(node, (ast.FunctionDef, ast.ClassDef)):
        return
    if not (source := SOURCE_LINE.search(ast.get_docstring(node) or "")):
        return
    about = source[3].partition(";")[0]
    if "variable" in about:
        return
    kind = "struct" if isinstance(node, ast.ClassDef) else "macro" if "macro" in about else "function"
    static = "static" in about
    prototype = c_prototype(node, static) if isinstance(node, ast.FunctionDef) and kind == "function" else ""
    c_name = source[2] or piece.name.removeprefix("struct_")
    yield Ported(piece.name, source[1], c_name, kind, piece.room, piece.line, point, static, prototype)


def c_prototype(node: ast.FunctionDef, static: bool) -> str:
    """The prototype that a function has in C."""
    arguments = (c_type(argument.annotation) + argument.arg for argument in node.args.args)
    return f"{'static ' * static}{c_type(node.returns)}{node.name}({', '.join(arguments) or 'void'})"


def c_type(annotation: ast.expr | None) -> str:
    """The C type that an annotation stands for, ready for a name to follow."""
    name = ast.unparse(annotation) if annotation else "None"
    return C_TYPES.get(name, f"struct {name} *")

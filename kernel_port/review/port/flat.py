# SPDX-License-Identifier: GPL-2.0-only
"""The kernel at a point of the series as one flat source file, each piece where the C has it.

Base rooms follow each other in link order. A function that a patch modifies is replaced where it stands; one that it
adds goes where the C hunk puts it: before the function of the same C file that the patch goes on to modify, after the
one it has just modified, else at the end of the room that stands for the C file.
"""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from importlib import import_module
from pathlib import Path

from ...link import BASE, PATCHES

PACKAGE = Path(__file__).resolve().parents[2]
#: Room-level statements that are for the linker, not for the kernel.
DECLARATIONS = ("ADDS", "MODIFIES")
EXPORTS = ("EXPORT_SYMBOL", "EXPORT_SYMBOL_GPL")


@dataclass(frozen=True, slots=True)
class Piece:
    """One definition of a room: a function, struct, variable or constant, with its comment and its export mark."""

    name: str
    room: str
    line: int
    text: str
    #: C file the definition stands for, "" if its docstring names none.
    c_file: str
    #: What it refers to by name.
    uses: frozenset[str]

    @property
    def flat(self) -> str:
        """The piece as it stands in the flat source."""
        return f"# {self.room}.py:{self.line}\n{self.text}"


@dataclass(frozen=True, slots=True)
class Room:
    """A room read as source: its definitions, and what it imports from outside base and patch."""

    name: str
    pieces: tuple[Piece, ...]
    #: Name in the room -> (module, name there).
    imports: dict[str, tuple[str, str]]


@cache
def read_room(name: str) -> Room:
    """Read the room *name* ("base.pci")."""
    path = PACKAGE / f"{name.replace('.', '/')}.py"
    text = path.read_text(encoding="utf-8")
    tree, lines = ast.parse(text), text.splitlines()
    pieces: list[Piece] = []
    for node in tree.body:
        if exported := export_mark(node):
            index = next(i for i, piece in enumerate(pieces) if piece.name == exported)
            mark = f"\n\n\n{ast.unparse(node)}"
            uses = pieces[index].uses | {ast.unparse(node).partition("(")[0]}
            pieces[index] = replace(pieces[index], text=pieces[index].text + mark, uses=uses)
        elif (symbol := defined(node)) and symbol not in DECLARATIONS:
            pieces.append(piece(symbol, name.replace(".", "/"), node, lines))
    return Room(name, tuple(pieces), dict(outside_imports(tree, name)))


def defined(node: ast.stmt) -> str:
    """The name a room-level statement defines, "" for none."""
    match node:
        case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
            return name
        case ast.AnnAssign(target=ast.Name(id=name)) | ast.Assign(targets=[ast.Name(id=name)]):
            return name
    return ""


def export_mark(node: ast.stmt) -> str:
    """The function that an EXPORT_SYMBOL statement marks, "" if it is none."""
    match node:
        case ast.Expr(value=ast.Call(func=ast.Name(id=mark), args=[ast.Name(id=name)])) if mark in EXPORTS:
            return name
    return ""


def piece(symbol: str, room: str, node: ast.stmt, lines: list[str]) -> Piece:
    """The definition of *symbol* with the comment above it."""
    decorators = getattr(node, "decorator_list", [])
    first = min([node.lineno, *(decorator.lineno for decorator in decorators)])
    start = first
    while start > 1 and lines[start - 2].startswith("#") and not lines[start - 2].startswith("# SPDX"):
        start -= 1
    assert node.end_lineno is not None
    text = "\n".join(lines[start - 1 : node.end_lineno])
    docstring = ast.get_docstring(node) if isinstance(node, (ast.FunctionDef, ast.ClassDef)) else None
    c_file = re.search(r"^C: ([\w./-]+\.[ch])\b", docstring or "", re.MULTILINE)
    return Piece(symbol, room, first, text, c_file[1] if c_file else "", frozenset(names_in(node)))


def names_in(node: ast.AST) -> Iterator[str]:
    """Every name that *node* mentions, in annotations too."""
    for each in ast.walk(node):
        if isinstance(each, ast.Name):
            yield each.id


def outside_imports(tree: ast.Module, room: str) -> Iterator[tuple[str, tuple[str, str]]]:
    """What a room imports, for type checkers included, but from base and patch rooms: those are in the flat source."""
    package = f"{__package__.partition('.')[0]}.{room.partition('.')[0]}"
    for node in ast.walk(tree):
        if not isinstance(node, ast.ImportFrom) or node.module == "__future__":
            if isinstance(node, ast.Import):
                yield from ((alias.name, (alias.name, "")) for alias in node.names)
            continue
        parent = package.rsplit(".", node.level - 1)[0] if node.level else ""
        module = ".".join(filter(None, (parent, node.module)))
        inside = re.fullmatch(r"\w+\.(base|patch)(\.\w+)?", module)
        if inside:
            continue
        for alias in node.names:
            if alias.name == "*":
                yield from ((name, (module, name)) for name in header(module))
            else:
                yield alias.asname or alias.name, (module, alias.name)


@cache
def header(module: str) -> tuple[str, ...]:
    """The names that a module defines, and so those that `import *` includes; what it imports is no part of it."""
    tree = ast.parse(Path(str(import_module(module).__file__)).read_text(encoding="utf-8"))
    return tuple(name for node in tree.body if (name := defined(node)) and not name.startswith("_"))


def pieces_at(point: int) -> list[Piece]:
    """All definitions of the kernel at *point*, in the order of the flat source."""
    flat = [piece for name in BASE for piece in read_room(name).pieces]
    for name in PATCHES[:point]:
        apply(flat, import_module(f"kernel_port.{name}").MODIFIES, read_room(name))
    return flat


def apply(flat: list[Piece], modifies: tuple[str, ...], patch: Room) -> None:
    """Bring the definitions of a *patch* into *flat*."""
    for index, new in enumerate(patch.pieces):
        at = next((i for i, old in enumerate(flat) if old.name == new.name), None)
        if new.name in modifies and at is not None:
            is_struct = new.text.startswith("@dataclass")
            flat[at] = grown(flat[at], new) if is_struct else replace(new, c_file=flat[at].c_file)
        else:
            flat.insert(place(flat, patch.pieces, index, modifies), new)


def place(flat: list[Piece], pieces: tuple[Piece, ...], index: int, modifies: tuple[str, ...]) -> int:
    """Where in *flat* an added definition goes."""
    new = pieces[index]
    at = {old.name: i for i, old in enumerate(flat)}
    for later in pieces[index + 1 :]:
        if later.name in modifies and flat[at[later.name]].c_file == new.c_file:
            return at[later.name]
    for earlier in reversed(pieces[:index]):
        if earlier.c_file == new.c_file:
            return at[earlier.name] + 1
    room = f"base/{Path(new.c_file).stem}"
    return max((i + 1 for i, old in enumerate(flat) if old.room == room), default=len(flat))


def grown(old: Piece, new: Piece) -> Piece:
    """A struct with the members its one-field subclass adds, and the subclass's words about it."""
    (subclass,) = ast.parse(new.text).body
    (base,) = ast.parse(old.text).body
    assert isinstance(subclass, ast.ClassDef)
    assert isinstance(base, ast.ClassDef)
    members = [node for node in subclass.body if isinstance(node, ast.AnnAssign)]
    body = [*(node for node in base.body if not is_docstring(node)), *members]
    old_lines, new_lines = old.text.splitlines(), new.text.splitlines()
    head = old_lines[: base.body[0].lineno - 1]
    words = new_lines[subclass.body[0].lineno - 1 : subclass.body[0].end_lineno]
    fields = [
        line
        for node in body
        for line in (new_lines if node in members else old_lines)[node.lineno - 1 : node.end_lineno]
    ]
    text = "\n".join([*head, *words, "", *fields])
    return replace(old, room=new.room, line=new.line, text=text, uses=old.uses | new.uses)


def is_docstring(node: ast.stmt) -> bool:
    """Whether a statement of a class body is its docstring."""
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def imports(point: int, pieces: list[Piece]) -> Iterator[str]:
    """Import statements for what *pieces* use from outside, a name a line so that differences stay small."""
    known: dict[str, tuple[str, str]] = {}
    for name in BASE + PATCHES[:point]:
        known |= read_room(name).imports
    here = {piece.name for piece in pieces}
    modules: dict[str, set[str]] = defaultdict(set)
    for name in sorted(set().union(*(piece.uses for piece in pieces)) - here):
        if name in known:
            module, original = known[name]
            modules[module].add(original if original == name else f"{original} as {name}" if original else "")
    for module in sorted(modules, key=lambda module: (module.startswith("kernel_port."), module)):
        if modules[module] == {""}:
            yield f"import {module}"
        else:
            yield f"from {module} import (\n" + "".join(f"    {name},\n" for name in sorted(modules[module])) + ")"


def source(point: int) -> str:
    """The flat source of the kernel at *point* of the series, 0 (base) to 8.

    :raises ValueError: the series has no such point"""
    if not 0 <= point <= len(PATCHES):
        raise ValueError(f"there is no point {point} of the series: it runs from 0 (base) to {len(PATCHES)}")
    pieces = pieces_at(point)
    title = f"Linux 3.11 as ported, with {point} of {len(PATCHES)} patches. Written by kernel-port export."
    head = ["# SPDX-License-Identifier: GPL-2.0-only", f'"""{title}"""', "", "from __future__ import annotations", ""]
    return "\n".join([*head, *imports(point, pieces)]) + "".join(f"\n\n\n{piece.flat}" for piece in pieces) + "\n"

# SPDX-License-Identifier: GPL-2.0-only
"""Our own source as data: the modules of the kernel side, what each defines, and the C that a definition stands for.

Every module is read once. The export, the side-by-side page, BASE.md, `show` and the places of events look definitions
up here. Syntax trees are large, so they are only kept where used.
"""

from __future__ import annotations

import ast
import linecache
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from importlib import import_module
from pathlib import Path

from ...link import BASE, SERVICES
from ...mends import DECLARATIONS, LOADED, Mend
from ...series import PATCHES
from ...terminal import clean

PACKAGE = Path(__file__).resolve().parents[2]
#: Marks that export the function before them.
EXPORTS = ("EXPORT_SYMBOL", "EXPORT_SYMBOL_GPL")
#: "C: drivers/pci/pci.c, static, patch 1" or "C: drivers/pci/probe.c pci_scan_root_bus() for each root bus, base; ..."
C_LINE = re.compile(
    r"^\s*C: (?P<text>(?P<file>[\w./-]+\.[chS])\b(?: (?P<name>\w+)\(\))?(?P<about>[^;\n]*).*)$", re.MULTILINE
)
SINCE = re.compile(r", (base|service|patch \d+|v\d+\.\d+)\s*$")

Statement = ast.FunctionDef | ast.ClassDef | ast.Assign | ast.AnnAssign
Import = ast.Import | ast.ImportFrom


@dataclass(frozen=True, slots=True)
class Origin:
    """The C that a definition stands for, from the "C:" line of its docstring."""

    text: str
    """The text after "C:"."""
    file: str
    """drivers/pci/pci.c"""
    name: str
    """Its name in C, if different; else ""."""
    linkage: str
    """static, exported, or "" if it is neither."""
    kind: str
    """function, macro, struct or variable."""
    since: str
    """base, service, its patch or its version: "patch 5", "v3.14"."""

    def __str__(self) -> str:
        return self.text

    @property
    def lasting(self) -> str:
        """The text without its patch, which changes when a patch modifies the definition."""
        return self.text.replace(f", {self.since}", "", 1)


def origin(docstring: str) -> Origin | None:
    """Read the "C:" line of a docstring; None if it has none."""
    match = C_LINE.search(docstring)
    if match is None:
        return None
    about = match["about"]
    linkage = next((each for each in ("static", "exported") if each in about), "")
    kind = next((each for each in ("variable", "macro", "struct") if each in about), "function")
    since = SINCE.search(about)
    return Origin(match["text"].rstrip(), match["file"], match["name"] or "", linkage, kind, since[1] if since else "")


@dataclass(frozen=True, eq=False)
class Definition:
    """One definition at the top of a module: a function, struct, or variable (a constant too)."""

    name: str
    module: str
    """base.pci"""
    point: int
    """The first point of the series that has it; 0 is the base. What is on top goes on counting."""
    layer: str
    """What has it, in short: base, +5, or the name of a mend."""
    kind: str
    """function, struct or variable."""
    doc: str
    """Its docstring, "" if it has none."""
    line: int
    """The line of its `def`, `class` or assignment."""
    first: int
    """The first line of the text, which is the comment above if there is one."""
    text: str
    export: str
    """The mark that exports it, EXPORT_SYMBOL or EXPORT_SYMBOL_GPL; "" if none does."""

    @property
    def file(self) -> str:
        """Its file within the package: base/pci.py."""
        return file_of(self.module)

    @property
    def path(self) -> str:
        """Its file for people: kernel_port/base/pci.py; a user's own as it was given."""
        return shown(self.module)

    @cached_property
    def node(self) -> ast.stmt:
        """Its syntax tree, with the lines of its file."""
        (node,) = ast.parse("\n" * (self.first - 1) + self.text).body
        return node

    @cached_property
    def origin(self) -> Origin | None:
        """The C that it stands for; None of a variable."""
        return origin(self.doc)

    @cached_property
    def uses(self) -> frozenset[str]:
        """Every name that it mentions, in annotations too."""
        return frozenset(node.id for node in ast.walk(self.node) if isinstance(node, ast.Name))


@dataclass(frozen=True, eq=False)
class Module:
    """One source file of the kernel side."""

    name: str
    """base.pci"""
    point: int
    """Its patch, 0 if it is not one; what is on top of the series goes on counting."""
    layer: str
    """In short: base, +5, or the name of a mend."""
    doc: str
    text: str
    definitions: tuple[Definition, ...]
    import_statements: tuple[Import, ...]
    """Including those for type checkers."""

    @property
    def file(self) -> str:
        """Its file within the package: base/pci.py."""
        return file_of(self.name)

    @property
    def path(self) -> str:
        """Its file for people: kernel_port/base/pci.py; a user's own as it was given."""
        return shown(self.name)

    @cached_property
    def imports(self) -> dict[str, tuple[str, str]]:
        """Name here -> its module and its name there, "" for the module itself."""
        return dict(imported(self))


def file_of(module: str) -> str:
    """Return the file of a module within the package, base/pci.py for base.pci; of a user's module its path."""
    if module.startswith("yours."):
        return str(LOADED[str(path_of(module))])
    return f"{module.replace('.', '/')}.py"


def shown(module: str) -> str:
    """Return the file of a module for people."""
    file = file_of(module)
    return file if module.startswith("yours.") else f"{PACKAGE.name}/{file}"


def path_of(module: str) -> Path:
    """Return where the file of a module is."""
    if module.startswith("yours."):
        return Path(sys.modules[f"{PACKAGE.name}.{module}"].__file__ or "")
    return PACKAGE / file_of(module)


@cache
def modules() -> tuple[Module, ...]:
    """Return the modules of the kernel side in link order."""
    base = (read(name, 0, "base") for name in SERVICES + BASE)
    patches = (read(f"patch.{patch.module}", patch.number, f"+{patch.number}") for patch in PATCHES)
    return *base, *patches


@cache
def on_top(mends: tuple[Mend, ...]) -> tuple[Module, ...]:
    """Return the modules of *mends*, in their order."""
    return tuple(read(mend.module, len(PATCHES) + 1 + index, mend.name) for index, mend in enumerate(mends))


def module(name: str) -> Module:
    """Return one module of the kernel side by its name: "base.pci", "later.v312_tune_bus_reset_timing"."""
    found = next((module for module in modules() if module.name == name), None)
    return found or read(name, len(PATCHES) + 1, name)


@cache
def functions(path: str) -> dict[tuple[str, int], ast.FunctionDef]:
    """Return every `def` of a file, of ours or not, by name and first line (of its decorators, as in code objects)."""
    nodes = [
        node for node in ast.walk(ast.parse("".join(linecache.getlines(path)))) if isinstance(node, ast.FunctionDef)
    ]
    return {(node.name, first_line(node)): node for node in nodes}


def read(name: str, point: int, layer: str) -> Module:
    """Read the module *name*, "base.pci"."""
    text = path_of(name).read_text(encoding="utf-8")
    tree, lines = ast.parse(text), text.splitlines()
    exports = dict(filter(None, map(exported, tree.body)))
    found = (define(node, name, point, layer, lines, exports) for node in tree.body)
    statements = [*tree.body, *(inner for node in tree.body if isinstance(node, ast.If) for inner in node.body)]
    imports = tuple(node for node in statements if isinstance(node, Import))
    return Module(name, point, layer, docstring(tree), text, tuple(filter(None, found)), imports)


def docstring(node: ast.AST) -> str:
    """Return the docstring of a module or definition, fit for a terminal; "" if it has none."""
    if not isinstance(node, ast.Module | ast.FunctionDef | ast.ClassDef):
        return ""
    return "\n".join(map(clean, (ast.get_docstring(node) or "").split("\n")))


def exported(node: ast.stmt) -> tuple[str, str] | None:
    """Return function and mark of EXPORT_SYMBOL(function)."""
    match node:
        case ast.Expr(value=ast.Call(func=ast.Name(id=mark), args=[ast.Name(id=name)])) if mark in EXPORTS:
            return name, mark
    return None


def define(
    node: ast.stmt, module: str, point: int, layer: str, lines: list[str], exports: dict[str, str]
) -> Definition | None:
    """Return what a statement at the top of a module defines, if it does."""
    match node:
        case ast.FunctionDef(name=name):
            kind = "function"
        case ast.ClassDef(name=name):
            kind = "struct"
        case ast.AnnAssign(target=ast.Name(id=name)) | ast.Assign(targets=[ast.Name(id=name)]):
            kind = "variable"
        case _:
            return None
    if name in DECLARATIONS:
        return None
    first = first_line(node)
    while first > 1 and lines[first - 2].startswith("#") and not lines[first - 2].startswith("# SPDX"):
        first -= 1
    text = "\n".join(lines[first - 1 : end_line(node, lines)])
    export = exports.get(name, "")
    return Definition(name, module, point, layer, kind, docstring(node), node.lineno, first, text, export)


def first_line(node: Statement) -> int:
    """Return the line that a definition begins in, with its decorators."""
    decorators = node.decorator_list if isinstance(node, ast.FunctionDef | ast.ClassDef) else []
    return min([node.lineno, *(decorator.lineno for decorator in decorators)])


def end_line(node: Statement, lines: list[str]) -> int:
    """Return the line that a definition ends in, with the comments at the end of its body."""
    last = end = node.end_lineno or node.lineno
    while isinstance(node, ast.FunctionDef) and end < len(lines) and is_comment(lines[end]):
        end += 1
        last = end if lines[end - 1] else last
    return last


def is_comment(line: str) -> bool:
    """Return whether a line is an indented comment, or empty."""
    return not line or (line.startswith("    ") and line.lstrip().startswith("#"))


def imported(module: Module) -> Iterator[tuple[str, tuple[str, str]]]:
    """Yield what a module imports, as in Module.imports; a star as the names that it imports."""
    package = f"{PACKAGE.name}.{module.name}".rpartition(".")[0]
    for node in module.import_statements:
        if isinstance(node, ast.Import):
            yield from ((alias.name, (alias.name, "")) for alias in node.names)
        elif node.module != "__future__":
            parent = package.rsplit(".", node.level - 1)[0] if node.level else ""
            source = ".".join(filter(None, (parent, node.module)))
            for alias in node.names:
                if alias.name == "*":
                    yield from included(source)
                else:
                    yield alias.asname or alias.name, (source, alias.name)


def included(source: str) -> Iterator[tuple[str, tuple[str, str]]]:
    """Yield what `from source import *` imports; from our own modules also what they import."""
    ours = next((module for module in modules() if source == f"{PACKAGE.name}.{module.name}"), None)
    if ours is None:
        names = {name: (source, name) for name in vars(import_module(source))}
    else:
        names = {**ours.imports, **{each.name: (source, each.name) for each in ours.definitions}}
    yield from ((name, where) for name, where in names.items() if not name.startswith("_"))

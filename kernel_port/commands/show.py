# SPDX-License-Identifier: GPL-2.0-only
"""Show a symbol's history over the series: where it is defined, and what each patch changes; or a module's symbols.

SYMBOL is a C name (a function, struct, variable or constant), a module (base/pci, p05) or the number of a patch.

Examples: kernel-port show pci_parent_bus_reset
          kernel-port show 7
          kernel-port show --doc pcie_write_cmd
          kernel-port show --cover
"""

from __future__ import annotations

import argparse
import ast
import difflib
import json
from dataclasses import asdict, dataclass
from typing import Any

from ..hw.errors import MachineError
from ..review.port.definitions import Definition, Module, module, modules
from ..review.port.flat import definitions_at
from ..review.port.symbols import symbols
from ..series import PATCHES
from ..terminal import Paint, clean
from . import _cover

STYLES = {"+": "green", "-": "red", "@": "cyan"}


def arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the arguments of show."""
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("symbol", metavar="SYMBOL", nargs="?", help="a C name, a module or the number of a patch")
    what.add_argument(
        "--cover", action="store_true", help="the cover letter in our words: code, scenarios and findings of each claim"
    )
    parser.add_argument("--doc", action="store_true", help="all docstrings of the symbol, and of its modules")
    parser.add_argument(
        "--json",
        action="store_true",
        help="an object: symbol, exported, definitions (symbol, point, file, line, kind, signature, doc), changes "
        "(patch, subject, diff); of a module: file, doc, definitions; of the cover letter: title, version, author, "
        "date, history, insertions, deletions, lines, paragraphs (about, claims (claim, code (file, functions), "
        "scenarios, found))",
    )


def run(args: argparse.Namespace) -> int:
    """Print what is known of the symbol, or the symbols of the module."""
    if args.cover:
        _cover.show(args.json)
        return 0
    if definitions := symbols().definitions.get(args.symbol):
        if args.json:
            print(json.dumps(symbol_as_json(definitions), indent=1))
        elif args.doc:
            print_docs(definitions)
        else:
            print_symbol(definitions)
        return 0
    found = find_module(args.symbol)
    if args.json:
        known = {"file": found.file, "doc": found.doc, "definitions": list(map(as_json, found.definitions))}
        print(json.dumps(known, indent=1))
    else:
        print_module(found, args.doc)
    return 0


def symbol_as_json(definitions: list[Definition]) -> dict[str, Any]:
    """Return a symbol as data."""
    return {
        "symbol": definitions[0].name,
        "exported": export_of(definitions) or None,
        "definitions": list(map(as_json, definitions)),
        "changes": [asdict(change) for change in history(definitions)],
    }


def as_json(definition: Definition) -> dict[str, Any]:
    """Return a definition as data."""
    return {
        "symbol": definition.name,
        "point": definition.point,
        "file": definition.file,
        "line": definition.line,
        "kind": definition.kind,
        "signature": signature(definition),
        "doc": definition.doc,
    }


def signature(definition: Definition) -> str:
    """Return the declaration of a symbol."""
    match definition.node:
        case ast.FunctionDef(name=name, args=arguments, returns=returns):
            return f"{name}({ast.unparse(arguments)}){f' -> {ast.unparse(returns)}' if returns else ''}"
        case ast.ClassDef(name=name):
            return f"struct {name}"
        case variable:
            return ast.unparse(variable)


def export_of(definitions: list[Definition]) -> str:
    """Return the mark that exports a symbol, "" if there is none."""
    return next((each.export for each in definitions if each.export), "")


def find_module(name: str) -> Module:
    """Find the module *name*: its path, its stem, the start of that (p05), or the number of its patch.

    :raises MachineError: neither a symbol nor a module; the message has the nearest names"""
    wanted = name.removesuffix(".py").removeprefix("kernel_port/")
    for each in modules():
        path = each.file.removesuffix(".py")
        stem = path.rpartition("/")[2]
        if wanted in (path, stem, stem.partition("_")[0] if each.point else path) or wanted == str(each.point or ""):
            return each
    known = sorted({*symbols().definitions, *(each.file for each in modules())})
    near = difflib.get_close_matches(name, known, n=4, cutoff=0.5)
    hint = f"; the nearest: {', '.join(near)}" if near else "; kernel-port list names the files of the series"
    raise MachineError(f"{clean(name)}: no such symbol, module or patch{hint}")


@dataclass(frozen=True, slots=True)
class Change:
    """What a patch does to a symbol."""

    patch: int
    subject: str
    #: Lines of a difference, without head; empty if the patch adds the symbol.
    diff: list[str]


def history(definitions: list[Definition]) -> list[Change]:
    """Return what each patch of the series does to a symbol, from all its *definitions*."""
    changes = []
    old = text_at(definitions[0].name, 0)
    for patch in (PATCHES[each.point - 1] for each in definitions if each.point):
        new = text_at(definitions[0].name, patch.number)
        diff = difflib.unified_diff(old.splitlines(), new.splitlines(), n=2, lineterm="") if old else ()
        changes.append(Change(patch.number, patch.subject, list(diff)[2:]))
        old = new
    return changes


def text_at(symbol: str, point: int) -> str:
    """Return the definition of *symbol* at a point of the series, "" if there is none."""
    return next((each.text for each in definitions_at(point) if each.name == symbol), "")


def print_symbol(definitions: list[Definition]) -> None:
    """Print where a symbol is defined, the newest definition's docstring, and what each patch changes."""
    paint, newest, exported = Paint(), definitions[-1], export_of(definitions)
    print(f"{paint('bold', signature(newest))}")
    print(f"    {newest.kind}{f', {exported}' if exported else ''}\n")
    for definition in definitions:
        at = f"kernel_port/{definition.file}:{definition.line}"
        changed = f"    was {signature(definition)}" if signature(definition) != signature(newest) else ""
        print(f"    {point_name(definition.point):<6}{at}{changed}")
    if newest.doc:
        print("\n" + indented(newest.doc))
    for change in history(definitions):
        print(f"\n{paint('bold', f'{change.patch}/{len(PATCHES)} {change.subject}')}")
        for line in change.diff:
            style = STYLES.get(line[:1])
            print("    " + (paint(style, line) if style else line))
        if not change.diff:
            print(f"    adds {newest.name}")


def print_docs(definitions: list[Definition]) -> None:
    """Print all docstrings of a symbol, and those of the modules it is in."""
    paint = Paint()
    for definition in definitions:
        at = f"kernel_port/{definition.file}:{definition.line}"
        print(f"{paint('bold', signature(definition))}\n    {point_name(definition.point):<6}{at}\n")
        print(f"{indented(definition.doc or 'no docstring: a variable')}\n")
    for name in dict.fromkeys(definition.module for definition in definitions):
        print(f"{paint('bold', f'kernel_port/{module(name).file}')}\n\n{indented(module(name).doc)}\n")


def print_module(found: Module, docs: bool) -> None:
    """Print what a module is about and its symbols, with their docstrings if asked to."""
    paint = Paint()
    print(f"{paint('bold', f'kernel_port/{found.file}')} ({point_name(found.point)})\n\n{indented(found.doc)}\n")
    for definition in found.definitions:
        mark = f", {definition.export}" if definition.export else ""
        head, _, _ = signature(definition).partition("\n")
        print(f"    {definition.line:>4}  {head}{paint('dim', mark)}")
        if docs and definition.doc:
            print(f"\n{indented(indented(definition.doc))}\n")


def point_name(point: int) -> str:
    """Format a point of the series: "base", "+5"."""
    return f"+{point}" if point else "base"


def indented(text: str) -> str:
    """Indent *text*."""
    return "\n".join(f"    {line}".rstrip() for line in text.splitlines())

# SPDX-License-Identifier: GPL-2.0-only
"""Show a symbol's history over the series and the mends: where it is defined, what each changes; or a module's symbols.

SYMBOL is a C name (a function, struct, variable or constant), a module (base/pci, p05), the number of a patch or the
name of a mend. Files of yours (--with ./mine.py) are a part of the history, too.

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
from itertools import accumulate
from typing import Any

from ..choice import ALL, KernelChoice
from ..hw.errors import MachineError, did_you_mean
from ..mends import Mend, beneath, shipped
from ..review.port.definitions import Definition, Module, module, modules, on_top
from ..review.port.flat import grown
from ..review.port.symbols import symbols
from ..series import PATCHES
from ..terminal import Paint, clean
from . import _cover, _kernel

STYLES = {"+": "green", "-": "red", "@": "cyan"}


def arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the arguments of show."""
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("symbol", metavar="SYMBOL", nargs="?", help="a C name, a module, number of a patch or a mend")
    what.add_argument(
        "--cover", action="store_true", help="the cover letter in our words: code, scenarios and findings of each claim"
    )
    _kernel.mends(parser)
    parser.add_argument("--doc", action="store_true", help="all docstrings of the symbol, and of its modules")
    parser.add_argument(
        "--json",
        action="store_true",
        help="an object: symbol, exported, definitions (symbol, point, layer, file, line, kind, signature, doc), "
        "changes (patch, layer, subject, diff); of a module: file, doc, definitions; of the cover letter: title, "
        "version, author, date, history, insertions, deletions, lines, paragraphs (about, claims (claim, code (file, "
        "functions), scenarios, found))",
    )


def run(args: argparse.Namespace) -> int:
    """Print what is known of the symbol, or the symbols of the module."""
    if args.cover:
        _cover.show(args.json)
        return 0
    mends = KernelChoice.of(ALL, [*shipped(), *args.extra], needs=args.with_needs).mends
    if definitions := symbols(mends).definitions.get(args.symbol):
        if args.json:
            print(json.dumps(symbol_as_json(definitions, mends), indent=1))
        elif args.doc:
            print_docs(definitions)
        else:
            print_symbol(definitions, mends)
        return 0
    found = find_module(args.symbol, mends)
    if args.json:
        known = {"file": found.file, "doc": found.doc, "definitions": list(map(as_json, found.definitions))}
        print(json.dumps(known, indent=1))
    else:
        print_module(found, args.doc)
    return 0


def symbol_as_json(definitions: list[Definition], mends: tuple[Mend, ...]) -> dict[str, Any]:
    """Return a symbol as data."""
    return {
        "symbol": definitions[0].name,
        "exported": export_of(definitions) or None,
        "definitions": list(map(as_json, definitions)),
        "changes": [asdict(change) for change in history(definitions, mends)],
    }


def as_json(definition: Definition) -> dict[str, Any]:
    """Return a definition as data."""
    return {
        "symbol": definition.name,
        "point": min(definition.point, len(PATCHES)),
        "layer": definition.layer,
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


def find_module(name: str, mends: tuple[Mend, ...]) -> Module:
    """Find the module *name*: its path, its stem, the start of that (p05), the number of its patch, its mend's name.

    :raises MachineError: neither a symbol nor a module; the message has the nearest names"""
    wanted = name.removesuffix(".py").removeprefix("kernel_port/")
    everything = (*modules(), *on_top(mends))
    for each in everything:
        path = each.file.removesuffix(".py")
        stem = path.rpartition("/")[2]
        short = each.layer.replace("+", "p0") if each.point <= len(PATCHES) else each.layer
        if wanted in (path, stem, short) or wanted == each.layer.removeprefix("+"):
            return each
    known = sorted({*symbols(mends).definitions, *(each.file for each in everything)})
    hint = did_you_mean(name, known, "kernel-port list names the files of the series")
    raise MachineError(f"{clean(name)}: no such symbol, module, patch or mend; {hint}")


@dataclass(frozen=True, slots=True)
class Change:
    """What a patch or a mend does to a symbol."""

    #: None of a mend.
    patch: int | None
    #: +5, or the name of the mend.
    layer: str
    subject: str
    #: Lines of a difference, without head; empty if the patch adds the symbol.
    diff: list[str]


def history(definitions: list[Definition], mends: tuple[Mend, ...]) -> list[Change]:
    """Return what each patch of the series and each of *mends* does to a symbol, from all its *definitions*."""
    changes = []
    by_module = {mend.module: mend for mend in mends}
    texts = list(accumulate(definitions, lambda old, new: grown(old, new) if new.kind == "struct" else new))
    for index, each in enumerate(definitions):
        if not each.point:
            continue
        mend = by_module.get(each.module)
        below = {other.module for other in beneath(mend, mends)} if mend else set()
        # a mend changes the series, or one of the mends that it requires
        older = [i for i in range(index) if definitions[i].point <= len(PATCHES) or definitions[i].module in below]
        new, old = texts[index].text.splitlines(), texts[older[-1]].text.splitlines() if older else []
        diff = list(difflib.unified_diff(old, new, n=2, lineterm=""))[2:] if old else []
        subject = mend.title if mend else PATCHES[each.point - 1].subject
        changes.append(Change(None if mend else each.point, each.layer, subject, diff))
    return changes


def print_symbol(definitions: list[Definition], mends: tuple[Mend, ...]) -> None:
    """Print where a symbol is defined, the newest definition's docstring, and what each patch changes."""
    paint, newest, exported = Paint(), definitions[-1], export_of(definitions)
    print(f"{paint('bold', signature(newest))}")
    print(f"    {newest.kind}{f', {exported}' if exported else ''}\n")
    width = max(len(each.layer) for each in definitions)
    for definition in definitions:
        at = f"{definition.path}:{definition.line}"
        changed = f"    was {signature(definition)}" if signature(definition) != signature(newest) else ""
        print(f"    {definition.layer:<{width}}  {at}{changed}")
    if newest.doc:
        print("\n" + indented(newest.doc))
    for change in history(definitions, mends):
        title = f"{change.patch}/{len(PATCHES)}" if change.patch else f"{change.layer}:"
        print(f"\n{paint('bold', f'{title} {change.subject}')}")
        for line in change.diff:
            style = STYLES.get(line[:1])
            print("    " + (paint(style, line) if style else line))
        if not change.diff:
            print(f"    adds {newest.name}")


def print_docs(definitions: list[Definition]) -> None:
    """Print all docstrings of a symbol, and those of the modules it is in."""
    paint = Paint()
    for definition in definitions:
        at = f"{definition.path}:{definition.line}"
        print(f"{paint('bold', signature(definition))}\n    {definition.layer:<4}  {at}\n")
        print(f"{indented(definition.doc or 'no docstring: a variable')}\n")
    for name in dict.fromkeys(definition.module for definition in definitions):
        print(f"{paint('bold', module(name).path)}\n\n{indented(module(name).doc)}\n")


def print_module(found: Module, docs: bool) -> None:
    """Print what a module is about and its symbols, with their docstrings if asked to."""
    paint = Paint()
    print(f"{paint('bold', found.path)} ({found.layer})\n\n{indented(found.doc)}\n")
    for definition in found.definitions:
        mark = f", {definition.export}" if definition.export else ""
        head, _, _ = signature(definition).partition("\n")
        print(f"    {definition.line:>4}  {head}{paint('dim', mark)}")
        if docs and definition.doc:
            print(f"\n{indented(indented(definition.doc))}\n")


def indented(text: str) -> str:
    """Indent *text*."""
    return "\n".join(f"    {line}".rstrip() for line in text.splitlines())

# SPDX-License-Identifier: GPL-2.0-only
"""Show a symbol's history over the series: where it is defined, and what each patch changes; or a room's symbols.

SYMBOL is a C name (a function, struct, variable or constant), a room (base/pci, p05) or the number of a patch.

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
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path

from ..hw.errors import MachineError
from ..link import BASE, PATCHES, SERVICES
from ..review.port.flat import pieces_at
from ..series import PATCHES as SERIES
from ..terminal import Paint, clean
from . import _cover

PACKAGE = Path(__file__).resolve().parents[1]
STYLES = {"+": "green", "-": "red", "@": "cyan"}
#: Names at the top of a room that are about the room.
OF_THE_ROOM = ("ADDS", "MODIFIES")


@dataclass(frozen=True, slots=True)
class Definition:
    """One definition of a symbol."""

    symbol: str
    point: int
    """From which point of the series on: 0 is the base."""
    room: str
    """"base/pci.py"."""
    line: int
    kind: str
    """function, struct or variable."""
    signature: str
    doc: str


def arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the arguments of show."""
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("symbol", metavar="SYMBOL", nargs="?", help="a C name, a room or the number of a patch")
    what.add_argument(
        "--cover", action="store_true", help="the cover letter in our words: code, scenarios and findings of each claim"
    )
    parser.add_argument(
        "--doc", action="store_true", help="all that is written about it: docstrings of the symbol, and of its rooms"
    )
    parser.add_argument(
        "--json",
        action="store_true",
        help="an object: symbol, exported, definitions (symbol, point, room, line, kind, signature, doc), changes "
        "(patch, subject, diff); of a room: room, doc, definitions; of the cover letter: title, version, author, date, "
        "history, insertions, deletions, lines, paragraphs (about, claims (claim, code (file, functions), scenarios, "
        "found))",
    )


def run(args: argparse.Namespace) -> int:
    """Print what is known of the symbol, or the symbols of the room."""
    if args.cover:
        _cover.show(args.json)
        return 0
    rooms = [read(name) for name in SERVICES + BASE + PATCHES]
    definitions = [definition for room in rooms for definition in room.definitions if definition.symbol == args.symbol]
    if definitions:
        exported = next((room.exports[args.symbol] for room in rooms if args.symbol in room.exports), None)
        if args.json:
            known = {"symbol": args.symbol, "exported": exported, "definitions": [asdict(d) for d in definitions]}
            print(json.dumps({**known, "changes": [asdict(change) for change in history(args.symbol)]}, indent=1))
        elif args.doc:
            print_docs(definitions, {room.path: room.doc for room in rooms})
        else:
            print_symbol(definitions, exported)
        return 0
    room = find_room(rooms, args.symbol)
    if args.json:
        known = {"room": room.path, "doc": room.doc, "definitions": [asdict(d) for d in room.definitions]}
        print(json.dumps(known, indent=1))
    else:
        print_room(room, args.doc)
    return 0


@dataclass(frozen=True, slots=True)
class Room:
    """One source file of the kernel side."""

    path: str
    point: int
    doc: str
    definitions: list[Definition]
    exports: dict[str, str]


@cache
def read(name: str) -> Room:
    """Read a room, "base.pci", from its source."""
    path = name.replace(".", "/") + ".py"
    tree = ast.parse((PACKAGE / path).read_text(encoding="utf-8"))
    point = PATCHES.index(name) + 1 if name in PATCHES else 0
    definitions = [d for node in tree.body for d in define(node, path, point) if d.symbol not in OF_THE_ROOM]
    return Room(path, point, ast.get_docstring(tree) or "", definitions, dict(exports(tree)))


def define(node: ast.stmt, room: str, point: int) -> Iterator[Definition]:
    """The definitions that a statement at the top of a room makes."""
    match node:
        case ast.FunctionDef():
            returns = f" -> {ast.unparse(node.returns)}" if node.returns else ""
            signature = f"{node.name}({ast.unparse(node.args)}){returns}"
            yield Definition(node.name, point, room, node.lineno, "function", signature, ast.get_docstring(node) or "")
        case ast.ClassDef():
            yield Definition(
                node.name, point, room, node.lineno, "struct", f"struct {node.name}", ast.get_docstring(node) or ""
            )
        case ast.AnnAssign(target=ast.Name(id=name)) | ast.Assign(targets=[ast.Name(id=name)]):
            yield Definition(name, point, room, node.lineno, "variable", ast.unparse(node), "")


def exports(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """Symbol and mark of each EXPORT_SYMBOL(symbol)."""
    for node in tree.body:
        match node:
            case ast.Expr(ast.Call(func=ast.Name(id=mark), args=[ast.Name(id=symbol)])) if mark.startswith("EXPORT_"):
                yield symbol, mark


def find_room(rooms: list[Room], name: str) -> Room:
    """The room that *name* means: its path, its stem, the start of it (p05), or the number of its patch.

    :raises MachineError: neither a symbol nor a room; names those that are nearest"""
    wanted = name.removesuffix(".py").removeprefix("kernel_port/")
    for room in rooms:
        path = room.path.removesuffix(".py")
        stem = path.rpartition("/")[2]
        if wanted in (path, stem, stem.partition("_")[0] if room.point else path) or wanted == str(room.point or ""):
            return room
    known = sorted({d.symbol for room in rooms for d in room.definitions} | {room.path for room in rooms})
    near = difflib.get_close_matches(name, known, n=4, cutoff=0.5)
    hint = f"; the nearest: {', '.join(near)}" if near else "; kernel-port list names the rooms"
    raise MachineError(f"{clean(name)}: no such symbol, room or patch{hint}")


@dataclass(frozen=True, slots=True)
class Change:
    """What a patch does to a symbol."""

    patch: int
    subject: str
    #: Lines of a difference, without head; none of a symbol that the patch adds.
    diff: list[str]


def history(symbol: str) -> list[Change]:
    """What each patch of the series does to *symbol*."""
    texts = [text_at(symbol, point) for point in range(len(PATCHES) + 1)]
    changes = []
    for patch, old, new in zip(SERIES, texts, texts[1:], strict=False):
        if old != new:
            diff = difflib.unified_diff(old.splitlines(), new.splitlines(), n=2, lineterm="") if old else ()
            changes.append(Change(patch.number, patch.subject, list(diff)[2:]))
    return changes


def text_at(symbol: str, point: int) -> str:
    """The definition of *symbol* at a point of the series, "" if there is none."""
    return next((piece.text for piece in pieces_at(point) if piece.name == symbol), "")


def print_symbol(definitions: list[Definition], exported: str | None) -> None:
    """Print where a symbol is defined, the newest definition's docstring, and what each patch changes."""
    paint, newest = Paint(), definitions[-1]
    print(f"{paint('bold', newest.signature)}")
    print(f"    {newest.kind}{f', {exported}' if exported else ''}\n")
    for definition in definitions:
        at = f"kernel_port/{definition.room}:{definition.line}"
        changed = f"    was {definition.signature}" if definition.signature != newest.signature else ""
        print(f"    {point_name(definition.point):<6}{at}{changed}")
    if newest.doc:
        print("\n" + indented(newest.doc))
    for change in history(newest.symbol):
        print(f"\n{paint('bold', f'{change.patch}/{len(SERIES)} {change.subject}')}")
        for line in change.diff:
            style = STYLES.get(line[:1])
            print("    " + (paint(style, line) if style else line))
        if not change.diff:
            print(f"    adds {newest.symbol}")


def print_docs(definitions: list[Definition], rooms: dict[str, str]) -> None:
    """Print all docstrings of a symbol, and those of the rooms it is in."""
    paint = Paint()
    for definition in definitions:
        at = f"kernel_port/{definition.room}:{definition.line}"
        print(f"{paint('bold', definition.signature)}\n    {point_name(definition.point):<6}{at}\n")
        print(f"{indented(definition.doc or 'no docstring: a variable')}\n")
    for path in dict.fromkeys(definition.room for definition in definitions):
        print(f"{paint('bold', f'kernel_port/{path}')}\n\n{indented(rooms[path])}\n")


def print_room(room: Room, docs: bool) -> None:
    """Print what a room is about and its symbols, with their docstrings if asked to."""
    paint = Paint()
    print(f"{paint('bold', f'kernel_port/{room.path}')} ({point_name(room.point)})\n\n{indented(room.doc)}\n")
    for definition in room.definitions:
        mark = f", {room.exports[definition.symbol]}" if definition.symbol in room.exports else ""
        signature = definition.signature.partition("\n")[0]
        print(f"    {definition.line:>4}  {signature}{paint('dim', mark)}")
        if docs and definition.doc:
            print(f"\n{indented(indented(definition.doc))}\n")


def point_name(point: int) -> str:
    """How a point of the series is written: "base", "+5"."""
    return f"+{point}" if point else "base"


def indented(text: str) -> str:
    """*text* a step to the right."""
    return "\n".join(f"    {line}".rstrip() for line in text.splitlines())

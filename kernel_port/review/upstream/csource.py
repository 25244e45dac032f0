# SPDX-License-Identifier: GPL-2.0-only
"""A small reader of kernel C: where functions, macros and structs are defined, with their prototypes and text.

It relies on the kernel's layout: a definition begins in column 0, and a brace in column 0 ends it, so that code under
#if, or garbage, loses at most one definition. Comments, strings and preprocessor lines
are blanked first. Time is linear in the length of the text.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property

from ...hw.errors import MachineError
from ...limits import EXPANSION
from .tree import Tree

#: Comments and literals, closed or not.
QUIET = re.compile(r"//[^\n]*|/\*.*?(?:\*/|\Z)|\"(?:\\.|[^\"\\\n])*\"?|'(?:\\.|[^'\\\n])*'?", re.DOTALL)
#: A preprocessor line with its continuations.
DIRECTIVE = re.compile(r"^[ \t]*#(?:[^\n\\]|\\.)*", re.MULTILINE | re.DOTALL)
DEFINE = re.compile(r"[ \t]*#[ \t]*define[ \t]+(\w+)(\([^)\n]*\))?")
MARK = re.compile(r"[{}();]")
CALL = re.compile(r"\b(\w++)\s*+\(")
#: What follows a macro call at file level, with a semicolon or without.
ENDS_CALL = re.compile(r"\s*+;|[ \t]*+\n(?:\s*+(?<=\n)[A-Za-z_]|\s*+\Z)")
AGGREGATE = re.compile(r"(?:typedef\s++)?(?:struct|union)\s++(\w++)(?:\s++__\w++)*+")
#: What may be before a function's name and be followed by a parenthesis, and what is not a name.
NO_NAMES = frozenset((
    "__attribute__", "__printf", "__scanf", "__aligned", "__section", "__acquires", "__releases", "__must_hold",
    "__alloc_size", "if", "for", "while", "switch", "do", "else", "return", "sizeof", "defined",
))  # fmt: skip


@dataclass(frozen=True, slots=True)
class CFunction:
    """A function or macro as a C file defines it."""

    name: str
    file: str
    #: First and last line of the definition, from 1 on; a comment above it does not count.
    line: int
    end_line: int
    #: Return type, name and parameters, in one line, with the kernel's spacing.
    prototype: str
    text: str
    #: function, macro, or generated: made by a macro of the same file, whose lines and text these are then.
    kind: str = "function"

    @property
    def is_static(self) -> bool:
        """Whether it is static."""
        return self.kind != "macro" and "static" in self.prototype.partition("(")[0].split()


@dataclass(frozen=True, slots=True)
class CStruct:
    """A struct or union as a C file defines it."""

    name: str
    file: str
    line: int
    end_line: int
    text: str
    members: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CFile:
    """What a C file, or a piece of one, defines, in its order."""

    functions: tuple[CFunction, ...]
    structs: tuple[CStruct, ...]


@dataclass(frozen=True, slots=True)
class Block:
    """A block with braces at file level: what is before it, and where it begins and ends (offsets)."""

    head: str
    start: int
    body: int
    end: int


class CSource:
    """The C files of a tree, read on demand."""

    def __init__(self, tree: Tree) -> None:
        self.tree = tree
        self._files: dict[str, CFile] = {}

    def file(self, path: str) -> CFile:
        """Return what the file *path* defines; nothing if the tree has no such file."""
        if path not in self._files:
            self._files[path] = read(self.tree.text(path) or "", path)
        return self._files[path]

    def functions(self, path: str) -> tuple[CFunction, ...]:
        """Return functions and macros of the file *path*."""
        return self.file(path).functions

    def structs(self, path: str) -> tuple[CStruct, ...]:
        """Return structs and unions of the file *path*."""
        return self.file(path).structs

    def find(self, name: str, path: str = "") -> CFunction | None:
        """Find the function or macro *name*: in the file *path* if it is there, else anywhere in the tree.

        Functions come before macros, and code before the empty stubs of headers."""
        found = self._named.get(name, [])
        rank = {"function": 0, "generated": 1, "macro": 2}
        order = sorted(found, key=lambda each: (each.file != path, rank[each.kind], each.file.endswith(".h")))
        return order[0] if order else None

    def find_struct(self, name: str, path: str = "") -> CStruct | None:
        """Find the struct or union *name*: in the file *path* if it is there, else anywhere in the tree."""
        found = [struct for file in self.tree.paths() for struct in self.structs(file) if struct.name == name]
        return min(found, key=lambda struct: struct.file != path, default=None)

    @cached_property
    def _named(self) -> dict[str, list[CFunction]]:
        named: dict[str, list[CFunction]] = defaultdict(list)
        for path in self.tree.paths():
            for function in self.functions(path):
                named[function.name].append(function)
        return named


def read(text: str, path: str = "", unfinished: bool = False) -> CFile:
    """Find what a C file defines.

    :param text: the file, or any part of it
    :param path: its name
    :param unfinished: whether a definition that is cut off counts, as in a hunk of a patch"""
    quiet = blank(QUIET, from_comment(text) if unfinished else text)
    directives = list(DIRECTIVE.finditer(quiet))
    code = blank(DIRECTIVE, quiet)
    lines = Lines(text)
    blocks, calls = scan(code, unfinished)
    macros = {macro.name: macro for match in directives if (macro := define(match, path, lines))}
    functions = [*macros.values(), *generated(calls, macros, path)]
    structs = []
    for block in blocks:
        start, end = lines.of(block.start), lines.of(block.end - 1)
        whole = lines.text(start, end)
        if aggregate := AGGREGATE.fullmatch(block.head):
            names = tuple(members(code[block.body + 1 : block.end - 1]))
            structs.append(CStruct(aggregate[1], path, start, end, whole, names))
        elif name := function_name(block.head):
            functions.append(CFunction(name, path, start, end, tidy(text[block.start : block.body]), whole))
    functions.sort(key=lambda function: function.line)
    return CFile(tuple(functions), tuple(structs))


class Lines:
    """The lines of a text by number and by offset."""

    def __init__(self, text: str) -> None:
        self.lines = text.split("\n")
        self.starts = [0]
        for line in self.lines:
            self.starts.append(self.starts[-1] + len(line) + 1)

    def of(self, offset: int) -> int:
        """Return the number of the line, from 1 on, of the offset."""
        return bisect_right(self.starts, offset)

    def text(self, first: int, last: int) -> str:
        """Return the lines *first* to *last*."""
        return "\n".join(self.lines[first - 1 : last])


def blank(what: re.Pattern[str], text: str) -> str:
    """Replace *what* in *text* by spaces; keep line ends."""
    return what.sub(lambda match: re.sub(r"[^\n]", " ", match[0]), text)


def from_comment(text: str) -> str:
    """Blank the rest of a comment that *text* begins in; keep line ends."""
    comment, end, rest = text.partition("*/")
    return re.sub(r"[^\n]", " ", comment + end) + rest if end and "/*" not in comment else text


def scan(code: str, unfinished: bool) -> tuple[list[Block], list[str]]:
    """Find the blocks and the macro calls at file level."""
    blocks: list[Block] = []
    calls: list[str] = []
    start = depth = parentheses = body = 0
    bare: bool | None = None  # whether what began at start is a name and its parentheses; None: no parenthesis yet
    for match in MARK.finditer(code):
        mark, at = match[0], match.start()
        if depth:
            depth += {"{": 1, "}": -1}.get(mark, 0)
            if mark == "}" and (depth == 0 or at_margin(code, at)):
                blocks += block(code, start, body, at + 1)
                start, depth, parentheses, bare = at + 1, 0, 0, None
        elif mark == "{":
            body, depth = at, 1
        elif mark in ";}":
            start, parentheses, bare = at + 1, 0, None
        elif mark == "(":
            parentheses += 1
            bare = code[start:at].strip().isidentifier() if bare is None else bare
        else:
            parentheses = max(parentheses - 1, 0)
            if bare and not parentheses and ENDS_CALL.match(code, at + 1):
                calls.append(code[start : at + 1].strip())
                start, bare = at + 1, None
    if depth and unfinished:
        blocks += block(code, start, body, len(code.rstrip()))
    return blocks, calls


def at_margin(code: str, offset: int) -> bool:
    """Return whether the offset is in column 0."""
    return not offset or code[offset - 1] == "\n"


def block(code: str, start: int, body: int, end: int) -> Iterator[Block]:
    """Yield the block from *start* to *end*, if it begins in column 0 and is not an initializer."""
    head = code[start:body]
    start += len(head) - len(head.lstrip())
    if head.strip() and at_margin(code, start) and "=" not in re.sub(r"\([^()]*\)", "", head):
        yield Block(head.strip(), start, body, end)


def function_name(head: str) -> str:
    """Return the name of the function that *head* declares, "" if it declares none."""
    return next((match[1] for match in CALL.finditer(head) if match[1] not in NO_NAMES), "")


def define(match: re.Match[str], path: str, lines: Lines) -> CFunction | None:
    """Return the macro with parameters that a preprocessor line defines."""
    head = DEFINE.match(match[0])
    if not head or not head[2]:
        return None
    start, end = lines.of(match.start()), lines.of(match.end() - 1)
    return CFunction(head[1], path, start, end, tidy(head[1] + head[2]), lines.text(start, end), "macro")


def generated(calls: list[str], macros: dict[str, CFunction], path: str) -> Iterator[CFunction]:
    """Yield the functions that macros make by pasting names.

    :raises MachineError: they are too long together: such a file is no kernel's"""
    made_of = 0
    for call in calls:
        name, _, rest = call.partition("(")
        macro = macros.get(name.strip())
        if macro is None or "##" not in macro.text:
            continue
        made_of += len(macro.text) + len(call)
        if made_of > EXPANSION:
            raise MachineError(f"{path}: macros that make more than {EXPANSION >> 20} MiB; leave the file out")
        arguments = [argument.strip() for argument in rest.removesuffix(")").split(",")]
        parameters = macro.prototype.partition("(")[2].removesuffix(")").split(", ")
        text = re.sub(r"\\\n", "\n", DEFINE.sub("", macro.text, count=1))
        for parameter, argument in zip(parameters, arguments, strict=False):
            text = re.sub(rf"\b{re.escape(parameter)}\b", argument.replace("\\", r"\\"), text)
        text = re.sub(r"\s*##\s*", "", text)
        text = text[: text.rfind("}") + 1]
        head, brace, _ = text.partition("{")
        if brace and (made := function_name(head)):
            yield replace(macro, name=made, prototype=tidy(head), text=text, kind="generated")


def members(body: str) -> Iterator[str]:
    """Return the names of the members between a struct's braces, without those of nested structs."""
    flat, depth = [], 0
    for piece in re.split(r"([{}])", body):
        depth += {"{": 1, "}": -1}.get(piece, 0)
        if not depth and piece != "}":
            flat.append(piece)
    for declaration in "".join(flat).split(";"):
        if pointer := re.search(r"\(\s*+\*\s*+(\w++)\s*+\)\s*+\(", declaration):
            yield pointer[1]
            continue
        for declarator in re.sub(r"\[[^][]*\]|:\s*+\w++", "", declaration).split(","):
            if name := re.search(r"\b(\w++)\s*+$", declarator):
                yield name[1]


def tidy(text: str) -> str:
    """Format a declaration in one line, without comments, spaced as in the kernel."""
    words = " ".join(blank(QUIET, text).split())
    words = re.sub(r"\s*([(),])\s*", r"\1", words).replace(",", ", ")
    return re.sub(r"\*\s+", "*", re.sub(r"(\w)\s*\*", r"\1 *", words))

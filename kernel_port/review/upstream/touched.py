# SPDX-License-Identifier: GPL-2.0-only
"""What a patch does to functions and structs: which it adds, modifies and removes, from its hunks alone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from .csource import AGGREGATE, CFunction, CStruct, from_comment, function_name, read
from .mbox import FileChange, Hunk, Mail

#: A line that may be in a body: indented, empty, a label or a preprocessor line.
INNER = re.compile(r"[ \t].*|#.*|\w+:.*|")
EXPORT = re.compile(r"^(EXPORT_SYMBOL(?:_GPL)?)\((\w+)\)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Touched:
    """What one patch touches."""

    #: Functions that are new, as defined.
    added: dict[str, CFunction]
    #: Functions whose text changes, and structs.
    modified: frozenset[str]
    removed: frozenset[str]
    #: Struct -> members it gains.
    members: dict[str, tuple[str, ...]]
    #: Function -> EXPORT_SYMBOL or EXPORT_SYMBOL_GPL.
    exports: dict[str, str]


def touched(mail: Mail) -> Touched:
    """Return what the patch *mail* touches."""
    old, new = (on_side(mail, sign) for sign in "-+")
    added = {name: function for name, (function, fresh) in new.items() if fresh and function and name not in old}
    removed = frozenset(name for name, (function, fresh) in old.items() if fresh and name not in new)
    lines = (line for change in mail.changes for hunk in change.hunks for line in hunk.lines)
    text = "\n".join(line[1:] for line in lines if line.startswith("+"))
    return Touched(
        added,
        frozenset((old.keys() | new.keys()) - added.keys() - removed),
        removed,
        {name: gained for change in mail.changes for name, gained in grown(change)},
        {match[2]: match[1] for match in EXPORT.finditer(text)},
    )


def on_side(mail: Mail, sign: str) -> dict[str, tuple[CFunction | None, bool]]:
    """Return functions and structs with lines that are only there before ("-") or after ("+").

    :return: name -> its definition, if a hunk has the start of it, and whether it begins with such a line"""
    found: dict[str, tuple[CFunction | None, bool]] = {}
    # Headers first: they may have stubs of functions in C files, which then count.
    for change in sorted(mail.changes, key=lambda change: not change.path.endswith(".h")):
        for hunk in change.hunks:
            for name, definition, fresh in in_hunk(hunk, sign, change.path):
                found[name] = definition, fresh
    return found


def in_hunk(hunk: Hunk, sign: str, path: str) -> Iterator[tuple[str, CFunction | None, bool]]:
    """Yield the result of on_side() for one hunk."""
    lines = hunk.side(sign)
    if name := around(hunk, lines):
        yield name, None, False
    defined = read("\n".join(text for text, _ in lines), path, unfinished=True)
    everything: list[CFunction | CStruct] = [*defined.functions, *defined.structs]
    for each in everything:
        definition = each if isinstance(each, CFunction) else None
        if any(only for _, only in lines[each.line - 1 : each.end_line]):
            yield each.name, definition, lines[each.line - 1][1]


def around(hunk: Hunk, lines: list[tuple[str, bool]]) -> str:
    """Return the function or struct that the hunk begins in, if a line in the rest of it changes; "" if not."""
    return section_name(hunk.section) if any(only and text.strip() for text, only in inside(lines)) else ""


def inside(lines: list[tuple[str, bool]]) -> list[tuple[str, bool]]:
    """Return the first lines of one side of a hunk that are within braces opened above it."""
    for index, (text, _) in enumerate(lines):
        if not INNER.fullmatch(text):
            return lines[:index] if text.startswith("}") else []
    return lines


def section_name(section: str) -> str:
    """Return the name in the first line of a function or struct."""
    if aggregate := AGGREGATE.match(section):
        return aggregate[1]
    return function_name(section) if not section.endswith(";") else ""


def grown(change: FileChange) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Return the structs that gain members."""
    for hunk in change.hunks:
        before, after = (members(hunk, sign) for sign in "-+")
        for name in before.keys() & after.keys():
            if gained := tuple(member for member in after[name] if member not in before[name]):
                yield name, gained


def members(hunk: Hunk, sign: str) -> dict[str, tuple[str, ...]]:
    """Return the members, as far as in the hunk, of each struct on one side."""
    text = "\n".join(line for line, _ in hunk.side(sign))
    structs: tuple[CStruct, ...] = read(text, unfinished=True).structs
    if aggregate := AGGREGATE.match(hunk.section):
        rest = "\n".join(line for line, _ in inside(hunk.side(sign)))
        structs += read(f"struct {aggregate[1]} {{\n{from_comment(rest)}\n}}").structs
    return {struct.name: struct.members for struct in structs if struct.members}

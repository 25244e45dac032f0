# SPDX-License-Identifier: GPL-2.0-only
"""Finds names of the kernel side in a text, to link them to their definitions."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from ..port.definitions import Definition
from ..port.symbols import Symbols, local_names
from ..upstream.csource import QUIET, blank

#: A name in C, with as much context as its meaning depends on.
C_NAME = re.compile(r"(->\s*|\.\s*|\bstruct\s+|=\s*&?)?\b([A-Za-z_]\w*)(\s*\()?")


@dataclass(frozen=True, slots=True, order=True)
class NameLink:
    """A word that is a link."""

    #: First and last column.
    start: int
    end: int
    #: The definitions it leads to; several where a pointer may lead to any of them.
    names: tuple[str, ...]
    #: Its name there, if different: the member that holds the pointer, a later name.
    alias: str = ""


def python_links(definition: Definition, symbols: Symbols) -> dict[int, list[NameLink]]:
    """Return the links in a definition, by line of its file."""
    found: dict[int, set[NameLink]] = defaultdict(set)
    own = local_names(definition.node)
    typed = {id(each) for each in ast.walk(definition.node) for each in annotation(each)}
    lines = definition.text.split("\n")
    for node in ast.walk(definition.node):
        if isinstance(node, ast.Name) and node.id in symbols.definitions and (id(node) in typed or node.id not in own):
            found[node.lineno].add(NameLink(node.col_offset, node.col_offset + len(node.id), (node.id,)))
        elif isinstance(node, ast.Attribute) and (names := symbols.pointers.get(node.attr)) and node.end_col_offset:
            line = node.end_lineno or node.lineno
            end = node.end_col_offset
            found[line].add(NameLink(end - len(node.attr), end, names, node.attr))
    return {
        line: [in_characters(link, lines[line - definition.first]) for link in sorted(links)]
        for line, links in found.items()
    }


def annotation(node: ast.AST) -> Iterator[ast.AST]:
    """Yield the nodes of the types that a node is annotated with."""
    for part in (getattr(node, "annotation", None), getattr(node, "returns", None)):
        if isinstance(part, ast.AST):
            yield from ast.walk(part)


def in_characters(link: NameLink, line: str) -> NameLink:
    """Convert a link's columns from bytes, as Python counts them, to characters."""
    if line.isascii():
        return link
    start, end = (len(line.encode()[:column].decode()) for column in (link.start, link.end))
    return NameLink(start, end, link.names, link.alias)


def c_links(text: str, symbols: Symbols) -> dict[int, list[NameLink]]:
    """Return the links in a piece of C, by line from 0 on."""
    found: dict[int, list[NameLink]] = {}
    for number, line in enumerate(blank(QUIET, text).split("\n")):
        if links := [link for match in C_NAME.finditer(line) if (link := c_link(match, symbols))]:
            found[number] = links
    return found


def c_link(match: re.Match[str], symbols: Symbols) -> NameLink | None:
    """Return the link for a name in C, if it is one."""
    before, name, called = (match[1] or "").strip(), match[2], match[3]
    start, end = match.span(2)
    if before in ("->", "."):
        names = symbols.pointers.get(name)
        return NameLink(start, end, names, name) if names else None
    known = symbols.later.get(name, name) if called else name
    if known not in symbols.definitions:
        return None
    is_plain = called or before == "struct" or known.isupper()
    if is_plain or (before in ("=", "=&") and symbols.is_function(known)):
        return NameLink(start, end, (known,), name if known != name else "")
    return None

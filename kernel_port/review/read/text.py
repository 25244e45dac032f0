# SPDX-License-Identifier: GPL-2.0-only
"""The side by side for a terminal: two columns, C left, Python right; in colour where that is wanted."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from itertools import pairwise, zip_longest

from ...series import PATCHES
from ...terminal import Paint, clean, width
from ..pages.highlight import marks
from ..port.symbols import symbols
from .columns import Row, SourceLine
from .reading import Chapter, Passage, Reading

#: Sign between the columns: the kind of a row.
BETWEEN = {"left": "<", "right": ">", "words": '"', "inlined": "^"}
STYLES = {"c": "dim", "s": "yellow", "k": "blue", "n": "cyan"}
#: The least useful width of a column.
NARROWEST = 36
NUMBER = 5
TAB = 4


def lines(reading: Reading, how_to: str) -> Iterator[str]:
    """Yield the whole text, line by line.

    :param how_to: how to get the C, shown if there is none"""
    writer = Writer()
    yield writer.paint("bold", clean(reading.title))
    yield f"C: {clean(reading.c_title)}" if reading.c_title else how_to
    if any(passage.has_c for passage in reading.passages):
        signs = "│ both sides match", '" a message: the words are ours', "< only in C", "> only in Python"
        yield f"{', '.join(signs)},"
        yield "^ behind a label, in Python where the goto is, ≠ differs, with the reason below"
    for chapter in reading.chapters:
        yield from writer.chapter(chapter)


class Writer:
    """Writes passages in the available width."""

    def __init__(self) -> None:
        self.paint = Paint()
        self.column = max((width() - 3) // 2, NARROWEST)

    def chapter(self, chapter: Chapter) -> Iterator[str]:
        """Yield a chapter: title, message, passages."""
        yield from ("", "", self.paint("bold", f"══ {chapter.title} " + "═" * max(0, self.column - len(chapter.title))))
        yield from ("", *chapter.message.split("\n"))
        for passage in chapter.passages:
            yield from self.passage(passage)

    def passage(self, passage: Passage) -> Iterator[str]:
        """Yield a definition: where it is, its rows, who uses it."""
        definition, ported = passage.definition, passage.ported
        how = {"adds": "added", "modifies": "modified"}.get(passage.how, "")
        head = ", ".join(filter(None, (passage.name, how, definition.export)))
        yield from ("", f"{self.paint('bold', f'── {head}')}")
        yield f"   Python  {definition.path}:{definition.line}"
        if ported is not None:
            place = passage.c.place if passage.c and passage.c.place else ported.c_file
            note = f" ({clean(passage.c.note)})" if passage.c and passage.c.note else ""
            yield f"   C       {clean(place)}{note}"
            if not passage.has_c and ported.prototype:
                yield f"           {ported.prototype};"
        yield from (f"   ≠       {reason}" for reason in passage.reasons)
        yield ""
        yield from self.rows(passage)
        for pointer, names in pointers(passage).items():
            yield f"   .{pointer}() leads to {', '.join(names)}"
        if uses := used(passage):
            yield f"   used by {uses}"

    def rows(self, passage: Passage) -> Iterator[str]:
        """Yield the rows; without C in one column."""
        colours = [Colours(passage, side) for side in (0, 1)]
        alone = not passage.has_c
        for row in passage.rows:
            for left, right in zip_longest(row.left, row.right):
                if alone and right is not None:
                    yield f"{numbered(right)}{right.sign} {colours[1].painted(right, self.paint)}".rstrip()
                elif not alone:
                    yield from self.pair(row, left, right, colours)
            if row.at:
                yield f"{' ' * (self.column + 1)} ^ lines {', '.join(map(str, row.at))}"
            if row.reason and not row.right:
                yield self.paint("yellow", f"{' ' * (0 if alone else self.column + 1)} ≠ {clean(row.reason)}")

    def pair(
        self, row: Row, left: SourceLine | None, right: SourceLine | None, colours: Sequence[Colours]
    ) -> Iterator[str]:
        """Yield one line of each side, broken at the end of the column."""
        cells = [self.cell(line, colours[side]) for side, line in enumerate((left, right))]
        between = "≠" if row.reason else BETWEEN.get(row.kind, "│")
        for one, other in zip_longest(*cells, fillvalue=("", "")):
            padding = " " * (self.column - len(one[0]))
            yield f"{one[1]}{padding} {between} {other[1]}".rstrip()

    def cell(self, line: SourceLine | None, colours: Colours) -> list[tuple[str, str]]:
        """Return a line as lines of the column's width, each plain and in colour."""
        if line is None:
            return [("", "")]
        head, columns = f"{numbered(line)}{line.sign} ", self.column - NUMBER - 3
        pieces = colours.pieces(line, columns)
        style = {"+": "green", "-": "red"}.get(line.sign, "dim")
        parts = []
        for index, (plain, painted) in enumerate(pieces or [("", "")]):
            front = head if not index else " " * (NUMBER + 1) + line.sign + " "
            parts.append((front + plain, self.paint(style, front) + (painted if self.paint.on else plain)))
        return parts


class Colours:
    """The colours of one side of a passage."""

    def __init__(self, passage: Passage, side: int) -> None:
        every = [line for row in passage.rows for line in (row.right if side else row.left)]
        self.texts = {id(line): clean(line.text.expandtabs(TAB)) for line in every}
        found = marks("\n".join(self.texts[id(line)] for line in every), "python" if side else "c")
        self.marks = {id(line): found.get(number, []) for number, line in enumerate(every)}

    def painted(self, line: SourceLine, paint: Paint) -> str:
        """Return the whole line in colour."""
        return "".join(self.between(line, 0, len(self.texts[id(line)]), paint))

    def pieces(self, line: SourceLine, columns: int) -> list[tuple[str, str]]:
        """Return the line broken into pieces of *columns* columns, each plain and in colour."""
        text, paint = self.texts[id(line)], Paint()
        return [
            (text[at:end], "".join(self.between(line, at, end, paint))) for at, end in pairwise(cuts(text, columns))
        ]

    def between(self, line: SourceLine, first: int, last: int, paint: Paint) -> Iterator[str]:
        """Yield the text in the columns from *first* to *last*."""
        text, at = self.texts[id(line)][:last], first
        for start, end, kind in self.marks[id(line)]:
            if end > at and start < last:
                yield text[at : max(start, at)]
                yield paint(STYLES[kind], text[max(start, at) : end])
                at = max(end, at)
        yield text[at:]


def cuts(text: str, columns: int) -> list[int]:
    """Return where to break a line: behind a blank, if there is one in the second half of what fits."""
    at = [0]
    while len(text) - at[-1] > columns:
        blank = text.rfind(" ", at[-1] + columns // 2, at[-1] + columns)
        at.append(blank + 1 if blank >= 0 else at[-1] + columns)
    return [*at, len(text)] if text else []


def numbered(line: SourceLine) -> str:
    """Return the number of a line, or blanks."""
    return f"{line.number or '':>{NUMBER}} "


def pointers(passage: Passage) -> dict[str, list[str]]:
    """Return the members that a definition calls through -> the functions they lead to, with their places."""
    known = symbols()
    found = {}
    for node in ast.walk(passage.definition.node):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            member = node.func.attr
            targets = [known.at(name, len(PATCHES)) for name in known.pointers.get(member, ())]
            if targets:
                found[member] = [f"{each.name} ({each.file}:{each.line})" for each in targets if each]
    return found


def used(passage: Passage) -> str:
    """Say where a definition is used, and through which pointers."""
    parts = []
    for name in dict.fromkeys(use.name for use in passage.uses):
        at = [use for use in passage.uses if use.name == name]
        pointers = "".join(f" through .{pointer}()" for pointer in dict.fromkeys(use.pointer for use in at) if pointer)
        parts.append(f"{name}{pointers} ({', '.join(str(line) for line in sorted({use.line for use in at}))})")
    return ", ".join(parts)

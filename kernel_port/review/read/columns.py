# SPDX-License-Identifier: GPL-2.0-only
"""Two texts side by side: rows of lines, the C on the left and the matching Python on the right.

A row is one statement, or several that became one, with the comments above it. A statement without a counterpart has
its own row, so that only translations look like translations.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from ..upstream.statements import Statement
from .align import align
from .inlined import inlined

#: Lines that belong to the statement below: empty lines and comments.
LEADING = re.compile(r"\s*(?:#(?!\s*(?:define|if|else|endif))|//|/\*|\*(?![\w(])|$)")
NOTHING = frozenset(("declaration", "label"))


@dataclass(frozen=True, slots=True)
class SourceLine:
    """One line of a text."""

    #: In its file; 0 if it has no file, as in a patch.
    number: int
    text: str
    #: The sign in a patch: " " unchanged, "+" added, "-" removed.
    sign: str = " "


@dataclass(frozen=True, slots=True)
class Row:
    """Lines that belong together."""

    left: tuple[SourceLine, ...]
    right: tuple[SourceLine, ...]
    #: same: both sides match; words: so do two messages, but for their words; above: comments above a match; left,
    #: right: only there; inlined: C behind a label, which Python has at each goto; quiet: only there, and
    #: insignificant.
    kind: str
    #: Why the Python differs.
    reason: str = ""
    #: Of inlined C the lines of the Python that say it.
    at: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Column:
    """One text and its statements; lines that a patch removes have none."""

    lines: Sequence[SourceLine]
    statements: Sequence[Statement]

    def blocks(self) -> list[tuple[int, int]]:
        """Return the first and last line of each statement's block, which includes what is above it; the first block
        starts at the top.

        Statements that begin in the same line share its block."""
        kept = [index for index, line in enumerate(self.lines) if line.sign != "-"]
        starts = []
        for number in sorted({statement.line for statement in self.statements}):
            start = kept[number]
            while start and (self.lines[start - 1].sign == "-" or LEADING.match(self.lines[start - 1].text)):
                start -= 1
            starts.append(start)
        bounds = [0, *starts[1:], len(self.lines)]
        return list(pairwise(bounds))


def lay_out(left: Column, right: Column) -> list[Row]:
    """Return the rows of two texts."""
    if not left.statements or not right.statements:
        return [Row(tuple(left.lines), tuple(right.lines), "same")] if left.lines or right.lines else []
    return list(Alignment(left, right).rows())


class Alignment:
    """Lays out the blocks of two texts side by side."""

    def __init__(self, left: Column, right: Column) -> None:
        self.columns = left, right
        self.blocks = [column.blocks() for column in self.columns]
        self.firsts = [sorted({statement.line for statement in column.statements}) for column in self.columns]
        self.pairs = align(left.statements, right.statements)
        self.inlined = inlined(left.statements, right.statements, self.pairs)

    def block(self, side: int, number: int) -> int:
        """Return the block of statement *number*."""
        return bisect_right(self.firsts[side], self.columns[side].statements[number].line) - 1

    def rows(self) -> Iterator[Row]:
        """Yield the rows from top to bottom."""
        done = [0, 0]
        for group in self.groups():
            for side in (0, 1):
                for number in range(done[side], group[side][0]):
                    yield self.alone(side, number)
                done[side] = group[side][1] + 1
            yield from together(self.lines(0, *group[0]), self.lines(1, *group[1]))
        for side in (0, 1):
            for number in range(done[side], len(self.blocks[side])):
                yield self.alone(side, number)

    def groups(self) -> list[list[list[int]]]:
        """Yield the first and last block of each side that match."""
        groups: list[list[list[int]]] = []
        for i, j in sorted({*self.pairs, *self.inlined.at_goto}):
            pair = self.block(0, i), self.block(1, j)
            if groups and any(pair[side] <= groups[-1][side][1] for side in (0, 1)):
                for side in (0, 1):
                    groups[-1][side][1] = max(groups[-1][side][1], pair[side])
            else:
                groups.append([[number, number] for number in pair])
        return groups

    def lines(self, side: int, first: int, last: int) -> tuple[SourceLine, ...]:
        """Return the lines of the blocks *first* to *last*."""
        blocks = self.blocks[side]
        return tuple(self.columns[side].lines[blocks[first][0] : blocks[last][1]])

    def alone(self, side: int, number: int) -> Row:
        """Return the row of a block without a counterpart."""
        lines = self.lines(side, number, number)
        line = self.firsts[side][number]
        here = [i for i, statement in enumerate(self.columns[side].statements) if statement.line == line]
        here = [i for i in here if self.columns[side].statements[i].kind not in NOTHING]
        if not here:
            return Row(lines, (), "quiet")
        if not side and all(i in self.inlined.behind for i in here):
            return Row(lines, (), "inlined", at=self.places(here))
        return Row(() if side else lines, lines if side else (), "right" if side else "left")

    def places(self, numbers: Sequence[int]) -> tuple[int, ...]:
        """Return the lines of the Python, in its file, that say what these statements behind a label say."""
        python = self.columns[1]
        at = {python.statements[j].line for i in numbers for j in self.inlined.behind[i]}
        kept = [line for line in python.lines if line.sign != "-"]
        return tuple(kept[number].number for number in sorted(at))


def together(left: tuple[SourceLine, ...], right: tuple[SourceLine, ...]) -> Iterator[Row]:
    """Yield rows of matching lines. Lines above the statements come first, so that the statements start level."""
    (left_above, left), (right_above, right) = divided(left), divided(right)
    if left_above or right_above:
        yield Row(left_above, right_above, "above")
    yield Row(left, right, "same")


def divided(lines: tuple[SourceLine, ...]) -> tuple[tuple[SourceLine, ...], tuple[SourceLine, ...]]:
    """Split lines at the first statement."""
    first = next((number for number, line in enumerate(lines) if is_code(line)), 0)
    return lines[:first], lines[first:]


def is_code(line: SourceLine) -> bool:
    """Return whether a line is neither empty nor a comment nor removed."""
    return line.sign != "-" and not LEADING.match(line.text)

# SPDX-License-Identifier: GPL-2.0-only
"""The C beside the Python that runs: for each line of a function, the lines of the C that it stands for."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from ...terminal import clean
from ..pages.highlight import marks
from ..port.definitions import Definition
from ..read.align import align
from ..read.c_side import CSide, CText
from ..read.columns import Column
from ..read.reading import c_column, code
from ..upstream.check_series import everything

#: As wide as a tab is in the kernel.
TAB = 8


class Beside:
    """Finds the C of functions that run."""

    def __init__(self, side: CSide) -> None:
        self._side = side
        self._ported = {(each.definition.file, each.name): each for each in everything()}

    def find(self, file: str, name: str) -> dict[str, Any]:
        """The C of a function as data: its place, what is to be said of it, its lines, and in `at` for each line of
        the Python that has a counterpart the numbers, from 0 on, of the lines of that.

        :param file: that of the Python, "base/pci.py"
        :param name: the function"""
        ported = self._ported.get((file, name))
        if ported is None:
            return told(CText((), "", "a part of the port that has no C of its own"), {})
        c = self._side.find(ported)
        now = CText(tuple(line for line in c.lines if line.sign != "-"), c.place, c.note, kind=c.kind)
        return told(now, counterparts(c_column(now), ported.definition))


def told(c: CText, at: dict[int, list[int]]) -> dict[str, Any]:
    """C as data. Marks are those of the text as it is shown."""
    shown = [clean(line.text.expandtabs(TAB)) for line in c.lines]
    marked = marks("\n".join(shown), "c")
    lines = [[text, marked.get(index, []), c.lines[index].number] for index, text in enumerate(shown)]
    return {"place": c.place, "note": c.note, "lines": lines, "at": at}


def counterparts(c: Column, definition: Definition) -> dict[int, list[int]]:
    """Line of the Python's file -> the lines of the C, from 0 on, of the statements it stands for."""
    lines, statements = code(definition)
    found: dict[int, set[int]] = defaultdict(set)
    for one, other in align(c.statements, statements):
        theirs, ours = c.statements[one], statements[other]
        for line in lines[ours.line : ours.end_line + 1]:
            found[line.number] |= set(range(theirs.line, theirs.end_line + 1))
    return {line: sorted(numbers) for line, numbers in sorted(found.items())}

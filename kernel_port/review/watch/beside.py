# SPDX-License-Identifier: GPL-2.0-only
"""The C beside the running Python: for each line of a function, the matching lines of the C."""

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

#: Tab width in the kernel.
TAB = 8


class Beside:
    """Finds the C of running functions."""

    def __init__(self, side: CSide) -> None:
        self._side = side
        self._ported = {(each.definition.file, each.name): each for each in everything()}

    def find(self, file: str, name: str) -> dict[str, Any]:
        """Return the C of a function as data: its place, a note, its lines, and in `at`, for each line of the Python
        with a counterpart, the numbers of the C lines, from 0 on.

        :param file: the file of the Python, "base/pci.py"
        :param name: the function"""
        ported = self._ported.get((file, name))
        if ported is None:
            return as_json(CText((), "", "a part of the port that has no C of its own"), {})
        c = self._side.find(ported)
        now = CText(tuple(line for line in c.lines if line.sign != "-"), c.place, c.note, kind=c.kind)
        return as_json(now, counterparts(c_column(now), ported.definition))


def as_json(c: CText, at: dict[int, list[int]]) -> dict[str, Any]:
    """Return C as data. Marks refer to the text as shown."""
    shown = [clean(line.text.expandtabs(TAB)) for line in c.lines]
    marked = marks("\n".join(shown), "c")
    lines = [[text, marked.get(index, []), c.lines[index].number] for index, text in enumerate(shown)]
    return {"place": c.place, "note": c.note, "lines": lines, "at": at}


def counterparts(c: Column, definition: Definition) -> dict[int, list[int]]:
    """Map lines of the Python's file to the C lines, from 0 on, of the matching statements."""
    lines, statements = code(definition)
    found: dict[int, set[int]] = defaultdict(set)
    for one, other in align(c.statements, statements):
        theirs, ours = c.statements[one], statements[other]
        for line in lines[ours.line : ours.end_line + 1]:
            found[line.number] |= set(range(theirs.line, theirs.end_line + 1))
    return {line: sorted(numbers) for line, numbers in sorted(found.items())}

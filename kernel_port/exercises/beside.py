# SPDX-License-Identifier: GPL-2.0-only
"""A student's file and our solution, side by side."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from difflib import SequenceMatcher
from itertools import zip_longest
from pathlib import Path

from ..files import opened
from ..limits import OWN
from .templates import standing_alone

#: Between the columns: the lines are the same, or are not.
SAME, OTHER = " │ ", " ┃ "


def code_of(path: Path) -> list[str]:
    """Return the lines of a file behind its docstring, or behind the comment at its head.

    :raises MachineError: it is not a regular file, or too long
    :raises OSError: it cannot be read"""
    with opened(path, OWN) as file:
        text = standing_alone(file.read().decode(errors="replace"))
    lines = text.splitlines()
    if path.suffix == ".py":
        try:
            body = ast.parse(text).body
        except (SyntaxError, ValueError):
            return lines
        first = body[0] if body else None
        if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
            lines = lines[first.end_lineno :]
    while lines and (not lines[0].strip() or lines[0].startswith("#")):
        lines.pop(0)
    return lines


def beside(theirs: list[str], ours: list[str], width: int) -> Iterator[str]:
    """Yield both texts in two columns, theirs on the left; lines that are the same are level.

    :param width: columns of the terminal"""
    column = max(min((width - len(SAME)) // 2, max(map(len, [*theirs, *ours, ""]))), 20)
    for tag, i1, i2, j1, j2 in SequenceMatcher(None, theirs, ours, autojunk=False).get_opcodes():
        bar = SAME if tag == "equal" else OTHER
        for left, right in zip_longest(theirs[i1:i2], ours[j1:j2], fillvalue=""):
            for one, other in zip_longest(folded(left, column), folded(right, column), fillvalue=""):
                yield f"{one:<{column}}{bar}{other}".rstrip()


def folded(line: str, column: int) -> list[str]:
    """Break a line that is longer than its column."""
    return [line[at : at + column] for at in range(0, len(line), column)] or [""]

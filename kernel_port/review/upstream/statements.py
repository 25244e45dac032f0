# SPDX-License-Identifier: GPL-2.0-only
"""A statement of either language: its place, its kind, and the names and constants that it uses.

It has only what both languages share, so that C and its Python look alike: types, casts, pointers and the text of
messages are left out. The head of a test or loop is a statement of its own.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field

#: With no more digits than any type of C holds; anything else is not a number of C and is left alone.
NUMBER = re.compile(r"(0[xX][0-9a-fA-F]{1,32}|0[0-7]{0,32}|[1-9][0-9]{0,32})[uUlL]*")
#: C -> Python, where they differ.
SAME = {"NULL": "None", "true": "1", "false": "0", "True": "1", "False": "0"}


@dataclass(slots=True, eq=False)
class Statement:
    """One statement of a function."""

    #: Its first and last line; 0 is the function's first line.
    line: int
    end_line: int
    #: header, if, else, loop, return, goto, break, continue, label, case, assign, call, declaration or other.
    kind: str
    tokens: Counter[str]
    #: Those of the names that are called.
    calls: frozenset[str]
    #: How many tests and loops it is in, and the innermost of them.
    depth: int = 0
    within: Statement | None = field(default=None, repr=False)
    #: The target of an assignment.
    target: str = ""
    #: Of a goto: what is behind its label, up to the return.
    behind: list[Statement] = field(default_factory=list, repr=False)
    #: Whether it is error handling after the function's own return.
    is_way_out: bool = False


def canonical(word: str) -> str:
    """Return a name or constant in the form that both languages share."""
    if number := NUMBER.fullmatch(word):
        digits = number[1].lower()
        return str(int(digits, 16 if digits.startswith("0x") else 8 if digits.startswith("0") else 10))
    return SAME.get(word, word.rstrip("_") or word)

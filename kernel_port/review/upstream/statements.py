# SPDX-License-Identifier: GPL-2.0-only
"""A statement of either language: where it stands, what kind it is, which names and constants it uses.

Only what both languages share is kept, so that a C statement and the Python that stands for it look alike: types,
casts, pointers and the text of messages are left out. The head of a test or loop is a statement of its own.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field

#: Of no more digits than any type of C holds; what is no number of C is kept as it is.
NUMBER = re.compile(r"(0[xX][0-9a-fA-F]{1,32}|0[0-7]{0,32}|[1-9][0-9]{0,32})[uUlL]*")
#: What C says otherwise, as Python says it.
SAME = {"NULL": "None", "true": "1", "false": "0", "True": "1", "False": "0"}


@dataclass(slots=True, eq=False)
class Statement:
    """One statement of a function."""

    #: Its first and last line; 0 is the line that the function begins in.
    line: int
    end_line: int
    #: header, if, else, loop, return, goto, break, continue, label, case, assign, call, declaration or other.
    kind: str
    tokens: Counter[str]
    #: Those of the names that are called.
    calls: frozenset[str]
    #: In how many tests and loops it is, and the innermost of them.
    depth: int = 0
    within: Statement | None = field(default=None, repr=False)
    #: What an assignment is to.
    target: str = ""
    #: Whether it is the way out after an error, behind the end of the function proper.
    is_way_out: bool = False


def canonical(word: str) -> str:
    """A name or constant as both languages have it."""
    if number := NUMBER.fullmatch(word):
        digits = number[1].lower()
        return str(int(digits, 16 if digits.startswith("0x") else 8 if digits.startswith("0") else 10))
    return SAME.get(word, word.rstrip("_") or word)

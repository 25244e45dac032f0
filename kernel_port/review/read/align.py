# SPDX-License-Identifier: GPL-2.0-only
"""Match statements of the Python with statements of the C by the names and constants they share.

Each pair of statements has a likeness. The alignment keeps the order of both sides and maximizes the likeness of the
matched pairs (dynamic programming, as for any sequences). Line breaks do not matter.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence
from functools import cache

from ..port.renames import RENAMES
from ..upstream.statements import Statement

#: Statements less alike than this are not matched.
THRESHOLD = 0.3
#: What is as alike as this is the same statement, wherever it stands.
SAME = 0.8
#: Likeness of two kinds that differ.
KINDS = {
    frozenset(pair.split("-")): alike
    for pair, alike in {
        "assign-call": 0.85,  # a result comes back through a pointer in C, as the result in Python
        "goto-return": 0.95,
        "goto-break": 0.8,
        "goto-call": 0.7,  # the first statement of the unwinding
        "goto-continue": 0.7,
        "case-if": 0.85,
        "call-return": 0.7,
        "assign-return": 0.65,
        "call-other": 0.6,
        "assign-if": 0.5,
        "case-else": 0.6,
        "if-loop": 0.4,
    }.items()
}
UNLIKE = 0.2
#: What counts besides names: the same function called, the same variable assigned, the context, and the position.
CALLED, ASSIGNED, AROUND, PLACE = 0.2, 0.25, 0.3, 0.06
#: Exits of a function, a loop, a test: alike whatever they say, if their contexts are.
LEAVES = frozenset(("return", "goto", "break", "continue"))
#: Functions that print messages.
MESSAGE = re.compile(r"(?:(?:dev|pci|pr|ctrl)_)?(?:err|warn|info|notice|dbg|debug|printk)")


def align(left: Sequence[Statement], right: Sequence[Statement]) -> list[tuple[int, int]]:
    """Return pairs of numbers of statements that match, ascending on both sides.

    :param left: the C; :param right: the Python"""
    likeness = Likeness(left, right)
    gain = [[likeness(one, other) - THRESHOLD for other in range(len(right))] for one in range(len(left))]
    best = [[0.0] * (len(right) + 1) for _ in range(len(left) + 1)]
    for i in reversed(range(len(left))):
        for j in reversed(range(len(right))):
            best[i][j] = max(best[i + 1][j], best[i][j + 1], best[i + 1][j + 1] + gain[i][j])
    pairs, i, j = [], 0, 0
    while i < len(left) and j < len(right):
        if gain[i][j] > 0 and best[i][j] == best[i + 1][j + 1] + gain[i][j]:
            pairs.append((i, j))
            i, j = i + 1, j + 1
        elif best[i][j] == best[i + 1][j]:
            i += 1
        else:
            j += 1
    return pairs


class Likeness:
    """How much two statements of these functions are alike, by number: 0 nothing in common, about 1 the same."""

    def __init__(self, left: Sequence[Statement], right: Sequence[Statement]) -> None:
        self.left, self.right = left, right
        known = {token for statement in right for token in statement.tokens}
        translate = Translation(known)
        self._tokens = {id(one): Counter(map(translate, one.tokens.elements())) for one in left}
        self._tokens |= {id(one): Counter(map(message, one.tokens.elements())) for one in right}
        self._calls = {id(one): {translate(name) for name in one.calls} for one in left}
        self._calls |= {id(one): {message(name) for name in one.calls} for one in right}
        # A name used throughout a function says little about the position.
        count = Counter(token for tokens in self._tokens.values() for token in set(tokens))
        self._weight = {token: 1 / math.sqrt(number) for token, number in count.items()}
        self._alone: dict[tuple[int, int], float] = {}

    def __call__(self, i: int, j: int) -> float:
        one, other = self.left[i], self.right[j]
        alike = self.alone(one, other)
        if one.within is not None and other.within is not None:
            around = self.alone(one.within, other.within)
        else:
            around = 0.7 if one.within is other.within else 0.2
        if {one.kind, other.kind} <= LEAVES:
            alike = max(alike, 0.55 * self.kind(one, other))
        if alike <= 0:
            return 0.0
        far = abs((i + 1) / len(self.left) - (j + 1) / len(self.right))
        alike += AROUND * (around - 0.5) + PLACE * (0.5 - far)
        return alike * (0.5 if one.is_way_out else 1)

    def alone(self, one: Statement, other: Statement) -> float:
        """Return the likeness of two statements, without their contexts."""
        key = id(one), id(other)
        if key not in self._alone:
            self._alone[key] = self.kind(one, other) * self.names(one, other)
        return self._alone[key]

    def kind(self, one: Statement, other: Statement) -> float:
        """Return the likeness of the kinds of two statements."""
        return 1.0 if one.kind == other.kind else KINDS.get(frozenset((one.kind, other.kind)), UNLIKE)

    def names(self, one: Statement, other: Statement) -> float:
        """Return the likeness of two statements by the names and constants in them."""
        mine, its = self._tokens[id(one)], self._tokens[id(other)]
        if not mine and not its:
            return 0.8
        shared = self.weigh(mine & its)
        if not shared:
            return 0.0
        alike = math.sqrt(shared / self.weigh(mine | its))
        alike += CALLED * self.calls(one, other)
        alike += ASSIGNED * (one.target == other.target != "")
        return min(alike, 1.0)

    def calls(self, one: Statement, other: Statement) -> bool:
        """Return whether two statements call the same function."""
        return bool(self._calls[id(one)] & self._calls[id(other)])

    def weigh(self, tokens: Counter[str]) -> float:
        """Return the weight of tokens together."""
        return sum(self._weight[token] * number for token, number in tokens.items())


class Translation:
    """Translates names of the C into the Python's: later names of renamed functions, prefixes that come and go."""

    def __init__(self, known: set[str]) -> None:
        self._known = known
        self._later = {later: name for name in RENAMES if name in known for later in RENAMES[name].names}
        self._ends = {name: name for name in known if "_" in name}

    def __call__(self, word: str) -> str:
        if word in self._known:
            return message(word)
        if word in self._later:
            return self._later[word]
        return next((end for end in self._ends if word.endswith(f"_{end}")), message(word))


@cache
def message(word: str) -> str:
    """Return a name, or "printk" for any function that prints a message."""
    return "printk" if MESSAGE.fullmatch(word) else word

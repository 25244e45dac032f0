# SPDX-License-Identifier: GPL-2.0-only
"""What stands behind a label of the C, and in Python at each `goto` that leads there.

The alignment is one to one and in order: of what Python has several times, or earlier, it finds one place at the most.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ..upstream.statements import Statement
from .align import SAME, Likeness


@dataclass(frozen=True, slots=True)
class Inlined:
    """The statements of the Python that stand at a `goto`, and what they are behind the label."""

    #: Statement of the C that is a goto, statement of the Python that stands there; ascending on both sides.
    at_goto: tuple[tuple[int, int], ...]
    #: Statement of the C behind a label -> statements of the Python that say it at a goto.
    behind: dict[int, tuple[int, ...]]


def inlined(left: Sequence[Statement], right: Sequence[Statement], pairs: Sequence[tuple[int, int]]) -> Inlined:
    """Find what the alignment cannot.

    :param left: the C; :param right: the Python; :param pairs: what align() has of them"""
    at_goto: list[tuple[int, int]] = []
    behind: dict[int, tuple[int, ...]] = {}
    if not any(each.behind for each in left):
        return Inlined((), behind)
    number = {id(each): i for i, each in enumerate(left)}
    partner, taken = dict(pairs), {j for _, j in pairs}
    alike = Likeness(left, right)
    for i, goto in enumerate(left):
        there = [number[id(each)] for each in goto.behind]
        if not there or there[0] < i:  # a loop
            continue
        for j in around(i, pairs, len(right)):
            if j in taken and j != partner.get(i):
                continue
            same = [k for k in there if says(alike, k, j)]
            if not same and j != partner.get(i):
                continue
            at_goto.append((i, j))
            for k in same:
                behind[k] = (*behind.get(k, ()), j)
    return Inlined(tuple(at_goto), behind)


def around(i: int, pairs: Sequence[tuple[int, int]], end: int) -> Iterator[int]:
    """Yield the Python statements between those that belong to the C before and after the statement *i*."""
    first = max((j for k, j in pairs if k < i), default=-1)
    last = min((j for k, j in pairs if k > i), default=end)
    return iter(range(first + 1, last))


def says(alike: Likeness, k: int, j: int) -> bool:
    """Return whether a Python statement is one of the C, wherever it stands; any return is what the C returns last."""
    if alike.left[k].kind == alike.right[j].kind == "return":
        return True
    return alike.alone(alike.left[k], alike.right[j]) >= SAME

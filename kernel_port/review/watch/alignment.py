# SPDX-License-Identifier: GPL-2.0-only
"""Two runs side by side, row by row: which events are the same act, and where the runs differ."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from itertools import groupby
from typing import Any

from ...kernel.system import Event


def alignment(left: Sequence[Event], right: Sequence[Event]) -> tuple[list[list[int]], list[list[int]]]:
    """Align two runs row by row: numbers of events that are the same act, -1 where the other run does something else.

    :return: the rows, and the differences: the first and the last row of each"""
    rows: list[list[int]] = []
    for same, first, last, second, end in opcodes(left, right):
        if same:
            rows += [[first + step, second + step] for step in range(last - first)]
        else:
            rows += [[index, -1] for index in range(first, last)]
            rows += [[-1, index] for index in range(second, end)]
    return rows, differences(rows)


def differences(rows: Sequence[Sequence[int]]) -> list[list[int]]:
    """Return the stretches of rows that only one run has: the first and the last row of each."""
    found = []
    for differs, group in groupby(enumerate(rows), lambda row: -1 in row[1]):
        numbers = [number for number, _ in group]
        if differs:
            found.append([numbers[0], numbers[-1]])
    return found


def opcodes(left: Sequence[Event], right: Sequence[Event]) -> Iterator[tuple[bool, int, int, int, int]]:
    """Yield stretches that are the same and stretches that are not. The common beginning is matched first: runs of the
    same machine are alike until they differ, and comparing repetitive runs is slow."""
    first, second = [[key(event) for event in events] for events in (left, right)]
    common = next(
        (index for index, (one, other) in enumerate(zip(first, second, strict=False)) if one != other),
        min(len(first), len(second)),
    )
    yield True, 0, common, 0, common
    for tag, i, j, k, m in SequenceMatcher(None, first[common:], second[common:]).get_opcodes():
        yield tag == "equal", common + i, common + j, common + k, common + m


def key(event: Event) -> tuple[Any, ...]:
    """Return what equal acts share, whenever they happen."""
    return event.context, event.op, *event.args

# SPDX-License-Identifier: GPL-2.0-only
"""The races of an execution: two steps of different threads that depend on each other, and nothing else orders them.

Where such a pair was found, the other order is another schedule: at the choice of the earlier step some thread must go
first that leads to the later one (Flanagan and Godefroid, "Dynamic partial-order reduction for model checking
software", POPL 2005). Which threads will do are the initials of source sets (Abdulla, Aronis, Jonsson and Sagonas,
"Optimal dynamic partial order reduction", POPL 2014, algorithm 1).
"""

from __future__ import annotations

from collections.abc import Iterator

from .guide import Step
from .places import Place

#: The choice of the earlier step of a race, and the threads of which one is to go first there.
Demand = tuple[int, tuple[str, ...]]


def demands(phases: list[list[Step]], fixed: int) -> Iterator[Demand]:
    """Yield what the races of an execution demand, each once.

    :param fixed: how many choices were given: races before the last of them were found by an earlier execution"""
    found: dict[Demand, None] = {}
    new = fixed == 0
    for phase in phases:
        past: list[int] = []
        for number, (racing, happened) in enumerate(_order(phase)):
            past.append(happened)
            choice = phase[number].choice
            new = new or (choice is not None and choice >= fixed - 1)
            for earlier in racing if new else ():
                at = phase[earlier].choice
                if at is not None:
                    found[at, _initials(phase, past, earlier, number)] = None
    yield from found


def _order(phase: list[Step]) -> Iterator[tuple[list[int], int]]:
    """Yield for each step those that it races with, and a set of bits: those that happen before it, and itself."""
    past: list[int] = []
    latest: dict[str, int] = {}
    writer: dict[Place, int] = {}
    readers: dict[Place, list[int]] = {}
    for number, step in enumerate(phase):
        reads, writes = step.footprint
        touched = {writer[place] for place in reads if place in writer}
        for place in writes:
            if place in writer:
                touched.add(writer[place])
            touched.update(readers.get(place, ()))
        happened = past[latest[step.thread]] if step.thread in latest else 0
        if step.waker is not None:
            happened |= past[step.waker]  # without it this step could not be
        racing = []
        for earlier in sorted(touched, reverse=True):
            if not happened >> earlier & 1:
                racing.append(earlier)
                happened |= past[earlier]
        past.append(happened | 1 << number)
        yield racing, past[-1]
        latest[step.thread] = number
        for place in reads:
            readers.setdefault(place, []).append(number)
        for place in writes:
            writer[place] = number
            readers[place] = []


def _initials(phase: list[Step], past: list[int], earlier: int, later: int) -> tuple[str, ...]:
    """Return the threads that can go first in what does not happen after *earlier*, and then *later*."""
    found, seen, before = [], set(), 0
    for number in range(earlier + 1, later + 1):
        if number != later and past[number] >> earlier & 1:
            continue
        thread = phase[number].thread
        if thread not in seen:
            seen.add(thread)
            if not past[number] & before:
                found.append(thread)
        before |= 1 << number
    return tuple(found)

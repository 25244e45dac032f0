# SPDX-License-Identifier: GPL-2.0-only
"""Schedules: how they are written, followed and all run, one after the other.

A schedule is a list of choices: each time more than one thread can run, the scheduler asks which one runs next; 0 is
the oldest, or the one that is running. The first schedule always takes 0. Every other schedule follows an earlier one
up to some choice, takes another value there, and 0 from there on. So each runs exactly once, those with fewer choices
other than 0 first, and at the end all have run.

Choices: which thread runs when the running one sleeps, waits or ends, and so which of several threads woken at the same
time goes first; and, on request, whether another thread gets a turn before a lock is taken, after it is released, after
a wake-up and after an interrupt (0: the running thread continues). Not choices: the time that hardware and interrupts
take, which the machine's description gives; and sleeps that last longer than requested.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from ..hw.errors import MachineError

#: The thread to run at each choice; all further choices are 0.
Choices = tuple[int, ...]
#: Runs a schedule and returns the invariants it breaks.
Trial = Callable[[Callable[[int], int]], list[str]]


def written(choices: Choices) -> str:
    """Return a schedule as text: "0.1.0.2"."""
    return ".".join(map(str, choices)) or "0"


def parse(text: str) -> Choices:
    """Return the choices of a schedule written as text.

    :raises MachineError: it is not a schedule"""
    try:
        choices = tuple(int(part) for part in text.split("."))
    except ValueError:
        choices = (-1,)
    if min(choices) < 0:
        raise MachineError(f"{text!r} is not a schedule such as 0.1.0.2")
    return choices


class Chooser:
    """Makes the choices of a schedule. Its instances serve as Scheduler.choose."""

    def __init__(self, choices: Choices = ()) -> None:
        self.choices = choices
        #: How many threads could run at each choice so far.
        self.counts: list[int] = []

    def __call__(self, count: int) -> int:
        place = len(self.counts)
        self.counts.append(count)
        choice = self.choices[place] if place < len(self.choices) else 0
        if choice >= count:
            raise MachineError(
                f"schedule {written(self.choices)}: at choice {place + 1} only {count} threads can run, "
                f"so it is at most {count - 1}"
            )
        return choice


@dataclass(frozen=True, slots=True)
class Schedule:
    """A schedule that has run."""

    choices: Choices
    """Up to the last one that is not 0."""
    length: int
    """How many choices there were."""
    broken: tuple[str, ...]
    """The invariants that did not hold, and why."""

    @property
    def invariants(self) -> list[str]:
        """The names of the invariants that did not hold."""
        return list(dict.fromkeys(reason.partition(":")[0] for reason in self.broken))

    @property
    def order(self) -> tuple[int, int, int, Choices]:
        """Sort key; less is simpler: fewer choices other than 0, then fewer choices."""
        return sum(map(bool, self.choices)), len(self.choices), self.length, self.choices


def schedules(trial: Trial) -> Iterator[tuple[Schedule, int]]:
    """Run every schedule; those with fewer choices other than 0 first.

    :return: each schedule, and the least number of those still to run"""
    pending: deque[Choices] = deque([()])
    while pending:
        chooser = Chooser(pending.popleft())
        broken = trial(chooser)
        counts, fixed = chooser.counts, len(chooser.choices)
        for place in range(fixed, len(counts)):
            kept = (*chooser.choices, *(0,) * (place - fixed))
            pending += ((*kept, other) for other in range(1, counts[place]))
        yield Schedule(chooser.choices, len(counts), tuple(broken)), len(pending)

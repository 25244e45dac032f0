# SPDX-License-Identifier: GPL-2.0-only
"""Every order in which threads can run: all schedules of a scenario, or as many as wanted.

A schedule is a list of choices: each time more than one thread can run, the scheduler asks which one goes, 0 being the
oldest, or the one that could go on. The first schedule always takes 0. Every other one is an earlier one up to some
choice, another choice there, and 0 from there on; so each is run exactly once, those with fewer choices other than 0
first. When that comes to an end, all have been run.

What is chosen: who runs when the running thread sleeps, waits or ends, so also who of those that are woken at the same
time goes first; and, if asked for, whether another thread gets its turn before a lock is taken, after it was released,
after a wake-up and after an interrupt (0: the running thread goes on). What is not: the time that hardware and
interrupts take, which is what the machine's description says; and that a sleep may last longer than asked for.
"""

from __future__ import annotations

import os
from collections import Counter, deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from .checkpoint import Checkpoint
from .hw.errors import MachineError
from .machine import Machine
from .scenarios import Run, Scenario, perform, ready

#: Which thread goes at each choice; all further choices are 0.
Choices = tuple[int, ...]
#: Runs a schedule and says which invariants it breaks.
Trial = Callable[[Callable[[int], int]], list[str]]


def written(choices: Choices) -> str:
    """A schedule's number: "0.1.0.2"."""
    return ".".join(map(str, choices)) or "0"


def parse(text: str) -> Choices:
    """The choices of a schedule's number.

    :raises MachineError: it is none"""
    try:
        choices = tuple(int(part) for part in text.split("."))
    except ValueError:
        choices = (-1,)
    if min(choices) < 0:
        raise MachineError(f"{text!r} is not a schedule such as 0.1.0.2")
    return choices


class Chooser:
    """Makes the choices of a schedule. Its instances are what Scheduler.choose wants."""

    def __init__(self, choices: Choices = ()) -> None:
        self.choices = choices
        #: How many threads could run, choice by choice so far.
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
    """A schedule that was run."""

    choices: Choices
    """Up to the last that is not 0."""
    length: int
    """How many choices there were in all."""
    broken: tuple[str, ...]
    """The invariants that did not hold, and why."""

    @property
    def order(self) -> tuple[int, int, int, Choices]:
        """Less is simpler: fewer choices other than 0, then fewer choices."""
        return sum(map(bool, self.choices)), len(self.choices), self.length, self.choices


def schedules(trial: Trial) -> Iterator[tuple[Schedule, int]]:
    """Run every schedule; those with fewer choices other than 0 first.

    :return: each, and how many more there are at least"""
    pending: deque[Choices] = deque([()])
    while pending:
        chooser = Chooser(pending.popleft())
        broken = trial(chooser)
        counts, fixed = chooser.counts, len(chooser.choices)
        for place in range(fixed, len(counts)):
            kept = (*chooser.choices, *(0,) * (place - fixed))
            pending += ((*kept, other) for other in range(1, counts[place]))
        yield Schedule(chooser.choices, len(counts), tuple(broken)), len(pending)


class Stage:
    """A scenario's machine, on which its script can be run again and again. It is booted once if it can be rewound."""

    def __init__(self, scenario: Scenario, patches: int, preemptive: bool = False) -> None:
        self._scenario = scenario
        self._patches = patches
        self._preemptive = preemptive
        self._machine = self._ready()
        self._checkpoint = None if self._machine.system.sched.threads[1:] else Checkpoint(self._machine)

    def _ready(self) -> Machine:
        machine = ready(self._scenario, self._patches)
        machine.boot_events.clear()  # they are looked at for orders of locks, which no invariant is about
        machine.system.sched.preemptive = self._preemptive
        return machine

    def run(self, choose: Callable[[int], int]) -> Run:
        """Run the script from its beginning."""
        if self._checkpoint is not None:
            self._checkpoint.restore()
        else:  # a worker waits somewhere in its code since boot, and no checkpoint can put it there again
            self._machine.close()
            self._machine = self._ready()
        return perform(self._scenario, self._machine, choose)

    def close(self) -> None:
        """Switch the machine off."""
        self._machine.close()


@contextmanager
def one_processor() -> Iterator[None]:
    """Stay on one processor meanwhile: threads that take turns hand over in half the time there."""
    allowed = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(0, {allowed[os.getpid() % len(allowed)]})
    try:
        yield
    finally:
        os.sched_setaffinity(0, allowed)


@dataclass(slots=True)
class Exploration:
    """What came of running schedules so far."""

    done: int = 0
    left: int = 0
    """How many more there are at least; 0: that was all of them."""
    failed: int = 0
    longest: int = 0
    """Most choices that a schedule had."""
    broken: Counter[str] = field(default_factory=Counter)
    """Invariant -> how many schedules break it."""
    simplest: dict[str, Schedule] = field(default_factory=dict)
    """Invariant -> the simplest schedule that breaks it."""

    def add(self, schedule: Schedule, left: int) -> None:
        """Count one more."""
        self.done += 1
        self.left = left
        self.longest = max(self.longest, schedule.length)
        self.failed += bool(schedule.broken)
        for invariant in dict.fromkeys(reason.partition(":")[0] for reason in schedule.broken):
            self.broken[invariant] += 1
            if self.broken[invariant] == 1 or schedule.order < self.simplest[invariant].order:
                self.simplest[invariant] = schedule

    @property
    def shortest(self) -> Schedule | None:
        """The simplest of all that failed."""
        return min(self.simplest.values(), key=lambda schedule: schedule.order, default=None)

    def __str__(self) -> str:
        if self.left:
            return f"{self.done:,} of at least {self.done + self.left:,} schedules"
        return f"all {self.done:,} schedules" if self.done > 1 else "the only schedule"

    def as_json(self) -> dict[str, Any]:
        """The result as data; `kernel-port explore --help` says which keys."""
        shortest = self.shortest
        broken = {
            invariant: {"schedules": times, "simplest": written(self.simplest[invariant].choices)}
            for invariant, times in self.broken.most_common()
        }
        return {
            "schedules": self.done,
            "at_least": self.done + self.left,
            "complete": not self.left,
            "longest": self.longest,
            "failed": self.failed,
            "broken": broken,
            "shortest": shortest and {"schedule": written(shortest.choices), "broken": list(shortest.broken)},
        }


def explore(trial: Trial, limit: int = 0) -> Iterator[Exploration]:
    """Run all schedules, or *limit* of them if that is not 0; gives the same object after each."""
    found = Exploration()
    for schedule, left in schedules(trial):
        found.add(schedule, left)
        yield found
        if found.done == limit:
            return

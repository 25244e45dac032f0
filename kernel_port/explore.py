# SPDX-License-Identifier: GPL-2.0-only
"""Every order in which threads can run: all schedules of a scenario, or as many as requested.

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

import os
from collections import Counter, deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from .checkpoint import Checkpoint
from .choice import KernelChoice
from .hw.errors import MachineError
from .machine import Machine
from .scenarios import Run, Scenario, perform, ready

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


class Stage:
    """A scenario's machine, on which its script can run again and again. It boots once if it can be rewound."""

    def __init__(self, scenario: Scenario, patches: int | KernelChoice, preemptive: bool = False) -> None:
        self._scenario = scenario
        self._patches = patches
        self._preemptive = preemptive
        self._machine = self._ready()
        self._checkpoint = None if self._machine.system.sched.threads[1:] else Checkpoint(self._machine)

    def _ready(self) -> Machine:
        machine = ready(self._scenario, self._patches)
        machine.boot_events.clear()  # only lock order checks look at them, and no invariant needs those
        machine.system.sched.preemptive = self._preemptive
        return machine

    def run(self, choose: Callable[[int], int]) -> Run:
        """Run the script from its beginning."""
        if self._checkpoint is not None:
            self._checkpoint.restore()
        else:  # a worker has been waiting somewhere in its code since boot, and no checkpoint can restore that
            self._machine.close()
            self._machine = self._ready()
        return perform(self._scenario, self._machine, choose)

    def close(self) -> None:
        """Switch the machine off."""
        self._machine.close()


@contextmanager
def one_processor() -> Iterator[None]:
    """Stay on one processor meanwhile: threads that take turns switch in half the time there."""
    allowed = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(0, {allowed[os.getpid() % len(allowed)]})
    try:
        yield
    finally:
        os.sched_setaffinity(0, allowed)


@dataclass(slots=True)
class Exploration:
    """The result of the schedules run so far."""

    done: int = 0
    left: int = 0
    """The least number of schedules still to run; 0: none."""
    failed: int = 0
    longest: int = 0
    """The most choices in a schedule."""
    broken: Counter[str] = field(default_factory=Counter)
    """Invariant -> number of schedules that break it."""
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
        """The simplest schedule that failed."""
        return min(self.simplest.values(), key=lambda schedule: schedule.order, default=None)

    def __str__(self) -> str:
        if self.left:
            return f"{self.done:,} of at least {self.done + self.left:,} schedules"
        return f"all {self.done:,} schedules" if self.done > 1 else "the only schedule"

    def as_json(self) -> dict[str, Any]:
        """Return the result as data; `kernel-port explore --help` says which keys."""
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
    """Run all schedules, or *limit* of them if that is not 0; yield the same object after each."""
    found = Exploration()
    for schedule, left in schedules(trial):
        found.add(schedule, left)
        yield found
        if found.done == limit:
            return

# SPDX-License-Identifier: GPL-2.0-only
"""What the schedules that have run were like, taken together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from .reduction import Order, Report, orders
from .schedule import Schedule, Trial, schedules, written

#: How many schedules, those with the fewest choices other than 0 first, are searched for one that fails more simply.
SIMPLER = 300


@dataclass(slots=True)
class Exploration:
    """The result of the schedules run so far."""

    reduced: bool = False
    """Whether orders that cannot matter are left out."""
    done: int = 0
    left: int = 0
    """The least number of schedules still to run; if reduced, the number of orders to look into; 0: none."""
    left_out: int = 0
    """How many orders at least cannot matter."""
    blind: str = ""
    """Why nothing can be left out, "" if it can."""
    failed: int = 0
    longest: int = 0
    """The most choices in a schedule."""
    broken: Counter[str] = field(default_factory=Counter)
    """Invariant -> number of schedules that break it."""
    simplest: dict[str, Schedule] = field(default_factory=dict)
    """Invariant -> the simplest schedule that breaks it."""

    def add(self, schedule: Schedule) -> None:
        """Count one more."""
        self.done += 1
        self.longest = max(self.longest, schedule.length)
        self.failed += bool(schedule.broken)
        self.broken.update(schedule.invariants)
        self.note(schedule)

    def note(self, schedule: Schedule) -> bool:
        """Remember a schedule if it is the simplest that breaks an invariant; return whether it is."""
        simpler = [
            invariant
            for invariant in schedule.invariants
            if invariant not in self.simplest or schedule.order < self.simplest[invariant].order
        ]
        self.simplest.update(dict.fromkeys(simpler, schedule))
        return bool(simpler)

    @property
    def shortest(self) -> Schedule | None:
        """The simplest schedule that failed."""
        return min(self.simplest.values(), key=lambda schedule: schedule.order, default=None)

    def __str__(self) -> str:
        if self.left and not self.reduced:
            return f"{self.done:,} of at least {self.done + self.left:,} schedules"
        if self.left:
            return f"{self.done:,} schedules, and there are more"
        all_ = f"all {self.done:,} schedules" if self.done > 1 else "the only schedule"
        if not self.left_out:
            return all_
        orders_ = f"{self.left_out:,} orders" if self.left_out > 1 else "one order"
        return f"{all_} (at least {orders_} that cannot matter left out)"

    def as_json(self) -> dict[str, Any]:
        """Return the result as data; `kernel-port explore --help` says which keys."""
        shortest = self.shortest
        broken = {
            invariant: {"schedules": times, "simplest": written(self.simplest[invariant].choices)}
            for invariant, times in self.broken.most_common()
        }
        return {
            "schedules": self.done,
            "at_least": self.done if self.reduced else self.done + self.left,
            "left_out": self.left_out,
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
        found.left = left
        found.add(schedule)
        yield found
        if found.done == limit:
            return


def explore_reduced(run: Callable[[list[Order]], list[Report]], limit: int = 0) -> Iterator[Exploration]:
    """Run one schedule for each order that matters, or *limit* of them; yield the same object after each.

    If what depends on what cannot be told, Exploration.blind says why, and nothing more is run: then explore() all.

    :param run: runs a batch of orders, as engine.Here or engine.Processes do"""
    found = Exploration(reduced=True)
    for schedule, found.left, found.left_out, found.blind in orders(run):
        if schedule is not None:
            found.add(schedule)
        yield found
        if found.blind or (found.done == limit and schedule is not None):
            return


def simplify(found: Exploration, trial: Trial) -> None:
    """Look for simpler schedules than found.simplest: of several that are the same order any one may have run."""
    wanted = {invariant for invariant, schedule in found.simplest.items() if schedule.choices}
    for number, (schedule, _) in enumerate(schedules(trial)):
        if not wanted or number == SIMPLER:
            return
        found.note(schedule)
        most = sum(map(bool, schedule.choices))
        wanted = {each for each in wanted if sum(map(bool, found.simplest[each].choices)) > most}

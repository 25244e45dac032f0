# SPDX-License-Identifier: GPL-2.0-only
"""Every order that matters, and no order twice: dynamic partial-order reduction.

Two orders of the same steps are the same if they differ only in the order of independent ones: steps that no place
connects which one of them writes (footprint.py). One of them runs. It is found from races (races.py): the first
schedule always takes 0; each race that a schedule has demands another one, and when no demand is left all orders that
matter have run. No order comes twice, because a thread whose step was taken at a choice sleeps in the later ones there
until a step that depends on its own wakes it (sleep sets: Godefroid, "Partial-Order Methods for the Verification of
Concurrent Systems", LNCS 1032, 1996, chapter 5).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from ..choice import KernelChoice
from ..scenarios import Run, Scenario
from .footprint import Tracker, tracking
from .guide import Guide, Sleep
from .places import Footprint
from .races import Demand, demands
from .schedule import Choices, Schedule
from .stage import Stage

#: Orders that are run before their demands are looked at: so many whatever the number of processes, because which of
#: several equal orders runs depends on it.
BATCH = 16


class Order(NamedTuple):
    """An order to run: what it begins with, and who sleeps at the last of these choices."""

    choices: Choices
    sleep: Sleep


class NewChoice(NamedTuple):
    """A choice that an order made by itself."""

    ready: tuple[str, ...]
    taken: int
    sleep: tuple[str, ...]
    footprint: Footprint
    """What the step did that was taken."""

    def node(self, sleep: Sleep) -> Node:
        """Return it as a node; *sleep* has those that slept at the beginning, and sleep here or were woken."""
        return Node(self.ready, {name: sleep[name] for name in self.sleep}, {self.ready[self.taken]: self.footprint})


class Report(NamedTuple):
    """What an order did."""

    length: int
    broken: tuple[str, ...] | None
    """None if it came to where only threads that sleep could go on."""
    first: Footprint | None
    """What the step did that the last of its given choices took."""
    choices: tuple[NewChoice, ...]
    demands: tuple[Demand, ...]
    blind: str
    """Why it cannot be told what depends on what; "" if it can."""


class Runner:
    """Runs orders of a scenario. It must be closed; meanwhile no other machine should boot in this process."""

    def __init__(
        self, scenario: Scenario, patches: int | KernelChoice, preemptive: bool,
        see: Callable[[Run], object] = lambda run: None,
    ) -> None:  # fmt: skip
        """:param see: is called with each run that came to its end"""
        self._see = see
        self._tracker = Tracker()
        self._tracking = tracking(patches, self._tracker)
        self._tracking.__enter__()
        try:
            self.stage = Stage(scenario, patches, preemptive, self._tracker)
        except BaseException:
            self._tracking.__exit__(None, None, None)
            raise

    def run(self, order: Order) -> Report:
        """Run one."""
        guide, run = self.stage.guided(*order)
        if run is not None:
            self._see(run)
        given = len(order.choices)
        steps = {step.choice: step.footprint for phase in guide.phases for step in phase}
        made = guide.choices[given:]
        return Report(
            len(guide.choices),
            None if run is None else tuple(run.broken),
            steps.get(given - 1) if given else None,
            tuple(NewChoice(*choice, steps[given + number]) for number, choice in enumerate(made)),
            (*demands(guide.phases, given), *self._in_time(guide)),
            self._tracker.blind,
        )

    @staticmethod
    def _in_time(guide: Guide) -> Iterator[Demand]:
        """Yield what the end of the kernel demands: each of the others, what it did not get to do."""
        if guide.fatal is not None:
            choice = guide.choices[guide.fatal]
            yield from ((guide.fatal, (name,)) for name in choice.ready if name != choice.ready[choice.taken])

    def close(self) -> None:
        """Switch the machine off."""
        self.stage.close()
        self._tracking.__exit__(None, None, None)


@dataclass(slots=True, eq=False)
class Node:
    """A choice that some order made, and what is known of it."""

    ready: tuple[str, ...]
    sleep: Sleep
    #: Threads that were taken here, or will be -> what their steps did, None while not known.
    taken: dict[str, Footprint | None] = field(default_factory=dict)


class Pending(NamedTuple):
    """An order that was demanded."""

    path: tuple[Node, ...]
    """Its choices, the last being where it takes another thread than before."""
    choices: Choices

    def order(self) -> Order | None:
        """Return it ready to run; None as long as what was taken before it is not known."""
        if not self.path:
            return Order((), {})
        node = self.path[-1]
        mine = node.ready[self.choices[-1]]
        sleep = dict(node.sleep)
        for thread, footprint in node.taken.items():
            if thread == mine:
                break
            if footprint is None:
                return None
            sleep[thread] = footprint
        return Order(self.choices, sleep)


class Result(NamedTuple):
    """What one order added."""

    schedule: Schedule | None
    """None if it was abandoned, being the same as another one."""
    pending: int
    """How many orders were demanded and have not run."""
    left_out: int
    """How many others there are at least that need not run."""
    blind: str


def orders(run: Callable[[list[Order]], list[Report]]) -> Iterator[Result]:
    """Run every order that matters.

    :param run: runs a batch of orders, and returns what they did, in the same order"""
    pending = [Pending((), ())]
    left_out = 0
    while pending:
        batch = _take(pending)
        for each, order, report in zip(*batch, run(batch[1]), strict=True):
            node = each.path[-1] if each.path else None
            if node is not None:
                node.taken[node.ready[order.choices[-1]]] = report.first
                left_out -= 1
            new = [made.node(order.sleep) for made in report.choices]
            left_out += sum(len(one.ready) - 1 for one in new)
            choices = (*order.choices, *(made.taken for made in report.choices))
            demanded = _demanded((*each.path, *new), choices, report.demands)
            pending += sorted(demanded, key=lambda one: len(one.choices))
            schedule = None
            if report.broken is not None:
                schedule = Schedule(_stripped(choices), report.length, report.broken)
            yield Result(schedule, len(pending), left_out, report.blind)


def _take(pending: list[Pending]) -> tuple[list[Pending], list[Order]]:
    """Take the orders of the next batch: the deepest first, which keeps few pending."""
    taken: list[Pending] = []
    ready: list[Order] = []
    kept: list[Pending] = []
    while pending and len(taken) < BATCH:
        each = pending.pop()
        order = each.order()
        if order is None:
            kept.append(each)
        else:
            taken.append(each)
            ready.append(order)
    pending += reversed(kept)
    return taken, ready


def _demanded(path: tuple[Node, ...], choices: Choices, found: tuple[Demand, ...]) -> Iterator[Pending]:
    """Yield the orders that races demand, unless one that was demanded, or that runs elsewhere, will do."""
    for at, initials in found:
        node = path[at]
        if not any(name in node.taken or name in node.sleep for name in initials):
            first = next(name for name in initials if name in node.ready)
            node.taken[first] = None
            yield Pending(path[: at + 1], (*choices[:at], node.ready.index(first)))


def _stripped(choices: Choices) -> Choices:
    """Return choices up to the last one that is not 0."""
    length = max((number + 1 for number, choice in enumerate(choices) if choice), default=0)
    return choices[:length]

# SPDX-License-Identifier: GPL-2.0-only
"""Leads one execution of a scenario, and takes down what each of its steps did.

Time cuts an execution into phases. When no thread can run, time passes until a timer, an alarm or the hardware makes
one runnable. Whatever ran before did so before it, in each order, so only steps of one phase can change places.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from ..kernel.sched import Thread
from ..kernel.system import Event, System
from .footprint import Tracker
from .places import ALL, DEADLINES, QUEUE, THREADS, TIME, Footprint, Place, place, state_of
from .schedule import Choices

#: Threads that need not run here, with what their steps would do: what begins with one of them runs elsewhere.
Sleep = dict[str, Footprint]


class Abandoned(BaseException):
    """All threads that can run sleep: each order that goes on from here is the same as one that runs elsewhere."""


class Step(NamedTuple):
    """What a thread did from one turn to the next."""

    thread: str
    footprint: Footprint
    choice: int | None
    """Which choice it was; None if no other thread could run."""
    waker: int | None
    """The step of the same phase that made the thread runnable, None for none."""


class Choice(NamedTuple):
    """A choice that was made."""

    ready: tuple[str, ...]
    taken: int
    sleep: tuple[str, ...]
    """The threads that sleep here."""


class Guide:
    """Follows *choices*, then takes the oldest thread that does not sleep. It is Scheduler.choose and its watcher.

    :param sleep: the threads that sleep at the last of *choices*"""

    def __init__(self, tracker: Tracker, system: System, choices: Choices, sleep: Sleep) -> None:
        self._tracker = tracker
        self._sched = system.sched
        self._fixed = choices
        self._given = sleep
        self._sleep: Sleep = {}
        self._ready: tuple[str, ...] = ()
        #: The running step: who runs (None: time passes, which is no step), its choice and its waker.
        self._running: str | None = None
        self._choice: int | None = None
        self._waker: int | None = None
        self._wakers: dict[str, int] = {}
        self._abandoned = False
        self.choices: list[Choice] = []
        self.phases: list[list[Step]] = [[]]
        #: The choice whose step made the kernel stop, which keeps what the others would have done from happening.
        self.fatal: int | None = None
        system.sched.watcher = self
        system.listen = self._listen

    def __call__(self, count: int) -> int:
        """Choose a thread.

        :raises Abandoned: all sleep"""
        at = len(self.choices)
        if at == len(self._fixed) - 1:
            self._sleep = self._given
        awake = (number for number, name in enumerate(self._ready) if name not in self._sleep)
        taken = self._fixed[at] if at < len(self._fixed) else next(awake, None)
        if taken is None:
            self._abandoned = True
            raise Abandoned
        self.choices.append(Choice(self._ready, taken, tuple(self._sleep)))
        self._begin(self._ready[taken], at)
        return taken

    def finish(self) -> None:
        """Take down the last step."""
        if not self._abandoned:
            self._end()
        self._sched.watcher = None

    # -- kernel.sched.Watcher ----------------------------------------------------------------------------------------

    def turn(self, ready: list[Thread]) -> None:
        """End a step, and begin the next one if there is no choice."""
        if self._abandoned:
            raise Abandoned  # out of a `finally` on the way out
        self._end()
        if self._sched.settling and ready[0] is self._sched.threads[0]:
            self._cut()  # main runs only because nobody else can
        self._ready = tuple(thread.name for thread in ready)
        if len(ready) == 1:
            if self._ready[0] in self._sleep:
                self._abandoned = True
                raise Abandoned
            self._begin(self._ready[0], None)

    def passes(self, to: int, busy: bool) -> None:
        """End a phase, unless only the running thread waits; what falls due meanwhile is part of its step."""
        if busy:
            self._tracker.write(TIME)
            self._tracker.write(DEADLINES)
            clock = self._tracker.clock
            if clock is None or not clock.only_sleepers(to):
                self._tracker.write(ALL)
            self._tracker.reads.update(map(state_of, self._sched.threads))
        else:
            self._end()
            self._cut()

    def waits(self, thread: Thread, on: Any) -> None:
        """Note that a thread goes to sleep; nobody wakes those that wait for time alone."""
        self._tracker.write(state_of(thread))
        if not isinstance(on, str):
            self._tracker.write(self._queue(on))

    def wakes(self, on: Any, woken: list[Thread]) -> None:
        """Note a wake-up; it matters to those that go to sleep there even if it woke nobody."""
        if on is not None and not isinstance(on, str):
            if woken:
                self._tracker.write(self._queue(on))
            else:
                self._tracker.reads.add(self._queue(on))
        for thread in woken:
            if thread.waits_for is None:
                self._tracker.reads.add(state_of(thread))
            else:
                self._enables(thread)

    def starts(self, thread: Thread) -> None:
        """Note a new thread."""
        self._tracker.write(THREADS)
        self._enables(thread)

    def settles(self) -> None:
        """Note that main looks at all threads, and at the time."""
        self._tracker.reads.update(map(state_of, self._sched.threads))
        self._tracker.write(THREADS)
        self._tracker.write(DEADLINES)

    def ends(self, thread: Thread) -> None:
        """Note the end of a thread; threads may end in any order."""
        self._tracker.write(state_of(thread))
        self._tracker.reads.add(THREADS)

    def fails(self) -> None:
        """Note that the kernel stops: whatever else runs does so before."""
        self._tracker.write(ALL)
        self.fatal = self._choice

    # ----------------------------------------------------------------------------------------------------------------

    def _listen(self, event: Event) -> None:
        """Note the time of an event; and who releases a lock that another thread took, which holds less from now on."""
        if self._tracker.clock is not None:
            self._tracker.clock.stamped(event)
        if event.op == "unlock" and event.args not in self._sched.current.held:
            self._tracker.write(ALL)

    def _queue(self, on: Any) -> Place:
        return self._tracker.name_of(on) ^ QUEUE

    def _enables(self, thread: Thread) -> None:
        self._tracker.write(state_of(thread))
        if self._running is not None:
            self._wakers[thread.name] = len(self.phases[-1])

    def _begin(self, name: str, choice: int | None) -> None:
        self._running, self._choice = name, choice
        self._waker = self._wakers.pop(name, None)
        self._tracker.reads.add(place("thread", name))

    def _end(self) -> None:
        """Take down the running step."""
        footprint = self._tracker.step()
        if self._running is not None:
            self.phases[-1].append(Step(self._running, footprint, self._choice, self._waker))
            self._sleep = {name: its for name, its in self._sleep.items() if not its.depends(footprint)}
        self._running = None

    def _cut(self) -> None:
        """Begin another phase: whoever sleeps depends on the time."""
        self.phases.append([])
        self._wakers.clear()
        self._sleep = {}

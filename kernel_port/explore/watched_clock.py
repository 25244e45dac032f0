# SPDX-License-Identifier: GPL-2.0-only
"""A clock that notes who looks at it, and who sets an alarm.

The time that an event is stamped with is no look at the clock, unless it is told to somebody: that of a message, of a
reset, of work that is queued.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from ..hw.clock import Clock
from ..kernel.system import Event
from .places import DEADLINES, TIME, place

if TYPE_CHECKING:
    from .footprint import Tracker

#: Events whose time is part of an outcome.
TOLD = frozenset({"printk", "queue_work", "hw"})


class WatchedClock(Clock):
    """What a machine's clock becomes when watch() is called for it."""

    tracker: Tracker
    looks: int

    @property
    def now(self) -> int:
        """The time, ns since power on."""
        self.looks += 1
        return self._now

    def call_at(self, when: int, callback: Callable[[], None]) -> int:
        """Call *callback* at *when*, ns. What falls due at one time does so in this order; but sleepers only become
        runnable, in no order."""
        reads, at = self.tracker.reads, place("due", when)
        reads.add(DEADLINES)
        if _is_sleeper(callback):
            reads.add(at)
        else:
            self.tracker.write(at)
        return super().call_at(when, callback)

    def cancel(self, handle: int) -> None:
        """Cancel a callback."""
        self.tracker.reads.add(DEADLINES)
        super().cancel(handle)

    def only_sleepers(self, to: int) -> bool:
        """Return whether nothing falls due until *to*, ns, but alarms of sleepers."""
        handles = (handle for when, handle in self._due if when <= to and handle in self._callbacks)
        return all(_is_sleeper(self._callbacks[handle]) for handle in handles)

    def stamped(self, event: Event) -> None:
        """Note that *event* has happened, which has looked at the clock once."""
        self.looks -= 1
        if event.op in TOLD and event.args[0] != "debug":
            self.tracker.reads.add(TIME)

    def step(self) -> None:
        """Note whether the step that ends has looked at the clock."""
        if self.looks > 0:
            self.tracker.reads.add(TIME)
        self.looks = 0


def _is_sleeper(callback: Callable[[], None]) -> bool:
    return callback.__qualname__ == "Scheduler.block.<locals>.expire"


def watch(clock: Clock, tracker: Tracker) -> WatchedClock:
    """Watch a clock of virtual time, which stays the same object."""
    clock.__class__ = WatchedClock
    assert isinstance(clock, WatchedClock)
    clock.tracker, clock.looks = tracker, 0
    return clock

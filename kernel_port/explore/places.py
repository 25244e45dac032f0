# SPDX-License-Identifier: GPL-2.0-only
"""Places: what a step of a thread can read and write, as numbers that are the same in each process."""

from __future__ import annotations

from functools import cache
from hashlib import blake2b
from typing import NamedTuple

from ..kernel.sched import Thread

#: Two places that share a number would be taken for one, which costs schedules and misses none.
Place = int


@cache
def place(*words: object) -> Place:
    """Return the number of a place."""
    return int.from_bytes(blake2b(repr(words).encode(), digest_size=8).digest(), "little")


#: Read by every step: one that writes it depends on each.
ALL = place("all")
#: Written by a step that lets time pass without sleeping.
TIME = place("time")
#: Interrupts that wait for the next access.
INTERRUPTS = place("interrupts")
#: Which threads there are.
THREADS = place("threads")
#: When the next callback is due.
DEADLINES = place("deadlines")
#: Combined with the name of a lock, wait queue or worker: who sleeps there.
QUEUE = place("queue")
#: Combined with the place of a field: the contents of the container in it.
INSIDE = place("inside")


def state_of(thread: Thread) -> Place:
    """Return the place of a thread's state: whether it waits, and for what."""
    return place("thread", thread.name)


class Footprint(NamedTuple):
    """What a step read and wrote."""

    reads: frozenset[Place]
    writes: frozenset[Place]

    def depends(self, other: Footprint) -> bool:
        """Return whether the order of the two steps can matter."""
        return not (
            self.writes.isdisjoint(other.writes)
            and self.writes.isdisjoint(other.reads)
            and self.reads.isdisjoint(other.writes)
        )

# SPDX-License-Identifier: GPL-2.0-only
"""kernel/timer.c and kernel/time.c: jiffies, HZ of them a second; sleeping, and one-shot timers, in jiffies."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from .sched import NSEC_PER_SEC
from .system import system

MSEC_PER_SEC = 1_000

#: CONFIG_HZ. boot() sets that of its kernel.
HZ: int = 1000


@dataclass(eq=False, slots=True)
class timer_list:
    """struct timer_list. *of* is the address of the device it serves, for traces.

    C: include/linux/timer.h, struct, service"""

    of: str = ""
    expires: int = 0
    function: Callable[[Any], None] | None = None
    data: Any = None
    handle: Any = None


def jiffies() -> int:
    """Return the time in jiffies since power on: how often the tick has come.

    C: kernel/timer.c, variable, service"""
    return system.sched.clock.now * HZ // NSEC_PER_SEC


def msecs_to_jiffies(m: int) -> int:
    """Return how many jiffies cover *m* milliseconds: a part of one counts whole.

    C: kernel/time.c, exported, service"""
    return -(-m * HZ // MSEC_PER_SEC)


def jiffies_to_msecs(j: int) -> int:
    """Return how many milliseconds *j* jiffies last, rounded up.

    C: kernel/time.c, exported, service"""
    return -(-j * MSEC_PER_SEC // HZ)


def schedule_timeout_uninterruptible(timeout: int) -> int:
    """Sleep until *timeout* ticks have come; other threads run meanwhile. The first may come at once.

    C: kernel/timer.c, exported, service
    :param timeout: jiffies
    :return: 0: nobody wakes the sleeper early"""
    system.sched.block("sleep", system.tick(jiffies() + timeout, HZ))
    return 0


def init_timer(timer: timer_list) -> None:
    """Initialize *timer* as not pending. A pending one would stay on its list and corrupt it.

    C: include/linux/timer.h, macro, service
    :raises Oops: it is pending"""
    if timer_pending(timer):
        raise system.sched.oops(f"init_timer() on the pending timer of {timer.of}")
    timer.handle = None


def add_timer(timer: timer_list) -> None:
    """Call timer.function(timer.data) at timer.expires, as an interrupt does.

    C: kernel/timer.c, exported, service
    :raises Oops: it is pending"""
    if timer_pending(timer):
        raise system.sched.oops(f"add_timer() on the pending timer of {timer.of}")
    system.emit("add_timer", timer.of, jiffies_to_msecs(timer.expires - jiffies()))

    def fire() -> None:
        timer.handle = None
        assert timer.function is not None
        with system.sched.interrupting(f"timer {timer.of}"):
            timer.function(timer.data)

    timer.handle = system.sched.clock.call_at(system.tick(timer.expires, HZ), fire)


def timer_pending(timer: timer_list) -> int:
    """Return whether *timer* is armed.

    C: include/linux/timer.h, static inline, service
    :return: 1 or 0"""
    return int(timer.handle is not None)


def del_timer_sync(timer: timer_list) -> int:
    """Disarm *timer*. There is no handler to wait for: none runs at the same time.

    C: kernel/timer.c, exported, service
    :return: 1 if it was pending, 0 if not"""
    system.emit("del_timer", timer.of)
    pending = timer_pending(timer)
    if pending:
        system.sched.clock.cancel(timer.handle)
        timer.handle = None
    return pending

# SPDX-License-Identifier: GPL-2.0-only
"""include/linux/wait.h: sleeping until a condition holds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from .system import system
from .timer import HZ, jiffies, jiffies_to_msecs


@dataclass(eq=False, slots=True)
class wait_queue_head:
    """wait_queue_head_t, with a name for traces and reports.

    C: include/linux/wait.h, struct, service"""

    name: str = ""

    def __str__(self) -> str:
        return f"{self.name} wait queue"


def init_waitqueue_head(q: wait_queue_head, name: str) -> None:
    """Name a wait queue.

    C: include/linux/wait.h, macro, service"""
    q.name = name


def wake_up(q: wait_queue_head) -> None:
    """Wake every thread on *q*, to check its condition again.

    C: include/linux/wait.h, macro, service"""
    system.sched.wake(q)


def wait_event(q: wait_queue_head, condition: Callable[[], bool]) -> None:
    """Sleep, without limit, until *condition* holds.

    C: include/linux/wait.h, macro, service"""
    while not condition():
        system.sched.block(q)


def wait_event_timeout(q: wait_queue_head, condition: Callable[[], bool], timeout: int) -> int:
    """Sleep until *condition* holds, at most *timeout* jiffies.

    C: include/linux/wait.h, macro, service; signals do not exist here, so it serves the interruptible form too
    :return: 1 if the condition holds, 0 if time ran out"""
    system.emit("wait", q.name, jiffies_to_msecs(timeout))
    deadline = system.tick(jiffies() + timeout, HZ)
    satisfied = condition()
    while not satisfied:
        woken = system.sched.block(q, deadline)
        satisfied = condition()
        if not woken:
            break
    system.emit("waited", q.name, satisfied)
    return int(satisfied)

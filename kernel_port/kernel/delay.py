# SPDX-License-Identifier: GPL-2.0-only
"""include/linux/delay.h and kernel/timer.c: letting time pass."""

from __future__ import annotations

from .sched import NSEC_PER_MSEC, NSEC_PER_USEC
from .system import system
from .timer import msecs_to_jiffies, schedule_timeout_uninterruptible


def msleep(msecs: int) -> None:
    """Sleep *msecs* milliseconds, and a jiffy more: the present one is nearly over, for all that is known.

    C: kernel/timer.c, exported, service"""
    system.emit("msleep", msecs)
    timeout = msecs_to_jiffies(msecs) + 1

    while timeout:
        timeout = schedule_timeout_uninterruptible(timeout)


def ssleep(seconds: int) -> None:
    """Sleep *seconds* seconds.

    C: include/linux/delay.h, static inline, service"""
    msleep(seconds * 1000)


def mdelay(msecs: int) -> None:
    """Wait *msecs* milliseconds without giving way.

    C: include/linux/delay.h, macro, service"""
    end = system.sched.clock.now + msecs * NSEC_PER_MSEC
    system.emit("mdelay", msecs)
    system.sched.delay_until(end)


def udelay(usecs: int) -> None:
    """Wait *usecs* microseconds without giving way.

    C: include/asm-generic/delay.h, macro, service"""
    end = system.sched.clock.now + usecs * NSEC_PER_USEC
    system.emit("udelay", usecs)
    system.sched.delay_until(end)

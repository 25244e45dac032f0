# SPDX-License-Identifier: GPL-2.0-only
"""include/asm-generic/bug.h and include/linux/kernel.h: complaints about the caller."""

from __future__ import annotations

from .printk import printk
from .system import system


def WARN_ON(condition: bool, what: str) -> bool:
    """Complain if *condition* holds, and go on. *what* says in words what the C shows as a file and a line.

    C: include/asm-generic/bug.h, macro, service
    :return: the condition"""
    if condition:
        printk("warning", f"WARNING: {what}")
    return condition


def might_sleep() -> None:
    """Complain if the running code, an interrupt handler, must not sleep.

    C: include/linux/kernel.h, macro, service"""
    WARN_ON(system.sched.in_interrupt > 0, f"sleeping function called from invalid context: {system.sched.context}")

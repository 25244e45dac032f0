# SPDX-License-Identifier: GPL-2.0-only
"""include/asm-generic/bug.h and include/linux/kernel.h: warnings about the caller."""

from __future__ import annotations

from .printk import printk
from .system import system


def WARN_ON(condition: bool, what: str) -> bool:
    """Warn if *condition* holds, and go on. *what* stands for the file and line that the C prints.

    C: include/asm-generic/bug.h, macro, service
    :return: the condition"""
    if condition:
        printk("warning", f"WARNING: {what}")
    return condition


def might_sleep() -> None:
    """Warn if the running code, an interrupt handler, must not sleep.

    C: include/linux/kernel.h, macro, service"""
    WARN_ON(system.sched.in_interrupt > 0, f"may sleep here, and must not: {system.sched.context}")

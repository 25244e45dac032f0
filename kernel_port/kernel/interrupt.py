# SPDX-License-Identifier: GPL-2.0-only
"""kernel/irq: interrupt handlers. An interrupt's number is its port's address."""

from __future__ import annotations

from collections.abc import Callable
from errno import EBUSY
from typing import Any

from .system import system

IRQ_NONE = 0
IRQ_HANDLED = 1


def request_irq(irq: int, handler: Callable[[int, Any], int], name: str, dev_id: Any) -> int:
    """Call *handler*(irq, dev_id) on interrupt *irq* from now on.

    C: kernel/irq/manage.c, exported, service
    :return: 0, or -EBUSY if the interrupt is taken"""
    if irq in system.irq_actions:
        return -EBUSY
    system.irq_actions[irq] = (handler, dev_id)
    return 0


def free_irq(irq: int, dev_id: Any) -> None:
    """Remove the handler of interrupt *irq*.

    C: kernel/irq/manage.c, exported, service"""
    del system.irq_actions[irq]


def do_IRQ(irq: int, of: str) -> int:
    """Serve one interrupt of the port at address *of*, on the running thread's back.

    C: arch/x86/kernel/irq.c, service
    :return: IRQ_HANDLED, or IRQ_NONE if it was not the handler's"""
    handler, dev_id = system.irq_actions[irq]
    with system.sched.interrupting(f"irq {of}"):
        system.emit("irq", of)
        return handler(irq, dev_id)

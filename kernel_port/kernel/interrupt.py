# SPDX-License-Identifier: GPL-2.0-only
"""kernel/irq: interrupt handlers. The number of an interrupt is the address of its device."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from errno import EBUSY
from typing import Any

from .system import system

IRQ_NONE = 0
IRQ_HANDLED = 1

#: include/linux/interrupt.h: other handlers may share the interrupt.
IRQF_SHARED = 0x00000080


@dataclass(eq=False, slots=True)
class irqaction:
    """struct irqaction: one handler of an interrupt.

    C: include/linux/interrupt.h, struct, service"""

    handler: Callable[[int, Any], int]
    dev_id: Any
    flags: int = 0
    name: str = ""


@dataclass(eq=False, slots=True)
class irq_chip:
    """struct irq_chip: masks, unmasks and routes an interrupt.

    C: include/linux/irq.h, struct, service"""

    name: str
    irq_mask: Callable[[irq_data], None]
    irq_unmask: Callable[[irq_data], None]
    irq_set_affinity: Callable[[irq_data], int]


@dataclass(eq=False, slots=True)
class irq_data:
    """struct irq_data: an interrupt as its chip sees it.

    C: include/linux/irq.h, struct, service"""

    irq: int
    chip: irq_chip
    #: struct msi_desc *, see base/msi.py.
    msi_desc: Any


def request_irq(irq: int, handler: Callable[[int, Any], int], flags: int, name: str, dev_id: Any) -> int:
    """Register *handler*(irq, dev_id) for interrupt *irq*, after the handlers it has.

    C: kernel/irq/manage.c request_threaded_irq() and __setup_irq(), exported, service
    :param flags: IRQF_SHARED or 0
    :return: 0, or -EBUSY if *irq* has a handler and not both have IRQF_SHARED"""
    actions = system.irq_actions.setdefault(irq, [])
    if actions and not (actions[0].flags & flags & IRQF_SHARED):
        return -EBUSY
    actions.append(irqaction(handler, dev_id, flags, name))
    data = system.irq_data.get(irq)
    if len(actions) == 1 and data is not None:
        data.chip.irq_unmask(data)  # irq_startup()
        data.chip.irq_set_affinity(data)  # setup_affinity()
    return 0


def free_irq(irq: int, dev_id: Any) -> None:
    """Remove the handler of interrupt *irq* that was registered with *dev_id*.

    C: kernel/irq/manage.c, exported, service"""
    actions = system.irq_actions[irq]
    actions[:] = [action for action in actions if action.dev_id is not dev_id]
    if not actions:
        del system.irq_actions[irq]
        data = system.irq_data.get(irq)
        if data is not None:
            data.chip.irq_mask(data)  # irq_shutdown()


def irq_has_action(irq: int) -> int:
    """Return whether interrupt *irq* has a handler.

    C: kernel/irq/irqdesc.h, service
    :return: 1 or 0"""
    return int(irq in system.irq_actions)


def irq_get_msi_desc(irq: int) -> Any:
    """Return the message of interrupt *irq*.

    C: include/linux/irq.h, static inline, service
    :return: struct msi_desc *, NULL if *irq* is not MSI or MSI-X"""
    data = system.irq_data.get(irq)
    return data.msi_desc if data is not None else None


def do_IRQ(irq: int, of: str) -> int:
    """Serve one interrupt of the port at address *of*, on the running thread's back.

    C: arch/x86/kernel/irq.c and handle_irq_event_percpu(), kernel/irq/handle.c, service
    :return: IRQ_HANDLED, or IRQ_NONE if no handler claims it"""
    retval = IRQ_NONE
    with system.sched.interrupting(f"irq {of}"):
        system.emit("irq", of)
        for action in system.irq_actions[irq][:]:
            retval |= action.handler(irq, action.dev_id)
    return retval

# SPDX-License-Identifier: GPL-2.0-only
"""drivers/pci/pcie/pme.c: wake-up events that root ports receive, the service that shares pciehp's interrupt.

# PORT: nothing sleeps by itself, so nobody is woken: of an event, only that it came (pcie_pme_handle_request() and what
# it calls are left out, and so is pcie_pme_mark_devices()).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ..kernel.interrupt import IRQ_HANDLED, IRQ_NONE, IRQF_SHARED, free_irq, request_irq
from ..kernel.structs import *
from ..kernel.workqueue import INIT_WORK, schedule_work, work_struct
from ..pci_regs import *
from .access import pcie_capability_clear_word, pcie_capability_read_dword, pcie_capability_set_word
from .pcieport_if import *

if TYPE_CHECKING:  # both import this module
    from .portdrv_core import pcie_port_service_register
    from .portdrv_pci import pcie_clear_root_pme_status


@dataclass(eq=False, slots=True)
class pcie_pme_service_data:
    """struct pcie_pme_service_data: the wake-up part of a root port.

    C: drivers/pci/pcie/pme.c, struct, base"""

    srv: pcie_device = NULL
    work: work_struct = field(default_factory=work_struct)
    #: Do not switch the interrupt on again.
    noirq: bool = False


def pcie_pme_interrupt_enable(dev: pci_dev, enable: bool) -> None:
    """Have the root port *dev* interrupt when a wake-up event comes, or not.

    C: drivers/pci/pcie/pme.c, global, base"""
    if enable:
        pcie_capability_set_word(dev, PCI_EXP_RTCTL, PCI_EXP_RTCTL_PMEIE)
    else:
        pcie_capability_clear_word(dev, PCI_EXP_RTCTL, PCI_EXP_RTCTL_PMEIE)


def pcie_pme_work_fn(data: pcie_pme_service_data) -> None:
    """Take note of all events that came, then switch the interrupt on again.

    C: drivers/pci/pcie/pme.c, static, base"""
    port = data.srv.port

    # PORT: no data->lock: one thread runs at a time, and gives way nowhere here
    while True:
        if data.noirq:
            break

        _, rtsta = pcie_capability_read_dword(port, PCI_EXP_RTSTA)
        if rtsta & PCI_EXP_RTSTA_PME:
            # If more events wait, the bit comes back.
            pcie_clear_root_pme_status(port)

            # PORT: no pcie_pme_handle_request(port, rtsta & 0xffff)
            continue

        # PORT: no loop while PCI_EXP_RTSTA_PENDING: the status is set in the same moment.
        break

    if not data.noirq:
        pcie_pme_interrupt_enable(port, True)


def pcie_pme_irq(irq: int, context: pcie_device) -> int:
    """Look whether a wake-up event came.

    C: drivers/pci/pcie/pme.c, static, base
    :return: IRQ_HANDLED if so, else IRQ_NONE"""
    port = context.port
    data = get_service_data(context)

    _, rtsta = pcie_capability_read_dword(port, PCI_EXP_RTSTA)

    if not (rtsta & PCI_EXP_RTSTA_PME):
        return IRQ_NONE

    pcie_pme_interrupt_enable(port, False)

    schedule_work(data.work)

    return IRQ_HANDLED


def pcie_pme_probe(srv: pcie_device) -> int:
    """Take charge of a root port's wake-up events.

    C: drivers/pci/pcie/pme.c, static, base
    :return: 0, or -EBUSY if its interrupt is taken"""
    data = pcie_pme_service_data()
    INIT_WORK(data.work, pcie_pme_work_fn, data, pci_name(srv.port))
    data.srv = srv
    set_service_data(srv, data)

    port = srv.port
    pcie_pme_interrupt_enable(port, False)
    pcie_clear_root_pme_status(port)

    ret = request_irq(srv.irq, pcie_pme_irq, IRQF_SHARED, "PCIe PME", srv)
    if not ret:
        pcie_pme_interrupt_enable(port, True)

    return ret


def pcie_pme_suspend(srv: pcie_device) -> int:
    """Have no more interrupts of wake-up events.

    C: drivers/pci/pcie/pme.c, static, base
    :return: 0"""
    data = get_service_data(srv)
    port = srv.port

    pcie_pme_interrupt_enable(port, False)
    pcie_clear_root_pme_status(port)
    data.noirq = True

    # PORT: no synchronize_irq(srv->irq): an interrupt is over before the code that it interrupts goes on

    return 0


def pcie_pme_remove(srv: pcie_device) -> None:
    """Leave a root port's wake-up events alone.

    C: drivers/pci/pcie/pme.c, static, base"""
    pcie_pme_suspend(srv)
    free_irq(srv.irq, srv)


def pcie_pme_driver() -> pcie_port_service_driver:
    """Return the driver of the service.

    C: drivers/pci/pcie/pme.c, static variable, base"""
    return pcie_port_service_driver(
        "pcie_pme",
        pcie_pme_probe,
        pcie_pme_remove,
        port_type=PCI_EXP_TYPE_ROOT_PORT,
        service=PCIE_PORT_SERVICE_PME,
    )


def pcie_pme_service_init() -> int:
    """Register the driver: one of the kernel's initcalls, after that of the ports and before pciehp's.

    C: drivers/pci/pcie/pme.c, static, base
    :return: 0"""
    return pcie_port_service_register(pcie_pme_driver())

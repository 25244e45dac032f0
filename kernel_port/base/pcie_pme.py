# SPDX-License-Identifier: GPL-2.0-only
"""drivers/pci/pcie/pme.c: wake-up events (PME) at root ports, a service that shares pciehp's interrupt.

# PORT: no device suspends at run time, so none is woken: an event is only acknowledged (no pcie_pme_handle_request()
# and what it calls, no pcie_pme_mark_devices()).
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

if TYPE_CHECKING:  # this module is imported there
    from .portdrv_core import pcie_port_service_register
    from .portdrv_pci import pcie_clear_root_pme_status


@dataclass(eq=False, slots=True)
class pcie_pme_service_data:
    """struct pcie_pme_service_data: the PME service of a root port.

    C: drivers/pci/pcie/pme.c, struct, base"""

    srv: pcie_device = NULL
    work: work_struct = field(default_factory=work_struct)
    #: Do not enable the interrupt again.
    noirq: bool = False


def pcie_pme_interrupt_enable(dev: pci_dev, enable: bool) -> None:
    """Enable or disable the PME interrupt of the root port *dev*.

    C: drivers/pci/pcie/pme.c, global, base"""
    if enable:
        pcie_capability_set_word(dev, PCI_EXP_RTCTL, PCI_EXP_RTCTL_PMEIE)
    else:
        pcie_capability_clear_word(dev, PCI_EXP_RTCTL, PCI_EXP_RTCTL_PMEIE)


def pcie_pme_work_fn(data: pcie_pme_service_data) -> None:
    """Clear the events of a root port, then enable its interrupt again.

    C: drivers/pci/pcie/pme.c, static, base"""
    port = data.srv.port

    # PORT: no data->lock: one thread runs at a time, and does not sleep here
    while True:
        if data.noirq:
            break

        _, rtsta = pcie_capability_read_dword(port, PCI_EXP_RTSTA)
        if rtsta & PCI_EXP_RTSTA_PME:
            # the bit is set again if more events are pending
            pcie_clear_root_pme_status(port)

            # PORT: no pcie_pme_handle_request(port, rtsta & 0xffff)
            continue

        # PORT: no loop while PCI_EXP_RTSTA_PENDING: the next event sets the status at once
        break

    if not data.noirq:
        pcie_pme_interrupt_enable(port, True)


def pcie_pme_irq(irq: int, context: pcie_device) -> int:
    """Handle the PME interrupt of a root port.

    C: drivers/pci/pcie/pme.c, static, base
    :return: IRQ_HANDLED if there was a wake-up event, else IRQ_NONE"""
    port = context.port
    data = get_service_data(context)

    _, rtsta = pcie_capability_read_dword(port, PCI_EXP_RTSTA)

    if not (rtsta & PCI_EXP_RTSTA_PME):
        return IRQ_NONE

    pcie_pme_interrupt_enable(port, False)

    schedule_work(data.work)

    return IRQ_HANDLED


def pcie_pme_probe(srv: pcie_device) -> int:
    """Bind the driver to the PME service of a root port.

    C: drivers/pci/pcie/pme.c, static, base
    :return: 0, or -EBUSY if its interrupt is in use"""
    data = pcie_pme_service_data()
    INIT_WORK(data.work, pcie_pme_work_fn, data, pci_name(srv.port))
    data.srv = srv
    set_service_data(srv, data)

    port = srv.port
    pcie_pme_interrupt_enable(port, False)
    pcie_clear_root_pme_status(port)

    ret = request_irq(srv.irq, pcie_pme_irq, IRQF_SHARED, "PCIe PME", srv)
    if not ret:
        # PORT: no pcie_pme_mark_devices(): no device wakes the system
        pcie_pme_interrupt_enable(port, True)

    return ret


def pcie_pme_suspend(srv: pcie_device) -> int:
    """Disable the PME interrupt for good.

    C: drivers/pci/pcie/pme.c, static, base
    :return: 0"""
    data = get_service_data(srv)
    port = srv.port

    pcie_pme_interrupt_enable(port, False)
    pcie_clear_root_pme_status(port)
    data.noirq = True

    # PORT: no synchronize_irq(srv->irq): interrupt handlers finish before the interrupted code goes on

    return 0


def pcie_pme_remove(srv: pcie_device) -> None:
    """Unbind the driver from the PME service of a root port.

    C: drivers/pci/pcie/pme.c, static, base"""
    pcie_pme_suspend(srv)
    free_irq(srv.irq, srv)


def pcie_pme_driver() -> pcie_port_service_driver:
    """Return the driver of PME services.

    C: drivers/pci/pcie/pme.c, static variable, base"""
    return pcie_port_service_driver(
        "pcie_pme",
        pcie_pme_probe,
        pcie_pme_remove,
        port_type=PCI_EXP_TYPE_ROOT_PORT,
        service=PCIE_PORT_SERVICE_PME,
    )


def pcie_pme_service_init() -> int:
    """Register the driver. This initcall runs after the one for ports and before pciehp's.

    C: drivers/pci/pcie/pme.c, static, base
    :return: 0"""
    return pcie_port_service_register(pcie_pme_driver())

# SPDX-License-Identifier: GPL-2.0-only
"""drivers/pci/pcie/portdrv_core.c: the services of a PCI Express port, of which pciehp is the only one here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..kernel.printk import dev_dbg
from ..kernel.structs import *
from ..pci_regs import *
from .access import pcie_capability_clear_word, pcie_capability_read_dword
from .pci import pci_set_power_state
from .pciehp import pcie_device

if TYPE_CHECKING:  # pciehp uses what the scan of a bus uses, and that uses this
    from .pciehp_core import pciehp_probe, pciehp_remove

PCIE_PORT_SERVICE_HP = 1 << 2
PCIE_PORT_DEVICE_MAXSERVICES = 4

#: The services that have a driver.
pcie_port_bus_type: list[pcie_device] = []


def get_port_device_capability(dev: pci_dev) -> int:
    """Return the services of the port *dev*.

    C: drivers/pci/pcie/portdrv_core.c, static, base
    :return: PCIE_PORT_SERVICE_* bits"""
    services = 0

    # PORT: firmware grants control of every service; the only one here is hot-plug: no AER, VC and PME.
    # Hot-Plug Capable
    if pcie_caps_reg(dev) & PCI_EXP_FLAGS_SLOT:
        _, reg32 = pcie_capability_read_dword(dev, PCI_EXP_SLTCAP)
        if reg32 & PCI_EXP_SLTCAP_HPC:
            services |= PCIE_PORT_SERVICE_HP
            # Firmware may have left interrupts on that nothing would handle.
            pcie_capability_clear_word(dev, PCI_EXP_SLTCTL, PCI_EXP_SLTCTL_CCIE | PCI_EXP_SLTCTL_HPIE)

    return services


def pcie_device_init(pdev: pci_dev, service: int, irq: int) -> int:
    """Make the device of one service of the port *pdev*, and bind its driver.

    C: drivers/pci/pcie/portdrv_core.c, static, base
    :param service: one of PCIE_PORT_SERVICE_*
    :return: 0, also if the driver refuses it"""
    pcie = pcie_device(port=pdev, irq=irq)

    device = pcie.device
    device.name = f"{pci_name(pdev)}:pcie{pci_pcie_type(pdev) << 4 | service:02x}"

    # device_register()
    if not pcie_port_probe_service(pcie):
        pcie_port_bus_type.append(pcie)
    return 0


def pcie_port_device_register(dev: pci_dev) -> int:
    """Wake the port *dev* and bind the drivers of its services.

    C: drivers/pci/pcie/portdrv_core.c, global, base
    :return: 0"""
    # PORT: the part of pci_enable_device() that matters to a reset.
    pci_set_power_state(dev, PCI_D0)

    capabilities = get_port_device_capability(dev)
    if not capabilities:
        return 0

    # PORT: no pci_set_master(), and no choice of an interrupt: the device always has one.
    for i in range(PCIE_PORT_DEVICE_MAXSERVICES):
        service = 1 << i
        if not (capabilities & service):
            continue
        # PORT: without a bus below (no number was left for it) pciehp of v3.11 follows a NULL pointer.
        if not dev.subordinate:
            continue
        pcie_device_init(dev, service, dev.irq)  # PORT: it never fails, so nothing is undone

    return 0


def pcie_port_device_remove(dev: pci_dev) -> None:
    """Unbind the services of the port *dev*.

    C: drivers/pci/pcie/portdrv_core.c, global, base"""
    # device_for_each_child(), remove_iter(), device_unregister()
    for pcie in [pcie for pcie in pcie_port_bus_type if pcie.port is dev]:
        pcie_port_remove_service(pcie)
        pcie_port_bus_type.remove(pcie)
    # PORT: neither interrupts nor the port are disabled.


def pcie_port_probe_service(dev: pcie_device) -> int:
    """Offer a service to its driver.

    C: drivers/pci/pcie/portdrv_core.c, static, base
    :return: 0 if the driver took it, or its error"""
    status = pciehp_probe(dev)  # PORT: the only service driver there is
    if not status:
        dev_dbg(dev.device, "pciehp drives this service")
    return status


def pcie_port_remove_service(dev: pcie_device) -> int:
    """Unbind the driver of a service.

    C: drivers/pci/pcie/portdrv_core.c, static, base
    :return: 0"""
    dev_dbg(dev.device, "pciehp no longer drives this service")
    pciehp_remove(dev)
    return 0

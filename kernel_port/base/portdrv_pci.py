# SPDX-License-Identifier: GPL-2.0-only
"""drivers/pci/pcie/portdrv_pci.c: the driver of PCI Express ports."""

from __future__ import annotations

from errno import ENODEV

from ..kernel.structs import *
from ..pci_regs import *
from .access import pcie_capability_set_dword
from .pci import pci_disable_device, pci_save_state
from .portdrv_core import pcie_port_device_register, pcie_port_device_remove


def pcie_clear_root_pme_status(dev: pci_dev) -> None:
    """Clear the PME status of the root port *dev*.

    C: drivers/pci/pcie/portdrv_pci.c, global, base"""
    pcie_capability_set_dword(dev, PCI_EXP_RTSTA, PCI_EXP_RTSTA_PME)


def pcie_portdrv_probe(dev: pci_dev) -> int:
    """Bind to the port *dev*.

    C: drivers/pci/pcie/portdrv_pci.c, static, base
    :return: 0, -ENODEV if it is not a PCI Express port"""
    if not pci_is_pcie(dev) or (
        (pci_pcie_type(dev) != PCI_EXP_TYPE_ROOT_PORT)
        and (pci_pcie_type(dev) != PCI_EXP_TYPE_UPSTREAM)
        and (pci_pcie_type(dev) != PCI_EXP_TYPE_DOWNSTREAM)
    ):
        return -ENODEV

    # PORT: no dev_warn() about a port without an interrupt (`dev->irq`): each has one. No d3cold_allowed: no suspend.
    status = pcie_port_device_register(dev)
    if status:
        return status

    pci_save_state(dev)
    return 0


def pcie_portdrv_remove(dev: pci_dev) -> None:
    """Unbind from the port *dev*.

    C: drivers/pci/pcie/portdrv_pci.c, static, base"""
    pcie_port_device_remove(dev)
    pci_disable_device(dev)


def pcie_portdriver() -> device_driver:
    """Return the driver of PCI Express ports.

    C: drivers/pci/pcie/portdrv_pci.c, static variable, base"""
    return device_driver("pcieport", pcie_portdrv_probe, pcie_portdrv_remove)

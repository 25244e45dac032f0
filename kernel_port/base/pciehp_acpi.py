# SPDX-License-Identifier: GPL-2.0-only
"""drivers/pci/hotplug/pciehp_acpi.c: whether slots are looked for by PCI Express alone, or as firmware lists them.

# PORT: firmware lists no slot that a card could be taken from (acpi_pci_detect_ejectable() is 0), and the module
# parameter pciehp_detect_mode is not given.
"""

from __future__ import annotations

from errno import ENODEV

from ..kernel.structs import *
from ..pci_regs import *
from .access import pcie_capability_read_dword
from .pcieport_if import *
from .portdrv_core import pcie_port_service_register, pcie_port_service_unregister

PCIEHP_DETECT_PCIE = 0
PCIEHP_DETECT_ACPI = 1

slot_detection_mode: int = 0


def pciehp_acpi_slot_detection_check(dev: pci_dev) -> int:
    """Check whether pciehp may have the port *dev*.

    C: drivers/pci/hotplug/pciehp_acpi.c, global, base
    :return: 0, or -ENODEV if only those count that firmware lists, and it is not among them"""
    if slot_detection_mode != PCIEHP_DETECT_ACPI:
        return 0
    return -ENODEV


def dummy_probe(dev: pcie_device) -> int:
    """Look at the number of a slot, for two that are the same.

    C: drivers/pci/hotplug/pciehp_acpi.c, static, base
    :return: -ENODEV"""
    pdev = dev.port

    # PORT: the numbers are not compared: that they are the same counts only where firmware lists slots.
    pcie_capability_read_dword(pdev, PCI_EXP_SLTCAP)
    return -ENODEV  # it is for pciehp


def dummy_driver() -> pcie_port_service_driver:
    """Return a driver that only looks at slots.

    C: drivers/pci/hotplug/pciehp_acpi.c, static variable, base"""
    return pcie_port_service_driver("pciehp_dummy", dummy_probe, port_type=PCIE_ANY_PORT, service=PCIE_PORT_SERVICE_HP)


def select_detection_mode() -> int:
    """Choose how slots are looked for.

    C: drivers/pci/hotplug/pciehp_acpi.c, static, base
    :return: PCIEHP_DETECT_PCIE, or PCIEHP_DETECT_ACPI if the driver that looks cannot be registered"""
    driver = dummy_driver()
    if pcie_port_service_register(driver):
        return PCIEHP_DETECT_ACPI
    pcie_port_service_unregister(driver)
    return PCIEHP_DETECT_PCIE


def pciehp_acpi_slot_detection_init() -> None:
    """Choose how slots are looked for, once.

    C: drivers/pci/hotplug/pciehp_acpi.c, global, base"""
    global slot_detection_mode
    slot_detection_mode = select_detection_mode()

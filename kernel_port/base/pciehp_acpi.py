# SPDX-License-Identifier: GPL-2.0-only
"""drivers/pci/hotplug/pciehp_acpi.c: how slots are detected, by PCI Express registers or by firmware (ACPI).

# PORT: firmware describes no ejectable slot (acpi_pci_detect_ejectable() is 0), and the module parameter
# pciehp_detect_mode is not set.
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
    """Check whether pciehp may use the port *dev*.

    C: drivers/pci/hotplug/pciehp_acpi.c, global, base
    :return: 0, or -ENODEV if slots are detected by firmware, which does not describe this one"""
    if slot_detection_mode != PCIEHP_DETECT_ACPI:
        return 0
    # PORT: no acpi_pci_detect_ejectable()
    return -ENODEV


def dummy_probe(dev: pcie_device) -> int:
    """Look for slots with the same number.

    C: drivers/pci/hotplug/pciehp_acpi.c, static, base
    :return: -ENODEV"""
    pdev = dev.port

    # PORT: slot numbers are not compared (PCI_EXP_SLTCAP_PSN, dummy_slots, dup_slot_id): they only matter where
    # firmware describes slots (DEVICE_ACPI_HANDLE(), acpi_slot_detected)
    pcie_capability_read_dword(pdev, PCI_EXP_SLTCAP)
    return -ENODEV  # leave the port to pciehp


def dummy_driver() -> pcie_port_service_driver:
    """Return a driver that binds to no port and only collects slot numbers.

    C: drivers/pci/hotplug/pciehp_acpi.c, static variable, base"""
    return pcie_port_service_driver("pciehp_dummy", dummy_probe, port_type=PCIE_ANY_PORT, service=PCIE_PORT_SERVICE_HP)


def select_detection_mode() -> int:
    """Choose how slots are detected.

    C: drivers/pci/hotplug/pciehp_acpi.c, static, base
    :return: PCIEHP_DETECT_PCIE, or PCIEHP_DETECT_ACPI if dummy_driver() cannot be registered"""
    driver = dummy_driver()  # PORT: in C a variable of the file, which no one else uses
    # PORT: no dummy_slots to free, and no acpi_slot_detected
    if pcie_port_service_register(driver):
        return PCIEHP_DETECT_ACPI
    pcie_port_service_unregister(driver)
    return PCIEHP_DETECT_PCIE


def pciehp_acpi_slot_detection_init() -> None:
    """Choose how slots are detected, once.

    C: drivers/pci/hotplug/pciehp_acpi.c, global, base"""
    global slot_detection_mode
    # PORT: parse_detect_mode() is PCIEHP_DETECT_AUTO: the module parameter is not set; and PCIEHP_DETECT_ACPI is not
    # found
    slot_detection_mode = select_detection_mode()

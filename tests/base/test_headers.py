# SPDX-License-Identifier: GPL-2.0-only
"""What the C has in headers of the kernel: constants, initial data, and structs as kzalloc() leaves them."""

from dataclasses import fields

import pytest

from kernel_port.link import link

CONSTANTS = {
    # include/linux/pci_ids.h
    "PCI_CLASS_NOT_DEFINED": 0x0000, "PCI_CLASS_STORAGE_IDE": 0x0101, "PCI_CLASS_BRIDGE_HOST": 0x0600,
    "PCI_CLASS_BRIDGE_PCI": 0x0604, "PCI_CLASS_BRIDGE_CARDBUS": 0x0607,
    # include/linux/pci.h, drivers/pci/pci.h, pci.c, probe.c
    "pci_channel_io_normal": 1, "pci_bar_unknown": 0, "pci_bar_io": 1, "pci_bar_mem32": 2, "pci_bar_mem64": 3,
    "PCI_FIND_CAP_TTL": 48, "PCI_EXP_SAVE_REGS": 7, "PCI_REGION_FLAG_MASK": 0x0F, "CARDBUS_LATENCY_TIMER": 176,
    "CARDBUS_RESERVE_BUSNR": 3, "PCI_SPEED_UNKNOWN": 0xFF, "PCIE_SPEED_2_5GT": 0x14, "PCIE_SPEED_5_0GT": 0x15,
    "PCIE_SPEED_8_0GT": 0x16, "CRS_VENDOR_ID": 0xFFFF0001,
    # include/linux/ioport.h; what x86 has of ports
    "IORESOURCE_CACHEABLE": 0x8000, "IO_SPACE_LIMIT": 0xFFFF,
    # include/linux/pcieport_if.h
    "PCIE_PORT_SERVICE_HP": 4,
    # drivers/pci/hotplug/pciehp.h, pciehp_hpc.c
    "INT_BUTTON_IGNORE": 0, "INT_PRESENCE_ON": 1, "INT_PRESENCE_OFF": 2, "INT_SWITCH_CLOSE": 3, "INT_SWITCH_OPEN": 4,
    "INT_POWER_FAULT": 5, "INT_POWER_FAULT_CLEAR": 6, "INT_BUTTON_PRESS": 7, "INT_BUTTON_RELEASE": 8,
    "INT_BUTTON_CANCEL": 9, "STATIC_STATE": 0, "BLINKINGON_STATE": 1, "BLINKINGOFF_STATE": 2, "POWERON_STATE": 3,
    "POWEROFF_STATE": 4, "POWER_ON": 0, "POWER_OFF": 0x0400,
    # module parameters and other data, before anybody has set them
    "pci_pm_d3_delay": 0, "pciehp_poll_mode": 0, "pciehp_poll_time": 0, "pciehp_force": 0, "pciehp_debug": 0,
}  # fmt: skip


@pytest.mark.parametrize("name", CONSTANTS)
def test_constant_is_that_of_the_header(name):
    assert getattr(link(), name) == CONSTANTS[name]


@pytest.mark.parametrize("struct", ["hotplug_slot_info", "controller", "pcie_device", "resource", "pci_cap_saved_data"])
def test_struct_numbers_begin_as_zero(struct):
    numbers = {field.name: field.default for field in fields(getattr(link(), struct)) if isinstance(field.default, int)}
    assert {name for name, value in numbers.items() if value} == set()

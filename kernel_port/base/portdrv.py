# SPDX-License-Identifier: GPL-2.0-only
"""drivers/pci/pcie/portdrv.h: what the parts of the driver of PCI Express ports share."""

from __future__ import annotations

PCIE_PORT_DEVICE_MAXSERVICES = 4
#: The message that the services use must be one of the first so many (PCIe 2.0, 6.1.6 and 7.8.2).
PCIE_PORT_MAX_MSIX_ENTRIES = 32


def get_descriptor_id(type: int, service: int) -> int:
    """Return the number in the name of a service: the type of its port and its own bit.

    C: drivers/pci/pcie/portdrv.h, macro, base"""
    return ((type - 4) << 4) | service

# SPDX-License-Identifier: GPL-2.0-only
"""drivers/pci/pcie/portdrv.h: definitions that the parts of the PCI Express port driver share."""

from __future__ import annotations

PCIE_PORT_DEVICE_MAXSERVICES = 4
#: The number of the message that services use must be less than this (PCIe 2.0, 6.1.6 and 7.8.2).
PCIE_PORT_MAX_MSIX_ENTRIES = 32


def get_descriptor_id(type: int, service: int) -> int:
    """Return the number in the name of a service, made of the type of its port and its own bit.

    C: drivers/pci/pcie/portdrv.h, macro, base"""
    return ((type - 4) << 4) | service

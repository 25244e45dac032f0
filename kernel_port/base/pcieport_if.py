# SPDX-License-Identifier: GPL-2.0-only
"""include/linux/pcieport_if.h: a service of a PCI Express port, as its driver sees it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from ..kernel.structs import *


@dataclass(eq=False, slots=True)
class pcie_device:
    """struct pcie_device: one service of a PCI Express port, here its hotplug part.

    C: include/linux/pcieport_if.h, struct, base"""

    irq: int = 0
    port: pci_dev = NULL
    priv_data: Any = NULL
    device: device = field(default_factory=device)


def set_service_data(dev: pcie_device, data: Any) -> None:
    """Set the driver's data of the service.

    C: include/linux/pcieport_if.h, static inline, base"""
    dev.priv_data = data


def get_service_data(dev: pcie_device) -> Any:
    """Return the driver's data of the service.

    C: include/linux/pcieport_if.h, static inline, base"""
    return dev.priv_data

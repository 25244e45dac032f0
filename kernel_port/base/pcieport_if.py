# SPDX-License-Identifier: GPL-2.0-only
"""include/linux/pcieport_if.h: a service of a PCI Express port, as its driver sees it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from ..kernel.structs import *

#: A service driver takes ports of any type.
PCIE_ANY_PORT = -1

PCIE_PORT_SERVICE_PME_SHIFT = 0  # Power Management Event
PCIE_PORT_SERVICE_PME = 1 << PCIE_PORT_SERVICE_PME_SHIFT
PCIE_PORT_SERVICE_HP_SHIFT = 2  # Native Hotplug
PCIE_PORT_SERVICE_HP = 1 << PCIE_PORT_SERVICE_HP_SHIFT
PCIE_PORT_SERVICE_VC_SHIFT = 3  # Virtual Channel
PCIE_PORT_SERVICE_VC = 1 << PCIE_PORT_SERVICE_VC_SHIFT


@dataclass(eq=False, slots=True)
class pcie_device:
    """struct pcie_device: one service of a PCI Express port.

    C: include/linux/pcieport_if.h, struct, base"""

    irq: int = 0
    port: pci_dev = NULL
    service: int = 0
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


@dataclass(eq=False, slots=True)
class pcie_port_service_driver(device_driver):
    """struct pcie_port_service_driver with its struct device_driver: the driver of a struct pcie_device.

    C: include/linux/pcieport_if.h, struct, base"""

    port_type: int = 0
    service: int = 0

# SPDX-License-Identifier: GPL-2.0-only
"""drivers/pci/bus.c: putting what was found into use."""

from __future__ import annotations

from ..kernel.export import EXPORT_SYMBOL, EXPORT_SYMBOL_GPL
from ..kernel.structs import pci_bus, pci_dev
from .dd import device_attach


def pci_bus_add_device(dev: pci_dev) -> int:
    """Let a driver have *dev*.

    C: drivers/pci/bus.c, exported, base
    :return: 0"""
    dev.match_driver = 1
    device_attach(dev)

    dev.is_added = 1

    return 0


EXPORT_SYMBOL_GPL(pci_bus_add_device)


def pci_bus_add_devices(bus: pci_bus) -> None:
    """Let drivers have the devices at and below *bus*.

    C: drivers/pci/bus.c, exported, base"""
    for dev in bus.devices:
        # Skip already-added devices
        if dev.is_added:
            continue
        pci_bus_add_device(dev)

    for dev in bus.devices:
        child = dev.subordinate
        if child:
            pci_bus_add_devices(child)


EXPORT_SYMBOL(pci_bus_add_devices)

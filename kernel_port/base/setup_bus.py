# SPDX-License-Identifier: GPL-2.0-only
"""drivers/pci/setup-bus.c: only the part that enables bridges, after addresses were assigned.

# PORT: addresses stay as firmware left them: none are sized, assigned or logged (pci_bus_dump_resources()).
"""

from __future__ import annotations

from ..kernel.export import EXPORT_SYMBOL_GPL
from ..kernel.printk import dev_err
from ..kernel.structs import *
from .bus import pci_enable_bridges
from .pci import pci_reenable_device, pci_set_master
from .probe import pci_root_buses


def pci_assign_unassigned_resources() -> None:
    """Enable every bridge.

    C: drivers/pci/setup-bus.c, global, base"""
    for bus in pci_root_buses:
        pci_enable_bridges(bus)


def pci_assign_unassigned_bridge_resources(bridge: pci_dev) -> None:
    """Enable *bridge* again, and every bridge below it.

    C: drivers/pci/setup-bus.c, exported, base"""
    parent = bridge.subordinate

    retval = pci_reenable_device(bridge)
    if retval:
        dev_err(bridge.dev, f"cannot enable this bridge again: {retval}")
    pci_set_master(bridge)
    pci_enable_bridges(parent)


EXPORT_SYMBOL_GPL(pci_assign_unassigned_bridge_resources)

# SPDX-License-Identifier: GPL-2.0-only
"""pci: Create pci_reset_bridge_secondary_bus()

Why: the reset of a bus through its bridge is about to get more users than the function reset, so it gets a name.
What: in drivers/pci/pci.c, the accesses and delays of pci_parent_bus_reset() move into
pci_reset_bridge_secondary_bus(), exported and declared in include/linux/pci.h. What happens on the bus does not change.
Look at: the guards (root bus, bridge, siblings) stay with the caller. The new function checks nothing: given an
endpoint it writes to whatever that has where bridges have Bridge Control. It takes no lock, saves nothing, and reads
Bridge Control once for both writes.
"""

from __future__ import annotations

from errno import ENOTTY

from ..base.access import pci_read_config_word, pci_write_config_word
from ..kernel.delay import msleep
from ..kernel.export import EXPORT_SYMBOL_GPL
from ..kernel.structs import *
from ..pci_regs import *

ADDS = ("pci_reset_bridge_secondary_bus",)
MODIFIES = ("pci_parent_bus_reset",)


def pci_reset_bridge_secondary_bus(dev: pci_dev) -> None:
    """Reset the bus below a bridge: 100 ms held, 100 ms to settle. Takes no lock, and does not check *dev*.

    C: drivers/pci/pci.c, exported, patch 1
    :param dev: the bridge, ``struct pci_dev *``"""
    ctrl = pci_read_config_word(dev, PCI_BRIDGE_CONTROL)
    ctrl |= PCI_BRIDGE_CTL_BUS_RESET
    pci_write_config_word(dev, PCI_BRIDGE_CONTROL, ctrl)
    msleep(100)

    ctrl &= ~PCI_BRIDGE_CTL_BUS_RESET
    pci_write_config_word(dev, PCI_BRIDGE_CONTROL, ctrl)
    msleep(100)


EXPORT_SYMBOL_GPL(pci_reset_bridge_secondary_bus)


def pci_parent_bus_reset(dev: pci_dev, probe: int) -> int:
    """Reset *dev*, alone on its bus, by resetting the bus.

    C: drivers/pci/pci.c, static, patch 1
    :param probe: not 0: only say whether it would work
    :return: 0, or -ENOTTY if there is no bridge to do it or others would be reset too"""
    # the device is on a root bus, or is a bridge, or has no known bridge above it: no bus reset resets it alone
    if pci_is_root_bus(dev.bus) or dev.subordinate or not dev.bus.self:
        return -ENOTTY

    for pdev in dev.bus.devices:
        # another function is on the same bus, and a bus reset would reset it too
        if pdev is not dev:
            return -ENOTTY

    if probe:
        return 0

    pci_reset_bridge_secondary_bus(dev.bus.self)

    return 0

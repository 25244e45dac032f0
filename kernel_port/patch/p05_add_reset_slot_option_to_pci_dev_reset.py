# SPDX-License-Identifier: GPL-2.0-only
"""pci: Add reset_slot option to pci_dev_reset

Why: resetting the only function in a hotplug slot through its bus looks to the slot like a removal and an insertion.
What: in drivers/pci/pci.c, __pci_dev_reset() asks the slot's driver, through the new pci_dev_reset_slot_function(),
before it tries the bus; provided that no other function is in the slot.
Look at: the order, after the power management reset and before the parent bus. Functions above 7 of an
ARI device belong to no slot, so they do not count as others and are reset along, unlocked and unsaved. An error of the
slot's driver other than -ENOTTY ends the search.
"""

from __future__ import annotations

from errno import ENOTTY

from ..base.pci import pci_af_flr, pci_pm_reset, pcie_flr
from ..base.quirks import pci_dev_specific_reset
from ..kernel.bug import might_sleep
from ..kernel.structs import *
from .p01_create_pci_reset_bridge_secondary_bus import pci_parent_bus_reset
from .p03_add_pci_hp_reset_slot import pci_hp_reset_slot

ADDS = ("pci_dev_reset_slot_function",)
MODIFIES = ("__pci_dev_reset",)


def pci_dev_reset_slot_function(dev: pci_dev, probe: int) -> int:
    """Reset *dev*, alone in its slot, by resetting the slot.

    C: drivers/pci/pci.c, static, patch 5
    :param probe: not 0: only say whether it would work
    :return: 0; -ENOTTY if there is no slot to do it or others would be reset too; else the slot driver's error"""
    # the device is a bridge, so others would be reset with it, or it is in no slot that the kernel knows
    if dev.subordinate or not dev.slot:
        return -ENOTTY

    for pdev in dev.bus.devices:
        # another function is in the same slot, and a slot reset would reset it too
        if pdev is not dev and pdev.slot is dev.slot:
            return -ENOTTY

    return pci_hp_reset_slot(dev.slot.hotplug, probe)


def __pci_dev_reset(dev: pci_dev, probe: int) -> int:
    """Reset *dev* by the first method that it offers.

    C: drivers/pci/pci.c, static, patch 5
    :param probe: not 0: only say whether one would work
    :return: 0; -ENOTTY if it offers none; any other error of a method ends the search"""
    might_sleep()

    rc = pci_dev_specific_reset(dev, probe)
    if rc != -ENOTTY:
        return rc

    rc = pcie_flr(dev, probe)
    if rc != -ENOTTY:
        return rc

    rc = pci_af_flr(dev, probe)
    if rc != -ENOTTY:
        return rc

    rc = pci_pm_reset(dev, probe)
    if rc != -ENOTTY:
        return rc

    rc = pci_dev_reset_slot_function(dev, probe)
    if rc != -ENOTTY:
        return rc

    rc = pci_parent_bus_reset(dev, probe)
    return rc

# SPDX-License-Identifier: GPL-2.0-only
"""pci: Add pci_hp_reset_slot

Why: the caller of a slot reset should not have to know how the slot's module is kept loaded.
What: in drivers/pci/hotplug/pci_hotplug_core.c, pci_hp_reset_slot() holds the module, calls the slot's reset_slot and
releases the module; include/linux/pci_hotplug.h declares it, with a stub for kernels without hotplug. No caller yet.
Look at: each return puts the module that was taken, and none that was not. A module that is being unloaded gives
-ENOTTY, as a driver without reset_slot does; from patch 5 on, the caller then tries the next reset method, which is the
bus, with no regard for the slot. A probe takes and puts the module too.
"""

from __future__ import annotations

from errno import ENOTTY

from ..base.pci_hotplug import hotplug_slot
from ..kernel.export import EXPORT_SYMBOL_GPL
from ..kernel.module import module_put, try_module_get

ADDS = ("pci_hp_reset_slot",)
MODIFIES = ()


def pci_hp_reset_slot(hotplug: hotplug_slot, probe: int) -> int:
    """Reset what is in a slot, by the slot's driver.

    C: drivers/pci/hotplug/pci_hotplug_core.c, exported, patch 3
    :param probe: not 0: only say whether it would work
    :return: 0; -ENOTTY if the driver cannot, is going away, or there is none; else the driver's error"""
    rc = -ENOTTY

    # the slot has no hotplug driver, or the driver is being unloaded
    if not hotplug or not try_module_get(hotplug.ops.owner):
        return rc

    # the slot's hotplug driver has no reset_slot
    if hotplug.ops.reset_slot:
        rc = hotplug.ops.reset_slot(hotplug, probe)

    module_put(hotplug.ops.owner)

    return rc


EXPORT_SYMBOL_GPL(pci_hp_reset_slot)

# SPDX-License-Identifier: GPL-2.0-only
"""pci: Hold pci_bus_sem while a slot or a bus is locked

Why: a function that leaves the list between the walk that locks and the one that unlocks stays locked for ever.
What: in drivers/pci/pci.c, pci_slot_reset() and pci_bus_reset() hold pci_bus_sem for reading around both walks.
Look at: a removal waits until the reset is over. pci_slot_lock() and pci_bus_lock() call each other, and a reader that
asks twice waits for itself once a writer is in the queue.
"""

from __future__ import annotations

from errno import ENOTTY

from kernel_port.base.search import pci_bus_sem
from kernel_port.kernel.bug import might_sleep
from kernel_port.kernel.mutex import down_read, up_read
from kernel_port.kernel.structs import pci_bus, pci_slot
from kernel_port.patch.p01_create_pci_reset_bridge_secondary_bus import pci_reset_bridge_secondary_bus
from kernel_port.patch.p03_add_pci_hp_reset_slot import pci_hp_reset_slot
from kernel_port.patch.p07_add_slot_and_bus_reset_interfaces import (
    pci_bus_lock,
    pci_bus_unlock,
    pci_slot_lock,
    pci_slot_unlock,
)

ADDS = ()
MODIFIES = ("pci_slot_reset", "pci_bus_reset")


def pci_slot_reset(slot: pci_slot, probe: int) -> int:
    """Reset *slot* by its driver, with the devices in it locked and none of them removed.

    C: drivers/pci/pci.c, static, hold_the_list
    :param probe: not 0: only say whether it would work, without locks
    :return: 0, -ENOTTY if there is no slot or its driver cannot, or the driver's error"""
    if not slot:
        return -ENOTTY

    if not probe:
        down_read(pci_bus_sem)
        pci_slot_lock(slot)

    might_sleep()

    rc = pci_hp_reset_slot(slot.hotplug, probe)

    if not probe:
        pci_slot_unlock(slot)
        up_read(pci_bus_sem)

    return rc


def pci_bus_reset(bus: pci_bus, probe: int) -> int:
    """Reset *bus* through the bridge above it, with the devices on it locked and none of them removed.

    C: drivers/pci/pci.c, static, hold_the_list
    :param probe: not 0: only say whether it would work; touches no hardware
    :return: 0, or -ENOTTY if there is no bridge"""
    if not bus.self:
        return -ENOTTY

    if probe:
        return 0

    down_read(pci_bus_sem)
    pci_bus_lock(bus)

    might_sleep()

    pci_reset_bridge_secondary_bus(bus.self)

    pci_bus_unlock(bus)
    up_read(pci_bus_sem)

    return 0

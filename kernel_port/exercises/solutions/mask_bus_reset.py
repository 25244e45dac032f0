# SPDX-License-Identifier: GPL-2.0-only
"""pci: Mask presence detection when the bus of a slot is reset

Why: pciehp takes the reset for a removal.
What: in drivers/pci/pci.c, pci_bus_reset() lets the driver of the slot do it where the slot is the bus.
Look at: a port has one slot, which is the bus; a conventional bus may have several, and keeps the bare reset.
"""

from __future__ import annotations

from errno import ENOTTY

from kernel_port.kernel.bug import might_sleep
from kernel_port.kernel.structs import NULL, pci_bus, pci_is_pcie
from kernel_port.patch.p01_create_pci_reset_bridge_secondary_bus import pci_reset_bridge_secondary_bus
from kernel_port.patch.p03_add_pci_hp_reset_slot import pci_hp_reset_slot
from kernel_port.patch.p07_add_slot_and_bus_reset_interfaces import pci_bus_lock, pci_bus_unlock

ADDS = ()
MODIFIES = ("pci_bus_reset",)


def pci_bus_reset(bus: pci_bus, probe: int) -> int:
    """Reset *bus*, by the driver of its slot if that can, with the devices on it locked.

    C: drivers/pci/pci.c, static, mask_bus_reset
    :param probe: not 0: only say whether it would work; touches no hardware
    :return: 0, or -ENOTTY if there is no bridge"""
    if not bus.self:
        return -ENOTTY

    if probe:
        return 0

    pci_bus_lock(bus)

    might_sleep()

    slot = bus.slots[0].hotplug if pci_is_pcie(bus.self) and bus.slots else NULL
    if pci_hp_reset_slot(slot, 0) == -ENOTTY:
        pci_reset_bridge_secondary_bus(bus.self)

    pci_bus_unlock(bus)

    return 0

# SPDX-License-Identifier: GPL-2.0-only
"""pci: Unlock siblings in the reverse order

Why: what is taken last is released first, as everywhere.
What: in drivers/pci/pci.c, pci_bus_unlock() and pci_slot_unlock() go through the list from its end.
Look at: what is below a device is still unlocked before the device.
"""

from __future__ import annotations

from kernel_port.kernel.structs import pci_bus, pci_slot
from kernel_port.patch.p06_split_out_pci_dev_lock_unlock_and_save_restore import pci_dev_unlock

ADDS = ()
MODIFIES = ("pci_bus_unlock", "pci_slot_unlock")


def pci_bus_unlock(bus: pci_bus) -> None:
    """Unlock every device on and below *bus*, the last one that was locked first.

    C: drivers/pci/pci.c, static, unlock_in_reverse"""
    for dev in reversed(bus.devices):
        if dev.subordinate:
            pci_bus_unlock(dev.subordinate)
        pci_dev_unlock(dev)


def pci_slot_unlock(slot: pci_slot) -> None:
    """Unlock every device in and below *slot*, the last one that was locked first.

    C: drivers/pci/pci.c, static, unlock_in_reverse"""
    for dev in reversed(slot.bus.devices):
        if not dev.slot or dev.slot is not slot:
            continue
        if dev.subordinate:
            pci_bus_unlock(dev.subordinate)
        pci_dev_unlock(dev)

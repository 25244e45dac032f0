# SPDX-License-Identifier: GPL-2.0-only
"""PCI: Fix lock symmetry in pci_slot_unlock()

Why: since lock-bridge-of-bus a bridge in the slot is locked by pci_bus_lock() of its bus, and was unlocked twice.
What: in drivers/pci/pci.c, pci_slot_unlock() unlocks a device itself only if there is no bus below it.
Look at: a second unlock of a mutex lets in whoever waits, next to whoever has it by then.
Upstream: f3efb9569b4a in v6.16 (id and title in a mail; the code is in 6.18.35 and not in 6.12.19).
Adapted: from v6.18.35, on top of lock-bridge-of-bus; nothing differs.
"""

from __future__ import annotations

from ..kernel.structs import *
from ..patch.p06_split_out_pci_dev_lock_unlock_and_save_restore import pci_dev_unlock
from .v611_lock_bridge_of_bus import pci_bus_unlock

ADDS = ()
MODIFIES = ("pci_slot_unlock",)
REQUIRES = ("lock-bridge-of-bus",)


def pci_slot_unlock(slot: pci_slot) -> None:
    """Unlock every device in and below *slot*, from the bottom up.

    C: drivers/pci/pci.c, static, v6.16"""
    for dev in slot.bus.devices:
        if not dev.slot or dev.slot is not slot:
            continue
        if dev.subordinate:
            pci_bus_unlock(dev.subordinate)
        else:
            pci_dev_unlock(dev)

# SPDX-License-Identifier: GPL-2.0-only
"""PCI: Fix pci_slot_trylock() error handling

Why: since lock-bridge-of-bus pci_bus_trylock() locks the bridge above the bus itself, and lets go of it if it fails;
pci_slot_trylock() unlocked it again, which may be somebody else's lock.
What: in drivers/pci/pci.c, pci_slot_trylock() only lets go of what it got.
Look at: only a slot with a bridge in it, and a lock below or of that bridge that is held, came to it.
Upstream: 9368d1ee6282 in v7.0 (id and title in a mail and a list of revisions; the code is in 7.1.5).
Adapted: from what v7.1.5 has under other names, on top of lock-bridge-of-bus.
"""

from __future__ import annotations

from ..kernel.structs import *
from ..patch.p06_split_out_pci_dev_lock_unlock_and_save_restore import pci_dev_unlock
from .v314_try_reset import pci_dev_trylock
from .v611_lock_bridge_of_bus import pci_bus_trylock, pci_bus_unlock

ADDS = ()
MODIFIES = ("pci_slot_trylock",)
REQUIRES = ("lock-bridge-of-bus",)


def pci_slot_trylock(slot: pci_slot) -> int:
    """Lock every device in and below *slot*, from the top down, if all are free.

    C: drivers/pci/pci.c, static, v7.0
    :return: 1 if they are locked, 0 if none is"""
    locked: list[pci_dev] = []  # PORT: list_for_each_entry_continue_reverse() goes back from where the loop stopped
    for dev in slot.bus.devices:
        if not dev.slot or dev.slot is not slot:
            continue
        if dev.subordinate:
            if not pci_bus_trylock(dev.subordinate):
                break
        elif not pci_dev_trylock(dev):
            break
        locked.append(dev)
    else:
        return 1

    # PORT: `goto unlock`
    for dev in reversed(locked):
        if dev.subordinate:
            pci_bus_unlock(dev.subordinate)
        else:
            pci_dev_unlock(dev)
    return 0

# SPDX-License-Identifier: GPL-2.0-only
"""PCI: Fix pci_slot_lock () device locking

Why: the reset of a slot is done by registers of the port above, too, and lock-bridge-of-bus locks that for buses only.
What: in drivers/pci/pci.c, pci_slot_lock() and pci_slot_trylock() lock the bridge above the slot first, if there is
one; pci_slot_unlock() unlocks it last.
Look at: the port's device lock is held while the driver of its slot works: nothing in there may bind or unbind the port
itself. Several slots of one bus cannot be reset at once any more.
Upstream: 1f5e57c622b4 in v7.0 (the whole patch in a mail; id and title in a list of revisions).
Adapted: from that patch, on top of slot-unlock-symmetry and slot-trylock-error-handling; nothing differs.
"""

from __future__ import annotations

from ..kernel.structs import *
from ..patch.p06_split_out_pci_dev_lock_unlock_and_save_restore import pci_dev_lock, pci_dev_unlock
from .v314_try_reset import pci_dev_trylock
from .v611_lock_bridge_of_bus import pci_bus_lock, pci_bus_trylock, pci_bus_unlock

ADDS = ()
MODIFIES = ("pci_slot_lock", "pci_slot_unlock", "pci_slot_trylock")
REQUIRES = ("slot-unlock-symmetry", "slot-trylock-error-handling")


def pci_slot_lock(slot: pci_slot) -> None:
    """Lock the bridge above *slot* and every device in and below it, from the top down.

    C: drivers/pci/pci.c, static, v7.0"""
    bridge = slot.bus.self

    if bridge:
        pci_dev_lock(bridge)

    for dev in slot.bus.devices:
        if not dev.slot or dev.slot is not slot:
            continue
        if dev.subordinate:
            pci_bus_lock(dev.subordinate)
        else:
            pci_dev_lock(dev)


def pci_slot_unlock(slot: pci_slot) -> None:
    """Unlock every device in and below *slot* and the bridge above, from the bottom up.

    C: drivers/pci/pci.c, static, v7.0"""
    bridge = slot.bus.self

    for dev in slot.bus.devices:
        if not dev.slot or dev.slot is not slot:
            continue
        if dev.subordinate:
            pci_bus_unlock(dev.subordinate)
        else:
            pci_dev_unlock(dev)

    if bridge:
        pci_dev_unlock(bridge)


def pci_slot_trylock(slot: pci_slot) -> int:
    """Lock the bridge above *slot* and every device in and below it, if all are free.

    C: drivers/pci/pci.c, static, v7.0
    :return: 1 if they are locked, 0 if none is"""
    bridge = slot.bus.self

    if bridge and not pci_dev_trylock(bridge):
        return 0

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

    if bridge:
        pci_dev_unlock(bridge)
    return 0

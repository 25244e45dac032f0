# SPDX-License-Identifier: GPL-2.0-only
"""PCI: Add missing bridge lock to pci_bus_lock()

Why: the reset of a bus is done by registers of the bridge above, which was not locked: who wrote Bridge Control
meanwhile could hold the bus in reset for good.
What: in drivers/pci/pci.c, pci_bus_lock() locks the bridge first, and with it each bridge below before what is below
that; the functions that unlock and try to lock follow.
Look at: a root bus has no bridge, and the bridge is not tested: callers do not lock root buses. pci_slot_unlock() still
unlocks each bridge in the slot, which pci_bus_unlock() has done already, and pci_slot_trylock() unlocks one that it did
not get (slot-unlock-symmetry, slot-trylock-error-handling). The bridge above a slot is still not locked
(lock-bridge-of-slot).
Upstream: a4e772898f8b in v6.11 (id and title in a mail and a list of revisions; the code is in 6.12.19 and not in
6.5.0). CVE-2024-46750.
Adapted: from v6.12.19, on top of try-reset; nothing differs.
"""

from __future__ import annotations

from ..kernel.structs import *
from ..patch.p06_split_out_pci_dev_lock_unlock_and_save_restore import pci_dev_lock, pci_dev_unlock
from .v314_try_reset import pci_dev_trylock

ADDS = ()
MODIFIES = (
    "pci_bus_lock", "pci_bus_unlock", "pci_bus_trylock", "pci_slot_lock", "pci_slot_unlock", "pci_slot_trylock",
)  # fmt: skip
REQUIRES = ("try-reset",)


def pci_bus_lock(bus: pci_bus) -> None:
    """Lock the bridge above *bus* and every device on and below, from the top down.

    C: drivers/pci/pci.c, static, v6.11"""
    pci_dev_lock(bus.self)
    for dev in bus.devices:
        if dev.subordinate:
            pci_bus_lock(dev.subordinate)
        else:
            pci_dev_lock(dev)


def pci_bus_unlock(bus: pci_bus) -> None:
    """Unlock every device on and below *bus* and the bridge above, from the bottom up.

    C: drivers/pci/pci.c, static, v6.11"""
    for dev in bus.devices:
        if dev.subordinate:
            pci_bus_unlock(dev.subordinate)
        else:
            pci_dev_unlock(dev)
    pci_dev_unlock(bus.self)


def pci_bus_trylock(bus: pci_bus) -> int:
    """Lock the bridge above *bus* and every device on and below, from the top down, if all are free.

    C: drivers/pci/pci.c, static, v6.11
    :return: 1 if they are locked, 0 if none is"""
    if not pci_dev_trylock(bus.self):
        return 0

    locked: list[pci_dev] = []  # PORT: list_for_each_entry_continue_reverse() goes back from where the loop stopped
    for dev in bus.devices:
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
    pci_dev_unlock(bus.self)
    return 0


def pci_slot_lock(slot: pci_slot) -> None:
    """Lock every device in and below *slot*, from the top down.

    C: drivers/pci/pci.c, static, v6.11"""
    for dev in slot.bus.devices:
        if not dev.slot or dev.slot is not slot:
            continue
        if dev.subordinate:
            pci_bus_lock(dev.subordinate)
        else:
            pci_dev_lock(dev)


def pci_slot_unlock(slot: pci_slot) -> None:
    """Unlock every device in and below *slot*, from the bottom up; each bridge in it twice.

    C: drivers/pci/pci.c, static, v6.11"""
    for dev in slot.bus.devices:
        if not dev.slot or dev.slot is not slot:
            continue
        if dev.subordinate:
            pci_bus_unlock(dev.subordinate)
        pci_dev_unlock(dev)


def pci_slot_trylock(slot: pci_slot) -> int:
    """Lock every device in and below *slot*, from the top down, if all are free.

    C: drivers/pci/pci.c, static, v6.11
    :return: 1 if they are locked, 0 if none is"""
    locked: list[pci_dev] = []  # PORT: list_for_each_entry_continue_reverse() goes back from where the loop stopped
    for dev in slot.bus.devices:
        if not dev.slot or dev.slot is not slot:
            continue
        if dev.subordinate:
            if not pci_bus_trylock(dev.subordinate):
                pci_dev_unlock(dev)
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

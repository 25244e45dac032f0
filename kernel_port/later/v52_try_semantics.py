# SPDX-License-Identifier: GPL-2.0-only
"""PCI: Fix "try" semantics of bus and slot reset

Why: since save-under-device-lock a reset that should only try to get the locks waits for the lock of each device, to
save it: it hangs if the holder of one waits for the caller, which is what such resets are for.
What: in drivers/pci/pci.c, pci_try_reset_slot() and pci_try_reset_bus() save, reset and restore with everything locked,
and touch nothing if they do not get the locks; the functions that save and restore take no locks and are called
*_locked.
Look at: everything stays locked for as long as the reset takes, which is seconds later. The lists of devices are walked
three times without pci_bus_sem; a lock of what has left the list is never released (walk).
Upstream: ddefc033eecf in v5.1 or v5.2 (the whole patch in a mail of 2019; the code is in 5.2.1 and not in 4.19.1).
Adapted: from v5.7.14, on top of probe-slot-first and save-under-device-lock. # PORT: v4.19 and v5.2 call the two
__pci_reset_slot() and __pci_reset_bus(). A module takes nothing away, so pci_reset_slot() and the unlocked functions
that it calls stay.
"""

from __future__ import annotations

from errno import EAGAIN

from ..kernel.bug import might_sleep
from ..kernel.export import EXPORT_SYMBOL_GPL
from ..kernel.structs import *
from ..patch.p01_create_pci_reset_bridge_secondary_bus import pci_reset_bridge_secondary_bus
from ..patch.p03_add_pci_hp_reset_slot import pci_hp_reset_slot
from ..patch.p06_split_out_pci_dev_lock_unlock_and_save_restore import pci_dev_restore, pci_dev_save_and_disable
from ..patch.p07_add_slot_and_bus_reset_interfaces import (
    pci_bus_reset,
    pci_bus_unlock,
    pci_slot_reset,
    pci_slot_unlock,
)
from .v314_try_reset import pci_bus_trylock, pci_slot_trylock

ADDS = (
    "pci_bus_save_and_disable_locked", "pci_bus_restore_locked",
    "pci_slot_save_and_disable_locked", "pci_slot_restore_locked",
)  # fmt: skip
MODIFIES = ("pci_try_reset_slot", "pci_try_reset_bus")
REQUIRES = ("probe-slot-first", "save-under-device-lock")


def pci_bus_save_and_disable_locked(bus: pci_bus) -> None:
    """Save and disable every device on and below *bus*, from the top down. The caller has locked them.

    C: drivers/pci/pci.c, static, v5.2"""
    for dev in bus.devices:
        pci_dev_save_and_disable(dev)
        if dev.subordinate:
            pci_bus_save_and_disable_locked(dev.subordinate)


def pci_bus_restore_locked(bus: pci_bus) -> None:
    """Restore every device on and below *bus*, from the top down. The caller has locked them.

    C: drivers/pci/pci.c, static, v5.2"""
    for dev in bus.devices:
        pci_dev_restore(dev)
        if dev.subordinate:
            pci_bus_restore_locked(dev.subordinate)


def pci_slot_save_and_disable_locked(slot: pci_slot) -> None:
    """Save and disable every device in and below *slot*, from the top down. The caller has locked them.

    C: drivers/pci/pci.c, static, v5.2"""
    for dev in slot.bus.devices:
        if not dev.slot or dev.slot is not slot:
            continue
        pci_dev_save_and_disable(dev)
        if dev.subordinate:
            pci_bus_save_and_disable_locked(dev.subordinate)


def pci_slot_restore_locked(slot: pci_slot) -> None:
    """Restore every device in and below *slot*, from the top down. The caller has locked them.

    C: drivers/pci/pci.c, static, v5.2"""
    for dev in slot.bus.devices:
        if not dev.slot or dev.slot is not slot:
            continue
        pci_dev_restore(dev)
        if dev.subordinate:
            pci_bus_restore_locked(dev.subordinate)


def pci_try_reset_slot(slot: pci_slot) -> int:
    """Reset *slot*, config space saved before and restored after, if the locks of all in it are free.

    C: drivers/pci/pci.c __pci_reset_slot(), static, v5.2
    :return: 0; -ENOTTY if there is no slot or its driver cannot; -EAGAIN if a lock is held, and then nothing has been
        touched; or the driver's error"""
    rc = pci_slot_reset(slot, 1)
    if rc:
        return rc

    if pci_slot_trylock(slot):
        pci_slot_save_and_disable_locked(slot)
        might_sleep()
        rc = pci_hp_reset_slot(slot.hotplug, 0)
        pci_slot_restore_locked(slot)
        pci_slot_unlock(slot)
    else:
        rc = -EAGAIN

    return rc


EXPORT_SYMBOL_GPL(pci_try_reset_slot)


def pci_try_reset_bus(bus: pci_bus) -> int:
    """Reset *bus*, config space saved before and restored after, if the locks of all on it are free.

    C: drivers/pci/pci.c __pci_reset_bus(), static, v5.2
    :return: 0; -ENOTTY if there is no bridge; -EAGAIN if a lock is held, and then nothing has been touched"""
    rc = pci_bus_reset(bus, 1)
    if rc:
        return rc

    if pci_bus_trylock(bus):
        pci_bus_save_and_disable_locked(bus)
        might_sleep()
        pci_reset_bridge_secondary_bus(bus.self)
        pci_bus_restore_locked(bus)
        pci_bus_unlock(bus)
    else:
        rc = -EAGAIN

    return rc


EXPORT_SYMBOL_GPL(pci_try_reset_bus)

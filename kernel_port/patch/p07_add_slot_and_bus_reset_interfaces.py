# SPDX-License-Identifier: GPL-2.0-only
"""pci: Add slot and bus reset interfaces

Why: some devices cannot be reset one function at a time, but a driver such as vfio that owns all functions of a slot
or of a bus could reset them together.
What: in drivers/pci/pci.c, pci_reset_slot() and pci_reset_bus() save, lock, reset and restore everything in the slot
or on the bus and on all buses below, parents before children; exported and declared in include/linux/pci.h.
Look at: siblings are unlocked in the order they were locked, not the reverse. Save and restore run without locks.
pci_reset_bus() resets the bus of a pciehp port without masking presence detection, so the spurious events of patch 4
are back. Below a bridge in D3hot everything saves as all ones, until patch 8. The bridge above the bus is neither
locked nor saved.
"""

from __future__ import annotations

from errno import ENOTTY

from ..kernel.bug import might_sleep
from ..kernel.export import EXPORT_SYMBOL_GPL
from ..kernel.structs import *
from .p01_create_pci_reset_bridge_secondary_bus import pci_reset_bridge_secondary_bus
from .p03_add_pci_hp_reset_slot import pci_hp_reset_slot
from .p06_split_out_pci_dev_lock_unlock_and_save_restore import (
    pci_dev_lock,
    pci_dev_restore,
    pci_dev_save_and_disable,
    pci_dev_unlock,
)

ADDS = (
    "pci_bus_lock", "pci_bus_unlock", "pci_slot_lock", "pci_slot_unlock",
    "pci_bus_save_and_disable", "pci_bus_restore", "pci_slot_save_and_disable", "pci_slot_restore",
    "pci_slot_reset", "pci_reset_slot", "pci_bus_reset", "pci_reset_bus",
)  # fmt: skip
MODIFIES = ()


def pci_bus_lock(bus: pci_bus) -> None:
    """Lock every device on and below *bus*, from the top down.

    C: drivers/pci/pci.c, static, patch 7"""
    for dev in bus.devices:
        pci_dev_lock(dev)
        if dev.subordinate:
            pci_bus_lock(dev.subordinate)


def pci_bus_unlock(bus: pci_bus) -> None:
    """Unlock every device on and below *bus*, from the bottom up; siblings in the order they were locked.

    C: drivers/pci/pci.c, static, patch 7"""
    for dev in bus.devices:
        if dev.subordinate:
            pci_bus_unlock(dev.subordinate)
        pci_dev_unlock(dev)


def pci_slot_lock(slot: pci_slot) -> None:
    """Lock every device in and below *slot*, from the top down.

    C: drivers/pci/pci.c, static, patch 7"""
    for dev in slot.bus.devices:
        if not dev.slot or dev.slot is not slot:
            continue
        pci_dev_lock(dev)
        if dev.subordinate:
            pci_bus_lock(dev.subordinate)


def pci_slot_unlock(slot: pci_slot) -> None:
    """Unlock every device in and below *slot*, from the bottom up.

    C: drivers/pci/pci.c, static, patch 7"""
    for dev in slot.bus.devices:
        if not dev.slot or dev.slot is not slot:
            continue
        if dev.subordinate:
            pci_bus_unlock(dev.subordinate)
        pci_dev_unlock(dev)


def pci_bus_save_and_disable(bus: pci_bus) -> None:
    """Save and disable every device on and below *bus*, from the top down.

    C: drivers/pci/pci.c, static, patch 7"""
    for dev in bus.devices:
        pci_dev_save_and_disable(dev)
        if dev.subordinate:
            pci_bus_save_and_disable(dev.subordinate)


def pci_bus_restore(bus: pci_bus) -> None:
    """Restore every device on and below *bus*, from the top down: a bridge must work before what is below it.

    C: drivers/pci/pci.c, static, patch 7"""
    for dev in bus.devices:
        pci_dev_restore(dev)
        if dev.subordinate:
            pci_bus_restore(dev.subordinate)


def pci_slot_save_and_disable(slot: pci_slot) -> None:
    """Save and disable every device in and below *slot*, from the top down.

    C: drivers/pci/pci.c, static, patch 7"""
    for dev in slot.bus.devices:
        if not dev.slot or dev.slot is not slot:
            continue
        pci_dev_save_and_disable(dev)
        if dev.subordinate:
            pci_bus_save_and_disable(dev.subordinate)


def pci_slot_restore(slot: pci_slot) -> None:
    """Restore every device in and below *slot*, from the top down.

    C: drivers/pci/pci.c, static, patch 7"""
    for dev in slot.bus.devices:
        if not dev.slot or dev.slot is not slot:
            continue
        pci_dev_restore(dev)
        if dev.subordinate:
            pci_bus_restore(dev.subordinate)


def pci_slot_reset(slot: pci_slot, probe: int) -> int:
    """Reset *slot* by its driver, with the devices in it locked.

    C: drivers/pci/pci.c, static, patch 7
    :param probe: not 0: only say whether it would work, without locks
    :return: 0, -ENOTTY if there is no slot or its driver cannot, or the driver's error"""
    # the kernel knows no slot here: no hotplug driver has registered one
    if not slot:
        return -ENOTTY

    if not probe:
        pci_slot_lock(slot)

    might_sleep()

    rc = pci_hp_reset_slot(slot.hotplug, probe)

    if not probe:
        pci_slot_unlock(slot)

    return rc


def pci_reset_slot(slot: pci_slot) -> int:
    """Reset everything in *slot* and below, config space saved before and restored after.

    C: drivers/pci/pci.c, exported, patch 7
    :return: 0, -ENOTTY if there is no slot or its driver cannot, or the driver's error"""
    rc = pci_slot_reset(slot, 1)
    if rc:
        return rc

    pci_slot_save_and_disable(slot)

    rc = pci_slot_reset(slot, 0)

    pci_slot_restore(slot)

    return rc


EXPORT_SYMBOL_GPL(pci_reset_slot)


def pci_bus_reset(bus: pci_bus, probe: int) -> int:
    """Reset *bus* through the bridge above it, with the devices on it locked. The bridge is not.

    C: drivers/pci/pci.c, static, patch 7
    :param probe: not 0: only say whether it would work; touches no hardware
    :return: 0, or -ENOTTY if there is no bridge"""
    # the bus is a root bus: there is no bridge above to reset it
    if not bus.self:
        return -ENOTTY

    if probe:
        return 0

    pci_bus_lock(bus)

    might_sleep()

    pci_reset_bridge_secondary_bus(bus.self)

    pci_bus_unlock(bus)

    return 0


def pci_reset_bus(bus: pci_bus) -> int:
    """Reset everything on *bus* and below, config space saved before and restored after.

    C: drivers/pci/pci.c, exported, patch 7
    :return: 0, or -ENOTTY if there is no bridge"""
    rc = pci_bus_reset(bus, 1)
    if rc:
        return rc

    pci_bus_save_and_disable(bus)

    rc = pci_bus_reset(bus, 0)

    pci_bus_restore(bus)

    return rc


EXPORT_SYMBOL_GPL(pci_reset_bus)

# SPDX-License-Identifier: GPL-2.0-only
"""PCI: Add flag for devices where we can't use bus reset

Why: some devices do not come back after a reset of their bus, and only power does help then.
What: in drivers/pci/pci.c, no reset of a bus, of a slot, or of a function by one of them, is offered if a device that
it would hit has PCI_DEV_FLAGS_NO_BUS_RESET; the new pci_bus_resetable() and pci_slot_resetable() look at everything on
and below. In quirks.c, Atheros AR93xx has the flag.
Look at: the flag of the bridge above a bus counts for nothing: a port whose link does not train again needs more. A
device may be added between the look and the reset. Somebody who resets by hand is not held up.
Upstream: c3e59ee4e766, "PCI: Mark Atheros AR93xx to avoid bus reset", in v3.19 (in a mail; the code is in 3.19.8 and
not in 3.14.4), with the flag before it, whose id is not verified (the title is in a list of a stable tree).
Adapted: from v3.19.8, on top of usb-handoff-enables-bridges, whose row of fixups stays. The slot's driver is called by
the name that the series gives the call.
"""

from __future__ import annotations

from errno import ENOTTY

from ..base.quirks import pci_fixup, pci_fixup_early, pci_fixup_final, pci_fixup_header, quirk_mmio_always_on
from ..kernel.bug import might_sleep
from ..kernel.structs import *
from ..patch.p01_create_pci_reset_bridge_secondary_bus import pci_reset_bridge_secondary_bus
from ..patch.p03_add_pci_hp_reset_slot import pci_hp_reset_slot
from ..patch.p07_add_slot_and_bus_reset_interfaces import (
    pci_bus_lock,
    pci_bus_unlock,
    pci_slot_lock,
    pci_slot_unlock,
)
from .v312_usb_handoff_enables_bridges import quirk_usb_early_handoff

ADDS = ("quirk_no_bus_reset", "pci_bus_resetable", "pci_slot_resetable")
MODIFIES = (
    "pci_fixups", "pci_parent_bus_reset", "pci_dev_reset_slot_function", "pci_slot_reset", "pci_bus_reset",
)  # fmt: skip
REQUIRES = ("usb-handoff-enables-bridges",)

#: include/linux/pci.h: a bus reset breaks the device
PCI_DEV_FLAGS_NO_BUS_RESET = 1 << 6
#: include/linux/pci_ids.h
PCI_VENDOR_ID_ATHEROS = 0x168C


def quirk_no_bus_reset(dev: pci_dev) -> None:
    """Forbid bus resets of *dev*, which breaks in one.

    C: drivers/pci/quirks.c, static, v3.19"""
    dev.dev_flags |= PCI_DEV_FLAGS_NO_BUS_RESET


def pci_fixups(pass_: int) -> tuple[pci_fixup, ...]:
    """Return the fixups of one pass, in the order of their declarations.

    C: include/linux/pci.h, macros DECLARE_PCI_FIXUP_*(), v3.19; in C each pass is a linker section
    :param pass_: enum pci_fixup_pass"""
    # PORT: only three of about two hundred; the others are for particular chips
    if pass_ == pci_fixup_early:
        return (pci_fixup(PCI_ANY_ID, PCI_ANY_ID, PCI_CLASS_BRIDGE_HOST, 8, quirk_mmio_always_on),)
    if pass_ == pci_fixup_header:
        return (pci_fixup(PCI_VENDOR_ID_ATHEROS, 0x0030, PCI_ANY_ID, 0, quirk_no_bus_reset),)
    if pass_ == pci_fixup_final:
        return (pci_fixup(PCI_ANY_ID, PCI_ANY_ID, PCI_CLASS_SERIAL_USB, 8, quirk_usb_early_handoff),)
    return ()


def pci_parent_bus_reset(dev: pci_dev, probe: int) -> int:
    """Reset *dev*, alone on its bus, by resetting the bus.

    C: drivers/pci/pci.c, static, v3.19
    :param probe: not 0: only say whether it would work
    :return: 0, or -ENOTTY if there is no bridge to do it, others would be reset too, or *dev* would break"""
    # the device is on a root bus, or is a bridge, or has no known bridge above it, or breaks in a bus reset
    if pci_is_root_bus(dev.bus) or dev.subordinate or not dev.bus.self or dev.dev_flags & PCI_DEV_FLAGS_NO_BUS_RESET:
        return -ENOTTY

    for pdev in dev.bus.devices:
        # another function is on the same bus, and a bus reset would reset it too
        if pdev is not dev:
            return -ENOTTY

    if probe:
        return 0

    pci_reset_bridge_secondary_bus(dev.bus.self)

    return 0


def pci_dev_reset_slot_function(dev: pci_dev, probe: int) -> int:
    """Reset *dev*, alone in its slot, by resetting the slot.

    C: drivers/pci/pci.c, static, v3.19
    :param probe: not 0: only say whether it would work
    :return: 0; -ENOTTY if there is no slot to do it, others would be reset too, or *dev* would break; else the slot
        driver's error"""
    # the device is a bridge, so others would be reset with it, or it is in no slot that the kernel knows, or it breaks
    # in a bus reset
    if dev.subordinate or not dev.slot or dev.dev_flags & PCI_DEV_FLAGS_NO_BUS_RESET:
        return -ENOTTY

    for pdev in dev.bus.devices:
        # another function is in the same slot, and a slot reset would reset it too
        if pdev is not dev and pdev.slot is dev.slot:
            return -ENOTTY

    return pci_hp_reset_slot(dev.slot.hotplug, probe)


def pci_bus_resetable(bus: pci_bus) -> bool:
    """Return whether no device on or below *bus* breaks in a bus reset.

    C: drivers/pci/pci.c, static, v3.19"""
    for dev in bus.devices:
        if dev.dev_flags & PCI_DEV_FLAGS_NO_BUS_RESET or (dev.subordinate and not pci_bus_resetable(dev.subordinate)):
            return False

    return True


def pci_slot_resetable(slot: pci_slot) -> bool:
    """Return whether no device in or below *slot* breaks in a bus reset.

    C: drivers/pci/pci.c, static, v3.19"""
    for dev in slot.bus.devices:
        if not dev.slot or dev.slot is not slot:
            continue
        if dev.dev_flags & PCI_DEV_FLAGS_NO_BUS_RESET or (dev.subordinate and not pci_bus_resetable(dev.subordinate)):
            return False

    return True


def pci_slot_reset(slot: pci_slot, probe: int) -> int:
    """Reset *slot* by its driver, with the devices in it locked.

    C: drivers/pci/pci.c, static, v3.19
    :param probe: not 0: only say whether it would work, without locks
    :return: 0, -ENOTTY if there is no slot, its driver cannot, or a device would break, or the driver's error"""
    # the kernel knows no slot here, or a device in it or below breaks in a bus reset
    if not slot or not pci_slot_resetable(slot):
        return -ENOTTY

    if not probe:
        pci_slot_lock(slot)

    might_sleep()

    rc = pci_hp_reset_slot(slot.hotplug, probe)

    if not probe:
        pci_slot_unlock(slot)

    return rc


def pci_bus_reset(bus: pci_bus, probe: int) -> int:
    """Reset *bus* through the bridge above it, with the devices on it locked. The bridge is not.

    C: drivers/pci/pci.c, static, v3.19
    :param probe: not 0: only say whether it would work; touches no hardware
    :return: 0, or -ENOTTY if there is no bridge, or a device would break"""
    # the bus is a root bus: there is no bridge above to reset it; or a device on it or below breaks in a bus reset
    if not bus.self or not pci_bus_resetable(bus):
        return -ENOTTY

    if probe:
        return 0

    pci_bus_lock(bus)

    might_sleep()

    pci_reset_bridge_secondary_bus(bus.self)

    pci_bus_unlock(bus)

    return 0

# SPDX-License-Identifier: GPL-2.0-only
"""PCI: Make reset_subordinate hotplug safe

Why: the file `reset_subordinate` of a bridge resets the bus below, whoever drives the slots on it: pciehp takes the
reset of its slot for a removal.
What: in drivers/pci/pci.c, pci_reset_bridge() resets each slot on the bus, if all of them can be reset, else the bus;
pci_try_reset_bridge() is for the file, which calls it, and pci_bus_error_reset() for errors. pci_slot_mutex is held
over the slots, so that none of them goes meanwhile.
Look at: slots are reset one after the other, and the first error ends it: those before it have been reset. Locks are
only tried, so the user gets -EAGAIN where he used to wait. With restore, each slot saves its own devices; without, it
is the caller who has to. Other calls that reset the bus (pci_reset_bus() until v4.19, setpci) are as unsafe as before.
Upstream: 8238cb69c01f in v7.1 (in a list of revisions; the code is in 7.1.5 and not in 6.19.0).
Adapted: from v7.1.5, on top of reset-subordinate. # PORT: pci_slot_mutex is new here; it came long before, where 3.11
takes pci_bus_sem for slots, and is taken where a slot goes, as well as that. AER, which calls pci_bus_error_reset(), is
not ported so far.
"""

from __future__ import annotations

from errno import EINVAL, ENOTTY

from ..base.pci_sysfs import kstrtoul
from ..base.search import pci_bus_sem
from ..base.slot import kobject_put
from ..kernel.export import EXPORT_SYMBOL_GPL
from ..kernel.mutex import down_write, mutex, mutex_lock, mutex_unlock, up_write
from ..kernel.printk import dev_dbg
from ..kernel.structs import *
from ..patch.p07_add_slot_and_bus_reset_interfaces import pci_bus_reset, pci_slot_reset
from .v312_probe_reset_slot_and_bus import pci_probe_reset_slot
from .v314_try_reset import pci_try_reset_bus, pci_try_reset_slot

ADDS = ("pci_reset_bridge", "pci_bus_error_reset", "pci_try_reset_bridge")
MODIFIES = ("reset_subordinate_store", "pci_destroy_slot")
REQUIRES = ("reset-subordinate",)

#: Held by who walks the slots of a bus, or takes one away.
pci_slot_mutex: mutex = mutex("pci_slot_mutex")

#: Whether the reset of a bridge saves and restores the devices.
PCI_RESET_RESTORE = True
PCI_RESET_NO_RESTORE = False


def pci_reset_bridge(bridge: pci_dev, restore: bool) -> int:
    """Reset the slots on the bus below *bridge*, or the bus if there are none or one cannot be reset.

    C: drivers/pci/pci.c, static, v7.1
    :param restore: whether to lock, save and restore the devices
    :return: 0; -ENOTTY if there is no bus below; -EAGAIN if a lock is held; or the slot driver's error"""
    bus = bridge.subordinate
    ret = 0

    if not bus:
        return -ENOTTY

    mutex_lock(pci_slot_mutex)
    # PORT: `goto bus_reset;` is what comes after this block, if list_empty(), or in the first list_for_each_entry()
    if bus.slots and not any(pci_probe_reset_slot(slot) for slot in bus.slots):
        for slot in bus.slots:
            if restore:
                ret = pci_try_reset_slot(slot)
            else:
                ret = pci_slot_reset(slot, 0)

            if ret:
                break

        mutex_unlock(pci_slot_mutex)
        return ret
    mutex_unlock(pci_slot_mutex)

    if restore:
        return pci_try_reset_bus(bus)
    return pci_bus_reset(bridge.subordinate, 0)


def pci_bus_error_reset(bridge: pci_dev) -> int:
    """Reset what is below *bridge* after an error: nothing is saved, nor restored.

    C: drivers/pci/pci.c, global, v7.1
    :return: as pci_reset_bridge()"""
    return pci_reset_bridge(bridge, PCI_RESET_NO_RESTORE)


def pci_try_reset_bridge(bridge: pci_dev) -> int:
    """Reset what is below *bridge*, if all locks are free.

    C: drivers/pci/pci.c, global, v7.1
    :return: as pci_reset_bridge()"""
    return pci_reset_bridge(bridge, PCI_RESET_RESTORE)


def reset_subordinate_store(pdev: pci_dev, buf: str) -> int:
    """Reset what is below *pdev*, if *buf* is a number that is not 0.

    C: drivers/pci/pci-sysfs.c, static, v7.1
    :return: len(buf), -EINVAL for anything but a number, or an error of pci_try_reset_bridge()"""
    # PORT: everybody here is root: no capable(CAP_SYS_ADMIN), no `return -EPERM;`
    result, val = kstrtoul(buf)
    if result < 0:
        return -EINVAL

    if val:
        ret = pci_try_reset_bridge(pdev)

        if ret:
            return ret

    return len(buf)  # PORT: `return count`, which the caller has counted


def pci_destroy_slot(slot: pci_slot) -> None:
    """Drop a reference on *slot*; the last one frees it.

    C: drivers/pci/slot.c, exported, v7.1"""
    dev_dbg(slot.bus.dev, f"device {slot.number:02x}: {slot.refcount - 1} references to its slot left")

    mutex_lock(pci_slot_mutex)
    down_write(pci_bus_sem)  # PORT: as in 3.11
    kobject_put(slot)
    up_write(pci_bus_sem)
    mutex_unlock(pci_slot_mutex)


EXPORT_SYMBOL_GPL(pci_destroy_slot)

# SPDX-License-Identifier: GPL-2.0-only
"""drivers/pci/slot.c: physical slots, and which devices sit in them.

A slot is found by (bus, device number) and has a reference count: asking again returns the same one.
"""

from __future__ import annotations

from collections.abc import Callable
from errno import EBUSY, EIO

from ..kernel.export import EXPORT_SYMBOL, EXPORT_SYMBOL_GPL
from ..kernel.mutex import down_write, up_write
from ..kernel.printk import dev_dbg
from ..kernel.structs import *
from .pci_hotplug import hotplug_slot
from .search import pci_bus_sem

#: /sys/bus/pci/slots: every physical slot by name.
pci_slots_kset: dict[str, pci_slot] = {}


def pci_slot_attr_show(slot: pci_slot, attr: str) -> int | str:
    """Read the sysfs file *attr* of *slot*.

    C: drivers/pci/slot.c, static, base
    :return: the text, or -EIO if the file cannot be read"""
    # PORT: to_pci_slot_attr()
    show: Callable[[pci_slot], int | str] | None = slot.attrs[attr][0]
    return show(slot) if show else -EIO


def pci_slot_attr_store(slot: pci_slot, attr: str, buf: str) -> int:
    """Write *buf* to the sysfs file *attr* of *slot*.

    C: drivers/pci/slot.c, static, base
    :return: how many characters were taken, -EIO if the file cannot be written, or the driver's error"""
    # PORT: to_pci_slot_attr()
    store: Callable[[pci_slot, str], int] | None = slot.attrs[attr][1]
    return store(slot, buf) if store else -EIO


def kobject_put(slot: pci_slot) -> None:
    """Drop a reference; with the last one the slot leaves sysfs and is released.

    C: lib/kobject.c, exported, base"""
    # PORT: kref_put() and kobject_release(), `if (kobj)` and its WARN()
    slot.refcount -= 1
    if slot.refcount == 0:
        del pci_slots_kset[slot.kobj_name]
        pci_slot_release(slot)


EXPORT_SYMBOL(kobject_put)


def pci_slot_release(slot: pci_slot) -> None:
    """Remove *slot* from its devices and its bus.

    C: drivers/pci/slot.c, static, base"""
    dev_dbg(slot.bus.dev, f"device {slot.number:02x}: physical slot {pci_slot_name(slot)} is gone")

    for dev in slot.bus.devices:
        if PCI_SLOT(dev.devfn) == slot.number:
            dev.slot = NULL

    slot.bus.slots.remove(slot)  # PORT: list_del()


def make_slot_name(name: str) -> str:
    """Find a free name: *name*, else name-1, name-2, ... (firmware may give several slots one name).

    C: drivers/pci/slot.c, static, base"""
    # PORT: kstrdup() does not fail, and nothing counts how much space the name needs: `len`, `max`
    new_name = name
    dup = 1

    # PORT: kset_find_obj() and `break` if it finds nothing (dup_slot); `for (;;)`
    while new_name in pci_slots_kset:
        new_name = f"{name}-{dup}"
        dup += 1

    return new_name


def rename_slot(slot: pci_slot, name: str) -> int:
    """Give *slot* the name that a hotplug driver wants.

    C: drivers/pci/slot.c, static, base
    :return: 0"""
    result = 0

    if pci_slot_name(slot) == name:
        return result

    slot_name = make_slot_name(name)  # PORT: make_slot_name() does not fail

    # PORT: kobject_rename()
    del pci_slots_kset[slot.kobj_name]
    slot.kobj_name = slot_name
    pci_slots_kset[slot_name] = slot

    return result


def get_slot(parent: pci_bus, slot_nr: int) -> pci_slot | None:
    """Find the slot with this device number and take a reference. The caller holds pci_bus_sem.

    C: drivers/pci/slot.c, static, base"""
    for slot in parent.slots:
        if slot.number == slot_nr:
            slot.refcount += 1  # PORT: kobject_get()
            return slot

    return None


def pci_create_slot(parent: pci_bus, slot_nr: int, name: str, hotplug: hotplug_slot | None) -> pci_slot | int:
    """Make a physical slot, or take a reference on the one that exists.

    C: drivers/pci/slot.c, exported, base
    :param slot_nr: device number, or -1 for a placeholder: no existing slot is returned
    :param name: preferred name; a number is appended if another slot has it
    :param hotplug: the hotplug slot, if a hotplug driver calls: it may rename an unclaimed slot
    :return: the slot, or -EBUSY if another hotplug driver has it (PORT: ERR_PTR(err) is the negative number itself)"""
    down_write(pci_bus_sem)

    if slot_nr != -1:
        # A hotplug driver may rename a slot without one.
        # PORT: `goto placeholder` is what comes after this block; `slot = NULL` is for ERR_PTR()
        slot = get_slot(parent, slot_nr)
        if slot:
            if hotplug:
                # PORT: two assignments in the test of the C
                err = -EBUSY if slot.hotplug else 0
                if err or (err := rename_slot(slot, name)):
                    kobject_put(slot)
                    up_write(pci_bus_sem)
                    return err
            up_write(pci_bus_sem)
            return slot

    slot = pci_slot(bus=parent, number=slot_nr & 0xFF)

    slot_name = make_slot_name(name)  # PORT: make_slot_name() does not fail

    # PORT: kobject_init_and_add(), which cannot fail, to `slot->kobj.kset`
    slot.kobj_name = slot_name
    pci_slots_kset[slot.kobj_name] = slot

    parent.slots.insert(0, slot)

    for dev in parent.devices:
        if PCI_SLOT(dev.devfn) == slot_nr:
            dev.slot = slot

    dev_dbg(parent.dev, f"device {slot_nr:02x}: new physical slot {pci_slot_name(slot)}")

    up_write(pci_bus_sem)
    return slot


EXPORT_SYMBOL_GPL(pci_create_slot)


def pci_destroy_slot(slot: pci_slot) -> None:
    """Drop a reference on *slot*; the last one frees it.

    C: drivers/pci/slot.c, exported, base"""
    dev_dbg(slot.bus.dev, f"device {slot.number:02x}: {slot.refcount - 1} references to its slot left")

    down_write(pci_bus_sem)
    kobject_put(slot)
    up_write(pci_bus_sem)


EXPORT_SYMBOL_GPL(pci_destroy_slot)

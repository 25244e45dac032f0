# SPDX-License-Identifier: GPL-2.0-only
"""drivers/pci/remove.c: removing devices, those below a bridge first."""

from __future__ import annotations

from typing import Any

from ..kernel.export import EXPORT_SYMBOL
from ..kernel.mutex import down_write, up_write
from ..kernel.structs import *
from ..kernel.system import system
from .core import device_del
from .pci import pci_pme_active
from .pci_sysfs import pci_remove_sysfs_dev_files
from .probe import pci_root_buses
from .search import pci_bus_sem


def list_del(entry: Any, head: list[Any]) -> None:
    """Remove *entry* from the list *head*. If it is not on it, the C follows poisoned pointers.

    C: include/linux/list.h, static inline, base"""
    # PORT: __list_del(), and LIST_POISON1 and LIST_POISON2 in its pointers, on which a second list_del() stumbles
    if entry not in head:
        raise system.sched.oops(f"list_del() of {entry.dev.name}, which was removed before")
    head.remove(entry)


def pci_stop_dev(dev: pci_dev) -> None:
    """Unbind the driver of *dev*.

    C: drivers/pci/remove.c, static, base"""
    pci_pme_active(dev, False)

    if dev.is_added:
        # PORT: no pci_proc_detach_device(): no /proc
        pci_remove_sysfs_dev_files(dev)
        device_del(dev)
        dev.is_added = 0

    # PORT: no ASPM: no pcie_aspm_exit_link_state() if `dev->bus->self`


def pci_destroy_dev(dev: pci_dev) -> None:
    """Remove *dev* from its bus.

    C: drivers/pci/remove.c, static, base"""
    down_write(pci_bus_sem)
    list_del(dev, dev.bus.devices)
    up_write(pci_bus_sem)

    # PORT: no pci_free_resources(): nothing is assigned, and Python counts references (put_device()).


def pci_remove_bus(bus: pci_bus) -> None:
    """Remove *bus* from the bus above, or from the root buses.

    C: drivers/pci/remove.c, exported, base"""
    # PORT: no pci_proc_detach_bus(), pci_remove_legacy_files() and device_unregister(): no bus is in /proc or sysfs
    down_write(pci_bus_sem)
    list_del(bus, bus.parent.children if bus.parent else pci_root_buses)
    # PORT: no pci_bus_release_busn_res(): no tree of bus numbers.
    up_write(pci_bus_sem)


EXPORT_SYMBOL(pci_remove_bus)


def pci_stop_bus_device(dev: pci_dev) -> None:
    """Unbind the drivers of *dev* and all devices below, the last found first.

    C: drivers/pci/remove.c, static, base"""
    bus = dev.subordinate

    if bus:
        for child in reversed(bus.devices[:]):
            pci_stop_bus_device(child)

    pci_stop_dev(dev)


def pci_remove_bus_device(dev: pci_dev) -> None:
    """Remove *dev*, the bus below and all devices on it from the lists.

    C: drivers/pci/remove.c, static, base"""
    bus = dev.subordinate

    if bus:
        for child in bus.devices[:]:
            pci_remove_bus_device(child)

        pci_remove_bus(bus)
        dev.subordinate = NULL

    pci_destroy_dev(dev)


def pci_stop_and_remove_bus_device(dev: pci_dev) -> None:
    """Remove *dev* and everything below it.

    C: drivers/pci/remove.c, exported, base"""
    system.emit("remove_device", pci_name(dev))
    pci_stop_bus_device(dev)
    pci_remove_bus_device(dev)


EXPORT_SYMBOL(pci_stop_and_remove_bus_device)

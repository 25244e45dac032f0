# SPDX-License-Identifier: GPL-2.0-only
"""drivers/pci/bus.c: binding drivers to the devices that were found."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..kernel.bug import WARN_ON
from ..kernel.export import EXPORT_SYMBOL, EXPORT_SYMBOL_GPL
from ..kernel.mutex import down_read, up_read
from ..kernel.printk import dev_err
from ..kernel.structs import *
from .dd import device_attach
from .pci import pci_enable_device, pci_set_master
from .pci_sysfs import pci_create_sysfs_dev_files
from .quirks import pci_fixup_device, pci_fixup_final
from .search import pci_bus_sem


def pci_bus_add_device(dev: pci_dev) -> int:
    """Bind a driver to *dev*.

    C: drivers/pci/bus.c, exported, base
    :return: 0"""
    # not when the device was found: no addresses were assigned yet
    pci_fixup_device(pci_fixup_final, dev)
    pci_create_sysfs_dev_files(dev)

    dev.match_driver = 1
    retval = device_attach(dev)
    WARN_ON(retval < 0, f"{pci_name(dev)}: error {retval} from device_attach()")

    dev.is_added = 1

    return 0


def pci_bus_add_devices(bus: pci_bus) -> None:
    """Bind drivers to the devices on and below *bus*.

    C: drivers/pci/bus.c, exported, base"""
    for dev in bus.devices:
        # Added before
        if dev.is_added:
            continue
        retval = pci_bus_add_device(dev)
        if retval:
            dev_err(dev.dev, f"error {retval} from pci_bus_add_device()")

    # PORT: no BUG_ON(!dev->is_added): the loop above added each
    for dev in bus.devices:
        child = dev.subordinate
        if child:
            pci_bus_add_devices(child)


def pci_enable_bridges(bus: pci_bus) -> None:
    """Enable all bridges on and below *bus*, with or without a driver: this wakes each and makes it a bus master.

    C: drivers/pci/bus.c, exported, base"""
    for dev in bus.devices:
        if dev.subordinate:
            if not pci_is_enabled(dev):
                retval = pci_enable_device(dev)
                if retval:
                    dev_err(dev.dev, f"cannot enable this bridge: {retval}")
                pci_set_master(dev)
            pci_enable_bridges(dev.subordinate)


def pci_walk_bus(top: pci_bus, cb: Callable[[pci_dev, Any], int], userdata: Any) -> None:
    """Call *cb* for every device on and below *top*, each before those below it, until it returns other than 0.

    C: drivers/pci/bus.c, exported, base"""
    down_read(pci_bus_sem)
    # PORT: what is pending stands for `next` and `bus`, which the C moves in `for (;;)`: to the end of a list, and from
    # there back to the bridge above
    pending = list(reversed(top.devices))
    while pending:
        dev = pending.pop()
        if dev.subordinate:
            pending += reversed(dev.subordinate.devices)
        retval = cb(dev, userdata)
        if retval:
            break
    up_read(pci_bus_sem)


EXPORT_SYMBOL_GPL(pci_walk_bus)
EXPORT_SYMBOL_GPL(pci_bus_add_device)
EXPORT_SYMBOL(pci_bus_add_devices)
EXPORT_SYMBOL(pci_enable_bridges)

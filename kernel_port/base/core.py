# SPDX-License-Identifier: GPL-2.0-only
"""drivers/base/core.c, with what it needs of bus.c and lib/klist.c: devices, from device_add() to device_del()."""

from __future__ import annotations

from collections.abc import Callable
from errno import EIO, ENOENT
from typing import Any

from ..kernel.structs import *
from ..kernel.system import system
from .dd import device_release_driver

#: struct bus_type pci_bus_type: every PCI function, in the order in which they were found.
pci_bus_type: list[pci_dev] = []


def klist_del(n: Any, klist: list[Any], name: str) -> None:
    """Remove *n* from *klist*. If it is on no list, the C follows a NULL pointer.

    C: lib/klist.c, exported, base
    :param name: its name, for the report"""
    if n not in klist:
        raise system.sched.oops(f"klist_del() of {name}, which is on no list: another thread is removing it")
    klist.remove(n)


def device_create_file(
    dev: device, name: str, show: Callable[[pci_dev], int | str], store: Callable[[pci_dev, str], int]
) -> int:
    """Create a sysfs file of *dev*.

    C: drivers/base/core.c, exported, base; PORT: a file is an entry in dev.attrs, which cannot fail
    :param show: NULL if it cannot be read
    :param store: NULL if it cannot be written
    :return: 0"""
    dev.attrs[name] = (show, store)
    return 0


def device_remove_file(dev: device, name: str) -> None:
    """Remove a sysfs file of *dev*.

    C: drivers/base/core.c, exported, base"""
    del dev.attrs[name]


def dev_attr_store(dev: pci_dev, name: str, buf: str) -> int:
    """Write *buf* to a sysfs file of *dev*.

    C: drivers/base/core.c, static, base
    :return: len(buf); -EIO if the file is read-only; -ENOENT if there is none; or an error of its store function"""
    if name not in dev.dev.attrs:
        return -ENOENT  # from open()

    store = dev.dev.attrs[name][1]
    ret = -EIO

    if store:
        ret = store(dev, buf)
    return ret


def bus_add_device(dev: pci_dev) -> None:
    """Add *dev* to the list of PCI functions.

    C: drivers/base/bus.c, global, base"""
    pci_bus_type.append(dev)


def bus_remove_device(dev: pci_dev) -> None:
    """Remove *dev* from the list of PCI functions, then unbind its driver.

    C: drivers/base/bus.c, global, base"""
    if dev in pci_bus_type:
        klist_del(dev, pci_bus_type, pci_name(dev))
    device_release_driver(dev)


def device_add(dev: pci_dev) -> None:
    """Add *dev*, as a PCI function and as a child of its parent.

    C: drivers/base/core.c, exported, base"""
    # PORT: no notifiers, and no bus_probe_device(): pci_bus_add_device() binds drivers
    parent = dev.dev.parent
    bus_add_device(dev)
    if parent:
        parent.klist_children.append(dev.dev)


def device_del(dev: pci_dev) -> None:
    """Remove *dev* from its parent, then unbind its driver.

    C: drivers/base/core.c, exported, base"""
    parent = dev.dev.parent
    if parent:
        klist_del(dev.dev, parent.klist_children, pci_name(dev))
    bus_remove_device(dev)

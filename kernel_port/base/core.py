# SPDX-License-Identifier: GPL-2.0-only
"""drivers/base/core.c, with what it needs of bus.c and lib/klist.c: devices, from device_add() to device_del()."""

from __future__ import annotations

from collections.abc import Callable
from errno import EIO, ENOENT
from typing import Any

from ..kernel.export import EXPORT_SYMBOL_GPL
from ..kernel.structs import *
from ..kernel.system import system
from .dd import device_release_driver

#: struct bus_type pci_bus_type: every PCI function, in the order in which they were found.
pci_bus_type: list[pci_dev] = []


def klist_del(n: Any, klist: list[Any], name: str) -> None:
    """Remove *n* from *klist*. If it is on no list, the C follows a NULL pointer.

    C: lib/klist.c, exported, base
    :param name: its name, for the report"""
    # PORT: klist_del() of what is on no list ends the run
    if n not in klist:
        raise system.sched.oops(f"klist_del() of {name}, which is on no list: another thread is removing it")
    klist.remove(n)  # PORT: klist_put()


EXPORT_SYMBOL_GPL(klist_del)


def dev_attr_store(dev: pci_dev, name: str, buf: str) -> int:
    """Write *buf* to a sysfs file of *dev*.

    C: drivers/base/core.c, static, base
    :return: len(buf); -EIO if the file is read-only; -ENOENT if there is none; or an error of its store function"""
    # PORT: a file is found by its name, in C by open() and to_dev_attr()
    if name not in dev.dev.attrs:
        return -ENOENT

    store = dev.dev.attrs[name][1]  # PORT: kobj_to_dev()
    ret = -EIO

    if store:
        ret = store(dev, buf)
    return ret


def device_create_file(
    dev: device, name: str, show: Callable[[pci_dev], int | str], store: Callable[[pci_dev, str], int]
) -> int:
    """Create a sysfs file of *dev*.

    C: drivers/base/core.c, exported, base; PORT: sysfs_create_file(): a file is an entry in dev.attrs, which cannot
    fail; no WARN() about its mode, and no test of `dev`
    :param show: NULL if it cannot be read
    :param store: NULL if it cannot be written
    :return: 0"""
    dev.attrs[name] = (show, store)  # PORT: sysfs_create_file()
    return 0  # PORT: `return error`, which is 0


EXPORT_SYMBOL_GPL(device_create_file)


def device_remove_file(dev: device, name: str) -> None:
    """Remove a sysfs file of *dev*.

    C: drivers/base/core.c, exported, base; PORT: no test of `dev`"""
    del dev.attrs[name]  # PORT: sysfs_remove_file()


EXPORT_SYMBOL_GPL(device_remove_file)


def bus_add_device(dev: pci_dev) -> None:
    """Add *dev* to the list of PCI functions.

    C: drivers/base/bus.c, global, base; PORT: the bus is pci_bus_type (bus_get(), bus_put(), `if (bus)`); no attributes
    (device_add_attrs()) and links (sysfs_create_link()) in sysfs, so nothing can fail, and `return 0` is none"""
    pci_bus_type.append(dev)  # PORT: klist_add_tail()


def bus_remove_device(dev: pci_dev) -> None:
    """Remove *dev* from the list of PCI functions, then unbind its driver.

    C: drivers/base/bus.c, global, base; PORT: the bus is pci_bus_type (`bus`); it has no interfaces (remove_dev()) and
    no `mutex` for them, and no links (sysfs_remove_link()) and attributes (device_remove_attrs()) in sysfs;
    bus_put()"""
    if dev in pci_bus_type:  # PORT: klist_node_attached()
        klist_del(dev, pci_bus_type, pci_name(dev))
    device_release_driver(dev)


def device_add(dev: pci_dev) -> None:
    """Add *dev*, as a PCI function and as a child of its parent.

    C: drivers/base/core.c, exported, base"""
    # PORT: no notifiers (platform_notify(); blocking_notifier_call_chain(), `if (dev->bus)`), and no
    # bus_probe_device(): pci_bus_add_device() binds drivers. No files, links and nodes: device_create_file(),
    # device_add_class_symlinks(), device_add_attrs(), dpm_sysfs_add(), kobject_add(), get_device_parent(), `dev->kobj`,
    # MAJOR(), `dev->class`. No suspend: device_pm_add(). No memory nodes: set_dev_node() `if (parent)`. The caller made
    # a name: init_name, dev_name(), dev_set_name(). There is a device (`if (!dev)`), and it has what C keeps aside: `if
    # (!dev->p)`.
    # PORT: bus_add_device() cannot fail, so nothing is undone, and `return error` is none
    parent = dev.dev.parent
    bus_add_device(dev)
    if parent:
        parent.klist_children.append(dev.dev)  # PORT: klist_add_tail()


EXPORT_SYMBOL_GPL(device_add)


def device_del(dev: pci_dev) -> None:
    """Remove *dev* from its parent, then unbind its driver.

    C: drivers/base/core.c, exported, base"""
    # PORT: as in device_add(): no blocking_notifier_call_chain() (`if (dev->bus)`), platform_notify_remove(),
    # dpm_sysfs_remove(), MAJOR(), `dev->class`, device_remove_file(), device_remove_attrs(), device_pm_remove(),
    # driver_deferred_probe_del(), cleanup_device_parent() and kobject_del()
    parent = dev.dev.parent
    if parent:
        klist_del(dev.dev, parent.klist_children, pci_name(dev))
    bus_remove_device(dev)


EXPORT_SYMBOL_GPL(device_del)

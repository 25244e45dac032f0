# SPDX-License-Identifier: GPL-2.0-only
"""drivers/base/core.c: devices are known to the driver core from device_add() to device_del()."""

from __future__ import annotations

from ..kernel.structs import *
from ..kernel.system import system
from .dd import device_release_driver


def klist_del(n: device, klist: list[device]) -> None:
    """Take *n* off *klist*. What is on none has no list to go by: the C follows a NULL pointer.

    C: lib/klist.c, exported, base"""
    if n not in klist:
        raise system.sched.oops(f"klist_del() of {n.name}, which is on no list: somebody is removing it already")
    klist.remove(n)


def device_add(dev: device) -> None:
    """Make *dev* a child of its parent.

    C: drivers/base/core.c, exported, base"""
    # PORT: no files in sysfs, no notifiers, and no bus_probe_device(): drivers come with pci_bus_add_device().
    parent = dev.parent
    if parent:
        parent.klist_children.append(dev)


def device_del(dev: pci_dev) -> None:
    """Take *dev* from its parent, then from its driver.

    C: drivers/base/core.c, exported, base"""
    parent = dev.dev.parent
    if parent:
        klist_del(dev.dev, parent.klist_children)
    device_release_driver(dev)  # bus_remove_device()

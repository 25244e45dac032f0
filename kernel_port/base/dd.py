# SPDX-License-Identifier: GPL-2.0-only
"""drivers/base/dd.c: binding drivers to devices, which are PCI devices here (pci_driver.py).

A driver is unbound under the device lock. A reset holds that lock, so a hot remove waits for it.

# PORT: no pr_debug() messages, as in a kernel built without DEBUG.
"""

from __future__ import annotations

from errno import ENODEV, ENXIO

from ..kernel.export import EXPORT_SYMBOL_GPL
from ..kernel.printk import printk
from ..kernel.structs import *
from .pci_driver import local_pci_probe, pci_device_remove, pci_match_device


def really_probe(dev: pci_dev, drv: device_driver) -> int:
    """Probe *dev* with *drv* and bind it on success.

    C: drivers/base/dd.c, static, base
    :return: 1 if it took the device, 0 if not"""
    dev.dev.driver = drv

    # dev->bus->probe(), pci_device_probe()
    ret = local_pci_probe(drv, dev)
    if not ret:
        return 1

    dev.dev.driver = NULL

    if ret != -ENODEV and ret != -ENXIO:
        printk("warning", f"driver {drv.name} cannot drive {pci_name(dev)}: error {ret}")
    return 0


def driver_probe_device(drv: device_driver, dev: pci_dev) -> int:
    """Offer *dev* to *drv*.

    C: drivers/base/dd.c, global, base; called with the device lock held
    :return: 1 if it took the device, 0 if not"""
    return really_probe(dev, drv)


def device_attach(dev: pci_dev) -> int:
    """Find a driver for *dev* and bind it.

    C: drivers/base/dd.c, exported, base
    :return: 1 if bound, 0 if there is no driver for it or it did not take the device"""
    ret = 0

    device_lock(dev.dev)
    if dev.driver:
        ret = 1
    else:
        # PORT: bus_for_each_drv() and __device_attach() try every matching driver; here at most one matches.
        drv = pci_match_device(dev)
        if drv:
            ret = driver_probe_device(drv, dev)
    device_unlock(dev.dev)
    return ret


EXPORT_SYMBOL_GPL(device_attach)


def __device_release_driver(dev: pci_dev) -> None:
    """Unbind the driver of *dev*, if any. The device is locked.

    C: drivers/base/dd.c, static, base"""
    drv = dev.driver  # PORT: struct pci_driver and struct device_driver are one
    if drv:
        pci_device_remove(dev)  # dev->bus->remove()
        dev.dev.driver = NULL


def device_release_driver(dev: pci_dev) -> None:
    """Unbind the driver of *dev*, if any.

    C: drivers/base/dd.c, exported, base"""
    device_lock(dev.dev)
    __device_release_driver(dev)
    device_unlock(dev.dev)


EXPORT_SYMBOL_GPL(device_release_driver)

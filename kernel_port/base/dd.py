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
    # PORT: nobody waits for the end of all probes: probe_count, probe_waitqueue, -EPROBE_DEFER
    # (driver_deferred_probe_add()). No managed memory: devres_head, devres_release_all(). No links in sysfs:
    # driver_sysfs_add(), driver_sysfs_remove(), driver_bound(). dev_set_drvdata() is left to drivers.
    dev.dev.driver = drv

    # PORT: `dev->bus->probe`, pci_device_probe(); there is no other probe(), and no `goto` (`goto probe_failed;`)
    ret = local_pci_probe(drv, dev)
    # PORT: `ret = 1;` and `goto done;` are this return, `ret = 0;` is the last one
    if not ret:
        return 1

    dev.dev.driver = NULL

    if ret != -ENODEV and ret != -ENXIO:
        printk("warning", f"driver {drv.name} cannot drive {pci_name(dev)}: error {ret}")
    return 0  # PORT: `return ret`, which is 0


def driver_probe_device(drv: device_driver, dev: pci_dev) -> int:
    """Offer *dev* to *drv*.

    C: drivers/base/dd.c, global, base; called with the device lock held; PORT: device_is_registered() whenever this is
    called; no pm_runtime_barrier() and pm_request_idle(), and `return ret;` at once
    :return: 1 if it took the device, 0 if not"""
    return really_probe(dev, drv)


def device_attach(dev: pci_dev) -> int:
    """Find a driver for *dev* and bind it.

    C: drivers/base/dd.c, exported, base
    :return: 1 if bound, 0 if there is no driver for it or it did not take the device"""
    ret = 0

    device_lock(dev.dev)
    # PORT: whoever sets the driver has bound it: no klist_node_attached() and device_bind_driver(), which could fail
    # (`dev->driver = NULL`, `ret = 0`)
    if dev.driver:
        ret = 1
    else:
        # PORT: bus_for_each_drv() and __device_attach() try every matching driver; here at most one matches. No
        # pm_request_idle().
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
    # PORT: no driver_sysfs_remove(), no notifiers (blocking_notifier_call_chain(), `dev->bus`), no pm_runtime_put(), no
    # list of the driver's devices (klist_remove()), and dev_set_drvdata() is left to drivers
    if drv:
        # PORT: devres_release_all(), `dev->bus->remove`, and no other remove() (`drv->remove`)
        pci_device_remove(dev)
        dev.dev.driver = NULL


def device_release_driver(dev: pci_dev) -> None:
    """Unbind the driver of *dev*, if any.

    C: drivers/base/dd.c, exported, base"""
    device_lock(dev.dev)
    __device_release_driver(dev)
    device_unlock(dev.dev)


EXPORT_SYMBOL_GPL(device_release_driver)

# SPDX-License-Identifier: GPL-2.0-only
"""drivers/base/dd.c and drivers/pci/pci-driver.c: binding drivers to devices.

A driver leaves its device under the device lock. A reset holds that lock, so a hot remove waits for it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..kernel.structs import NULL, PCI_D0, device_driver, device_lock, device_unlock, pci_dev, pci_name
from .probe import PCI_CLASS_BRIDGE_PCI

if TYPE_CHECKING:
    from .pci import pci_set_power_state
    from .portdrv import pcie_portdriver

#: Which driver goes with which device, by address. PORT: in C drivers register tables of IDs.
pci_drivers: dict[str, device_driver] = {}


def pci_match_device(dev: pci_dev) -> device_driver:
    """The driver that *dev* is for.

    C: drivers/pci/pci-driver.c, static, base
    :return: struct device_driver *, NULL if there is none"""
    drv: device_driver = pci_drivers.get(pci_name(dev), NULL)
    if not drv and dev.class_ == PCI_CLASS_BRIDGE_PCI << 8:
        drv = pcie_portdriver()
    return drv


def device_attach(dev: pci_dev) -> int:
    """Find a driver for *dev* and bind it.

    C: drivers/base/dd.c, exported, base
    :return: 1 if bound, 0 if there is no driver for it or it did not take the device"""
    device_lock(dev.dev)
    drv = pci_match_device(dev)
    ret = driver_probe_device(drv, dev) if drv else 0
    device_unlock(dev.dev)
    return ret


def driver_probe_device(drv: device_driver, dev: pci_dev) -> int:
    """Offer *dev* to *drv*.

    C: drivers/base/dd.c, base; called with the device lock held
    :return: 1 if it took the device, 0 if not"""
    dev.driver = dev.dev.driver = drv
    if local_pci_probe(drv, dev):
        dev.driver = dev.dev.driver = NULL
        return 0
    return 1


def local_pci_probe(drv: device_driver, dev: pci_dev) -> int:
    """Have *drv* take *dev*.

    C: drivers/pci/pci-driver.c, static, base
    :return: 0, or what the driver says against it"""
    if drv.probe is not NULL:
        return drv.probe(dev)
    # PORT: a driver that is but a name does what all do first: pci_enable_device(), which wakes the device.
    pci_set_power_state(dev, PCI_D0)
    return 0


def device_release_driver(dev: pci_dev) -> None:
    """Make the driver of *dev* let go of it.

    C: drivers/base/dd.c, exported, base"""
    device_lock(dev.dev)
    if dev.driver:
        if dev.driver.remove is not NULL:
            dev.driver.remove(dev)
        dev.driver = dev.dev.driver = NULL
    device_unlock(dev.dev)

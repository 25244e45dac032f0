# SPDX-License-Identifier: GPL-2.0-only
"""drivers/pci/pci-driver.c: PCI drivers, as the driver core (dd.py) sees them."""

from __future__ import annotations

from ..kernel.structs import *
from .pci import pci_set_power_state
from .portdrv_pci import pcie_portdriver

#: Driver by address of its device. PORT: in C drivers register tables of IDs.
pci_drivers: dict[str, device_driver] = {}


def pci_match_device(dev: pci_dev) -> device_driver:
    """Return the driver for *dev*.

    C: drivers/pci/pci-driver.c, static, base; PORT: the C asks a driver whether a device is in its table
    :return: struct device_driver *, NULL if there is none"""
    drv: device_driver = pci_drivers.get(pci_name(dev), NULL)
    if not drv and dev.class_ == PCI_CLASS_BRIDGE_PCI << 8:
        drv = pcie_portdriver()
    return drv


def local_pci_probe(drv: device_driver, dev: pci_dev) -> int:
    """Probe *dev* with *drv*.

    C: drivers/pci/pci-driver.c, static, base
    :return: 0, or the driver's error"""
    dev.driver = drv
    if drv.probe is NULL:
        # PORT: a driver here is only a name. All call pci_enable_device() first, which wakes the device.
        pci_set_power_state(dev, PCI_D0)
        return 0
    rc = drv.probe(dev)
    if rc:
        dev.driver = NULL
    return rc


def pci_device_remove(dev: pci_dev) -> int:
    """Unbind the driver of *dev*.

    C: drivers/pci/pci-driver.c, static, base
    :return: 0"""
    drv = dev.driver

    if drv:
        if drv.remove is not NULL:
            drv.remove(dev)
        dev.driver = NULL

    # PORT: current_state of a device in D0 stays D0; in C it is unknown now.
    return 0

# SPDX-License-Identifier: GPL-2.0-only
"""drivers/pci/pci-driver.c: what a driver of a PCI device is to the driver core (dd.py)."""

from __future__ import annotations

from ..kernel.structs import *
from .pci import pci_enable_device
from .portdrv_pci import pcie_portdriver

#: Which driver goes with which device, by address. PORT: in C drivers register tables of IDs.
pci_drivers: dict[str, device_driver] = {}


def pci_match_device(dev: pci_dev) -> device_driver:
    """The driver that *dev* is for.

    C: drivers/pci/pci-driver.c, static, base; PORT: the C asks a driver whether a device is in its table
    :return: struct device_driver *, NULL if there is none"""
    drv: device_driver = pci_drivers.get(pci_name(dev), NULL)
    if not drv and dev.class_ == PCI_CLASS_BRIDGE_PCI << 8:
        drv = pcie_portdriver()
    return drv


def local_pci_probe(drv: device_driver, dev: pci_dev) -> int:
    """Have *drv* take *dev*.

    C: drivers/pci/pci-driver.c, static, base
    :return: 0, or what the driver says against it"""
    dev.driver = drv
    if drv.probe is NULL:
        rc = pci_enable_device(dev)  # PORT: a driver that is but a name does what all do first
    else:
        rc = drv.probe(dev)
    if rc:
        dev.driver = NULL
    return rc


def pci_device_remove(dev: pci_dev) -> int:
    """Have the driver of *dev* let go of it.

    C: drivers/pci/pci-driver.c, static, base
    :return: 0"""
    drv = dev.driver

    if drv:
        if drv.remove is not NULL:
            drv.remove(dev)
        # PORT: a driver that is but a name leaves it enabled, as some do: nobody disables it
        dev.driver = NULL

    # The next driver, or whoever comes before it, may find it in another state.
    if dev.current_state == PCI_D0:
        dev.current_state = PCI_UNKNOWN

    return 0

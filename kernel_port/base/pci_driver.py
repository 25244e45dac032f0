# SPDX-License-Identifier: GPL-2.0-only
"""drivers/pci/pci-driver.c: PCI drivers, as the driver core (dd.py) sees them."""

from __future__ import annotations

from ..kernel.interrupt import irq_data
from ..kernel.structs import *
from .io_apic import msi_chip
from .msi import pci_disable_msi, pci_disable_msix, pci_enable_msi_block, pci_enable_msix, unmask_msi_irq
from .pci import pci_enable_device
from .portdrv_pci import pcie_portdriver

#: Driver by address of its device. PORT: in C drivers register tables of IDs.
pci_drivers: dict[str, device_driver] = {}


def pci_match_device(dev: pci_dev) -> device_driver:
    """Return the driver for *dev*.

    C: drivers/pci/pci-driver.c, static, base; PORT: the C asks a driver whether a device is in its table
    :return: struct device_driver *, NULL if there is none"""
    # PORT: no table of IDs, so none that user space adds (`dynids`); pci_match_one_device(), pci_match_id()
    drv: device_driver = pci_drivers.get(pci_name(dev), NULL)
    if not drv and dev.class_ == PCI_CLASS_BRIDGE_PCI << 8:
        drv = pcie_portdriver()
    return drv


def local_pci_probe(drv: device_driver, dev: pci_dev) -> int:
    """Probe *dev* with *drv*.

    C: drivers/pci/pci-driver.c, static, base
    :return: 0, or the driver's error"""
    # PORT: the C has one argument, `ddi`, with `ddi->dev` and `ddi->drv`; `struct device *dev = &pci_dev->dev` is
    # dev.dev
    dev.driver = drv
    # PORT: here a driver is one that is only a name, or has functions
    if drv.probe is NULL:
        # PORT: a driver here is only a name: it enables the device, then sets up interrupts as the machine describes
        rc = pci_enable_device(dev)
        if not rc and drv.msix:
            pci_enable_msix(dev, [msix_entry()], 1)
        elif not rc and drv.msi_vectors and not pci_enable_msi_block(dev, drv.msi_vectors):
            for i in range(drv.msi_vectors):
                unmask_msi_irq(irq_data(dev.irq + i, msi_chip(), dev.msi_list[0]))  # request_irq()
    else:
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
        # PORT: a driver that is only a name
        elif drv.probe is NULL:
            # PORT: it frees its interrupts, but leaves the device enabled, as some drivers do
            pci_disable_msix(dev)
            pci_disable_msi(dev)
        dev.driver = NULL

    # PORT: no power management at run time: no pm_runtime_put_noidle()
    # the device may be in another state when the next driver probes it
    if dev.current_state == PCI_D0:
        dev.current_state = PCI_UNKNOWN

    return 0

# SPDX-License-Identifier: GPL-2.0-only
"""PCI: Delete a device when it leaves its bus, not when its driver is unbound

Why: stopping a device took it out of the driver core while it still was on its bus, so a second removal found it there
and deleted it again.
What: in drivers/pci/remove.c, pci_stop_dev() only unbinds the driver, and pci_destroy_dev() deletes the device, unless
that was done before.
Look at: "before" is told by the device's parent in sysfs, which goes with it, without a lock: two removals at once may
both see it (concurrent-safe-removal). Between stop and destroy another driver may bind.
Upstream: v3.14, the id is not verified (absent in v3.12.10, read in v3.14.4). The title is ours.
Adapted: from v3.14.4. # PORT: whether the device has its parent in sysfs is whether it is among its parent's children.
"""

from __future__ import annotations

from ..base.core import device_del
from ..base.dd import device_release_driver
from ..base.pci import pci_pme_active
from ..base.pci_sysfs import pci_remove_sysfs_dev_files
from ..base.remove import list_del
from ..base.search import pci_bus_sem
from ..kernel.mutex import down_write, up_write
from ..kernel.structs import *

ADDS = ()
MODIFIES = ("pci_stop_dev", "pci_destroy_dev")
REQUIRES = ()


def pci_stop_dev(dev: pci_dev) -> None:
    """Unbind the driver of *dev*.

    C: drivers/pci/remove.c, static, v3.14"""
    pci_pme_active(dev, False)

    if dev.is_added:
        # PORT: no pci_proc_detach_device(): no /proc
        pci_remove_sysfs_dev_files(dev)
        device_release_driver(dev)
        dev.is_added = 0

    # PORT: no ASPM: no pcie_aspm_exit_link_state() if `dev->bus->self`


def pci_destroy_dev(dev: pci_dev) -> None:
    """Delete *dev*, and remove it from its bus, unless that is done.

    C: drivers/pci/remove.c, static, v3.14"""
    if dev.dev.parent and dev.dev not in dev.dev.parent.klist_children:  # PORT: `!dev->dev.kobj.parent`
        return

    device_del(dev)

    down_write(pci_bus_sem)
    list_del(dev, dev.bus.devices)
    up_write(pci_bus_sem)

    # PORT: no pci_free_resources(): nothing is assigned, and Python counts references (put_device()).

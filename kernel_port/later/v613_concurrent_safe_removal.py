# SPDX-License-Identifier: GPL-2.0-only
"""PCI: Make pci_destroy_dev() and pci_stop_dev() concurrent safe

Why: not all who remove devices hold pci_lock_rescan_remove(), and the tests for "stopped" and "destroyed" had gaps: a
second removal could get in between test and deed, and the kernel stumbled over a list entry that was gone.
What: in drivers/pci/remove.c, pci_stop_dev() takes "added" away and pci_destroy_dev() sets "removed", each in one step
that tells whether another thread was there first; if so, they return at once.
Look at: the second removal returns while the first one still unbinds the driver: "removed" does not mean "done". What
was never added must not go through here: a virtual function whose setup failed did (mended by 04d50d953ab4, v6.15).
Upstream: e3f30d563a38 in v6.13, "PCI: Make pci_destroy_dev() concurrent safe", with 93093ea1f059, "PCI: Make
pci_stop_dev() concurrent safe" (seen in a mail and a list; absent in v6.12.19, present in v6.18.35).
Adapted: from v6.18.35 to v3.14's functions. # PORT: the flags are bits of dev_flags, which 3.12 has; priv_flags came
later. # PORT: test_and_set_bit() is two statements: one thread runs at a time, and none of them sleeps.
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

ADDS = ("pci_dev_test_and_clear_added", "pci_dev_test_and_set_removed")
MODIFIES = ("pci_stop_dev", "pci_destroy_dev")
REQUIRES = ("device-del-last",)

#: pci_dev.dev_flags: it was destroyed.
PCI_DEV_REMOVED = 1 << 19  # PORT: bit 3 of priv_flags


def pci_dev_test_and_clear_added(dev: pci_dev) -> bool:
    """Take "added" away from *dev*; return whether it had it.

    C: drivers/pci/pci.h, static inline, v6.13"""
    was = dev.is_added
    dev.is_added = 0
    return bool(was)


def pci_dev_test_and_set_removed(dev: pci_dev) -> bool:
    """Mark *dev* as removed; return whether it was.

    C: drivers/pci/pci.h, static inline, v6.13"""
    was = dev.dev_flags & PCI_DEV_REMOVED
    dev.dev_flags |= PCI_DEV_REMOVED
    return bool(was)


def pci_stop_dev(dev: pci_dev) -> None:
    """Unbind the driver of *dev*, unless another thread does.

    C: drivers/pci/remove.c, static, v6.13"""
    pci_pme_active(dev, False)

    if not pci_dev_test_and_clear_added(dev):
        return

    device_release_driver(dev)
    # PORT: no pci_proc_detach_device(): no /proc; no of_pci_remove_node(): no device tree
    pci_remove_sysfs_dev_files(dev)


def pci_destroy_dev(dev: pci_dev) -> None:
    """Delete *dev*, and remove it from its bus, unless another thread does.

    C: drivers/pci/remove.c, static, v6.13"""
    if pci_dev_test_and_set_removed(dev):
        return

    device_del(dev)

    down_write(pci_bus_sem)
    list_del(dev, dev.bus.devices)
    up_write(pci_bus_sem)

    # PORT: no pci_free_resources(): nothing is assigned, and Python counts references (put_device()).
